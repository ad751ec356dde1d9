// Applying real packs and reading the real tables, in SQLite-WASM in memory.
import sqlite3InitModule, { type Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";

import vectors from "../../../tests/vectors/packs.json";
import { fromBase64 } from "../sync/bytes";
import { choosePack, type Manifest, readManifest, type SignedManifest, unpack } from "../sync/packs";
import { contentRoot } from "./content";
import { Db } from "./db";
import { Knowledge, SCHEMA } from "./knowledge";
import { Lingua } from "./lingua";
import type { Held } from "./scope";

let sqlite3: Sqlite3Static;
let knowledge: Knowledge;
const memory = (): Db => new Db(sqlite3, new sqlite3.oo1.DB(":memory:"));

beforeAll(async () => {
  sqlite3 = await sqlite3InitModule();
});
beforeEach(() => {
  knowledge = new Knowledge(new Db(sqlite3, new sqlite3.oo1.DB(":memory:")));
});

const packsOf = (number: number): Record<string, string> => (vectors.releases[number - 1]?.packs ?? {}) as Record<string, string>;
const signed = (number: number): SignedManifest => vectors.releases[number - 1] as unknown as SignedManifest;
const manifest = (number: number): Manifest => JSON.parse(signed(number).manifest) as Manifest;
const heldAs = (number: number): Held => {
  const { release, content_root: root, issued_at, stale_after } = manifest(number);
  return { release, root, issued_at, stale_after };
};
const patchset = (number: number, from: number): Promise<Uint8Array> => {
  const entry = choosePack(manifest(number), from)!;
  return unpack(fromBase64(packsOf(number)[entry.sha256]!), entry.sha256);
};

describe("a pack", () => {
  test("leads from nothing to the signed content root, then by delta to the next", async () => {
    expect(knowledge.apply(await patchset(1, 0), heldAs(1), true)).toBe("applied");
    expect(contentRoot(knowledge.db, SCHEMA)).toEqual({ root: manifest(1).content_root, rows: manifest(1).rows });
    expect(knowledge.apply(await patchset(2, 1), heldAs(2), false)).toBe("applied");
    expect(contentRoot(knowledge.db, SCHEMA)).toEqual({ root: manifest(2).content_root, rows: manifest(2).rows });
    expect(knowledge.held()).toEqual(heldAs(2));
    expect(knowledge.items().some((item) => item.fee.includes("12345 𠮷"))).toBe(true);
  });

  test("as a full one replaces whatever is held", async () => {
    knowledge.apply(await patchset(1, 0), heldAs(1), true);
    expect(knowledge.apply(await patchset(2, 0), heldAs(2), true)).toBe("applied");
    expect(contentRoot(knowledge.db, SCHEMA).root).toBe(manifest(2).content_root);
  });

  test("on the wrong base changes nothing", async () => {
    knowledge.apply(await patchset(1, 0), heldAs(1), true);
    expect(knowledge.apply(await patchset(1, 0), heldAs(2), false)).toBe("conflict");
    knowledge.db.run("UPDATE item SET fee = 'x'"); // the device's copy was damaged
    const outcome = knowledge.apply(await patchset(2, 1), heldAs(2), false);
    expect(["conflict", "root"]).toContain(outcome);
    expect(knowledge.held()?.release).toBe(1);
    expect(knowledge.apply(await patchset(2, 0), heldAs(2), true)).toBe("applied");
  });

  test("whose content is not the promised one changes nothing", async () => {
    expect(knowledge.apply(await patchset(1, 0), { ...heldAs(1), root: "0".repeat(64) }, true)).toBe("root");
    expect(knowledge.held()).toBeNull();
    expect(knowledge.items()).toEqual([]);
  });

  test("with one flipped byte is refused", async () => {
    const entry = choosePack(manifest(1), 0)!;
    const data = fromBase64(packsOf(1)[entry.sha256]!);
    data[1000]! ^= 1;
    await expect(unpack(data, entry.sha256)).rejects.toThrow(expect.objectContaining({ code: "pack.damaged" }));
  });
});

describe("a manifest", () => {
  const read = (one: SignedManifest, have = { release: 0, root: "" }, schema = SCHEMA): Promise<Manifest> =>
    readManifest(one, vectors.keys, "knowledge", schema, have);

  test("is believed when signed", async () => {
    await expect(read(signed(2), { release: 1, root: manifest(1).content_root })).resolves.toMatchObject({ release: 2 });
  });
  test("is refused when a letter was changed", async () => {
    const forged = { ...signed(1), manifest: signed(1).manifest.replace('"rows":', '"rows": ') };
    await expect(read(forged)).rejects.toMatchObject({ code: "pack.signature" });
  });
  test("is refused when it is no manifest", async () => {
    await expect(read({ manifest: "<html>", signature: "" })).rejects.toMatchObject({ code: "pack.format" });
  });
  test("is refused when an unknown key signed it", async () => {
    await expect(readManifest(signed(1), {}, "knowledge", SCHEMA, { release: 0, root: "" })).rejects.toMatchObject({ code: "pack.key" });
  });
  test("is refused when older than what is held, or the same number with other content", async () => {
    await expect(read(signed(1), { release: 2, root: "x" })).rejects.toMatchObject({ code: "pack.rollback" });
    await expect(read(signed(2), { release: 2, root: "x" })).rejects.toMatchObject({ code: "pack.rollback" });
  });
  test("is refused when its tables are not ours", async () => {
    await expect(read(signed(1), undefined, "other")).rejects.toMatchObject({ code: "pack.schema" });
  });
});

describe("reading", () => {
  beforeEach(async () => void knowledge.apply(await patchset(1, 0), heldAs(1), true));

  test("an item brings its lists and the Chinese names of its codes", () => {
    const row = knowledge.items({ text: "检疫" })[0]!;
    const item = knowledge.item(row.slug);
    expect(item).toMatchObject({ slug: "animal-quarantine", project_type: "即办件", task_type: "行政确认", release: 1 });
    expect(item.levels).toEqual(["镇(乡、街道)级", "村(社区)级"]);
    expect(item.materials[0]).toMatchObject({ name: "居民身份证", copies: 1, why: "" });
    expect(item.situations.map((situation) => situation.pos)).toEqual([1, 2, 3, 4]);
  });
  test("an unknown item is a problem with a sentence", () => {
    expect(() => knowledge.item("nothing")).toThrow(expect.objectContaining({ code: "item.missing" }));
  });
  test("items are found by alias, and wildcards are plain characters", () => {
    expect(knowledge.items({ text: "卖猪" }).map((item) => item.slug)).toEqual(["animal-quarantine"]);
    expect(knowledge.items({ text: "%" })).toEqual([]);
  });
  test("domains count their items", () => {
    expect(knowledge.domains().reduce((sum, domain) => sum + domain.count, 0)).toBe(knowledge.items().length);
  });
  test("a question finds its item and says what matched", () => {
    const answer = knowledge.ask("卖猪要开检疫证明", new Lingua(memory()));
    expect(answer.hits[0]).toMatchObject({ slug: "animal-quarantine", name: "动物产地检疫申报" });
    expect(answer.hits[0]?.matched.length).toBeGreaterThan(0);
  });
  test("without knowledge asking says so", () => {
    const empty = new Knowledge(new Db(sqlite3, new sqlite3.oo1.DB(":memory:")));
    expect(() => empty.ask("身份证", new Lingua(memory()))).toThrow(expect.objectContaining({ code: "pack.missing" }));
  });
});
