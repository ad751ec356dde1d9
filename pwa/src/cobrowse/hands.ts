// The village's end of an agent who acts on the page: asks the guide, looks at each act once more, shows the place before it is
// touched, and holds as soon as the guide touches anything himself. Nothing here can hand anything in (control.ts).
import { reactive, readonly } from "vue";

import { refusal, touchable, type Verb } from "./control";

export type Frame = Record<string, unknown>;
export interface Act {
  n: number;
  verb: Verb;
  mark: string;
  node: number;
  value: string;
}
type Outcome = [outcome: "done" | "refused" | "held", reason: string];

/** How long the place is framed before it is touched, so that the guide sees it and can hold it. */
const SHOW_MS = 450;
/** What counts as the guide's own hand. Events of fields are not among them: acts raise those too. */
const TOUCHES = ["pointerdown", "keydown", "wheel", "touchstart", "paste", "drop", "compositionstart"];

const state = reactive({ talk: "", asked: false, on: false, paused: false, problem: "" });
export const hands = readonly(state);

let send: (frame: Frame) => boolean = () => false;
let elementOf: (node: number) => Node | null = () => null;
let pressed = false; // it was allowed in this window
let last = 0; // an act counts once
let ends: ReturnType<typeof setTimeout> | undefined;
const written = new WeakMap<Element, string>();

export function bind(wire: (frame: Frame) => boolean, mirror: (node: number) => Node | null): void {
  [send, elementOf] = [wire, mirror];
}

/** A frame about acting; `seen` is whether this window's page is the one that is seen. */
export function take(frame: Frame, seen: boolean): void {
  const talk = String(frame.talk);
  if (frame.type === "ask") {
    if (seen) Object.assign(state, { talk, asked: !state.on, problem: "" });
  } else if (frame.type === "consent") {
    if (!frame.given) close();
    else if (seen && pressed && talk === state.talk) begin(Number(frame.for_s));
  } else if (!state.on || talk !== state.talk) {
    return; // not allowed here, or another window's
  } else if (frame.type === "page_hand") {
    endIn(Number(frame.left_s));
    if (Boolean(frame.paused) !== state.paused) tellHold(); // the guide's word holds, also the one of an outage
  } else if (frame.type === "page_act") void act(frame as unknown as Act);
}

export function answer(yes: boolean): void {
  pressed = yes;
  if (!yes) state.asked = false;
  const sent = send({ type: "consent", talk: state.talk, kind: "page_control", given: yes });
  if (yes && !sent) state.problem = "线路断了，等连上再按一次。";
}

export function stop(): void {
  send({ type: "consent", talk: state.talk, kind: "page_control", given: false });
  close();
}

export function close(): void {
  clearTimeout(ends);
  pressed = false;
  for (const kind of TOUCHES) globalThis.removeEventListener(kind, onTouch, true);
  Object.assign(state, { asked: false, on: false, paused: false });
  frame(null);
}

/** The guide lets the agent go on. */
export function goOn(): void {
  state.paused = false;
  tellHold();
}

export function refused(code: string): void {
  if (code === "page.hand" && state.on) close();
}

function begin(forSeconds: number): void {
  close();
  Object.assign(state, { on: true, problem: "" });
  last = 0;
  endIn(forSeconds);
  for (const kind of TOUCHES) globalThis.addEventListener(kind, onTouch, { capture: true, passive: false });
}

function endIn(seconds: number): void {
  clearTimeout(ends);
  ends = setTimeout(stop, 1000 * seconds);
}

function hold(): void {
  if (state.paused) return;
  state.paused = true;
  tellHold();
}

const tellHold = (): boolean => send({ type: "page_hold", talk: state.talk, on: state.paused });

/** The guide's own hand: only what a person does (`isTrusted`), and not on the bar that says who acts. */
export function onTouch(event: Event): void {
  const escape = event instanceof KeyboardEvent && event.key === "Escape" && !event.isComposing;
  const onBar = event.target instanceof Element && event.target.closest(".cobrowse") !== null;
  if (!event.isTrusted || (onBar && !escape)) return;
  // What is open on the page is closed by Esc first.
  if (escape && document.querySelector("dialog[open]") === null) {
    event.preventDefault();
    event.stopImmediatePropagation(); // the page stays seen
    if (state.paused) return stop();
  }
  hold();
}

async function act(one: Act): Promise<void> {
  if (one.n <= last) return;
  last = one.n;
  const [outcome, reason] = await carriedOut(one);
  frame(null);
  send({ type: "page_did", talk: state.talk, n: one.n, outcome, reason });
}

async function carriedOut(one: Act): Promise<Outcome> {
  const { talk } = state;
  const stopped = (): boolean => !state.on || state.paused || state.talk !== talk;
  if (stopped()) return ["held", ""];
  const value = one.value ?? "";
  const listed = refusal(one.verb, one.mark, value);
  if (listed) return ["refused", listed];
  if (one.verb === "scroll") return scroll(value);
  const element = elementOf(one.node) as Element | null;
  const reason = (): string => touchable(element, one.verb, one.mark, value, element ? written.get(element) : undefined);
  const before = reason();
  if (before || !(element instanceof HTMLElement)) return ["refused", before || "gone"];
  element.scrollIntoView({ block: "nearest" });
  frame(element);
  await new Promise((done) => setTimeout(done, SHOW_MS));
  if (stopped()) return ["held", ""];
  const now = reason(); // the page may have changed meanwhile
  if (now) return ["refused", now];
  perform(element, one.verb, value);
  return ["done", ""];
}

function perform(element: HTMLElement, verb: Verb, value: string): void {
  if (verb === "press" || (element instanceof HTMLInputElement && element.type === "radio")) return element.click();
  const field = element as HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
  field.value = value;
  written.set(field, value);
  for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
}

function scroll(to: string): Outcome {
  if (document.querySelector("dialog[open]")) return ["refused", "hidden"];
  globalThis.scrollBy({ top: (to === "down" ? 0.7 : -0.7) * innerHeight, behavior: "instant" });
  return ["done", ""];
}

/** Frames the place that is touched next. */
function frame(element: Element | null): void {
  for (const one of document.querySelectorAll("[data-hand]")) one.removeAttribute("data-hand");
  element?.setAttribute("data-hand", "");
}
