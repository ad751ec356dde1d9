// The tables of field.db, by numbered steps. Devices in the field hold data under an older step: a new program leads
// them here one step after the other, and whatever they held stays. Pure SQL; the version stands in the file itself.
import { problem } from "../kit/problems";
import type { Db } from "./db";
import papers from "./field.2.sql?raw";
import originals from "./field.3.sql?raw";
import stopped from "./field.4.sql?raw";
import people from "./field.5.sql?raw";
import first from "./field.sql?raw";

/** Step n leads from version n−1 to n. A step that was once released is never changed; a new need is a new step. */
export const STEPS: readonly string[] = [first, papers, originals, stopped, people];

/** Programs of before the steps wrote no version: their tables are those of step 1. */
function versionOf(db: Db): number {
  const written = Number(db.row("PRAGMA user_version")?.[0] ?? 0);
  return written || (db.row("SELECT 1 FROM sqlite_schema WHERE name = 'meta'") ? 1 : 0);
}

/**
 * Leads a file to the newest step. A step and its number are stored together, so a power cut in between costs nothing.
 * Problem storage.newer, and nothing is touched, when a newer program has already written this file.
 */
export function upgrade(db: Db, steps: readonly string[] = STEPS): void {
  const version = versionOf(db);
  if (version > steps.length) throw problem("storage.newer");
  db.run(`PRAGMA user_version = ${version}`);
  steps.slice(version).forEach((step, index) => {
    db.transaction(() => {
      db.run(step);
      db.run(`PRAGMA user_version = ${version + index + 1}`);
    });
  });
}

/** Every table of the file, whatever step made it. */
export function tables(db: Db): string[] {
  return db.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'").map(([name]) => String(name));
}
