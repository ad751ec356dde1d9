// What the kit promises: contrast of every pair of colours that carries words, in both themes, and its size.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

const tokens = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const kit = readFileSync(new URL("./kit.css", import.meta.url), "utf8");
const [light = "", dark = ""] = tokens.split("@media (prefers-color-scheme: dark)");

function colours(block: string): Map<string, string> {
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((found) => [found[1] ?? "", found[2] ?? ""]));
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const WORDS = [
  ["ink", "paper"], ["ink", "sheet"], ["ink", "river-wash"], ["ink", "ochre-wash"], ["ink", "brick-wash"],
  ["ink-2", "paper"], ["ink-2", "sheet"], ["river-deep", "sheet"], ["river-deep", "river-wash"],
  ["on-river", "river"], ["on-river", "river-deep"],
] as const;
const ACCENTS = [
  ["river", "paper"], ["river", "sheet"], ["river", "ochre-wash"], ["ochre", "ochre-wash"], ["brick", "sheet"], ["brick", "paper"], ["brick", "brick-wash"], ["ink-2", "river-wash"],
] as const;
const EDGES = [["line-strong", "paper"], ["line-strong", "sheet"], ["focus-out", "paper"], ["focus-out", "river-wash"]] as const;

describe.each([["light", colours(light)], ["dark", colours(dark)]] as const)("%s theme", (_name, palette) => {
  const of = ([front, back]: readonly [string, string]): number => contrast(palette.get(front) ?? "", palette.get(back) ?? "");
  test.each(WORDS)("%s on %s reads at 7:1", (...pair) => expect(of(pair)).toBeGreaterThanOrEqual(7));
  test.each(ACCENTS)("%s on %s reads at 6:1", (...pair) => expect(of(pair)).toBeGreaterThanOrEqual(6));
  test.each(EDGES)("%s on %s is seen at 3:1", (...pair) => expect(of(pair)).toBeGreaterThanOrEqual(3));
});

test("the kit stays below 8 kB on the wire", () => expect(gzipSync(tokens + kit).length).toBeLessThan(8_000));
test("the contour stays below 2 kB", () => expect(/--contour: url\("([^"]*)"\)/.exec(kit)?.[1]?.length).toBeLessThan(2_100));
test("no gradients, no outside files, no pixels for type", () => {
  expect(kit).not.toMatch(/gradient\(|url\((?!"data:)|font-size: \d+px/);
});
