// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { answer, bind, close, goOn, hands, onTouch, take, type Frame } from "./hands";

const TALK = "t1";
let sent: Frame[] = [];
const nodes = new Map<number, Element>();

function allowed(html: string): void {
  document.body.innerHTML = html;
  for (const element of document.querySelectorAll("[n]")) nodes.set(Number(element.getAttribute("n")), element);
  take({ type: "ask", kind: "page_control", talk: TALK }, true);
  answer(true);
  take({ type: "consent", kind: "page_control", talk: TALK, given: true, for_s: 600 }, true);
}

const act = (n: number, verb: string, mark: string, node: number, value = ""): void => take({ type: "page_act", talk: TALK, n, verb, mark, node, value }, true);
const dids = (): unknown[] => sent.filter((frame) => frame.type === "page_did").map(({ n, outcome, reason }) => [n, outcome, reason]);
const holds = (): unknown[] => sent.filter((frame) => frame.type === "page_hold").map((frame) => frame.on);
/** The guide's own hand: only a browser can make a trusted event, so its mark is set here. */
function touch(event: Event, target: Element = document.body): void {
  Object.defineProperties(event, { isTrusted: { value: true }, target: { value: target } });
  onTouch(event);
}

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  nodes.clear();
  bind((frame) => sent.push(frame) > 0, (node) => nodes.get(node) ?? null);
});
afterEach(() => {
  close();
  vi.useRealTimers();
});

test("a place is framed, then touched, and the centre hears what came of it", async () => {
  allowed('<textarea n="5" data-fill="note"></textarea>');
  const note = nodes.get(5) as HTMLTextAreaElement;
  let heard = "";
  note.addEventListener("input", () => (heard = note.value));
  act(1, "fill", "note", 5, "材料下周补齐");
  expect([note.value, note.hasAttribute("data-hand")]).toEqual(["", true]);
  await vi.advanceTimersByTimeAsync(500);
  expect([heard, note.hasAttribute("data-hand")]).toEqual(["材料下周补齐", false]);
  act(1, "fill", "note", 5, "又一次");
  await vi.advanceTimersByTimeAsync(500);
  expect(dids()).toEqual([[1, "done", ""]]);
});

test("without consent, or in a window that did not give it, nothing is touched", async () => {
  document.body.innerHTML = '<textarea n="5" data-fill="note"></textarea>';
  act(1, "fill", "note", 5, "x");
  take({ type: "consent", kind: "page_control", talk: TALK, given: true, for_s: 600 }, true);
  act(2, "fill", "note", 5, "x");
  await vi.advanceTimersByTimeAsync(500);
  expect([sent, document.querySelector("textarea")?.value]).toEqual([[], ""]);
});

test("what is not marked, not listed, or gone refuses with its reason", async () => {
  allowed('<input n="5"><button n="6" data-press="submit">交到中心</button><textarea n="7" data-fill="note">自己写的</textarea>');
  act(1, "fill", "note", 5, "x");
  act(2, "press", "submit", 6);
  act(3, "fill", "note", 7, "x");
  act(4, "press", "rail", 99);
  act(5, "fill", "note", 7, "13888880000");
  await vi.advanceTimersByTimeAsync(500);
  expect(dids().map((one) => (one as string[])[2])).toEqual(["mark", "mark", "written", "gone", "number"]);
});

test("the guide's own hand holds the agent, also an act under way, until he lets him go on", async () => {
  allowed('<button n="5" type="button" data-press="rail">事项</button>');
  let pressed = 0;
  nodes.get(5)?.addEventListener("click", () => pressed++);
  act(1, "press", "rail", 5);
  touch(new Event("pointerdown"));
  await vi.advanceTimersByTimeAsync(500);
  act(2, "press", "rail", 5);
  await vi.advanceTimersByTimeAsync(500);
  expect([dids(), pressed, holds()]).toEqual([[[1, "held", ""], [2, "held", ""]], 0, [true]]);
  goOn();
  act(3, "press", "rail", 5);
  await vi.advanceTimersByTimeAsync(500);
  expect([pressed, holds()]).toEqual([1, [true, false]]);
});

test("events that scripts make, and presses on the bar, hold nobody", () => {
  allowed('<div class="cobrowse"><button>停止</button></div>');
  onTouch(new Event("pointerdown"));
  touch(new Event("pointerdown"), document.querySelector("button") as Element);
  expect(hands.paused).toBe(false);
});

test("Esc holds, a second Esc ends it, and neither reaches what stops the seeing", () => {
  allowed("");
  const keys = [1, 2].map(() => new KeyboardEvent("keydown", { key: "Escape", cancelable: true }));
  touch(keys[0]!);
  expect([hands.on, hands.paused]).toEqual([true, true]);
  touch(keys[1]!);
  expect(hands.on).toBe(false);
  expect(keys.map((key) => key.defaultPrevented)).toEqual([true, true]);
  expect(sent.at(-1)).toEqual({ type: "consent", talk: TALK, kind: "page_control", given: false });
});

test("a hold of an outage is told after it, and the time that is left is the centre's", async () => {
  allowed("");
  touch(new Event("wheel"));
  sent = [];
  take({ type: "page_hand", talk: TALK, paused: false, left_s: 3, n: 0 }, true);
  expect(holds()).toEqual([true]);
  await vi.advanceTimersByTimeAsync(3_100);
  expect(hands.on).toBe(false);
});
