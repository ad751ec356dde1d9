// One page's stream upwards: events become lines of one raw deflate stream, cut into numbered pieces of about a kilobyte.
// No more is on its way than the link has shown to carry, and what waits is made shorter, not longer: a slow link shows
// a page that moves in larger steps, and text passes between two pieces.
import { Deflate } from "pako/browser/deflate"; // fflate's flush breaks its stream at some bit offsets

import type { Told } from "./scrub";

const Z_SYNC_FLUSH = 2;
const LONGEST = 1_000;
const SOON_MS = 25;
const CALM_MS = 250;
const SLOWEST_MS = 2_000;
const LEAST_WINDOW = 700;
const MOST_WINDOW = 24_000;
const MOST_WAITING = 3_000;
export const KIND = 1;

interface Piece {
  number: number;
  data: Uint8Array<ArrayBuffer>;
  sentAt: number | null;
}

export class Pieces {
  private readonly deflate: Deflate;
  private packed: Uint8Array[] = [];
  private waiting: Told[] = [];
  private kept: Piece[] = [];
  private last = 0;
  private window = 2_500;
  private trip = 0;
  private packedAt = -SLOWEST_MS;
  /** The stream has a hole: only a new one helps. */
  broken = false;
  bytes = 0;

  /** `send` is false when the line is down. */
  constructor(private readonly send: (frame: Uint8Array<ArrayBuffer>) => boolean, dictionary: Uint8Array) {
    this.deflate = new Deflate({ raw: true, level: 9, dictionary });
    this.deflate.onData = (data) => this.packed.push(data);
  }

  add(event: Told): void {
    this.waiting.push(event);
    if (this.waiting.length > MOST_WAITING) this.broken = true;
  }

  /** How long batches are collected on this link. */
  get every(): number {
    return Math.min(SLOWEST_MS, Math.max(CALM_MS, 0.75 * this.trip));
  }

  /** Sends what may go now; the time after which to call again, null when nothing waits. */
  pump(now: number): number | null {
    if (this.broken) return null;
    if (this.kept.every((one) => one.sentAt !== null) && this.waiting.length > 0) {
      const due = this.packedAt + this.every;
      if (now < due) return due - now;
      this.pack(now);
    }
    let under = 0;
    for (const one of this.kept) {
      if (one.sentAt === null) {
        if (under > 0 && under + one.data.length > this.window) return SLOWEST_MS;
        if (!this.send(one.data)) return SLOWEST_MS;
        one.sentAt = now;
        this.bytes += one.data.length;
      }
      under += one.data.length;
    }
    return this.waiting.length > 0 ? Math.max(SOON_MS, this.packedAt + this.every - now) : null;
  }

  /** How soon after an event to pump: at once on a page at rest, so that an action is seen soon. */
  soon(now: number): number {
    return Math.max(SOON_MS, this.packedAt + this.every - now);
  }

  private pack(now: number): void {
    const lines = shorter(this.waiting).map((event) => `${JSON.stringify(event)}\n`);
    this.waiting = [];
    this.packedAt = now;
    this.deflate.push(new TextEncoder().encode(lines.join("")), Z_SYNC_FLUSH);
    const whole = joined(this.packed);
    this.packed = [];
    for (let at = 0; at < whole.length; at += LONGEST) {
      this.last += 1;
      const part = whole.subarray(at, at + LONGEST);
      const data = new Uint8Array(part.length + 4);
      data.set([KIND, this.last >> 16, (this.last >> 8) & 255, this.last & 255]);
      data.set(part, 4);
      this.kept.push({ number: this.last, data, sentAt: null });
    }
  }

  /** The centre has all up to `number`. */
  acked(number: number, now: number): void {
    const newest = this.kept.find((one) => one.number === number);
    if (newest?.sentAt != null) {
      this.trip = now - newest.sentAt;
      if (this.trip < 900) this.window = Math.min(MOST_WINDOW, this.window + newest.data.length);
      else if (this.trip > 2_000) this.window = Math.max(LEAST_WINDOW, this.window * 0.6);
    }
    this.kept = this.kept.filter((one) => one.number > number);
  }
}

/** The same change told twice is told once, as it is now. */
export function shorter(events: readonly Told[]): Told[] {
  const later = new Set<string>();
  const kept: Told[] = [];
  for (const event of [...events].reverse()) {
    const { source, id } = event.data as { source?: number; id?: number };
    if (event.type === 2) {
      // What was before a whole picture is in it, but for the window's size.
      kept.push(event);
      const size = [...events.slice(0, events.indexOf(event))].reverse().find((one) => one.type === 4);
      if (size) kept.push(size);
      break;
    }
    if (event.type === 3 && [1, 3, 4, 5].includes(source ?? -1)) {
      const key = source === 1 || source === 4 ? String(source) : `${source}.${id}`;
      if (later.has(key)) continue;
      later.add(key);
      if (source === 1) event.data.positions = (event.data.positions as unknown[]).slice(-1);
    }
    kept.push(event);
  }
  return kept.reverse();
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of parts) {
    whole.set(one, at);
    at += one.length;
  }
  return whole;
}
