// The frame in which an agent sees a village page. A document of its own with a policy of its own (no network, no forms, no
// pictures but ours); in it the picture is built inside rrweb's frame, which is sandboxed without scripts. The desk and this
// frame speak by messages: events in; out go the size of the page and where the agent points.
import { Replayer } from "@rrweb/replay";
import "@rrweb/replay/dist/style.css";

import kit from "../kit/kit.css?inline";
import village from "../village/village.css?inline";
import "./marks.css";
import "./replay.css";
import { Marks, within, type Box, type Stroke } from "./marks";
import type { Verb } from "./control";
import type { FromFrame, Mode, ToFrame } from "./messages";

const OFTEN_MS = 250; // the pointer is told at most this often
const LONGEST_LINE = 240; // numbers
const NEAR = 8; // thousandths: a drawn line needs no nearer points

/** A place in this frame, in pixels. */
interface Place {
  clientX: number;
  clientY: number;
}

const stage = document.getElementById("stage") as HTMLElement;
const glass = Object.assign(document.createElement("div"), { className: "glass" }); // over the picture: nothing in it is ever pressed
let replayer: Replayer | null = null;
let size = { width: 1366, height: 768 };
let scale = 1;
let mode: Mode = "spot";
/** A line that is being drawn: on this element, through these places. */
let line: { on: Element; path: number[] } | null = null;
let moved: Place | null = null; // where the pointer is, not told yet
let telling: ReturnType<typeof setTimeout> | undefined;
const layer = Object.assign(document.createElement("div"), { className: "marks", popover: "manual" });
const marks = new Marks(layer, (node) => boxOf(replayer?.getMirror().getNode(node) ?? null));

const say = (message: FromFrame): void => parent.postMessage(message, location.origin);

globalThis.addEventListener("message", (event: MessageEvent<ToFrame>) => {
  if (event.source !== parent || event.origin !== location.origin) return;
  const { events, reset, mode: chosen, clear } = event.data;
  if (chosen) {
    glass.dataset.mode = mode = chosen;
    line = null;
    showMarked();
  }
  if (clear) marks.clear();
  if (reset || (events && events.length > 0 && !replayer)) startAnew();
  for (const one of events ?? []) show(one);
});

function startAnew(): void {
  replayer?.destroy();
  stage.replaceChildren();
  replayer = new Replayer([], {
    root: stage,
    liveMode: true,
    mouseTail: false,
    showWarning: false,
    showDebug: false,
    triggerFocus: false,
    pauseAnimation: false,
    useVirtualDom: false,
    UNSAFE_replayCanvas: false,
  });
  replayer.on("fullsnapshot-rebuilded", dress);
  replayer.startLive(Date.now());
  stage.append(glass, layer);
}

function show(event: { type: number; data: Record<string, unknown> }): void {
  const source = event.type === 3 ? event.data.source : null;
  if (event.type === 4 || source === 4) {
    size = { width: Number(event.data.width), height: Number(event.data.height) };
    fit();
    say({ type: "size", ...size });
  }
  // Shown as it comes: the clock of the village has no part in it.
  replayer?.addEvent({ ...event, timestamp: Date.now() } as Parameters<Replayer["addEvent"]>[0]);
}

/** The village's own style sheets, brought by this program and not by the page that is seen. */
function dress(): void {
  const inner = replayer?.iframe.contentDocument;
  if (!inner) return;
  const style = inner.createElement("style");
  style.textContent = `${kit}\n${village}\n[data-secret]{background:repeating-linear-gradient(135deg,#0002 0 6px,#0000 6px 12px)!important}:is(div,span)[rr_width]{display:block;background:#8884;border-radius:6px}*{animation:none!important;transition:none!important}[data-acting] :is([data-press],[data-fill],select[data-choose],label:has([data-choose])){outline:3px dashed #b3400a!important;outline-offset:2px}`;
  (inner.head ?? inner.documentElement).append(style);
  showMarked();
}

/** While the agent acts: which places he may act on. */
function showMarked(): void {
  replayer?.iframe.contentDocument?.documentElement.toggleAttribute("data-acting", mode === "act");
}

function fit(): void {
  scale = stage.clientWidth / size.width;
  stage.style.setProperty("--scale", String(scale));
  stage.style.height = `${size.height * scale}px`;
}
globalThis.addEventListener("resize", fit);

/** Where an element of the picture is in this frame. */
function boxOf(node: Node | null): Box | null {
  if (!(node && "getBoundingClientRect" in node) || !node.isConnected) return null;
  const box = (node as Element).getBoundingClientRect();
  const outer = stage.getBoundingClientRect();
  return { left: outer.left + box.left * scale, top: outer.top + box.top * scale, width: box.width * scale, height: box.height * scale };
}

