// The agent's hands on a village page: asks, sends one act at a time, and says what came of each.
import { reactive, readonly } from "vue";

import { MARKS, REASONS, refusal, type Verb } from "./control";

export interface Target {
  verb: Verb;
  mark: string;
  node: number;
}
interface Hand {
  phase: "asking" | "on" | "held";
  /** The act that the village has not answered. */
  pending: string;
  said: string;
  /** What is to be written or chosen before the act can be sent. */
  target: Target | null;
}

/** A little more than the centre waits for the village's word. */
const ANSWER_MS = 5_500;

const state = reactive<Record<string, Hand>>({});
export const acting = readonly(state);
const numbers = new Map<string, number>();
let send: (frame: Record<string, unknown>) => boolean = () => false;

export function bind(to: typeof send): void {
  send = to;
}

export function ask(talk: string): void {
  if (send({ type: "ask", talk, kind: "page_control" })) state[talk] = { phase: "asking", pending: "", said: "", target: null };
}

export function stop(talk: string): void {
  send({ type: "consent", talk, kind: "page_control", given: false });
  drop(talk);
}

export function drop(talk: string): void {
  delete state[talk];
  numbers.delete(talk);
}

export function take(frame: Record<string, unknown>): void {
  const talk = String(frame.talk);
  if (frame.type === "consent") {
    if (frame.given) state[talk] = { phase: "on", pending: "", said: "村里同意了。点画面上带橙色虚线的地方，就替村里做那一步。", target: null };
    else if (state[talk]?.phase === "asking") Object.assign(state[talk], { said: "村里没有同意代操作。可以用“指一指”教他自己做。" });
    else drop(talk);
  } else if (frame.type === "page_hand") {
    const one = (state[talk] ??= { phase: "on", pending: "", said: "", target: null }); // this page was opened anew
    numbers.set(talk, Math.max(numbers.get(talk) ?? 0, Number(frame.n)));
    Object.assign(one, { phase: frame.paused ? "held" : "on", said: frame.paused ? "" : one.said });
  } else if (frame.type === "page_did" && state[talk]) {
    const done = state[talk].pending;
    Object.assign(state[talk], { pending: "", said: frame.outcome === "done" ? `做好了：${done}。` : frame.outcome === "held" ? `没有做：${done}。村里自己在操作。` : `没有做：${done}。${REASONS[String(frame.reason)] ?? ""}。` });
  }
}

export function refused(code: string, message: string): void {
  for (const [talk, one] of Object.entries(state)) {
    if (code === "page.hand" && one.phase !== "asking") drop(talk);
    else if (one.pending || one.phase === "asking") Object.assign(one, { pending: "", said: message });
  }
}

/** A place of the picture was pressed: done at once, or first asked what to write there. */
export function aim(talk: string, target: Target | null): void {
  const one = state[talk];
  if (!one) return;
  const known = target ? MARKS[target.mark] : undefined;
  if (!target || !known || known.verb !== target.verb) Object.assign(one, { target: null, said: `${REASONS.mark}。用“指一指”告诉他。` });
  else if (known.longest > 0 || known.choices.length > 0) Object.assign(one, { target, said: "" });
  else act(talk, target, "");
}

/** Sends one act; the reason stands in `said` when it may not be. */
export function act(talk: string, { verb, mark, node }: Target, value: string): void {
  const one = state[talk];
  if (!one) return;
  const reason = one.pending ? "busy" : refusal(verb, mark, value);
  if (reason) return void (one.said = `${REASONS[reason]}。`);
  const n = (numbers.get(talk) ?? 0) + 1;
  if (!send({ type: "page_act", talk, n, verb, mark, node, value })) return void (one.said = "线路断了，连上后再做。");
  numbers.set(talk, n);
  Object.assign(one, { target: null, pending: MARKS[mark]?.label ?? "", said: "" });
  setTimeout(() => {
    if (numbers.get(talk) === n && state[talk]?.pending) Object.assign(state[talk], { pending: "", said: "村里没有回话，不知道做了没有；看一看画面。" });
  }, ANSWER_MS);
}
