import { expect, test } from "vitest";

import { isPointed, longer, placeIn } from "./pointing";

test.each([
  [{ place: "screen", still: false, mark: { kind: "spot", path: [500, 500] } }, true],
  [{ place: "camera", still: true, mark: { kind: "line", path: [0, 0, 1000, 1000] } }, true],
  [{ place: "camera", still: false, mark: "clear" }, true],
  [{ place: "camera", still: true, mark: null }, true],
  [{ place: "window", still: false, mark: null }, false],
  [{ place: "screen", mark: null }, false],
  [{ place: "screen", still: false, mark: { kind: "spot", path: [1, 2, 3, 4] } }, false],
  [{ place: "screen", still: false, mark: { kind: "line", path: [1, 2, 3] } }, false],
  [{ place: "screen", still: false, mark: { kind: "line", path: [1, "<svg>"] } }, false],
  [{ place: "screen", still: false, mark: { kind: "line", path: [-1, 2] } }, false],
  [{ place: "screen", still: false, mark: { kind: "frame", path: [] } }, false],
  [{ place: "screen", still: false, mark: { kind: "line", path: Array(242).fill(1) } }, false],
  [undefined, false],
  ["clear", false],
])("%j is a mark: %s", (it, is) => {
  expect(isPointed(it)).toBe(is);
});

test("a place is told in thousandths, held within the picture", () => {
  const box = { left: 100, top: 50, width: 400, height: 200 };
  expect([placeIn(box, 300, 100), placeIn(box, 0, 999)]).toEqual([[500, 250], [0, 1000]]);
});

test("a line holds what the other end takes", () => {
  const path = [0, 0];
  for (let step = 1; step < 400; step++) longer(path, [step % 2 === 0 ? 0 : 1000, 500]);
  expect([path.length, isPointed({ place: "screen", still: false, mark: { kind: "line", path } })]).toEqual([240, true]);
});
