// The rules of sending: how many events at once, how long to wait, what the link is called, what a verdict does. Pure.
// Twin of sync/outbox.py; both run tests/vectors/outbox.json.
import type { LinkState, SendState } from "../store/types";

export const BATCH_LARGEST = 200; // events a request, by the protocol
export const BATCH_FIRST = 100;
export const BATCH_BYTES = 256 * 1024; // JSON of one request before compression; the centre takes 1 MiB
export const WAIT_LONGEST_MS = 300_000;
const WAIT_FIRST_MS = 2_000;
const FAST_MS = 3_000;
const SLOW_MS = 8_000;
const WEAK_MS = 5_000;
const PROOF_MS = 20_000;

/** One finished round with the centre. `portal`: something on the way answered in the centre's place. */
export interface Round {
  ok: boolean;
  ms: number;
  portal: boolean;
}

/** The next batch: doubled after a quick full one, halved when slow or failed; a ten-second window must carry something. */
export function nextBatch(size: number, sent: number, round: Round): number {
  if (!round.ok || round.ms > SLOW_MS) return Math.max(1, Math.floor(size / 2));
  return round.ms < FAST_MS && sent >= size ? Math.min(BATCH_LARGEST, size * 2) : size;
}

/** Full-jitter back-off: any time between 0.5 s and 2 s · 2^failures, at most 5 min. `random` in [0, 1). */
export function backOff(failures: number, random: number): number {
  const ceiling = Math.min(WAIT_LONGEST_MS, WAIT_FIRST_MS * 2 ** Math.min(failures, 16));
  return Math.max(500, Math.round(random * ceiling));
}

/** When to speak next, ms. After a failure back off; while the link must prove itself ask soon; else at the centre's pace. */
export function nextDelay(state: {
  failures: number;
  rounds: readonly Round[];
  pollS: number;
  retryAfterS: number | null;
  random: number;
}): number {
  const { failures, rounds, pollS, retryAfterS, random } = state;
  // The centre asked for patience: keep to it, and spread the return of all the villages over a quarter more.
  if (retryAfterS !== null) return Math.round(Math.min(3600, retryAfterS) * 1000 * (1 + random / 4));
  if (failures > 0) return backOff(failures, random);
  const calm = Math.max(5, pollS) * 1000;
  return rounds.some((round) => !round.ok) ? Math.min(calm, PROOF_MS) : calm;
}

/** What to call the link, from the last three rounds. Nothing proved yet reads as offline: never claim a link unseen. */
export function linkOf(rounds: readonly Round[], onLine: boolean): LinkState {
  const last = rounds.at(-1);
  if (!onLine || !last) return "offline";
  if (!last.ok) return last.portal ? "weak" : "offline";
  return last.ms > WEAK_MS || rounds.slice(-3).some((round) => !round.ok) ? "weak" : "online";
}

/** Whether this device has been without its centre for longer than its lease of `days`. Times in ms: `since`, the last contact by the device's clock;
 * `told`, the same by the centre's, which counts once a clock that was behind is set right; `seen`, the latest time the device's clock ever showed. */
export function lapsed(since: number, told: number, seen: number, now: number, days: number): boolean {
  const latest = Math.max(seen, now);
  return days > 0 && latest - (since < told && told <= latest ? told : since) > days * 86_400_000;
}

/** What an event is called on screen. Only a verdict of the centre ends waiting; a refusal stays visible. */
export function stateOf(verdict: string | null): SendState {
  if (verdict === null) return "waiting";
  return verdict === "accepted" || verdict === "duplicate" ? "sent" : "refused";
}

/** Numbers that the centre once took and now misses: it was restored from an older backup. Refused ones stay refused. */
export function toResend(
  verdicts: readonly (readonly [number, string | null])[],
  missing: readonly (readonly [number, number])[],
): number[] {
  const lost = (number: number): boolean => missing.some(([first, last]) => first <= number && number <= last);
  return verdicts.filter(([number, verdict]) => stateOf(verdict) === "sent" && lost(number)).map(([number]) => number);
}

/** How many of these JSON texts fit one request; always at least one, so that a large event cannot block the queue. */
export function fitting(sizes: readonly number[], limit = BATCH_BYTES): number {
  let sum = 0;
  const over = sizes.findIndex((size) => (sum += size) > limit);
  return over === -1 ? sizes.length : Math.max(1, over);
}
