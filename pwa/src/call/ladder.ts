// How much a link may carry: rungs from full video (0) down to text (4). Pure; twin of remote/ladder.py, vectors in
// tests/vectors/ladder.json.

export const VOICE = 3;
export const TEXT = 4;
export const NEED = [800, 300, 120, 45, 0]; // kbit/s each way
const MINUTE = 60;
const PROOF = 15;
const LONGEST_PROOF = 120;
const SLOW_S = 1.5;
const LOSSY = 0.15;
const STUCK_S = 1;
export const ROOM = 1.2; // climb only with this much more than the rung needs

export const WORDS = {
  start: "先从语音开始，线路好再加画面。",
  slow: "线路反应太慢，已经自动降一档。",
  lossy: "线路丢得太多，已经自动降一档。",
  narrow: "线路变窄了，已经自动降一档。",
  better: "线路好转，已经自动升一档。",
  pinned: "按您或对方的选择，用这一档。",
};
export type Reason = keyof typeof WORDS;

/** One second of a link; null: not known. While the link is cut there are no samples. */
export interface Sample {
  at: number;
  rtt: number | null;
  loss: number;
  kbps: number | null;
  backlog: number;
}

export interface Ladder {
  rung: number;
  reason: Reason;
  pin: number;
  bad: number;
  cleanSince: number | null;
  climbed: number | null;
  proof: number;
  changes: number[]; // its own, in the last minute
}

export const START: Ladder = { rung: VOICE, reason: "start", pin: 0, bad: 0, cleanSince: null, climbed: null, proof: PROOF, changes: [] };

/** After somebody chose `pin` as the most a call may use; 0 leaves it to the link. */
export function pinned(ladder: Ladder, pin: number): Ladder {
  const most = Math.min(Math.max(pin, 0), TEXT);
  if (ladder.rung >= most) return { ...ladder, pin: most };
  return { ...ladder, pin: most, rung: most, reason: "pinned", cleanSince: null, climbed: null };
}

/** The ladder after a sample; `top` is the best rung that both ends offer. */
export function step(ladder: Ladder, sample: Sample, top = 0): Ladder {
  let now = { ...ladder, changes: ladder.changes.filter((at) => at > sample.at - MINUTE) };
  if (now.climbed !== null && sample.at - now.climbed >= MINUTE) now = { ...now, climbed: null, proof: PROOF };
  const best = Math.max(top, now.pin);
  if (now.rung < best) now = { ...now, rung: best, reason: "pinned", cleanSince: null, climbed: null };
  const reason = trouble(now.rung, sample);
  if (reason === null) return clean(now, sample, best);
  now = { ...now, bad: now.bad + 1, cleanSince: null };
  if (now.rung === TEXT || now.changes.length >= 2 || (now.bad < 2 && sample.backlog <= STUCK_S)) return now;
  return {
    ...now,
    rung: fitting(now.rung + 1, sample),
    reason,
    bad: 0,
    climbed: null,
    proof: now.climbed === null ? now.proof : Math.min(now.proof * 2, LONGEST_PROOF),
    changes: [...now.changes, sample.at],
  };
}

function trouble(rung: number, sample: Sample): Reason | null {
  if ((sample.rtt ?? 0) > SLOW_S || sample.backlog > STUCK_S) return "slow";
  if (sample.loss > LOSSY) return "lossy";
  return sample.kbps !== null && sample.kbps < (NEED[rung] ?? 0) ? "narrow" : null;
}

/** The best rung from `best` down that the link is known to carry; pictures go at once when nothing is known. */
function fitting(best: number, { kbps }: Sample): number {
  if (kbps === null) return Math.max(best, VOICE);
  const rung = NEED.findIndex((need, one) => one >= best && kbps >= need);
  return rung < 0 ? TEXT : rung;
}

function clean(before: Ladder, sample: Sample, best: number): Ladder {
  const since = before.cleanSince ?? sample.at;
  const now = { ...before, bad: 0, cleanSince: since };
  if (now.changes.length > 0 || now.rung <= best || sample.at - since < now.proof) return now;
  const { kbps } = sample;
  const roomy = kbps === null ? now.rung - 1 : NEED.findIndex((need, one) => one >= best && kbps >= need * ROOM);
  if (roomy < 0 || roomy >= now.rung) return now;
  return { ...now, rung: roomy, reason: "better", cleanSince: null, climbed: sample.at, changes: [sample.at] };
}
