// @vitest-environment happy-dom
import { expect, test } from "vitest";

import vectors from "../../../tests/vectors/control.json";
import { RELATIONS } from "../village/caseform";
import { MARKS, REASONS, refusal, touchable, type Verb } from "./control";

test("both ends hold the same list", () => {
  expect(MARKS).toEqual(vectors.marks);
  expect(REASONS).toEqual(vectors.reasons);
  expect(MARKS.relation?.choices).toEqual(RELATIONS);
});

test.each(vectors.acts as [string, string, string, string, string][])("%s", (_name, verb, mark, value, reason) => {
  expect(refusal(verb, mark, value)).toBe(reason);
});

function may(html: string, verb: Verb, mark: string, value = "", ours?: string): string {
  document.body.innerHTML = html;
  return touchable(document.querySelector(".it"), verb, mark, value, ours);
}

test("only an element with this very mark is acted on", () => {
  expect(may('<textarea class="it" data-fill="note"></textarea>', "fill", "note")).toBe("");
  expect(may('<textarea class="it"></textarea>', "fill", "note")).toBe("mark");
  expect(may('<textarea class="it" data-fill="question"></textarea>', "fill", "note")).toBe("mark");
  expect(may('<div class="it" data-fill="note"></div>', "fill", "note")).toBe("mark");
  expect(may('<p></p>', "fill", "note")).toBe("gone");
});

test.each(["password", "tel", "number", "checkbox", "file", "date"])("a field of type %s refuses even with a mark", (type) => {
  expect(may(`<input class="it" type="${type}" data-fill="note">`, "fill", "note")).toBe("mark");
});

test("handing in is nobody's but the guide's, whatever a screen marks by mistake", () => {
  expect(may('<form><button class="it" data-press="rail">交到中心</button></form>', "press", "rail")).toBe("mark");
  expect(may('<form><button class="it" data-press="next">下一步</button></form>', "press", "next")).toBe("");
});

test("what cannot be reached is not reached through", () => {
  expect(may('<fieldset disabled><textarea class="it" data-fill="note"></textarea></fieldset>', "fill", "note")).toBe("hidden");
  expect(may('<button class="it" type="button" disabled data-press="back"></button>', "press", "back")).toBe("hidden");
  expect(may('<a class="it" data-press="rail"></a><dialog open></dialog>', "press", "rail")).toBe("hidden");
  expect(may('<div class="cobrowse"><a class="it" data-press="rail"></a></div>', "press", "rail")).toBe("mark");
});

test("what the guide wrote stays, what the agent filled in may be put right", () => {
  const note = '<textarea class="it" data-fill="note">左眼看不见</textarea>';
  expect(may(note, "fill", "note", "x")).toBe("written");
  expect(may(note, "fill", "note", "x", "左眼看不见")).toBe("");
  expect(may('<input class="it" data-fill="filter" value="社保">', "fill", "filter", "x")).toBe("");
  expect(may('<input class="it" data-fill="question" value="138 8888 0000">', "fill", "question", "x")).toBe("number");
});
