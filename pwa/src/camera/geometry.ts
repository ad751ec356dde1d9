// Four corners, and the straight page that lies between them. Pure; points are pixels of one picture.

export type Point = readonly [number, number];
/** Corners as a reader sees them: top left, top right, bottom right, bottom left. */
export type Quad = readonly [Point, Point, Point, Point];

/** Pixels as a canvas gives them: four bytes each. */
export interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

export const whole = (width: number, height: number): Quad => [[0, 0], [width, 0], [width, height], [0, height]];

const distance = ([ax, ay]: Point, [bx, by]: Point): number => Math.hypot(bx - ax, by - ay);

/** Twice the signed area of a triangle; positive when it turns as the corners of a Quad do. */
export const turn = ([ax, ay]: Point, [bx, by]: Point, [cx, cy]: Point): number => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);

export function area(points: readonly Point[]): number {
  return Math.abs(points.reduce((sum, [x, y], at) => {
    const [nx, ny] = points[(at + 1) % points.length] ?? [0, 0];
    return sum + x * ny - nx * y;
  }, 0)) / 2;
}

/** Whether a page can lie there: every corner turns the same way and none is nearly straight. */
export function convex(quad: Quad): boolean {
  const least = 0.02 * area(quad);
  return area(quad) > 0 && quad.every((point, at) => turn(quad[(at + 3) % 4] as Point, point, quad[(at + 1) % 4] as Point) > least);
}

/** Four points in any order as a Quad: clockwise, beginning at the one nearest to the top left of the picture. */
export function ordered(points: readonly Point[]): Quad {
  const [cx, cy] = [0, 1].map((axis) => points.reduce((sum, point) => sum + (point[axis] ?? 0), 0) / points.length) as [number, number];
  const round = [...points].sort((a, b) => Math.atan2(a[1] - cy, a[0] - cx) - Math.atan2(b[1] - cy, b[0] - cx));
  const first = round.reduce((best, [x, y], at) => (x + y < (round[best]?.[0] ?? 0) + (round[best]?.[1] ?? 0) ? at : best), 0);
  return [...round.slice(first), ...round.slice(0, first)] as unknown as Quad;
}

/** The same page turned clockwise by quarters: its corners begin elsewhere. */
export function turned(quad: Quad, quarters: number): Quad {
  const by = (4 - (((quarters % 4) + 4) % 4)) % 4;
  return [...quad.slice(by), ...quad.slice(0, by)] as unknown as Quad;
}

export const scaled = (quad: Quad, by: number): Quad => quad.map(([x, y]) => [x * by, y * by]) as unknown as Quad;

/** Width and height of the straight page: its longer edges, at most `side`. */
export function sizeOf(quad: Quad, side: number): [number, number] {
  const width = Math.max(distance(quad[0], quad[1]), distance(quad[3], quad[2]));
  const height = Math.max(distance(quad[0], quad[3]), distance(quad[1], quad[2]));
  const scale = Math.min(1, side / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/** The projective map that takes a rectangle from (0, 0) to the corners (Heckbert 1989, square to quadrilateral). */
export function mapOnto(quad: Quad, width: number, height: number): (x: number, y: number) => Point {
  const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = quad;
  const [sx, sy] = [x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
  const [dx1, dx2, dy1, dy2] = [x1 - x2, x3 - x2, y1 - y2, y3 - y2];
  const by = dx1 * dy2 - dx2 * dy1;
  const g = (sx * dy2 - dx2 * sy) / by;
  const h = (dx1 * sy - sx * dy1) / by;
  const [a, b, d, e] = [x1 - x0 + g * x1, x3 - x0 + h * x3, y1 - y0 + g * y1, y3 - y0 + h * y3];
  return (x, y) => {
    const [u, v] = [x / width, y / height];
    const w = g * u + h * v + 1;
    return [(a * u + b * v + x0) / w, (d * u + e * v + y0) / w];
  };
}

/** The page between the corners, made straight: each pixel of it is mixed from the four around the place it comes from. */
export function straighten(from: Pixels, quad: Quad, width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  const map = mapOnto(quad, width, height);
  const [lastX, lastY] = [from.width - 1, from.height - 1];
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const [px, py] = map(x + 0.5, y + 0.5);
      const left = Math.min(Math.max(px - 0.5, 0), lastX);
      const top = Math.min(Math.max(py - 0.5, 0), lastY);
      const [ix, iy] = [Math.floor(left), Math.floor(top)];
      const [fx, fy] = [left - ix, top - iy];
      const nw = (iy * from.width + ix) * 4;
      const ne = ix < lastX ? nw + 4 : nw;
      const down = iy < lastY ? from.width * 4 : 0;
      for (let channel = 0; channel < 3; channel++) {
        const high = (from.data[nw + channel] ?? 0) * (1 - fx) + (from.data[ne + channel] ?? 0) * fx;
        const low = (from.data[nw + down + channel] ?? 0) * (1 - fx) + (from.data[ne + down + channel] ?? 0) * fx;
        data[to + channel] = high * (1 - fy) + low * fy;
      }
      data[to + 3] = 255;
    }
  }
  return { data, width, height };
}
