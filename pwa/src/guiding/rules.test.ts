// The same flows walk the same way as at the centre: tests/vectors/flows.json, written by Python.
import { describe, expect, test } from "vitest";

import vectors from "../../../tests/vectors/flows.json";
import { qr } from "../kit/qr";
import type { Material, Situation } from "../store/types";
import { personalList } from "../village/guide";
import { nearest, picksFromText, picksToText, plain, type Pick, type Point, preselect, purposeOf, remaining, walk } from "./rules";

const asMaterial = (material: Omit<Material, "why" | "use">): Material => ({ ...material, why: "", use: "" });

describe.each(vectors.items)("$slug", (item) => {
  const materials = item.materials.map(asMaterial);
  const situations: Situation[] = item.situations.map((one, i) => ({
    pos: i + 1, name: one.name, note: one.note, add: one.add_materials.map(asMaterial), remove: one.remove_materials,
  }));

  test("walks as the Python twin does", () => {
    for (const wanted of item.walks) {
      const state = walk(item.flow, wanted.picks as unknown as Pick[]);
      const { bring, spared } = personalList({ materials, situations }, state.situations);
      expect({
        picks: wanted.picks,
        ...state,
        bring: bring.map((material) => [material.name, material.reasons]),
        spared: spared.map((one) => [one.name, one.because]),
      }).toEqual(wanted);
    }
  });

  test("knows how many questions may come", () => {
    expect(item.remaining.map((_, at) => remaining(item.flow, at))).toEqual(item.remaining);
  });

  test("takes answers from the words of a question", () => {
    for (const { text, found } of item.preselect) expect([...preselect(item.flow, text)]).toEqual(found);
  });
});

test.each(vectors.plain)("$text is looked at as the Python twin looks at it", ({ text, plain: wanted }) => {
  expect(plain(text)).toBe(wanted);
});

test.each(vectors.purpose)("$name: what it is for", ({ name, why }) => {
  expect(purposeOf(name, Object.entries(vectors.purposes))).toBe(why);
});

test("picks travel as numbers and come back; anything else is no pick", () => {
  expect(picksToText([[1, 3], [2, 0]])).toBe("1-3.2-0");
  expect(picksFromText("1-3.2-0")).toEqual([[1, 3], [2, 0]]);
  for (const odd of ["", "1", "1-3.", "丢了", "1-3;2-0", "-1-2", "1-333", undefined, ["1-1"], "1-1.".repeat(30)]) {
    expect(picksFromText(odd)).toEqual([]);
  }
});

describe("the nearest point that handles it", () => {
  const point = (id: string, region: string, level: string): Point => ({ id, region, level, name: id, address: "", hours: "", phone: "" });
  const points = [
    point("county", "533301000000", "county"),
    point("town", "533301001000", "township"),
    point("village", "533301001201", "village"),
    point("far-town", "533324204000", "township"),
  ];
  test("is of a level that handles it, the closest first", () => {
    expect(nearest(points, ["4", "5"], "533301001201")?.id).toBe("town");
    expect(nearest(points, ["5", "6"], "533301001201")?.id).toBe("village");
    expect(nearest(points, ["4"], "533301001201")?.id).toBe("county");
  });
  test("is never one of another county", () => {
    expect(nearest(points, ["5"], "533325001000")).toBeNull();
    expect(nearest([], ["5"], "533301001000")).toBeNull();
    expect(nearest(points, ["7"], "533301001000")).toBeNull();
  });
});

test.each(vectors.qr)("a QR code of $text.length bytes is the one that another program makes", ({ text, mask, rows }) => {
  expect(qr(text, mask)?.map((row) => row.map(Number).join(""))).toEqual(rows);
});

test("a text too long for a code on a receipt has none", () => {
  expect(qr("a".repeat(213))).not.toBeNull();
  expect(qr("a".repeat(214))).toBeNull();
});
