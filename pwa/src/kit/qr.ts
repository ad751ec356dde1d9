// A QR code (ISO/IEC 18004) of a short text, made on the device: byte mode, error correction M, versions 1 to 10. Pure.

// Per version: total codewords, error-correction codewords a block, blocks (level M).
const SIZES = [
  [26, 10, 1], [44, 16, 1], [70, 26, 1], [100, 18, 2], [134, 24, 2], [172, 16, 4], [196, 18, 4], [242, 22, 4], [292, 22, 5], [346, 26, 5],
] as const; // prettier-ignore
const ALIGN = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];
const MASKS: ((r: number, c: number) => boolean)[] = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_r, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

type Grid = boolean[][];

/** Rows of dark modules, without the quiet zone; null when the text is longer than 213 bytes. `only`: with this mask. */
export function qr(text: string, only?: number): Grid | null {
  const bytes = new TextEncoder().encode(text);
  const version = SIZES.findIndex(([total, ec, blocks], i) => bytes.length + (i < 9 ? 2 : 3) <= total - ec * blocks) + 1;
  if (version === 0) return null;
  const bits = interleaved(codewords(bytes, version), version).flatMap((byte) => eight(byte));
  if (only !== undefined) return MASKS[only] ? drawn(version, bits, MASKS[only], only) : null;
  let [best, least]: [Grid | null, number] = [null, Infinity];
  MASKS.forEach((mask, number) => {
    const grid = drawn(version, bits, mask, number);
    const points = penalty(grid);
    if (points < least) [best, least] = [grid, points];
  });
  return best;
}

const eight = (byte: number): number[] => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1);

function codewords(bytes: Uint8Array, version: number): number[] {
  const [total, ec, blocks] = SIZES[version - 1]!;
  const room = total - ec * blocks;
  const length = version < 10 ? [bytes.length] : [bytes.length >> 8, bytes.length & 255];
  const bits = [0, 1, 0, 0, ...length.flatMap(eight), ...[...bytes].flatMap(eight)];
  for (let i = 0; i < 4 && bits.length < room * 8; i++) bits.push(0);
  while (bits.length % 8 !== 0) bits.push(0);
  const out: number[] = [];
  for (let i = 0; i < bits.length; i += 8) out.push(bits.slice(i, i + 8).reduce((byte, bit) => byte * 2 + bit, 0));
  for (let pad = 0xec; out.length < room; pad ^= 0xec ^ 0x11) out.push(pad);
  return out;
}

/** Data and error correction of all blocks, in the order in which they are drawn. */
function interleaved(data: number[], version: number): number[] {
  const [total, ec, count] = SIZES[version - 1]!;
  const short = Math.floor(total / count) - ec;
  const longOnes = total % count;
  const blocks: number[][] = [];
  for (let i = 0, at = 0; i < count; i++) {
    const length = short + (i >= count - longOnes ? 1 : 0);
    blocks.push(data.slice(at, (at += length)));
  }
  const checks = blocks.map((block) => remainder(block, ec));
  const out: number[] = [];
  for (let i = 0; i <= short; i++) for (const block of blocks) if (i < block.length) out.push(block[i]!);
  for (let i = 0; i < ec; i++) for (const check of checks) out.push(check[i]!);
  return out;
}

function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ (product >> 7 ? 0x11d : 0);
    if ((b >> bit) & 1) product ^= a;
  }
  return product & 255;
}

/** Reed-Solomon: the remainder of the block by the generator of this degree. */
function remainder(block: number[], degree: number): number[] {
  const generator: number[] = Array.from({ length: degree }, (_, i) => (i === degree - 1 ? 1 : 0));
  for (let i = 0, root = 1; i < degree; i++, root = times(root, 2)) {
    for (let j = 0; j < degree; j++) generator[j] = times(generator[j]!, root) ^ (generator[j + 1] ?? 0);
  }
  const rest: number[] = Array.from({ length: degree }, () => 0);
  for (const byte of block) {
    const factor = byte ^ rest.shift()!;
    rest.push(0);
    generator.forEach((coefficient, i) => (rest[i]! ^= times(coefficient, factor)));
  }
  return rest;
}

