// What an end tells the centre of its link: samples of some seconds, with nothing of anybody in them (remote/health.py).
import type { Reason } from "./ladder";
import type { Meter } from "./stats";

export type Why = Reason | "other";
export interface Sample {
  /** Seconds since it began, when it is told. */
  ago: number;
  span: number;
  rung: number;
  reason: Why;
  rtt_ms: number | null;
  loss: number;
  up: number;
  down: number;
  connect_ms: number | null;
  voice_ms: number | null;
  drops: number;
  backs: number;
  back_ms: number;
}
type Kept = Omit<Sample, "ago" | "span" | "rtt_ms"> & { from: number; to: number; rtts: number[] };

const WINDOW_S = 15;
const EVERY_S = 30;
const FIRST_S = 5; // short calls count too
const MOST = 20; // remote/health.py
const LONGEST_S = 3600;

/** Times are seconds of one clock that never runs back. */
export class Health {
  private kept: Kept[] = [];
  private now: Kept;
  private last = { up: 0, down: 0 };
  private due: number;
  private cutAt: number | null = null;
  private connected = false;
  private heard = false;

  constructor(private readonly began: number, rung: number) {
    this.now = fresh(began, rung, "start");
    this.due = began + LONGEST_S;
  }

  on(at: number): void {
    if (this.connected) return;
    this.connected = true;
    this.due = at + FIRST_S;
    this.now.connect_ms = ms(at - this.began);
  }

  voice(at: number): void {
    if (this.heard) return;
    this.heard = true;
    this.now.voice_ms = ms(at - this.began);
  }

  cut(at: number): void {
    if (this.cutAt !== null) return;
    this.cutAt = at;
    this.now.drops += 1;
  }

  back(at: number): void {
    if (this.cutAt === null) return;
    this.now.backs += 1;
    this.now.back_ms = Math.max(this.now.back_ms, ms(at - this.cutAt));
    this.cutAt = null;
  }

  turn(at: number, rung: number, reason: Why): void {
    if (rung !== this.now.rung) this.close(at, rung, reason);
  }

  /** One second more of a connection. */
  tick(at: number, meter: Meter): void {
    // Another connection, or another way of the same one, counts from nothing.
    const before = meter.up < this.last.up || meter.down < this.last.down ? { up: 0, down: 0 } : this.last;
    this.now.up += meter.up - before.up;
    this.now.down += meter.down - before.down;
    this.last = { up: meter.up, down: meter.down };
    if (meter.rtt !== null) this.now.rtts.push(meter.rtt);
    this.now.loss = Math.max(this.now.loss, Math.min(1000, Math.round(meter.loss * 1000)));
    if (at - this.now.from >= WINDOW_S) this.close(at, this.now.rung, this.now.reason);
  }

  /** What is to be told now, if it is time; `all` for the last words. Once told it is forgotten: `told`. */
  tell(at: number, all = false): Sample[] {
    if (all || (at >= this.due && this.kept.length === 0)) this.close(at, this.now.rung, this.now.reason);
    return all || at >= this.due ? this.kept.map((one) => sample(one, at)) : [];
  }

  told(at: number): void {
    this.kept = [];
    this.due = at + EVERY_S;
  }

  private close(at: number, rung: number, reason: Why): void {
    this.kept = [...this.kept, { ...this.now, to: at }].slice(-MOST);
    this.now = fresh(at, rung, reason);
  }
}

const ms = (seconds: number): number => Math.min(Math.round(seconds * 1000), LONGEST_S * 1000);

function fresh(from: number, rung: number, reason: Why): Kept {
  return { from, to: from, rung, reason, rtts: [], loss: 0, up: 0, down: 0, connect_ms: null, voice_ms: null, drops: 0, backs: 0, back_ms: 0 };
}

function sample({ from, to, rtts, ...rest }: Kept, at: number): Sample {
  const middle = rtts.sort((a, b) => a - b)[rtts.length >> 1];
  const seconds = (span: number) => Math.min(Math.max(0, Math.round(span)), LONGEST_S);
  return { ago: seconds(at - from), span: seconds(to - from), rtt_ms: middle === undefined ? null : Math.min(ms(middle), 60_000), ...rest };
}
