// What a file really is, by its content and never by its name. Twin of sync/files.py; both run tests/vectors/files.json.
// A PDF that could act is refused here; the centre looks again, and its view is the second net.

import { hex } from "./hex";

export const JPEG = "image/jpeg";
export const PDF = "application/pdf";
export const MOST_PIXELS = 60_000_000;
const MOST_INFLATED = 64 * 1024 * 1024;

export type FileFault = "" | "kind" | "broken" | "pixels" | "locked" | "active";

const MAGIC: readonly [string, string][] = [
  ["ffd8ff", JPEG],
  ["255044462d", PDF],
  ["89504e470d0a1a0a", "image/png"],
  ["47494638", "image/gif"],
  ["424d", "image/bmp"],
  ["49492a00", "image/tiff"],
  ["4d4d002a", "image/tiff"],
  ["4d5a", "program"],
  ["7f454c46", "program"],
  ["2321", "program"],
  ["504b0304", "archive"],
  ["52617221", "archive"],
  ["377abcaf", "archive"],
  ["d0cf11e0", "office"],
];
const HEIC = ["heic", "heix", "mif1", "msf1", "hevc"];

const latin = (data: Uint8Array): string => {
  let text = "";
  for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000));
  return text;
};

/** The kind by the first bytes: a media type, program | archive | office, or "" for none we know. */
export function kindOf(head: Uint8Array): string {
  const text = latin(head.subarray(0, 12));
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "image/webp";
  if (text.slice(4, 8) === "ftyp" && HEIC.includes(text.slice(8, 12))) return "image/heic";
  const magic = hex(head.subarray(0, 8));
  return MAGIC.find(([start]) => magic.startsWith(start))?.[1] ?? "";
}

/** Why a whole file is not a sound one of its kind, "" when it is. */
export async function faultOf(data: Uint8Array, kind: string): Promise<FileFault> {
  if ((kind !== JPEG && kind !== PDF) || kindOf(data) !== kind) return "kind";
  return kind === JPEG ? jpegFault(data) : pdfFault(latin(data));
}

function jpegFault(data: Uint8Array): FileFault {
  const size = jpegSize(data);
  if (!size || !latin(data.subarray(-4096)).includes("\xff\xd9")) return "broken";
  return size[0] * size[1] > MOST_PIXELS ? "pixels" : "";
}

/** Width and height by the frame header (ITU-T T.81 B.2.2), null when there is none. */
export function jpegSize(data: Uint8Array): [number, number] | null {
  const two = (at: number): number => ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
  let at = 2;
  while (at + 9 <= data.length) {
    if (data[at] !== 0xff) return null;
    const marker = data[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const [height, width] = [two(at + 5), two(at + 7)];
      return width && height ? [width, height] : null;
    }
    at += 2 + two(at + 2);
  }
  return null;
}

/** Width and height of a picture before anybody paints it: a small file can unfold into gigabytes. Null: not said. */
export function pictureSize(data: Uint8Array, kind: string): [number, number] | null {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (kind === JPEG) return jpegSize(data);
  if (data.length < 30) return null;
  if (kind === "image/png") return [view.getUint32(16), view.getUint32(20)];
  if (kind === "image/gif") return [view.getUint16(6, true), view.getUint16(8, true)];
  if (kind === "image/bmp") return [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))];
  if (kind !== "image/webp") return null;
  const form = latin(data.subarray(12, 16));
  const three = (at: number): number => 1 + (view.getUint16(at, true) | ((data[at + 2] ?? 0) << 16));
  if (form === "VP8X") return [three(24), three(27)];
  if (form === "VP8 ") return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
  const bits = view.getUint32(21, true);
  return form === "VP8L" ? [1 + (bits & 0x3fff), 1 + ((bits >> 14) & 0x3fff)] : null;
}

const STREAM = /stream\r?\n([^]*?)endstream/g;
const ANYWHERE = /\/(JavaScript|Launch|EmbeddedFiles?|RichMedia|GoToE|XFA)(?![A-Za-z0-9])/;
const OUTSIDE = /\/(JS|JavaScript|Launch|EmbeddedFiles?|RichMedia|GoToE|XFA)(?![A-Za-z0-9])/;

async function pdfFault(text: string): Promise<FileFault> {
  if (!text.slice(-2048).includes("%%EOF")) return "broken";
  const outside: string[] = [];
  const packed: string[] = [];
  let end = 0;
  for (const found of text.matchAll(STREAM)) {
    const before = text.slice(end, found.index);
    outside.push(before);
    end = found.index + found[0].length;
    if (/\/ObjStm(?![A-Za-z0-9])/.test(plain(before.slice(Math.max(0, before.lastIndexOf("obj")))))) packed.push(found[1] ?? "");
  }
  const rest = [...outside, text.slice(end)].join(" ");
  if (/\/Encrypt(?![A-Za-z0-9])/.test(rest)) return "locked";
  if (ANYWHERE.test(text) || OUTSIDE.test(plain(rest))) return "active";
  let left = MOST_INFLATED;
  for (const one of packed) {
    const unfolded = await inflate(one, left);
    if (unfolded === null) return "broken";
    if (OUTSIDE.test(plain(unfolded))) return "active";
    left -= unfolded.length;
  }
  return "";
}

/** Names may write their letters as #xx (ISO 32000-1 §7.3.5). */
const plain = (text: string): string => text.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** The text of a zlib stream; null when it is none or unfolds beyond the limit. Without a decompressor the centre looks. */
async function inflate(squeezed: string, limit: number): Promise<string | null> {
  if (typeof DecompressionStream === "undefined") return "";
  for (const raw of [squeezed.replace(/\r?\n$/, ""), squeezed]) {
    const bytes = Uint8Array.from(raw, (char) => char.charCodeAt(0));
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    let text = "";
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return text;
        text += latin(value);
        if (text.length > limit) return null;
      }
    } catch {
      // not a zlib stream to its very end: once more with the line end that may belong to it
    }
  }
  return null;
}