const numberOf = (element: Element): number => replayer?.getMirror().getId(element) ?? -1;

/** The element under a place of the picture that has a number in the stream. */
function under(event: Place): Element | null {
  const outer = stage.getBoundingClientRect();
  let found = replayer?.iframe.contentDocument?.elementFromPoint((event.clientX - outer.left) / scale, (event.clientY - outer.top) / scale) ?? null;
  while (found && numberOf(found) < 1) found = found.parentElement;
  return found;
}

/** What a frame is put round: what can be filled or pressed, with its words; else what lies under the mouse. */
const meant = (found: Element): Element => found.closest(".field, label, button, a, summary, li, legend") ?? found;

function point(kind: Stroke, on: Element, path: number[]): void {
  const node = numberOf(on);
  if (node < 1) return;
  marks.add({ kind, node, path });
  say({ type: "point", kind, node, path });
}

function tellSpot(): void {
  telling = undefined;
  const found = moved && under(moved);
  const box = found && boxOf(found);
  if (moved && found && box) point("spot", found, within(box, moved.clientX, moved.clientY));
  moved = null;
}

/** Acts on what lies at a place, if a screen marked it for that (control.ts); the village and the centre look once more. */
function act(found: Element): void {
  const around = found.closest("label, .field");
  for (const verb of ["press", "choose", "fill"] as Verb[]) {
    const on = found.closest(`[data-${verb}]`) ?? around?.querySelector(`[data-${verb}]`);
    if (!on || numberOf(on) < 1) continue;
    marks.add({ kind: "frame", node: numberOf(on), path: [] });
    return say({ type: "act", target: { verb, mark: on.getAttribute(`data-${verb}`) ?? "", node: numberOf(on) } });
  }
  say({ type: "act", target: null });
}

/** A press of the mouse or of Enter. */
function press(at: Place): void {
  const found = under(at);
  if (found && mode === "frame") point("frame", meant(found), []);
  else if (found && mode === "act") act(found);
}

function drag(event: Place): void {
  const box = line && boxOf(line.on);
  if (line && box) {
    const [x, y] = within(box, event.clientX, event.clientY);
    const [lastX = 0, lastY = 0] = line.path.slice(-2);
    if (line.path.length < LONGEST_LINE && Math.abs(x - lastX) + Math.abs(y - lastY) > NEAR) line.path.push(x, y);
  } else if (mode === "spot") {
    moved = event;
    telling ??= setTimeout(tellSpot, OFTEN_MS);
  }
}

function beginLine(event: Place): void {
  const found = mode === "line" ? under(event) : null;
  // Held by the part of the page that is drawn on, not by a word of it.
  const on = found?.closest("fieldset, section, form, article, dialog, nav, header, main") ?? found;
  const box = on ? boxOf(on) : null;
  if (on && box) line = { on, path: within(box, event.clientX, event.clientY) };
}

function endLine(): void {
  if (line && line.path.length >= 4) point("line", line.on, line.path);
  line = null;
}

glass.dataset.mode = mode;
glass.addEventListener("pointermove", drag);
glass.addEventListener("pointerdown", (event) => {
  beginLine(event);
  if (line) glass.setPointerCapture(event.pointerId);
});
glass.addEventListener("pointerup", endLine);
glass.addEventListener("pointercancel", () => (line = null));
glass.addEventListener("click", press);

// The same by keys: arrows move (with Shift further), Enter does what a press does; for a line the first begins, the second ends.
const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 12;
glass.tabIndex = 0;
glass.setAttribute("role", "application");
glass.setAttribute("aria-label", "村里的页面：方向键移动，回车指、框、画或代做");
const cursor = Object.assign(document.createElement("div"), { className: "cursor", hidden: true });
let keyed: Place | null = null;
glass.addEventListener("keydown", (event) => {
  const arrow = ARROWS[event.key];
  if (!arrow && event.key !== "Enter") return;
  event.preventDefault();
  const box = glass.getBoundingClientRect();
  const { clientX, clientY } = (keyed ??= { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 });
  const far = STEP * (event.shiftKey ? 5 : 1);
  const [right, down] = arrow ?? [0, 0];
  keyed = { clientX: Math.max(box.left + 1, Math.min(box.right - 1, clientX + right * far)), clientY: Math.max(box.top + 1, Math.min(box.bottom - 1, clientY + down * far)) };
  cursor.hidden = false;
  cursor.style.translate = `${keyed.clientX - box.left}px ${keyed.clientY - box.top}px`;
  if (arrow) drag(keyed);
  else if (mode === "line") line ? endLine() : beginLine(keyed);
  else if (mode === "spot") {
    moved = keyed;
    tellSpot();
  } else press(keyed);
});
glass.addEventListener("blur", () => (cursor.hidden = true));
glass.append(cursor);

say({ type: "ready" });
