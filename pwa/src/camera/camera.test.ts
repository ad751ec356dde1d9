// Pages on a table, painted by arithmetic: what is found, made straight and judged. Properties hold for every seed.
import { describe, expect, test } from "vitest";

import { findPage } from "./corners";
import { area, convex, mapOnto, ordered, sizeOf, straighten, turned, whole, type Pixels, type Point, type Quad } from "./geometry";
import { preferred } from "./lens";
import { flawOf, sharpness } from "./quality";

/** A repeatable chance (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const inside = (x: number, y: number, quad: Quad): boolean =>
  quad.every(([ax, ay], at) => {
    const [bx, by] = quad[(at + 1) % 4] as Point;
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0;
  });

/** A table with a page on it: lines of writing, light that falls off to one side, grain. */
function scene(quad: Quad, seed: number, paper = 235, table = 70, grain = 8): Pixels {
  const [width, height] = [320, 240];
  const [data, random] = [new Uint8ClampedArray(width * height * 4), chance(seed)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const writing = y % 9 < 2 && x % 7 < 5;
      const base = inside(x + 0.5, y + 0.5, quad) ? (writing ? 90 : paper) : table;
      const value = base * (0.85 + (0.15 * x) / width) + grain * (random() - 0.5);
      data.set([value, value, value, 255], (y * width + x) * 4);
    }
  }
  return { data, width, height };
}

/** A page somewhere on the table, turned and seen a little from the side. */
function somewhere(seed: number): Quad {
  const random = chance(seed);
  const [cx, cy, half, angle] = [160 + 20 * (random() - 0.5), 120 + 12 * (random() - 0.5), 50 + 30 * random(), 0.5 * (random() - 0.5)];
  const tall = half * (0.62 + 0.4 * random());
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([sx, sy]): Point => {
    const [x, y] = [(sx ?? 0) * half + 8 * (random() - 0.5), (sy ?? 0) * tall + 8 * (random() - 0.5)];
    return [cx + x * Math.cos(angle) - y * Math.sin(angle), cy + x * Math.sin(angle) + y * Math.cos(angle)];
  });
  return ordered(corners);
}

const NOWHERE: Quad = [[-9, -9], [-8, -9], [-8, -8], [-9, -8]];
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

describe("four corners", () => {
  test.each(SEEDS)("are found within two pixels of 320 (%i)", (seed) => {
    const truth = somewhere(seed);
    const found = findPage(scene(truth, seed));
    expect(found).not.toBeNull();
    found?.forEach(([x, y], at) => expect(Math.hypot(x - (truth[at]?.[0] ?? 0), y - (truth[at]?.[1] ?? 0))).toBeLessThan(2));
  });
  test("of a dark booklet on a light table as well", () => {
    expect(findPage(scene(somewhere(3), 3, 90, 220))).not.toBeNull();
  });
  test("of an empty table, of a speck, and of a page that fills the picture are none", () => {
    expect(findPage(scene(NOWHERE, 1))).toBeNull();
    expect(findPage(scene([[100, 100], [115, 100], [115, 115], [100, 115]], 1))).toBeNull();
    expect(findPage(scene(whole(320, 240), 1))).toBeNull();
  });
  test("of something that is no page are none", () => {
    const star = scene(somewhere(5), 5);
    for (let y = 0; y < 240; y++) for (let x = 0; x < 320; x++) if (Math.abs(x - 160) > 12 && Math.abs(y - 120) > 12) star.data.fill(70, (y * 320 + x) * 4, (y * 320 + x) * 4 + 3);
    expect(findPage(star)).toBeNull();
  });
});

