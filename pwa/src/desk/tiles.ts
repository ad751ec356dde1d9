// A batch of pictures of a village's screen; twin of remote/helper/tiles.py, which says what the bytes mean.

const LONGEST = 61_440;
const HEAD = 11;
const PLACE = 12;
const MOST_PIECES = 256;
const LARGEST_SIDE = 16_384;

export interface Piece { x: number; y: number; w: number; h: number; picture: Uint8Array; type: "image/webp" | "image/png" }
export interface Batch { number: number; width: number; height: number; pieces: Piece[] }

/** A batch from its bytes; throws an Error whose message says why not. */
export function read(bytes: ArrayBuffer): Batch {
  const view = new DataView(bytes);
  const all = bytes.byteLength;
  if (all > LONGEST) throw new Error("too long");
  if (all < HEAD) throw new Error("no head");
  const number = view.getUint32(1);
  if (view.getUint8(0) !== 1 || number === 0) throw new Error("head");
  const [width, height, count] = [view.getUint16(5), view.getUint16(7), view.getUint16(9)];
  if (!width || !height || width > LARGEST_SIDE || height > LARGEST_SIDE) throw new Error("screen");
  if (!count || count > MOST_PIECES) throw new Error("count");
  const pieces: Piece[] = [];
  let at = HEAD;
  for (let index = 0; index < count; index++) {
    if (all < at + PLACE) throw new Error("cut");
    const [x, y, w, h] = [view.getUint16(at), view.getUint16(at + 2), view.getUint16(at + 4), view.getUint16(at + 6)];
    const length = view.getUint32(at + 8);
    at += PLACE;
    if (!w || !h || x + w > width || y + h > height) throw new Error("place");
    if (!length || at + length > all) throw new Error("cut");
    const picture = new Uint8Array(bytes, at, length);
    const mark = String.fromCharCode(...picture.subarray(0, 4));
    if (mark !== "RIFF" && mark !== "\x89PNG") throw new Error("picture");
    pieces.push({ x, y, w, h, picture, type: mark === "RIFF" ? "image/webp" : "image/png" });
    at += length;
  }
  if (at !== all) throw new Error("rest");
  return { number, width, height, pieces };
}
