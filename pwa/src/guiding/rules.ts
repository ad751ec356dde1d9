// 智能导办: walks a guided flow to a personal list. Pure; twin of datasets/guiding.py, vectors in tests/vectors/flows.json.
// A pick is [question, answer]: positions from 1, answer 0 is 不清楚. A walk replays picks from the first question and
// stops at the first one that does not fit: an address written for an earlier release asks again instead of guessing.

export interface FlowAnswer {
  say: string;
  words: string[]; // words of a question that mean this answer
  situations: string[];
  go: string; // question | done | human | stop | item
  target: string; // id of the question or slug of the item, else ""
  note: string;
}

export interface FlowQuestion {
  id: string;
  ask: string;
  help: string;
  answers: FlowAnswer[];
  unsure: FlowAnswer;
}

export type Flow = readonly FlowQuestion[];
export type Pick = readonly [question: number, answer: number];
export type End = "" | "done" | "human" | "stop" | "item";

export interface Walk {
  steps: Pick[];
  situations: string[];
  notes: string[];
  at: number; // the open question, 0 when there is none
  end: End;
  target: string;
}

const GENERAL = "一般情况"; // cited where no situation of the item applies
const NOT = ["没有", "没", "不是", "不", "未", "别"]; // right before a word they turn it round

const answerOf = (question: FlowQuestion, chosen: number): FlowAnswer | undefined =>
  chosen === 0 ? question.unsure : question.answers[chosen - 1];

/** The state after these picks. */
export function walk(flow: Flow, picks: readonly Pick[]): Walk {
  const state: Walk = { steps: [], situations: [], notes: [], at: flow.length > 0 ? 1 : 0, end: flow.length > 0 ? "" : "done", target: "" };
  for (const [number, chosen] of picks) {
    const question = flow[number - 1];
    const answer = state.end === "" && number === state.at && question ? answerOf(question, chosen) : undefined;
    if (!answer) break;
    state.steps.push([number, chosen]);
    for (const name of answer.situations) {
      if (name !== GENERAL && !state.situations.includes(name)) state.situations.push(name);
    }
    if (answer.note !== "") state.notes.push(answer.note);
    if (answer.go === "question") state.at = flow.findIndex((one) => one.id === answer.target) + 1;
    else Object.assign(state, { at: 0, end: answer.go, target: answer.target });
  }
  return state;
}

/** How many questions may still come, the open one counted: the longest way to an end. */
export function remaining(flow: Flow, at: number): number {
  const question = flow[at - 1];
  if (!question) return 0;
  const following = [...question.answers, question.unsure].filter((answer) => answer.go === "question");
  return 1 + Math.max(0, ...following.map((answer) => remaining(flow, flow.findIndex((one) => one.id === answer.target) + 1)));
}

/** A text as words are looked for in it: NFKC, small letters, no spaces. */
export const plain = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/\s/gu, "");

/** Answers that the words of a question already give: question → answer. The longest word decides; a tie says nothing. */
export function preselect(flow: Flow, text: string): Map<number, number> {
  const said = plain(text);
  const found = new Map<number, number>();
  flow.forEach((question, i) => {
    const lengths = question.answers.map((answer) =>
      Math.max(0, ...answer.words.map(plain).filter((word) => says(said, word)).map((word) => [...word].length)),
    );
    const best = Math.max(0, ...lengths);
    if (best > 0 && lengths.filter((length) => length === best).length === 1) found.set(i + 1, lengths.indexOf(best) + 1);
  });
  return found;
}

function says(said: string, word: string): boolean {
  for (let start = said.indexOf(word); start >= 0; start = said.indexOf(word, start + 1)) {
    const before = said.slice(0, start);
    if (!NOT.some((not) => before.endsWith(not))) return true;
  }
  return false;
}

/** What a material is for, by the longest word of its name that has a purpose; "" when none has. */
export function purposeOf(name: string, purposes: readonly (readonly [word: string, why: string])[]): string {
  let best: readonly [string, string] = ["", ""];
  for (const entry of purposes) {
    const longer = [...entry[0]].length - [...best[0]].length;
    if (name.includes(entry[0]) && (longer > 0 || (longer === 0 && entry[0] > best[0]))) best = entry;
  }
  return best[1];
}

/** Picks as they travel in an address: "1-3.2-1". Numbers only, so that no words of a person's case do. */
export const picksToText = (picks: readonly Pick[]): string => picks.map(([question, answer]) => `${question}-${answer}`).join(".");

export function picksFromText(text: unknown): Pick[] {
  if (typeof text !== "string" || !/^\d{1,2}-\d{1,2}(\.\d{1,2}-\d{1,2}){0,19}$/.test(text)) return [];
  return text.split(".").map((pair): Pick => {
    const [question = 0, answer = 0] = pair.split("-").map(Number);
    return [question, answer];
  });
}

export interface Point {
  id: string;
  name: string;
  region: string; // 12-digit code
  address: string;
  hours: string;
  phone: string;
  level: string; // county | township | village …
}

const LEVELS: Record<string, string> = { "3": "prefecture", "4": "county", "5": "township", "6": "village" };
const UPWARDS = ["village", "township", "county", "prefecture"];

/**
 * The service point nearest to `region` that handles an item of these 行使层级 (GB/T 39046 A.2): the one whose code shares
 * most with the region's, the lower level first; null when the centre has told of none.
 */
export function nearest(points: readonly Point[], levels: readonly string[], region: string): Point | null {
  const wanted = levels.map((level) => LEVELS[level] ?? "").filter(Boolean);
  const near = (point: Point): number => sharedDigits(point.region, region);
  const fit = points.filter((point) => wanted.includes(point.level) && near(point) >= 6); // 6: at least the same county
  fit.sort((a, b) => near(b) - near(a) || UPWARDS.indexOf(a.level) - UPWARDS.indexOf(b.level) || (a.id < b.id ? -1 : 1));
  return fit[0] ?? null;
}

/** How far up two places belong together: 12 the same village, 9 township, 6 county, 4 prefecture, else 0. */
function sharedDigits(a: string, b: string): number {
  return [12, 9, 6, 4].find((length) => a.slice(0, length) === b.slice(0, length)) ?? 0;
}
