// The content root: one hash of everything a release says (PROTOCOL.md S12). Twin of sync/content.py.
import type { Db, Value } from "./db";
import { Sha256 } from "../sync/sha256";

export interface TableShape {
  name: string;
  key: string[]; // columns of the primary key, in key order
}

/** The knowledge tables of `schema` that `db` holds, by name. */
export function shapes(db: Db, schema: string): TableShape[] {
  const names = [...schema.matchAll(/^CREATE TABLE (\w+)/gm)].map((match) => String(match[1])).sort();
  return names.map((name) => ({
    name,
    key: db.rows("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", [name]).map(([key]) => String(key)),
  }));
}

/** One row as it is hashed: JSON without spaces, non-ASCII unescaped, ended by a line feed. */
export function line(table: string, row: readonly Value[]): string {
  return `${JSON.stringify([table, ...row])}\n`;
}

/** sha256 hex over the knowledge tables and the number of rows. */
export function contentRoot(db: Db, schema: string): { root: string; rows: number } {
  const encoder = new TextEncoder();
  const digest = new Sha256();
  let count = 0;
  for (const { name, key } of shapes(db, schema)) {
    const found = db.rows(`SELECT * FROM ${name} ORDER BY ${key.join(",")}`);
    count += found.length;
    for (let at = 0; at < found.length; at += 256) {
      digest.update(encoder.encode(found.slice(at, at + 256).map((row) => line(name, row)).join("")));
    }
  }
  return { root: digest.hex(), rows: count };
}
