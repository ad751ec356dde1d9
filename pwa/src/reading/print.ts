// What lies around the two models of PP-OCR, pure: where print is (from the first one's map), the strip of a line cut out
// straight, and its text (from the second one's guesses). As rapidocr does it at the centre, so that both see the same.
import type { Box } from "./rules";

/** Pixels, 4 bytes each. */
export interface Picture {
  width: number;
  height: number;
  data: Uint8ClampedArray | Uint8Array;
}

/** A rectangle that may be turned: `across` points along the print, `down` from its top to its bottom (unit vectors). */
export interface Slab {
  x: number; // its middle
  y: number;
  width: number;
  height: number;
  across: [number, number];
}

const INK = 0.3; // a point of the map from which on it is print
const SURE = 0.5; // mean of the map in a line
const LEAST = 3; // points: the shorter side of what is print
const GROW = 1.6; // the map marks the core of a line: so much of area by rim is put around it
const TALL = 1.5; // higher than wide by this: a line that runs up the picture
export const STRIP = 48; // pixels of a strip's height, as the second model wants it
const WIDEST = 48 * 40; // no line of a card is longer

/** A colour picture as a model takes it: three planes, blue first, -1 to 1. */
export function planes({ width, height, data }: Picture): Float32Array {
  const size = width * height;
  const out = new Float32Array(3 * size);
  for (let at = 0, from = 0; at < size; at++, from += 4) {
    out[at] = data[from + 2]! / 127.5 - 1;
    out[size + at] = data[from + 1]! / 127.5 - 1;
    out[2 * size + at] = data[from]! / 127.5 - 1;
  }
  return out;
}

/** The size at which the first model looks: no side shorter than `least` pixels, both multiples of 32. */
export function lookSize(width: number, height: number, least: number): [number, number] {
  const scale = Math.max(1, least / Math.min(width, height));
  const fit = (side: number): number => Math.max(32, Math.round((side * scale) / 32) * 32);
  return [fit(width), fit(height)];
}

/** The lines of print on a map, from top to bottom, in its points. */
export function slabs(map: Float32Array, width: number, height: number): Slab[] {
  const found: Slab[] = [];
  for (const piece of pieces(inked(map, width, height), width, height)) {
    const core = tightest(hull(piece));
    if (!core || Math.min(core.width, core.height) < LEAST || meanIn(map, width, height, core) < SURE) continue;
    const rim = (core.width * core.height * GROW) / (2 * (core.width + core.height));
    found.push({ ...core, width: core.width + 2 * rim, height: core.height + 2 * rim });
  }
  return found.sort((one, other) => one.y - other.y || one.x - other.x);
}

/** Print, each point spread one to the right and down, so that torn signs hold together. */
function inked(map: Float32Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (map[at]! <= INK) continue;
      out[at] = 1;
      if (x + 1 < width) out[at + 1] = 1;
      if (y + 1 < height) out[at + width] = 1;
      if (x + 1 < width && y + 1 < height) out[at + width + 1] = 1;
    }
  }
  return out;
}

type Point = [x: number, y: number];

/** The points at both ends of each row of every piece that hangs together; takes the mask apart. */
function* pieces(mask: Uint8Array, width: number, height: number): Generator<Point[]> {
  const stack: number[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start]) continue;
    const rows = new Map<number, [number, number]>();
    mask[start] = 0;
    stack.push(start);
    while (stack.length > 0) {
      const at = stack.pop()!;
      const [x, y] = [at % width, Math.floor(at / width)];
      const row = rows.get(y);
      if (!row) rows.set(y, [x, x]);
      else if (x < row[0]) row[0] = x;
      else if (x > row[1]) row[1] = x;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const next = v * width + u;
          if (!mask[next]) continue;
          mask[next] = 0;
          stack.push(next);
        }
      }
    }
    yield [...rows].flatMap(([y, [from, to]]): Point[] => [[from, y], [to, y]]); // prettier-ignore
  }
}

