// A device of an older program gets the newer tables and keeps what it held.
import sqlite3InitModule, { type Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { beforeAll, beforeEach, expect, test } from "vitest";

import { Db } from "./db";
import released from "./field.sql?raw";
import { Field } from "./field";
import { STEPS, tables, upgrade } from "./upgrade";

let sqlite3: Sqlite3Static;
beforeAll(async () => {
  sqlite3 = await sqlite3InitModule();
});

let db: Db;
beforeEach(() => {
  db = new Db(sqlite3, new sqlite3.oo1.DB(":memory:"));
});

const version = (): number => Number(db.row("PRAGMA user_version")?.[0]);
const sealed = new Uint8Array([1, 2, 3]);
const LATER = [...STEPS, "CREATE TABLE later_a (id TEXT); ALTER TABLE draft ADD COLUMN kind TEXT NOT NULL DEFAULT 'case'", "CREATE TABLE later_b (id TEXT)"];

/** field.db as the programs of before the steps left it: tables, data, no version. */
function heldBefore(): void {
  db.run(released);
  db.run("INSERT INTO outbox(id, name, subject, at, sealed) VALUES ('e1', 'case.submitted', 'c1', 't', ?)", [sealed]);
  db.run("INSERT INTO draft VALUES ('d1', 't', ?)", [sealed]);
  db.run("INSERT INTO case_file VALUES ('c1', 'd0', 'e1', 't', ?)", [sealed]);
  db.run("INSERT INTO case_counter VALUES ('20261125', 7)");
  db.run("INSERT INTO meta VALUES ('device', 'd-abcdefgh')");
}

function heldStill(): void {
  const field = new Field(db);
  expect(field.meta("device")).toBe("d-abcdefgh");
  expect(field.unanswered(9).map(({ seq, id, sealed: body }) => [seq, id, body])).toEqual([[1, "e1", sealed]]);
  expect(field.draft("d1", "")).toEqual(sealed);
  expect(Date.parse(field.meta("grace_until")!)).toBeGreaterThan(Date.now());
  expect(field.caseFile("c1")?.sealed).toEqual(sealed);
  expect(field.nextCounter("20261125")).toBe(8);
}

test("a new device gets all steps", () => {
  upgrade(db, LATER);
  expect(version()).toBe(LATER.length);
  expect(tables(db)).toEqual(expect.arrayContaining(["outbox", "later_a", "later_b"]));
});

test("a device of before the steps keeps all it held and gets what is new", () => {
  heldBefore();
  heldStill();
  expect(version()).toBe(STEPS.length);
});

test("a device some steps behind is led on from where it is, and a second start changes nothing", () => {
  heldBefore();
  heldStill();
  upgrade(db, LATER);
  expect(db.row("SELECT kind FROM draft")).toEqual(["case"]);
  upgrade(db, LATER);
  expect([version(), db.row("SELECT count(*) FROM outbox")]).toEqual([LATER.length, [1]]);
});

test("a step that cannot be carried out leaves the file as the step before left it", () => {
  heldBefore();
  const broken = [...LATER.slice(0, -1), "CREATE TABLE later_b (id TEXT); INSERT INTO nowhere VALUES (1)"];
  expect(() => upgrade(db, broken)).toThrow();
  expect(version()).toBe(LATER.length - 1);
  expect(tables(db)).not.toContain("later_b");
  upgrade(db, LATER);
  expect([version(), db.row("SELECT count(*) FROM draft")]).toEqual([LATER.length, [1]]);
});

test("an older program refuses the file of a newer one and touches nothing", () => {
  heldBefore();
  upgrade(db, LATER);
  db.run(`PRAGMA user_version = ${STEPS.length + 1}`);
  expect(() => new Field(db)).toThrow(expect.objectContaining({ code: "storage.newer" }));
  expect(db.row("SELECT count(*) FROM draft")).toEqual([1]);
});

test("a device that is registered anew starts empty in every table", () => {
  heldBefore();
  const field = new Field(db);
  field.clear();
  expect(tables(db).map((table) => db.row(`SELECT count(*) FROM ${table}`)?.[0])).toEqual(tables(db).map(() => 0));
  field.append({ id: "e2", name: "n", subject: "s", at: "t", sealed, own: null });
  expect(field.unanswered(1)[0]?.seq).toBe(1);
});
