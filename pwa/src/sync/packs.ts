// Packs and manifests on the device (PROTOCOL.md): what to believe, what to fetch, how to resume. Twin of sync/manifest.py
// and of the reading half of sync/packs.py. No network here: bytes arrive as arguments.
import { problem, type Problem } from "../kit/problems";
import { bare } from "../kit/sql";
import { fromBase64 } from "./bytes";
import { sha256 } from "./sha256";

export const CHUNK = 256 * 1024;
export const LARGEST = 256 * 1024 * 1024; // decompressed patchset at most, bytes
const LONGEST = 64 * 1024; // manifest text at most

export interface PackEntry {
  from: number; // the release it leads from; 0: from nothing
  bytes: number;
  sha256: string;
  chunks: string[]; // sha256 of each 256 KiB
}

export interface Manifest {
  v: number;
  scope: string;
  release: number;
  previous: number;
  schema: string;
  content_root: string;
  rows: number;
  packs: PackEntry[];
  issued_at: string;
  stale_after: string;
  key_id: string;
}

export interface SignedManifest {
  manifest: string; // exact text
  signature: string; // base64 Ed25519 over it
}

/** Which scope an unproved manifest says it is of, "" when it cannot be read; only to keep it under that name. */
export function scopeOf(signed: SignedManifest): string {
  try {
    return String((JSON.parse(signed.manifest) as Manifest).scope);
  } catch {
    return "";
  }
}

/** The first 12 hex digits of the sha256 of the schema without comments and empty lines: other tables need another program. */
export function schemaId(schema: string): string {
  return sha256(new TextEncoder().encode(bare(schema))).slice(0, 12);
}

/**
 * The manifest, or the Problem why it is refused. `keys`: base64 raw Ed25519 keys by id. `remembered`: what the device
 * holds; an older number, or the same number with another root, is an old signed manifest played again.
 */
export async function readManifest(
  signed: SignedManifest,
  keys: Readonly<Record<string, string>>,
  scope: string,
  schema: string,
  remembered: { release: number; root: string },
): Promise<Manifest> {
  const { claimed, signature } = claims(signed);
  const key = keys[claimed];
  if (key === undefined) throw problem("pack.key", { key: claimed });
  if (!(await verify(signature, signed.manifest, fromBase64(key)))) throw problem("pack.signature");
  const manifest = JSON.parse(signed.manifest) as Manifest;
  if (manifest.v !== 1 || manifest.scope !== scope) throw problem("pack.scope", { scope: manifest.scope });
  if (!wellFormed(manifest)) throw problem("pack.format");
  if (manifest.schema !== schemaId(schema)) throw problem("pack.schema");
  const { release, root } = remembered;
  if (manifest.release < release || (manifest.release === release && root && manifest.content_root !== root)) {
    throw problem("pack.rollback", { have: release, got: manifest.release });
  }
  return manifest;
}

function claims(signed: SignedManifest): { claimed: string; signature: Uint8Array<ArrayBuffer> } {
  try {
    if (signed.manifest.length > LONGEST) throw new Error("too long");
    const claimed: unknown = (JSON.parse(signed.manifest) as Manifest).key_id;
    return { claimed: String(claimed), signature: fromBase64(signed.signature) };
  } catch {
    throw problem("pack.format");
  }
}

function wellFormed(manifest: Manifest): boolean {
  const whole = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
  return (
    whole(manifest.release) &&
    /^[0-9a-f]{64}$/.test(manifest.content_root) &&
    Array.isArray(manifest.packs) &&
    manifest.packs.every(
      (pack) =>
        whole(pack.from) &&
        whole(pack.bytes) &&
        /^[0-9a-f]{64}$/.test(pack.sha256) &&
        Array.isArray(pack.chunks) &&
        pack.chunks.length === Math.ceil(pack.bytes / CHUNK),
    )
  );
}

/** Ed25519 by the browser where it can (Chrome 137, Firefox 129), else by @noble/ed25519. */
export async function verify(signature: Uint8Array<ArrayBuffer>, text: string, key: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const message = new TextEncoder().encode(text);
  try {
    const native = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, native, signature, message);
  } catch {
    const { verifyAsync } = await import("@noble/ed25519");
    return verifyAsync(signature, message, key).catch(() => false);
  }
}