/** The corners of the convex shape around points. */
function hull(points: Point[]): Point[] {
  const sorted = [...points].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const side = (along: Point[]): Point[] => {
    const kept: Point[] = [];
    for (const point of along) {
      while (kept.length > 1 && turn(kept[kept.length - 2]!, kept[kept.length - 1]!, point) <= 0) kept.pop();
      kept.push(point);
    }
    return kept.slice(0, -1);
  };
  return [...side(sorted), ...side(sorted.reverse())];
}

const turn = (a: Point, b: Point, c: Point): number => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

/** The smallest rectangle around a convex shape: one of its sides lies on a side of the shape. */
function tightest(shape: readonly Point[]): Slab | null {
  let best: Slab | null = null;
  shape.forEach((corner, at) => {
    const next = shape[(at + 1) % shape.length]!;
    const length = Math.hypot(next[0] - corner[0], next[1] - corner[1]);
    if (length === 0) return;
    let [u, v] = [(next[0] - corner[0]) / length, (next[1] - corner[1]) / length];
    if (Math.abs(u) < Math.abs(v)) [u, v] = [-v, u]; // along the print: nearer to level than to upright
    if (u < 0) [u, v] = [-u, -v];
    const along = shape.map(([x, y]) => x * u + y * v);
    const down = shape.map(([x, y]) => y * u - x * v);
    const [left, right, top, bottom] = [Math.min(...along), Math.max(...along), Math.min(...down), Math.max(...down)];
    if (best && (right - left) * (bottom - top) >= best.width * best.height) return;
    const [a, d] = [(left + right) / 2, (top + bottom) / 2];
    best = { x: a * u - d * v, y: a * v + d * u, width: right - left, height: bottom - top, across: [u, v] };
  });
  return best;
}

function meanIn(map: Float32Array, width: number, height: number, slab: Slab): number {
  const [left, top, right, bottom] = edges(slab);
  const [u, v] = slab.across;
  let [sum, count] = [0, 0];
  for (let y = Math.max(0, Math.floor(top)); y <= Math.min(height - 1, Math.ceil(bottom)); y++) {
    for (let x = Math.max(0, Math.floor(left)); x <= Math.min(width - 1, Math.ceil(right)); x++) {
      const [dx, dy] = [x - slab.x, y - slab.y];
      if (Math.abs(dx * u + dy * v) > slab.width / 2 || Math.abs(dy * u - dx * v) > slab.height / 2) continue;
      sum += map[y * width + x]!;
      count += 1;
    }
  }
  return count === 0 ? 0 : sum / count;
}

/** Left, top, right and bottom of what a rectangle covers. */
export function edges({ x, y, width, height, across: [u, v] }: Slab): Box {
  const [w, h] = [(Math.abs(u) * width + Math.abs(v) * height) / 2, (Math.abs(v) * width + Math.abs(u) * height) / 2];
  return [x - w, y - h, x + w, y + h];
}

/** The same rectangle on a picture of another size. */
export function scaled(slab: Slab, right: number, down: number): Slab {
  const [u, v] = [slab.across[0] * right, slab.across[1] * down];
  const length = Math.hypot(u, v);
  const upright = Math.hypot(slab.across[1] * right, slab.across[0] * down);
  return { x: slab.x * right, y: slab.y * down, width: slab.width * length, height: slab.height * upright, across: [u / length, v / length] };
}

