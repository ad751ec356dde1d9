// Fetching the recordings that this device chose (PROTOCOL.md S61): after everything else, a piece at a time, so that
// rounds, papers and a call go first. Twin in behaviour of sync/media.py.
import { asProblem } from "../kit/problems";
import type { Media } from "../store/media";
import { Errand } from "./errand";
import { Fetching, SPAN_FIRST } from "./fetching";
import type { Progress } from "./news";
import { backOff } from "./outbox";
import { Download, type Part } from "./packs";

const LOOK_AGAIN_MS = 2_000; // whether a call or a round is over

/** What fetching needs of the world. */
export interface Quiet {
  random(): number;
  fetcher: typeof fetch;
  openPart(sha256: string, folder: string): Promise<Part>;
  free(): Promise<number | null>; // bytes that the browser still gives
  region(): string;
  calling(): Promise<boolean>; // a call runs: it needs the link more
  busy(): boolean; // a round, a pack or papers are under way
  changed(): void;
}

export type FetchState = "idle" | "fetching" | "paused" | "call";

/** Something else needs the link now. */
class Wait extends Error {}

export class Recordings extends Errand {
  state: FetchState = "idle";
  progress: Progress | null = null;
  over = 0; // files that found no room
  private failures = 0;
  private done = 0; // bytes of the files fetched in this go
  private total = 0;
  private readonly fetching: Fetching;

  constructor(
    private readonly world: Quiet,
    private readonly media: Media,
  ) {
    super();
    this.fetching = new Fetching(world.fetcher, (download) => this.tell(download.offset), SPAN_FIRST, () => this.mayGoOn());
  }

  protected ended(): void {
    this.progress = null;
    this.world.changed();
  }

  protected async run(): Promise<void> {
    const plan = this.media.plan(this.world.region(), await this.world.free());
    this.media.drop(plan.drop);
    this.over = plan.over;
    const entries = plan.fetch.map((sha256) => this.media.entry(sha256));
    this.done = 0;
    this.total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    this.state = this.media.paused && entries.length > 0 ? "paused" : "idle";
    try {
      for (const entry of entries) await this.bring(entry);
      this.state = "idle";
      this.failures = 0;
    } catch (error) {
      if (error instanceof Wait) return this.wait(this.state === "paused" ? null : LOOK_AGAIN_MS);
      this.state = "idle";
      this.failures += 1;
      this.wait(asProblem(error).code === "storage.full" ? null : backOff(this.failures, this.world.random()));
    }
  }

  private async bring(entry: ReturnType<Media["entry"]>): Promise<void> {
    await this.mayGoOn();
    const part = await this.world.openPart(entry.sha256, "jjb-media");
    const download = new Download(entry, part);
    try {
      await this.fetching.fill(download);
      this.media.keep(entry.sha256, download.bytes());
      await download.remove();
      this.failures = 0;
    } catch (error) {
      download.close();
      if (asProblem(error).details.status !== 404) throw error; // a newer release has taken its place; the others may be there
    }
    this.done += entry.bytes;
    this.tell(0);
  }

  /** Throws when something else needs the link now; what came is kept. */
  private async mayGoOn(): Promise<void> {
    const call = await this.world.calling();
    if (!this.media.paused && !call && !this.stopped && !this.world.busy()) {
      this.state = "fetching";
      return;
    }
    this.state = this.media.paused ? "paused" : call ? "call" : "idle";
    throw new Wait();
  }

  private tell(bytes: number): void {
    this.progress = { label: "下载录音", done: this.done + bytes, total: this.total };
    this.world.changed();
  }
}
