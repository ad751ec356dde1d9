// The village's end of a page that is seen: asks the guide, records what may be seen, sends it piece by piece, and stops at
// one press. Loaded when an agent first asks. Nothing is recorded before the guide allowed it, and nothing after.
import { markRaw, reactive, readonly, shallowRef, type Component } from "vue";
import { record } from "@rrweb/record";

import dictionary from "../../../remote/cobrowse.words?raw";
import * as hands from "./hands";
import { BLOCKED, dots } from "./mask";
import type { Mark } from "./marks";
import { Pieces } from "./pieces";
import { scrub, type Told } from "./scrub";

export type Frame = Record<string, unknown>;
export interface Wire {
  send(frame: Frame | Uint8Array<ArrayBuffer>): boolean;
}

const RESTARTS = 3; // a minute; more means that something is wrong for good
const state = reactive({ talk: "", agent: "", asked: false, seen: false, cut: false, problem: "" });
export const watched = readonly(state);
/** What the shell shows on every screen while an agent asks or sees. */
export const overlay = shallowRef<Component | null>(null);

/** What the agent pointed at last; "clear" takes everything away. Only ever shown. */
export const pointed = shallowRef<Mark | "clear">("clear");
/** Where an element of the stream is on the screen. */
export function boxOf(node: number): DOMRect | null {
  const found = record.mirror.getNode(node);
  return found instanceof Element && found.isConnected ? found.getBoundingClientRect() : null;
}

let wire: Wire | null = null;
let pieces: Pieces | null = null;
let stream: string | null = null; // of this window only: after a reload nobody can name it, and the centre asks anew
let stopRecord: (() => void) | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let ends: ReturnType<typeof setTimeout> | undefined;
let began = 0;
let restarts: number[] = [];
let pressed = false; // it was allowed in this window

export function bind(to: Wire): void {
  wire = to;
  hands.bind((frame) => to.send(frame), (node) => record.mirror.getNode(node));
}

export async function take(frame: Frame): Promise<void> {
  const talk = String(frame.talk);
  if (frame.kind === "page_control" || ["page_act", "page_hand"].includes(String(frame.type))) {
    hands.take(frame, talk === state.talk && state.seen);
  } else if (frame.type === "ask") {
    Object.assign(state, { talk, agent: String(frame.agent_name ?? ""), asked: true, problem: "" });
    overlay.value ??= markRaw((await import("./Watched.vue")).default);
  } else if (frame.type === "consent") {
    if (!frame.given) close();
    else if (state.talk === talk && pressed) begin(Number(frame.for_s));
    else state.asked = false; // another window of this browser said yes: it is that one's page
  } else if (frame.type === "page_point") {
    if (talk === state.talk && state.seen) pointed.value = frame.kind === "clear" ? "clear" : { kind: frame.kind as Mark["kind"], node: Number(frame.node), path: frame.path as number[] };
  } else if (talk === state.talk && state.seen && !state.cut && frame.stream === stream) {
    if (frame.anew) record.takeFullSnapshot();
    pump();
  }
}

/** The receipt of a piece. */
export function receipt(data: Uint8Array): void {
  pieces?.acked(((data[1] ?? 0) << 16) | ((data[2] ?? 0) << 8) | (data[3] ?? 0), performance.now());
  pump();
}

/** The line is down: nothing is recorded meanwhile, and nothing waits to be sent. */
export function down(): void {
  if (!state.seen) return;
  state.cut = true;
  rest();
}

/** The line is live again: what the page shows now, not what happened meanwhile. */
export function live(): void {
  if (!state.seen || !state.cut) return;
  state.cut = false;
  start();
}

export function refused(code: string): void {
  hands.refused(code);
  if (code === "page.consent") close();
  else if (code === "page.stream" && state.seen && !state.cut) restart();
}

export function answer(yes: boolean): void {
  pressed = yes;
  if (!yes) state.asked = false;
  const sent = wire?.send({ type: "consent", talk: state.talk, kind: "page", given: yes });
  if (yes && !sent) state.problem = "线路断了，等连上再按一次。";
}

/** One press ends it, with the line or without; so does a reload. */
export function stop(): void {
  wire?.send({ type: "consent", talk: state.talk, kind: "page", given: false });
  close();
}

export function close(): void {
  rest();
  hands.close();
  clearTimeout(ends);
  stream = null;
  pressed = false;
  pointed.value = "clear";
  document.removeEventListener("keydown", onKey, true);
  globalThis.removeEventListener("pagehide", stop);
  Object.assign(state, { asked: false, seen: false, cut: false });
}

function begin(forSeconds: number): void {
  close();
  Object.assign(state, { seen: true, problem: "" });
  began = Date.now();
  ends = setTimeout(stop, 1000 * forSeconds);
  document.addEventListener("keydown", onKey, true);
  globalThis.addEventListener("pagehide", stop);
  restarts = [];
  start();
}

/** Stops recording; what was not sent is forgotten. */
function rest(): void {
  stopRecord?.();
  stopRecord = undefined;
  clearTimeout(timer);
  timer = undefined;
  pieces = null;
}

/** Something was wrong with the stream: another one, unless that happens again and again. */
function restart(): void {
  const now = performance.now();
  restarts = [...restarts.filter((at) => at > now - 60_000), now];
  if (restarts.length <= RESTARTS) return start();
  stop();
  state.problem = "画面出了错，已经停止共享页面；通话照常。";
}

/** A new stream with a whole picture. */
function start(): void {
  rest();
  const was = stream;
  stream = crypto.randomUUID();
  pieces = new Pieces((data) => wire?.send(data) ?? false, new TextEncoder().encode(dictionary));
  wire?.send({ type: "page", talk: state.talk, stream, was });
  stopRecord = record({
    emit: heard,
    blockSelector: BLOCKED,
    maskAllInputs: true,
    maskInputFn: dots,
    inlineStylesheet: false,
    inlineImages: false,
    recordCanvas: false,
    collectFonts: false,
    slimDOMOptions: "all",
    sampling: { mousemove: 200, mousemoveCallback: 400, scroll: 200, input: "all", mouseInteraction: { Click: true } },
  });
}

function heard(event: unknown): void {
  const told = scrub(event as Told, (id) => record.mirror.getNode(id));
  if (!told || !pieces) return;
  told.timestamp = Math.max(0, told.timestamp - began);
  pieces.add(told);
  if (timer === undefined) timer = setTimeout(pump, pieces.soon(performance.now()));
}

function pump(): void {
  clearTimeout(timer);
  timer = undefined;
  const again = pieces?.pump(performance.now()) ?? null;
  if (pieces?.broken) restart();
  else if (again !== null) timer = setTimeout(pump, again);
}

function onKey(event: KeyboardEvent): void {
  // Esc closes what is open on the page first, and never cuts an input method short.
  if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  stop();
}