/** A line cut out of the picture, straight and STRIP high; one that runs up the picture is laid down first. */
export function strip(picture: Picture, slab: Slab): Picture {
  const [u, v] = slab.across;
  const upright = slab.height >= TALL * slab.width;
  const [length, height] = upright ? [slab.height, slab.width] : [slab.width, slab.height];
  const [ax, ay] = upright ? [-v, u] : [u, v]; // along the strip
  const [dx, dy] = upright ? [-u, -v] : [-v, u]; // from its top to its bottom
  const width = Math.max(1, Math.min(WIDEST, Math.ceil((STRIP * length) / height)));
  const [startX, startY] = [slab.x - (ax * length + dx * height) / 2, slab.y - (ay * length + dy * height) / 2];
  const data = new Uint8ClampedArray(4 * width * STRIP);
  for (let row = 0, at = 0; row < STRIP; row++) {
    const down = ((row + 0.5) / STRIP) * height;
    for (let column = 0; column < width; column++, at += 4) {
      const along = ((column + 0.5) / width) * length;
      mixInto(data, at, picture, startX + ax * along + dx * down - 0.5, startY + ay * along + dy * down - 0.5);
    }
  }
  return { width, height: STRIP, data };
}

/** The colour between four pixels; beyond the rim it goes on as it is there. */
function mixInto(out: Uint8ClampedArray, at: number, { width, height, data }: Picture, x: number, y: number): void {
  const [cx, cy] = [Math.max(0, Math.min(width - 1, x)), Math.max(0, Math.min(height - 1, y))];
  const [x0, y0] = [Math.floor(cx), Math.floor(cy)];
  const [fx, fy] = [cx - x0, cy - y0];
  const [right, below] = [x0 + 1 < width ? 4 : 0, y0 + 1 < height ? 4 * width : 0];
  const from = 4 * (y0 * width + x0);
  for (let channel = 0; channel < 3; channel++) {
    const one = from + channel;
    const upper = data[one]! * (1 - fx) + data[one + right]! * fx;
    const lower = data[one + below]! * (1 - fx) + data[one + below + right]! * fx;
    out[at + channel] = upper * (1 - fy) + lower * fy;
  }
  out[at + 3] = 255;
}

/** A strip as the second model takes it, filled up to `width` with grey. */
export function padded(line: Picture, width: number): Float32Array {
  const own = planes(line);
  const out = new Float32Array(3 * STRIP * width);
  for (let row = 0; row < 3 * STRIP; row++) out.set(own.subarray(row * line.width, (row + 1) * line.width), row * width);
  return out;
}

/** The text of a line and how sure it is: the best sign of each step, repeats and blanks (sign 0) left out (CTC). */
export function decode(guesses: Float32Array, steps: number, letters: readonly string[]): { text: string; sure: number } {
  const count = guesses.length / steps;
  let [text, sum, taken, before] = ["", 0, 0, 0];
  for (let step = 0; step < steps; step++) {
    const from = step * count;
    let best = 0;
    for (let sign = 1; sign < count; sign++) if (guesses[from + sign]! > guesses[from + best]!) best = sign;
    if (best !== 0 && best !== before) {
      text += letters[best] ?? "";
      sum += guesses[from + best]!;
      taken += 1;
    }
    before = best;
  }
  return { text, sure: taken === 0 ? 0 : sum / taken };
}

/** The signs that the second model knows, as it carries them itself (ONNX: ModelProto.metadata_props, "character"). */
export function lettersOf(model: Uint8Array): string[] {
  for (const prop of fields(model, 14)) {
    const [key, value] = [1, 2].map((number) => new TextDecoder().decode([...fields(prop, number)][0]));
    if (key === "character") return ["", ...(value ?? "").replace(/\n$/, "").split("\n"), " "];
  }
  return [];
}

/** The bytes of each field of that number in a protobuf message; others are stepped over. */
function* fields(message: Uint8Array, wanted: number): Generator<Uint8Array> {
  let at = 0;
  const varint = (): number => {
    for (let [value, factor] = [0, 1]; ; factor *= 128) {
      const byte = message[at++];
      if (byte === undefined) return value;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 0) varint();
    else if (kind === 2) {
      const length = varint();
      if (tag >>> 3 === wanted) yield message.subarray(at, at + length);
      at += length;
    } else at += kind === 1 ? 8 : 4;
  }
}
