// The agent's end of pages that are seen: asks, keeps what came since the last whole picture, and hands it to the frame.
import { reactive, readonly } from "vue";
import * as acting from "./acting";
import type { Event, Pointed, ToFrame } from "./messages";

export type Frame = Record<string, unknown>;

interface Shown {
  phase: "asking" | "waiting" | "seen" | "away";
  problem: string;
}
interface Kept {
  stream: string;
  first: number;
  events: Event[];
}

const state = reactive<Record<string, Shown>>({});
export const pages = readonly(state);
const kept = new Map<string, Kept>(); // not reactive: thousands of events
const frames = new Map<string, (message: ToFrame) => void>();
let send: (frame: Frame) => boolean = () => false;

export function bind(to: (frame: Frame) => boolean): void {
  send = to;
  acting.bind(to);
}

export function ask(talk: string): void {
  if (send({ type: "ask", talk, kind: "page" })) state[talk] = { phase: "asking", problem: "" };
}

export function stop(talk: string): void {
  send({ type: "consent", talk, kind: "page", given: false });
  drop(talk);
}

export function take(frame: Frame): void {
  const talk = String(frame.talk);
  if (frame.kind === "page_control" || frame.type === "page_hand" || frame.type === "page_did") acting.take(frame);
  else if (frame.type === "consent" && frame.kind === "page") {
    if (!frame.given) {
      const refused = state[talk]?.phase === "asking";
      drop(talk);
      if (refused) state[talk] = { phase: "asking", problem: "村里没有同意。可以先用文字说清为什么，再问一次。" };
      return;
    }
    kept.delete(talk);
    state[talk] = { phase: "waiting", problem: "" };
  } else if (frame.type === "seen") seen(talk, frame);
  else if (frame.type === "away" && state[talk]) {
    // What a page showed before it was cut off may be wrong by now.
    kept.delete(talk);
    frames.get(talk)?.({ reset: true });
    state[talk] = { phase: "away", problem: "" };
  }
}

function seen(talk: string, frame: Frame): void {
  const first = Number(frame.first);
  const events = frame.events as Event[];
  const stream = String(frame.stream);
  if (events.length === 0 || !state[talk]) return;
  const mine = kept.get(talk);
  const next = mine ? mine.first + mine.events.length : 0;
  if (!mine || mine.stream !== stream || first > next) {
    // Another stream begins with its first event; anything else is a hole, and the centre has what is missing.
    if (mine?.stream === stream || (events[0]?.type !== 4 && events[0]?.type !== 2)) return look(talk, true);
    kept.set(talk, { stream, first, events: [...events] });
    frames.get(talk)?.({ reset: true, events });
  } else {
    const fresh = events.slice(Math.max(0, next - first));
    mine.events.push(...fresh);
    const whole = mine.events.map((event) => event.type).lastIndexOf(2);
    if (whole > 1) {
      mine.first += whole - 1;
      mine.events = mine.events.slice(whole - 1);
    }
    if (fresh.length > 0) frames.get(talk)?.({ events: fresh });
  }
  state[talk] = { phase: "seen", problem: "" };
}

/** Asks the centre for what is missing; for all of it after a hole. */
function look(talk: string, all = false): void {
  const mine = all ? undefined : kept.get(talk);
  send({ type: "see", talk, stream: mine?.stream ?? null, after: mine ? mine.first + mine.events.length : 0 });
}

/** The line is live again. */
export function live(): void {
  for (const talk of Object.keys(state)) if (state[talk]?.phase !== "asking") look(talk);
}

/** Talks that are mine no more. */
export function keepOnly(talks: readonly string[]): void {
  for (const talk of Object.keys(state)) if (!talks.includes(talk)) drop(talk);
}

export function refused(code: string, message: string): void {
  acting.refused(code, message);
  if (["page.act", "page.hand", "page.held"].includes(code)) return;
  for (const [talk, one] of Object.entries(state)) {
    if (code === "page.consent" && one.phase !== "asking") drop(talk);
    else one.problem = message;
  }
}

function drop(talk: string): void {
  delete state[talk];
  kept.delete(talk);
  acting.drop(talk);
}

/** A frame is there and hears from now on, from the last whole picture; returns what ends that. */
export function attach(talk: string, to: (message: ToFrame) => void): () => void {
  frames.set(talk, to);
  to({ reset: true, events: kept.get(talk)?.events ?? [] });
  return () => {
    if (frames.get(talk) === to) frames.delete(talk);
  };
}

/** What the agent points at; a pointer that gets lost with the line is missed by nobody. */
export function point(talk: string, { kind, node, path }: Pointed): void {
  send({ type: "page_point", talk, kind, node, path });
}

export function clear(talk: string): void {
  send({ type: "page_point", talk, kind: "clear" });
  frames.get(talk)?.({ clear: true });
}

export function choose(talk: string, mode: NonNullable<ToFrame["mode"]>): void {
  frames.get(talk)?.({ mode });
}
