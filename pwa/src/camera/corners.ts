// Where the page lies in a small picture of the table: what stands out from the rim is one piece; four lines bound it.
// Pure. Good for a document camera, which looks down on a mat of one colour; where it finds nothing a person sets the corners.
import { area, convex, ordered, turn, type Pixels, type Point, type Quad } from "./geometry";

const RIM = 0.03; // of the picture: the table is seen there
const LEAST_STEP = 26; // of 255: less is a shadow on the table
const LEAST_SHARE = 0.05; // of the picture
const FILLED = 0.86; // of the four corners' area: a page is no star

/** The corners of the page, null when none stands out. */
export function findPage(picture: Pixels): Quad | null {
  const { width, height } = picture;
  const step = standOut(picture);
  const threshold = Math.max(LEAST_STEP, otsu(step));
  const mask = smooth(step.map((value) => (value >= threshold ? 1 : 0)), width, height);
  const piece = largest(mask, width, height);
  if (piece.length < LEAST_SHARE * width * height) return null;
  const rim = outline(piece, width);
  const rough = fourOf(hull(rim));
  if (!rough) return null;
  const quad = ordered(refine(ordered(rough), rim));
  return convex(quad) && outlineArea(rim) >= FILLED * area(quad) ? quad : null;
}

/** How far each pixel is from the colour of the rim. */
function standOut({ data, width, height }: Pixels): Uint8Array {
  const rim = Math.max(1, Math.round(RIM * Math.min(width, height)));
  const table = [0, 1, 2].map((channel) => {
    const seen: number[] = [];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (x < rim || y < rim || x >= width - rim || y >= height - rim) seen.push(data[(y * width + x) * 4 + channel] ?? 0);
      }
    }
    return seen.sort((a, b) => a - b)[seen.length >> 1] ?? 0;
  });
  const step = new Uint8Array(width * height);
  for (let at = 0; at < step.length; at++) {
    const [r, g, b] = [0, 1, 2].map((channel) => Math.abs((data[at * 4 + channel] ?? 0) - (table[channel] ?? 0))) as [number, number, number];
    step[at] = Math.max(r, g, b);
  }
  return step;
}

/** The threshold that parts two heaps of values best (Otsu 1979). */
function otsu(values: Uint8Array): number {
  const count = new Array<number>(256).fill(0);
  for (const value of values) count[value] = (count[value] ?? 0) + 1;
  const sum = count.reduce((total, n, value) => total + n * value, 0);
  let [below, sumBelow, best, found] = [0, 0, -1, 0];
  for (let value = 0; value < 255; value++) {
    below += count[value] ?? 0;
    sumBelow += value * (count[value] ?? 0);
    const above = values.length - below;
    if (below === 0 || above === 0) continue;
    const spread = below * above * (sumBelow / below - (sum - sumBelow) / above) ** 2;
    if (spread > best) [best, found] = [spread, value + 1];
  }
  return found;
}

/** Each pixel as most of its neighbours are: single specks go. */
function smooth(mask: Uint8Array, width: number, height: number): Uint8Array {
  const calm = mask.slice();
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      let set = 0;
      for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) set += mask[(y + dy) * width + x + dx] ?? 0;
      calm[y * width + x] = set > 4 ? 1 : 0;
    }
  }
  return calm;
}

/** The places of the largest connected piece. */
function largest(mask: Uint8Array, width: number, height: number): number[] {
  const seen = new Uint8Array(mask.length);
  let best: number[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || seen[start]) continue;
    const piece = [start];
    seen[start] = 1;
    for (let next = 0; next < piece.length; next++) {
      const at = piece[next] ?? 0;
      const x = at % width;
      for (const to of [x > 0 ? at - 1 : -1, x < width - 1 ? at + 1 : -1, at - width, at + width]) {
        if (to < 0 || to >= width * height || !mask[to] || seen[to]) continue;
        seen[to] = 1;
        piece.push(to);
      }
    }
    if (piece.length > best.length) best = piece;
  }
  return best;
}

