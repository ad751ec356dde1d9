// The recognition pack (识别包): the engine and the two models with which a device reads cards by itself. One file of the
// centre, which the guide fetches by a press; each part of it lies in it as gzip and is checked when it is taken out.
import type { PackEntry } from "../sync/packs";
import { CHUNK } from "../sync/packs";

/** Where the pack lies in the origin's private file system; `sync/parts.ts` writes it there. */
export const FOLDER = "jjb-reading";
const LARGEST = 128 * 1024 * 1024; // bytes
const NAMES = ["engine", "finder", "reader"] as const;
export type PartName = (typeof NAMES)[number];

/** One part: `bytes` from `at` in the pack, gzip; `sha256` of what comes out. */
export interface PackPart {
  name: PartName;
  at: number;
  bytes: number;
  sha256: string;
}

/** What the centre says of the pack it has. */
export interface PackInfo extends PackEntry {
  engine: string; // version of onnxruntime-web that its engine belongs to
  parts: PackPart[];
}

/** What a centre told, null when it is not whole. */
export function understood(told: unknown): PackInfo | null {
  const { engine, bytes, sha256, chunks, parts } = (told ?? {}) as Partial<PackInfo>;
  const whole = (value: unknown, most: number): value is number => Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most;
  const hash = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
  if (typeof engine !== "string" || !whole(bytes, LARGEST) || !hash(sha256) || !Array.isArray(chunks) || !Array.isArray(parts)) return null;
  if (chunks.length !== Math.ceil(bytes / CHUNK) || !chunks.every(hash)) return null;
  const good = NAMES.every((name) => parts.some((one) => one?.name === name && whole(one.at, bytes) && whole(one.bytes, bytes - one.at) && hash(one.sha256)));
  return good ? { from: 0, engine, bytes, sha256, chunks, parts } : null;
}

/** The bytes of a part, null when they are not those that were signed for. */
export async function take(pack: Blob, part: PackPart): Promise<ArrayBuffer | null> {
  try {
    const opened = pack.slice(part.at, part.at + part.bytes).stream().pipeThrough(new DecompressionStream("gzip"));
    const data = await new Response(opened).arrayBuffer();
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") === part.sha256 ? data : null;
  } catch {
    return null; // cut short, or no gzip
  }
}
