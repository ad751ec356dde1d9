// Looking at a village's computer: one socket, a canvas, and what the agent's hands do once the guide allows it.
import { reactive } from "vue";
import { read } from "./tiles";

export interface Computer {
  state: "off" | "code" | "locked" | "paired" | "view" | "control" | "stopped";
  why: string;
  asked: string | null;
  paused: boolean;
  system: string;
  left_s: Record<string, number>;
  n?: number;
}
type Event = (string | number | boolean)[];

const FULL = 65_535;
const MOST_EVENTS = 32;
const MOVES_MS = 33;
const LONGEST_TEXT = 200;
const NAMED = new Set(["Enter", "Tab", "Backspace", "Delete", "Escape", "Insert", "Home", "End", "PageUp", "PageDown", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Shift", "Control", "Alt", "CapsLock", "ContextMenu", ...Array.from({ length: 11 }, (_, index) => `F${index + 1}`)]);
const BUTTONS = ["left", "middle", "right"];

export const looking = reactive({
  talk: "", line: "closed" as "closed" | "connecting" | "live" | "lost", computer: null as Computer | null, seen: false, bytes: 0,
  problem: "", until: {} as Record<string, number>,
});

let socket: WebSocket | null = null;
let canvas: HTMLCanvasElement | null = null;
let painting: Promise<void> = Promise.resolve();
let number = 0;
let held = new Set<string>(); // what this page pressed over there, as "key:Shift" or "left"
let waiting: Event[] = [];
let flush: ReturnType<typeof setTimeout> | undefined;
let beat: ReturnType<typeof setInterval> | undefined;
let again: ReturnType<typeof setTimeout> | undefined;

export function open(talk: string, on: HTMLCanvasElement): void {
  close();
  canvas = on;
  Object.assign(looking, { talk, computer: null, seen: false, bytes: 0, problem: "", until: {} });
  connect();
}

export function close(): void {
  clearTimeout(again);
  clearInterval(beat);
  const old = socket;
  socket = null; // its events mean nothing any more
  old?.close();
  held.clear();
  waiting = [];
  looking.line = "closed";
}

function connect(): void {
  looking.line = "connecting";
  const mine = new WebSocket(new URL("/ws/desk/computer", location.href.replace(/^http/, "ws")));
  socket = mine;
  mine.binaryType = "arraybuffer";
  mine.onopen = () => {
    send({ type: "look", talk: looking.talk });
    clearInterval(beat);
    beat = setInterval(() => send({ type: "ping" }), 20_000);
  };
  mine.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (socket !== mine) return;
    if (typeof data === "string") take(JSON.parse(data) as Record<string, unknown>);
    else {
      looking.bytes += data.byteLength;
      painting = painting.then(() => paint(data, mine));
    }
  };
  mine.onclose = ({ code }) => {
    if (socket !== mine) return;
    held.clear();
    clearInterval(beat);
    if (code === 4001 || code === 4002) {
      looking.line = "lost";
      looking.problem ||= code === 4002 ? "另一个窗口打开了这台电脑的画面。" : "没有接通。";
      return;
    }
    looking.line = "connecting";
    again = setTimeout(connect, 1500);
  };
}

function take(frame: Record<string, unknown>): void {
  if (frame.type === "computer") {
    looking.line = "live";
    looking.computer = frame as unknown as Computer;
    looking.problem = "";
    if (looking.computer.n !== undefined) number = Math.max(number, looking.computer.n);
    const now = Date.now();
    looking.until = Object.fromEntries(Object.entries(looking.computer.left_s).map(([kind, left]) => [kind, now + left * 1000]));
    if (!["view", "control"].includes(looking.computer.state)) looking.seen = false;
    if (looking.computer.state !== "control" || looking.computer.paused) held.clear();
  } else if (frame.type === "problem") {
    const error = frame.error as { message: string; next: string };
    looking.problem = `${error.message}${error.next}`;
    held.clear();
  }
}

async function paint(data: ArrayBuffer, from: WebSocket): Promise<void> {
  try {
    const batch = read(data);
    const pictures = await Promise.all(batch.pieces.map((one) => createImageBitmap(new Blob([one.picture as BlobPart], { type: one.type })).catch(() => null)));
    if (!canvas || socket !== from) return;
    if (canvas.width !== batch.width || canvas.height !== batch.height) Object.assign(canvas, { width: batch.width, height: batch.height });
    const context = canvas.getContext("2d");
    batch.pieces.forEach((one, index) => {
      const picture = pictures[index];
      if (picture) context?.drawImage(picture, one.x, one.y, one.w, one.h);
      picture?.close();
    });
    looking.seen = true;
    send({ type: "ack", n: batch.number });
  } catch {
    looking.problem = "收到的画面不完整。请关闭后再打开一次。";
  }
}

function send(frame: Record<string, unknown>): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

export const ask = (kind: "view" | "control"): void => send({ type: "ask", kind });
export const stop = (): void => send({ type: "stop" });

/** Whether the agent's hands move anything over there. */
const may = (): boolean => looking.line === "live" && looking.computer?.state === "control" && !looking.computer.paused;

function push(event: Event, soon = false): void {
  if (!may()) return;
  const last = waiting.at(-1);
  if (event[0] === "move" && last?.[0] === "move") waiting[waiting.length - 1] = event;
  else waiting.push(event);
  if (soon && waiting.length < MOST_EVENTS) flush ??= setTimeout(out, MOVES_MS);
  else out();
}

function out(): void {
  clearTimeout(flush);
  flush = undefined;
  while (waiting.length > 0 && may()) send({ type: "input", n: ++number, events: waiting.splice(0, MOST_EVENTS) });
  waiting = [];
}

function place(event: MouseEvent): Event {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  const part = (at: number, size: number): number => Math.min(FULL, Math.max(0, Math.round((at / size) * FULL)));
  return ["move", part(event.clientX - box.left, box.width), part(event.clientY - box.top, box.height)];
}

export function onMove(event: PointerEvent): void {
  push(place(event), true);
}

export function onPress(event: PointerEvent): void {
  const button = BUTTONS[event.button];
  if (!button || !may()) return;
  (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  push(place(event), true);
  held.add(button);
  push(["down", button]);
}

export function onLift(event: PointerEvent): void {
  const button = BUTTONS[event.button];
  if (!button || !held.delete(button)) return;
  push(place(event), true);
  push(["up", button]);
}

export function onWheel(event: WheelEvent): void {
  if (!may()) return;
  event.preventDefault();
  push(place(event), true);
  push(["wheel", -Math.sign(event.deltaX), -Math.sign(event.deltaY)], true);
}

/** Keys go over there while the picture has the focus; F12 gives them back to this page. */
export function onKey(event: KeyboardEvent): void {
  if (!may() || event.metaKey) return;
  if (event.key === "F12") {
    event.preventDefault();
    (event.currentTarget as HTMLElement).blur();
    return;
  }
  const known = NAMED.has(event.key) || [...event.key].length === 1;
  if (!known || event.isComposing) return;
  event.preventDefault();
  event.stopPropagation();
  const down = event.type === "keydown";
  const name = `key:${event.key}`;
  if (down) held.add(name);
  else held.delete(name);
  if (down && event.repeat && !["Shift", "Control", "Alt"].includes(event.key)) push(["key", event.key, false]);
  push(["key", event.key, down]);
}

/** The picture lost the focus: nothing stays pressed over there. */
export function letGo(): void {
  for (const name of held) push(name.startsWith("key:") ? ["key", name.slice(4), false] : ["up", name]);
  held = new Set();
}

/** Types a text over there, also one that needs an input method here. */
export function type(words: string): void {
  const letters = [...words.replace(/\s+/g, " ")];
  while (letters.length > 0) push(["text", letters.splice(0, LONGEST_TEXT).join("")]);
}
