// The content root equals the centre's on text that serialisers treat differently (tests/vectors/content.json).
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";
import { expect, test } from "vitest";

import vectors from "../../../tests/vectors/content.json";
import { contentRoot, line } from "./content";
import { Db, type Value } from "./db";
import { SCHEMA } from "./knowledge";

test.each(vectors.rows)("a row is the same line as at the centre: $table %#", ({ table, row, line: expected }) => {
  expect(line(table, row as Value[])).toBe(expected);
});

test("a file written in another order has the centre's root", async () => {
  const sqlite3 = await sqlite3InitModule();
  const db = new Db(sqlite3, new sqlite3.oo1.DB(":memory:"));
  db.run(SCHEMA);
  for (const { table, row } of [...vectors.rows].reverse()) {
    db.run(`INSERT INTO ${table} VALUES (${row.map(() => "?").join(",")})`, row as Value[]);
  }
  expect(contentRoot(db, SCHEMA)).toEqual({ root: vectors.root, rows: vectors.count });
});