/** Both ends of a piece in each of its rows and columns, at the outer edge of the pixels. */
function outline(piece: readonly number[], width: number): Point[] {
  const rows = new Map<number, [number, number]>();
  const columns = new Map<number, [number, number]>();
  const grow = (ends: Map<number, [number, number]>, key: number, value: number): void => {
    const [low, high] = ends.get(key) ?? [value, value];
    ends.set(key, [Math.min(low, value), Math.max(high, value)]);
  };
  for (const at of piece) {
    grow(rows, Math.floor(at / width), at % width);
    grow(columns, at % width, Math.floor(at / width));
  }
  return [
    ...[...rows].flatMap(([y, [low, high]]): Point[] => [[low, y + 0.5], [high + 1, y + 0.5]]),
    ...[...columns].flatMap(([x, [low, high]]): Point[] => [[x + 0.5, low], [x + 0.5, high + 1]]),
  ];
}

const outlineArea = (rim: readonly Point[]): number => area(hull(rim, false));

/** The convex hull (Andrew's monotone chain); `round` false: the piece itself, row by row, dents included. */
function hull(points: readonly Point[], round = true): Point[] {
  if (!round) return byRows(points);
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (list: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of list) {
      while (chain.length > 1 && turn(chain[chain.length - 2] as Point, chain[chain.length - 1] as Point, point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

function byRows(points: readonly Point[]): Point[] {
  const rows = new Map<number, number[]>();
  for (const [x, y] of points) if (!Number.isInteger(y)) rows.set(y, [...(rows.get(y) ?? []), x]);
  const ends = [...rows].sort(([a], [b]) => a - b);
  return [...ends.map(([y, xs]): Point => [Math.max(...xs), y]), ...ends.reverse().map(([y, xs]): Point => [Math.min(...xs), y])];
}

/** Where two lines meet, each through two points; null when they never do. */
function meet(a: Point, b: Point, c: Point, d: Point): Point | null {
  const by = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0]);
  if (Math.abs(by) < 1e-9) return null;
  const along = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / by;
  return [a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1])];
}

/** A hull with four corners: the side goes whose going adds the least, its neighbours meet beyond it. */
function fourOf(points: Point[]): Point[] | null {
  let left = points;
  while (left.length > 4) {
    const at = (index: number): Point => left[(index + left.length) % left.length] as Point;
    let best: { cost: number; side: number; corner: Point } | null = null;
    for (let side = 0; side < left.length; side++) {
      const corner = meet(at(side - 1), at(side), at(side + 2), at(side + 1));
      // It must lie beyond both neighbours, else they part instead of meeting.
      if (!corner || turn(at(side), at(side + 1), corner) > 0) continue;
      const cost = Math.abs(turn(at(side), at(side + 1), corner));
      if (!best || cost < best.cost) best = { cost, side, corner };
    }
    if (!best) return null;
    const { side, corner } = best;
    const gone = (side + 1) % left.length;
    left = left.map((point, index) => (index === side ? corner : point)).filter((_, index) => index !== gone);
  }
  return left.length === 4 ? left : null;
}

/** Each side once more as the line through the outline near it (least squares); far finer than one pixel. */
function refine(quad: Quad, rim: readonly Point[]): Point[] {
  const sides = quad.map((from, at): [Point, Point] => fit(from, quad[(at + 1) % 4] as Point, rim));
  return sides.map(([a, b], at) => {
    const [c, d] = sides[(at + 3) % 4] as [Point, Point];
    return meet(a, b, c, d) ?? (quad[at] as Point);
  });
}

function fit(from: Point, to: Point, rim: readonly Point[]): [Point, Point] {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const along: Point = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const near = rim.filter(([x, y]) => {
    const [dx, dy] = [x - from[0], y - from[1]];
    const way = dx * along[0] + dy * along[1];
    return Math.abs(dy * along[0] - dx * along[1]) < 3 && way > 0.08 * length && way < 0.92 * length;
  });
  if (near.length < 8) return [from, to];
  const mean = [0, 1].map((axis) => near.reduce((sum, point) => sum + (point[axis] ?? 0), 0) / near.length) as unknown as Point;
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of near) {
    xx += (x - mean[0]) ** 2;
    xy += (x - mean[0]) * (y - mean[1]);
    yy += (y - mean[1]) ** 2;
  }
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  return [mean, [mean[0] + Math.cos(angle), mean[1] + Math.sin(angle)]];
}