describe("a page made straight", () => {
  test.each(SEEDS.slice(0, 10))("has its corners where the photo has them (%i)", (seed) => {
    const quad = somewhere(seed);
    const map = mapOnto(quad, 700, 500);
    const corners = [map(0, 0), map(700, 0), map(700, 500), map(0, 500)];
    corners.forEach(([x, y], at) => {
      expect(x).toBeCloseTo(quad[at]?.[0] ?? 0, 6);
      expect(y).toBeCloseTo(quad[at]?.[1] ?? 0, 6);
    });
  });
  test("of the whole picture is the picture", () => {
    const picture = scene(somewhere(1), 1);
    expect(straighten(picture, whole(320, 240), 320, 240).data).toEqual(picture.data);
  });
  test("is turned by where its corners begin; four quarters change nothing", () => {
    const quad = somewhere(2);
    expect(turned(quad, 4)).toEqual(quad);
    expect(turned(turned(quad, 1), -1)).toEqual(quad);
    const [width, height] = sizeOf(quad, 9999);
    expect(sizeOf(turned(quad, 1), 9999)).toEqual([height, width]);
    const picture: Pixels = { width: 2, height: 1, data: new Uint8ClampedArray([255, 0, 0, 255, 0, 0, 255, 255]) };
    const upright = straighten(picture, turned(whole(2, 1), 1), 1, 2); // clockwise: the left comes to the top
    expect([...upright.data]).toEqual([255, 0, 0, 255, 0, 0, 255, 255]);
  });
  test("is never larger than asked, and no page lies between crossed corners", () => {
    expect(Math.max(...sizeOf(whole(4000, 3000), 2000))).toBe(2000);
    expect(convex([[0, 0], [10, 0], [0, 10], [10, 10]])).toBe(false);
    expect(convex([[0, 0], [10, 0], [5, 0.01], [0, 10]])).toBe(false);
    expect(area(whole(4, 3))).toBe(12);
  });
});

describe("a readable picture", () => {
  const blurred = (picture: Pixels, radius: number): Pixels => {
    const data = picture.data.slice();
    const { width, height } = picture;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let [sum, seen] = [0, 0];
        for (let dy = -radius; dy <= radius; dy++) {
          for (let dx = -radius; dx <= radius; dx++) {
            if (x + dx < 0 || y + dy < 0 || x + dx >= width || y + dy >= height) continue;
            sum += picture.data[((y + dy) * width + x + dx) * 4] ?? 0;
            seen += 1;
          }
        }
        data.fill(sum / seen, (y * width + x) * 4, (y * width + x) * 4 + 3);
      }
    }
    return { data, width, height };
  };
  const page = somewhere(7);
  const plain = scene(page, 7, 210);
  test("is sharp, and the less the more it is blurred", () => {
    const values = [0, 1, 2, 4].map((radius) => sharpness(blurred(plain, radius)) ?? 0);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(flawOf(plain, page, values[0] ?? 0)).toBe("");
    expect(flawOf(plain, page, values[3] ?? 0)).toBe("blur");
  });
  test("cannot be judged without an edge", () => {
    expect(sharpness(scene(NOWHERE, 1))).toBeNull();
  });
  test("has a page in it, large enough, lit, and without a lamp mirrored in it", () => {
    expect(flawOf(plain, null, 1)).toBe("none");
    expect(flawOf(plain, [[10, 10], [60, 10], [60, 60], [10, 60]], 1)).toBe("small");
    expect(flawOf(scene(page, 7, 80, 20), page, 1)).toBe("dark");
    const lamp = scene(page, 7, 210);
    for (let y = 110; y < 130; y++) for (let x = 150; x < 175; x++) lamp.data.fill(255, (y * 320 + x) * 4, (y * 320 + x) * 4 + 3);
    expect(flawOf(lamp, page, 1)).toBe("glare");
  });
});

test("the camera of last time is taken, by its name too; else one that looks down on paper", () => {
  const list = [{ id: "a", name: "Integrated Webcam" }, { id: "b", name: "良田高拍仪 S620" }, { id: "c", name: "USB Camera" }];
  expect(preferred(list, { id: "c", name: "x" })?.id).toBe("c");
  expect(preferred(list, { id: "gone", name: "USB Camera" })?.id).toBe("c");
  expect(preferred(list, { id: "", name: "" })?.id).toBe("b");
  expect(preferred(list.slice(0, 1), { id: "", name: "" })?.id).toBe("a");
  expect(preferred([], { id: "", name: "" })).toBeUndefined();
});
