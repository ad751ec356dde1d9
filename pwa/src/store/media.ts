// Recordings and samples on this device (datasets/media.sql): which there are, which bytes are here, what to keep.
import schema from "../../../datasets/media.sql?raw";
import { chosen, type Medium, type Plan, plan, room, spoken, type Spoken } from "../sync/choosing";
import type { PackEntry } from "../sync/packs";
import type { Db } from "./db";
import { ScopeFile, text } from "./scope";
import type { MediaLanguage, Recording } from "./types";

const OWN = `CREATE TABLE kept (sha256 TEXT PRIMARY KEY NOT NULL, bytes INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE wish (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)`;

export class Media extends ScopeFile {
  constructor(db: Db) {
    super(db, "media", "录音目录", schema, OWN);
  }

  // ---- what the person wants ----

  /** Languages to keep: null, those of the region; none of them, no media at all. */
  get choice(): string[] | null {
    const row = this.db.row("SELECT value FROM wish WHERE name = 'languages'");
    return row ? (JSON.parse(text(row[0])) as string[] | null) : null;
  }

  get paused(): boolean {
    return this.db.row("SELECT 1 FROM wish WHERE name = 'paused'") !== undefined;
  }

  choose(languages: readonly string[] | null): void {
    this.db.run("INSERT OR REPLACE INTO wish VALUES ('languages', ?)", [JSON.stringify(languages)]);
  }

  pause(paused: boolean): void {
    this.db.run(paused ? "INSERT OR REPLACE INTO wish VALUES ('paused', '1')" : "DELETE FROM wish WHERE name = 'paused'");
  }

  /** Nobody who wants no recordings is told of a list of them. */
  override wanted(): boolean {
    return this.choice?.length !== 0;
  }

  // ---- what there is, and what is here ----

  /** Everything released for an item, voices before samples. */
  recordings(item: string): Recording[] {
    const found = this.db.rows(
      `SELECT m.kind, m.language, coalesce(l.name, ''), m.seconds, m.text, m.sha256, f.bytes, f.type, k.sha256 IS NOT NULL
       FROM medium m JOIN file f USING (sha256) LEFT JOIN language l ON l.code = m.language LEFT JOIN kept k USING (sha256)
       WHERE m.item = ? ORDER BY m.kind DESC, l.pos, m.pos`,
      [item],
    );
    return found.map(([kind, language, name, seconds, said, sha256, bytes, type, here]) => ({
      kind: text(kind) as Recording["kind"],
      language: text(language),
      language_name: text(name),
      seconds: Number(seconds),
      text: text(said),
      sha256: text(sha256),
      bytes: Number(bytes),
      type: text(type),
      here: Number(here) === 1,
    }));
  }

  /** The bytes of a recording, null when they are not here (yet). */
  content(sha256: string): Uint8Array<ArrayBuffer> | null {
    return (this.db.row("SELECT data FROM kept WHERE sha256 = ?", [sha256])?.[0] as Uint8Array<ArrayBuffer> | undefined) ?? null;
  }

  /** Each language with how much of it there is and how much of that is here. */
  languages(region: string): MediaLanguage[] {
    const local = spoken(this.spoken(), region);
    const taken = this.chosen(region);
    const found = this.db.rows(
      `SELECT l.code, l.name, count(f.sha256), coalesce(sum(f.bytes), 0), count(k.sha256), coalesce(sum(k.bytes), 0) FROM language l
       LEFT JOIN (SELECT DISTINCT language, sha256 FROM medium) m ON m.language = l.code
       LEFT JOIN file f USING (sha256) LEFT JOIN kept k USING (sha256) GROUP BY l.code ORDER BY l.pos`,
    );
    return found.map(([code, name, files, bytes, here, hereBytes]) => ({
      code: text(code),
      name: text(name),
      local: local.includes(text(code)),
      chosen: taken.includes(text(code)),
      files: Number(files),
      bytes: Number(bytes),
      here: Number(here),
      here_bytes: Number(hereBytes),
    }));
  }

  used(): { files: number; bytes: number } {
    const row = this.db.row("SELECT count(*), coalesce(sum(bytes), 0) FROM kept");
    return { files: Number(row?.[0] ?? 0), bytes: Number(row?.[1] ?? 0) };
  }

  // ---- fetching ----

  /** What to fetch and what to forget; `free`: bytes that the browser still gives. */
  plan(region: string, free: number | null): Plan {
    const media = this.db.rows("SELECT m.language, m.sha256, f.bytes FROM medium m JOIN file f USING (sha256)");
    const uses = media.map(([language, sha256, bytes]): Medium => [text(language), text(sha256), Number(bytes)]);
    const held = new Map(this.db.rows("SELECT sha256, bytes FROM kept").map(([sha256, bytes]) => [text(sha256), Number(bytes)]));
    return plan(uses, this.chosen(region), held, room(this.used().bytes, free));
  }

  entry(sha256: string): PackEntry {
    const row = this.db.row("SELECT bytes, chunks FROM file WHERE sha256 = ?", [sha256]);
    return { from: 0, bytes: Number(row?.[0] ?? 0), sha256, chunks: text(row?.[1]).split(" ") };
  }

  keep(sha256: string, data: Uint8Array): void {
    this.db.run("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", [sha256, data.byteLength, data]);
  }

  drop(names: readonly string[]): void {
    this.db.transaction(() => names.forEach((sha256) => this.db.run("DELETE FROM kept WHERE sha256 = ?", [sha256])));
  }

  private chosen = (region: string): string[] => chosen(this.spoken(), region, this.choice);

  private spoken(): Spoken[] {
    return this.db.rows("SELECT code, regions FROM language ORDER BY pos").map(([code, regions]): Spoken => [text(code), text(regions)]);
  }
}
