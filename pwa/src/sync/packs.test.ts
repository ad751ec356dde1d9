import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { CHUNK, choosePack, contentSize, Download, type Manifest, MemoryPart, type PackEntry } from "./packs";

const data = new Uint8Array(randomBytes(3 * CHUNK + 1234));
const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const entry: PackEntry = {
  from: 0,
  bytes: data.length,
  sha256: hash(data),
  chunks: [0, 1, 2, 3].map((n) => hash(data.subarray(n * CHUNK, (n + 1) * CHUNK))),
};

describe("a download", () => {
  test("cut at any place goes on from there and fetches nothing twice", () => {
    const part = new MemoryPart();
    let fetched = 0;
    for (let round = 0; !new Download(entry, part).complete; round++) {
      const download = new Download(entry, part); // as after a reload
      const to = Math.min(data.length, download.offset + 70_001 + round * 977);
      fetched += to - download.offset;
      download.take(data.subarray(download.offset, to));
    }
    expect(fetched).toBe(data.length);
    expect(new Download(entry, part).bytes()).toEqual(data);
  });

  test("with a flipped byte loses one chunk, not more", () => {
    const download = new Download(entry, new MemoryPart());
    expect(download.take(data.subarray(0, CHUNK + 10))).toBe(true);
    const bad = data.slice(CHUNK + 10, 2 * CHUNK);
    bad[5]! ^= 1;
    expect(download.take(bad)).toBe(false);
    expect(download.offset).toBe(CHUNK);
    expect(download.take(data.subarray(CHUNK))).toBe(true);
    expect(download.complete).toBe(true);
  });

  test("torn by a power cut is checked again when it is opened", () => {
    const part = new MemoryPart();
    const torn = data.slice(0, 2 * CHUNK);
    torn.fill(0, CHUNK + 100, CHUNK + 200);
    part.append(torn);
    expect(new Download(entry, part).offset).toBe(CHUNK);
  });

  test("takes no more bytes than the manifest says", () => {
    const download = new Download(entry, new MemoryPart());
    download.take(new Uint8Array([...data, 1, 2, 3]));
    expect(download.complete).toBe(true);
    expect(download.offset).toBe(data.length);
  });
});

test("the delta is chosen when there is one for what is held, else the full pack", () => {
  const pack = (from: number): PackEntry => ({ ...entry, from });
  const manifest = { packs: [pack(0), pack(3), pack(4)] } as Manifest;
  expect(choosePack(manifest, 4)?.from).toBe(4);
  expect(choosePack(manifest, 2)?.from).toBe(0);
  expect(choosePack(manifest, 0)?.from).toBe(0);
  expect(choosePack(manifest, 4, true)?.from).toBe(0);
});

test("the size of a frame is read before it is decompressed, and junk has none", () => {
  expect(contentSize(new Uint8Array(40))).toBeUndefined();
  const huge = new Uint8Array(18); // single segment, 8-byte size
  new DataView(huge.buffer).setUint32(0, 0xfd2fb528, true);
  huge[4] = 0b1110_0000;
  new DataView(huge.buffer).setBigUint64(5, 2n ** 40n, true);
  expect(contentSize(huge)).toBe(2 ** 40);
});