/** The way from what is held to the manifest's release: the delta when there is one, else the full pack. */
export function choosePack(manifest: Manifest, held: number, avoidDelta = false): PackEntry | undefined {
  const delta = avoidDelta || held === 0 ? undefined : manifest.packs.find((pack) => pack.from === held);
  return delta ?? manifest.packs.find((pack) => pack.from === 0);
}

/** The patchset of a pack, or Problem pack.damaged. */
export async function unpack(data: Uint8Array, wanted: string): Promise<Uint8Array> {
  if (sha256(data) !== wanted) throw problem("pack.damaged");
  const size = contentSize(data);
  if (size === undefined || size > LARGEST) throw problem("pack.damaged");
  const { decompress } = await import("fzstd");
  try {
    return decompress(data, new Uint8Array(size));
  } catch {
    throw problem("pack.damaged");
  }
}

/** The decompressed size that a zstd frame states (RFC 8878 §3.1.1), undefined when it states none. */
export function contentSize(frame: Uint8Array): number | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.byteLength < 18 || view.getUint32(0, true) !== 0xfd2fb528) return undefined;
  const descriptor = view.getUint8(4);
  const single = (descriptor & 0x20) !== 0;
  const at = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  switch (descriptor >> 6) {
    case 0:
      return single ? view.getUint8(at) : undefined;
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}

/** Where a download is kept while it is under way: a file on the device, or memory in tests. */
export interface Part {
  size(): number;
  append(data: Uint8Array): void;
  read(from: number, to: number): Uint8Array;
  truncate(size: number): void;
  close(): void;
  remove(): Promise<void>;
}

export class MemoryPart implements Part {
  private data = new Uint8Array(0);
  size = (): number => this.data.byteLength;
  append(data: Uint8Array): void {
    const grown = new Uint8Array(this.data.byteLength + data.byteLength);
    grown.set(this.data);
    grown.set(data, this.data.byteLength);
    this.data = grown;
  }
  read = (from: number, to: number): Uint8Array => this.data.slice(from, to);
  truncate(size: number): void {
    this.data = this.data.slice(0, size);
  }
  close(): void {}
  async remove(): Promise<void> {
    this.data = new Uint8Array(0);
  }
}

/**
 * A download that survives cuts. Everything that arrived is kept; each 256 KiB is checked as it gets full, so that a
 * flipped byte costs one chunk and a chunk that was verified is never fetched again.
 */
export class Download {
  private verified = 0; // chunks

  constructor(
    readonly entry: PackEntry,
    private readonly part: Part,
  ) {
    if (part.size() > entry.bytes) part.truncate(0);
    this.check(); // what an earlier page left; a power cut may have torn it
  }

  /** Bytes held; fetch goes on from here. */
  get offset(): number {
    return this.part.size();
  }

  get complete(): boolean {
    return this.verified === this.entry.chunks.length;
  }

  /** Takes bytes in; false when a chunk turned out damaged and the download went back to its start. */
  take(data: Uint8Array): boolean {
    const room = this.entry.bytes - this.part.size();
    this.part.append(data.byteLength > room ? data.subarray(0, room) : data);
    return this.check();
  }

  /** The whole pack; only when complete. */
  bytes(): Uint8Array {
    return this.part.read(0, this.entry.bytes);
  }

  close(): void {
    this.part.close();
  }

  remove(): Promise<void> {
    return this.part.remove();
  }

  private check(): boolean {
    while (!this.complete) {
      const from = this.verified * CHUNK;
      const to = Math.min(from + CHUNK, this.entry.bytes);
      if (this.part.size() < to) return true;
      if (sha256(this.part.read(from, to)) !== this.entry.chunks[this.verified]) {
        this.part.truncate(from);
        return false;
      }
      this.verified += 1;
    }
    return true;
  }
}

/** True for the refusals after which the full pack may still help. */
export function fullPackMayHelp(code: Problem["code"]): boolean {
  return code === "pack.conflict" || code === "pack.root";
}