function drawn(version: number, bits: number[], mask: (r: number, c: number) => boolean, number: number): Grid {
  const size = version * 4 + 17;
  const dark: Grid = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  const fixed: Grid = dark.map((row) => [...row]);
  const put = (r: number, c: number, on: boolean): void => {
    if (r < 0 || c < 0 || r >= size || c >= size) return;
    dark[r]![c] = on;
    fixed[r]![c] = true;
  };
  for (let i = 0; i < size; i++) {
    put(6, i, i % 2 === 0);
    put(i, 6, i % 2 === 0);
  }
  for (const [r, c] of [[3, 3], [3, size - 4], [size - 4, 3]] as const) {
    for (let y = -4; y <= 4; y++) for (let x = -4; x <= 4; x++) put(r + y, c + x, ![2, 4].includes(Math.max(Math.abs(y), Math.abs(x))));
  }
  const places = ALIGN[version - 1]!;
  const last = places.length - 1;
  places.forEach((r, i) => places.forEach((c, j) => {
    if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return;
    for (let y = -2; y <= 2; y++) for (let x = -2; x <= 2; x++) put(r + y, c + x, Math.max(Math.abs(y), Math.abs(x)) !== 1);
  })); // prettier-ignore
  format(number, size, put);
  if (version >= 7) versionBits(version, size, put);
  let at = 0;
  for (let right = size - 1; right > 0; right -= right === 8 ? 3 : 2) { // column 6 is the timing pattern
    for (let step = 0; step < size; step++) {
      const r = ((right + 1) & 2) === 0 ? size - 1 - step : step;
      for (const c of [right, right - 1]) if (!fixed[r]![c]) dark[r]![c] = (bits[at++] === 1) !== mask(r, c);
    }
  }
  return dark;
}

type Put = (r: number, c: number, on: boolean) => void;

function format(mask: number, size: number, put: Put): void {
  let rest = mask; // level M is 00
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((mask << 10) | rest) ^ 0x5412;
  const on = (i: number): boolean => ((bits >> i) & 1) === 1;
  for (let i = 0; i < 15; i++) {
    if (i < 8) put(i < 6 ? i : i + 1, 8, on(i));
    else put(8, i === 8 ? 7 : 14 - i, on(i));
    if (i < 8) put(8, size - 1 - i, on(i));
    else put(size - 15 + i, 8, on(i));
  }
  put(size - 8, 8, true);
}

function versionBits(version: number, size: number, put: Put): void {
  let rest = version;
  for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
  const bits = (version << 12) | rest;
  for (let i = 0; i < 18; i++) {
    const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
    put(a, b, ((bits >> i) & 1) === 1);
    put(b, a, ((bits >> i) & 1) === 1);
  }
}

/** How hard a grid is to read (§7.8.3): long runs, blocks of one colour, look-alikes of the corner pattern, balance. */
function penalty(grid: Grid): number {
  const size = grid.length;
  const columns = grid.map((_, c) => grid.map((row) => row[c]!));
  let sum = 0;
  for (const line of [...grid, ...columns]) {
    // The last eleven modules as bits, and the run that ends here: one pass, for this is drawn while a person waits.
    let [bits, run] = [0, 0];
    for (let i = 0; i < size; i++) {
      bits = ((bits << 1) | Number(line[i])) & 0x7ff;
      run = i > 0 && line[i] === line[i - 1] ? run + 1 : 1;
      if (run === 5) sum += 3;
      else if (run > 5) sum += 1;
      if (i >= 10 && (bits === 0b10111010000 || bits === 0b00001011101)) sum += 40;
    }
  }
  for (let r = 1; r < size; r++) {
    for (let c = 1; c < size; c++) {
      const on = grid[r]![c];
      if (on === grid[r - 1]![c] && on === grid[r]![c - 1] && on === grid[r - 1]![c - 1]) sum += 3;
    }
  }
  const dark = grid.flat().filter(Boolean).length;
  return sum + Math.floor(Math.abs(dark / (size * size) - 0.5) * 20) * 10;
}
