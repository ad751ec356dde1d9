// Recordings on the device: what is fetched, from which byte on, and what waits for what. Against plain functions.
import sqlite3InitModule, { type Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { beforeAll, beforeEach, expect, test } from "vitest";

import vectors from "../../../tests/vectors/media.json";
import { fromBase64 } from "../sync/bytes";
import { MemoryPart, unpack } from "../sync/packs";
import { Recordings } from "../sync/recordings";
import { Db } from "./db";
import { Media } from "./media";

const { release } = vectors;
const FILES = new Map(Object.entries(release.files as unknown as Record<string, [number, number]>).map(([sha, [value, size]]) => {
  const data = new Uint8Array(4 + size).fill(value);
  data.set(new TextEncoder().encode("OggS"));
  return [sha, data];
})); // prettier-ignore
const [LISU, DRUNG, SAMPLE] = [...FILES.keys()] as [string, string, string];
const LUSHUI = "533301001003"; // nobody speaks 独龙语 there

let sqlite3: Sqlite3Static;
beforeAll(async () => {
  sqlite3 = await sqlite3InitModule();
});

let media: Media;
let recordings: Recordings;
let asked: string[]; // "first 8 of the hash, first byte" of each request
let sent: number;
let free: number | null;
let calling: boolean;
let busy: boolean;
let cutAfter: number; // bytes that arrive in all before the link is gone
const parts = new Map<string, MemoryPart>();

beforeEach(async () => {
  media = new Media(new Db(sqlite3, new sqlite3.oo1.DB(":memory:")));
  [asked, sent, free, calling, busy, cutAfter] = [[], 0, null, false, false, Infinity];
  parts.clear();
  const fetcher: typeof fetch = async (path, init) => {
    const sha = String(path).slice("/packs/".length, -".pack".length);
    const data = FILES.get(sha);
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(new Headers(init?.headers).get("Range") ?? "bytes=0-99999999")!;
    asked.push(`${sha.slice(0, 8)} ${from}`);
    if (!data) return new Response(JSON.stringify({ ok: false, error: { code: "request.missing", message: "没有。", next: "" } }), { status: 404, headers: { "Content-Type": "application/json" } });
    const piece = data.slice(Number(from), Number(to) + 1);
    if (sent + piece.length > cutAfter) throw new TypeError("Failed to fetch");
    sent += piece.length;
    return new Response(piece, { status: 206, headers: { "Content-Type": "application/octet-stream" } });
  };
  const openPart = async (sha: string): Promise<MemoryPart> => {
    if (!parts.has(sha)) parts.set(sha, new MemoryPart());
    return parts.get(sha)!;
  };
  const world = { random: () => 0.999, fetcher, openPart, free: async () => free, region: () => LUSHUI, calling: async () => calling, busy: () => busy, changed: () => undefined };
  recordings = new Recordings(world, media);
  const next = { release: 1, root: release.root, issued_at: "", stale_after: "" };
  expect(media.apply(await unpack(fromBase64(release.pack), release.sha256), next, true)).toBe("applied");
});

const here = (): string[] => media.recordings("temp-id-card").filter((one) => one.here).map((one) => one.sha256);

test("the recordings of the region come, then the samples; those of other languages do not", async () => {
  expect(here()).toEqual([]);
  await recordings.once();
  recordings.stop();
  expect(here()).toEqual([LISU, SAMPLE]);
  expect(media.content(LISU)).toEqual(FILES.get(LISU));
  expect(media.content(DRUNG)).toBeNull();
  expect(media.languages(LUSHUI).find(({ code }) => code === "lis")).toMatchObject({ name: "傈僳语", local: true, chosen: true, files: 1, here: 1, here_bytes: 300_004 });
  const before = asked.length;
  await recordings.once();
  expect(asked.length).toBe(before); // never fetched twice
});

test("a call, a round and the person's pause hold it up, and it goes on at the byte", async () => {
  calling = true;
  await recordings.once();
  expect([recordings.state, sent]).toEqual(["call", 0]);
  [calling, busy] = [false, true];
  await recordings.once();
  expect(sent).toBe(0);
  busy = false;
  cutAfter = 200_000;
  await recordings.once();
  expect(sent).toBeGreaterThan(100_000);
  const before = sent;
  cutAfter = Infinity;
  media.pause(true);
  await recordings.once();
  expect([recordings.state, sent]).toEqual(["paused", before]);
  media.pause(false);
  await recordings.once();
  recordings.stop();
  expect(sent).toBe(300_004 + 1_004); // not one byte twice
  expect(here()).toEqual([LISU, SAMPLE]);
});

test("another choice forgets what is not wanted, and none of them asks for no list", async () => {
  await recordings.once();
  media.choose(["duu"]);
  await recordings.once();
  expect(here().sort()).toEqual([DRUNG, SAMPLE].sort());
  media.choose([]);
  await recordings.once();
  recordings.stop();
  expect(here()).toEqual([]);
  expect(media.wanted()).toBe(false);
});

test("no more is kept than the disk has room for, and what the centre no longer has is passed over", async () => {
  free = 64 * 1024 * 1024 + 5_000;
  await recordings.once();
  expect([here(), recordings.over]).toEqual([[SAMPLE], 1]);
  free = null;
  FILES.delete(LISU);
  await recordings.once();
  recordings.stop();
  expect([here(), recordings.state]).toEqual([[SAMPLE], "idle"]);
});
