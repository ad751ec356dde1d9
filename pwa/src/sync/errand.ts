// Something that is carried when the link lets it be: one go at a time, begun anew after a while, and never after `stop`.

export abstract class Errand {
  protected stopped = false;
  private running: Promise<void> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** There may be something to carry, or another wish. */
  poke(): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    void this.once();
  }

  /** Carries what may go; resolves when nothing is left, the way is cut, or it must pause. Never rejects. */
  once(): Promise<void> {
    this.running ??= this.run().finally(() => {
      this.running = null;
      this.ended();
    });
    return this.running;
  }

  /** One go; awaits before it can end, so that `running` is set. */
  protected abstract run(): Promise<void>;

  protected abstract ended(): void;

  /** Goes again in a while; null: when it is poked. */
  protected wait(ms: number | null): void {
    clearTimeout(this.timer);
    if (!this.stopped && ms !== null) this.timer = setTimeout(() => this.poke(), ms);
  }
}
