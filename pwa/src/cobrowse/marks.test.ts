import { expect, test } from "vitest";

import { beyond, placed, within } from "./marks";

const BOX = { left: 100, top: 40, width: 200, height: 50 };

test("a place stays at its element, at any size", () => {
  const path = within(BOX, 150, 65);
  expect(path).toEqual([250, 500]);
  expect(placed(BOX, path)).toEqual([150, 65]);
  expect(placed({ left: 0, top: -300, width: 400, height: 200 }, path)).toEqual([100, -200]);
});

test("what is far outside is held at its edge, as the centre wants it", () => {
  expect(within(BOX, 5_000, -5_000)).toEqual([2_000, -1_000]);
  expect(within({ ...BOX, width: 0 }, 101, 40)).toEqual([1_000, 0]);
});

test.each([
  [-60, "above"],
  [40, ""],
  [900, "below"],
])("a mark at %i of 768 is %s", (top, side) => {
  expect(beyond({ ...BOX, top }, 768)).toBe(side);
});
