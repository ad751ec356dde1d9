// Whether a picture will be readable: sharp, lit, without a lamp mirrored in it. Pure.
import { area, type Pixels, type Quad } from "./geometry";

export type Flaw = "none" | "small" | "dark" | "glare" | "blur";

/** What to do about it, for the person who holds the paper. */
export const ADVICE: Record<Flaw | "", string> = {
  none: "没看到材料：请整张放进画面，四边都露出来，下面垫深色的垫板。",
  small: "材料太小：请放到画面中间，或把镜头拉近。",
  dark: "太暗：请开灯，或把材料移到亮处。",
  glare: "有反光：请把材料转个角度，或遮一下灯。",
  blur: "有点糊：请放平、别动，等对焦清楚再拍。",
  "": "清楚，可以拍了。",
};

const SMALL = 0.12; // of the picture
const DARK = 95; // brightness of the light parts of the page, of 255
const WHITE = 250;
const GLARE = 0.008; // of the page
const GLARE_ABOVE = 225; // a page that is itself this bright hides what a lamp adds
const BLUR = 0.3;

/** How steep edges are: 1 as steep as pixels allow, 0.3 hard to read; null when there is no edge to judge by. */
export function sharpness({ data, width, height }: Pixels): number | null {
  const grey = (x: number, y: number): number => {
    const at = (y * width + x) * 4;
    return 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
  };
  const lines = new Float32Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) lines[y * width + x] = grey(x, y);
  const [near, far] = [new Uint32Array(256), new Uint32Array(256)];
  const step = (at: number, by: number): number => Math.round(Math.abs((lines[at + by] ?? 0) - (lines[at - by] ?? 0)));
  let seen = 0;
  for (let y = 4; y < height - 4; y++) {
    for (let x = 4; x < width - 4; x++, seen++) {
      const at = y * width + x;
      near[Math.max(step(at, 1), step(at, width))]! += 1;
      far[Math.max(step(at, 4), step(at, 4 * width))]! += 1;
    }
  }
  const steepest = top(far, seen);
  return steepest < 24 ? null : Math.min(1, top(near, seen) / steepest);
}

/** The value that one in 200 exceeds. */
function top(count: Uint32Array, seen: number): number {
  let left = seen / 200;
  for (let value = 255; value > 0; value--) {
    left -= count[value] ?? 0;
    if (left < 0) return value;
  }
  return 0;
}

/** The worst flaw of a small picture with a page in it, "" for none. `sharp` is measured on full pixels. */
export function flawOf(small: Pixels, page: Quad | null, sharp: number | null): Flaw | "" {
  if (!page) return "none";
  if (area(page) < SMALL * small.width * small.height) return "small";
  const light = brightness(small, page);
  if (light.high < DARK) return "dark";
  if (light.middle < GLARE_ABOVE && light.white > GLARE) return "glare";
  return sharp !== null && sharp < BLUR ? "blur" : "";
}

/** Of a page: its middle and its light parts, and the share that is as white as can be. */
function brightness(small: Pixels, page: Quad): { middle: number; high: number; white: number } {
  const values: number[] = [];
  let white = 0;
  for (let y = 0; y < small.height; y++) {
    for (let x = 0; x < small.width; x++) {
      if (!inside(x + 0.5, y + 0.5, page)) continue;
      const at = (y * small.width + x) * 4;
      const [r, g, b] = [small.data[at] ?? 0, small.data[at + 1] ?? 0, small.data[at + 2] ?? 0];
      values.push(0.299 * r + 0.587 * g + 0.114 * b);
      if (Math.min(r, g, b) >= WHITE) white += 1;
    }
  }
  values.sort((a, b) => a - b);
  const of = (share: number): number => values[Math.floor(share * (values.length - 1))] ?? 0;
  return { middle: of(0.5), high: of(0.9), white: white / Math.max(1, values.length) };
}

function inside(x: number, y: number, quad: Quad): boolean {
  return quad.every(([ax, ay], at) => {
    const [bx, by] = quad[(at + 1) % 4] ?? [0, 0];
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0;
  });
}
