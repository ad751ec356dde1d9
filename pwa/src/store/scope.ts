// One scope of releases on this device: an SQLite file that signed packs lead from release to release.
import { contentRoot } from "./content";
import type { Db, Value } from "./db";

export type ScopeName = "knowledge" | "lingua" | "media";

/** What of a release this device holds; in the file itself, so that it changes in the same transaction. */
export interface Held {
  release: number;
  root: string;
  issued_at: string;
  stale_after: string;
}

const HELD = `CREATE TABLE held (
  scope TEXT PRIMARY KEY, release INTEGER NOT NULL, root TEXT NOT NULL, issued_at TEXT NOT NULL, stale_after TEXT NOT NULL
)`;

export const text = (value: Value | undefined): string => (value === null || value === undefined ? "" : String(value));

export class ScopeFile {
  constructor(
    readonly db: Db,
    readonly scope: ScopeName,
    readonly label: string,
    readonly schema: string,
    own = "",
  ) {
    if (!db.row("SELECT 1 FROM sqlite_schema WHERE name = 'held'")) {
      db.transaction(() => [schema, own, HELD].filter((sql) => sql !== "").forEach((sql) => db.run(sql)));
    }
  }

  /** What is held; null before the first pack. */
  held(): Held | null {
    const row = this.db.row("SELECT release, root, issued_at, stale_after FROM held WHERE scope = ?", [this.scope]);
    if (!row) return null;
    return { release: Number(row[0]), root: text(row[1]), issued_at: text(row[2]), stale_after: text(row[3]) };
  }

  /** Whether the centre is asked for it. */
  wanted(): boolean {
    return true;
  }

  /**
   * Brings the file to a release by a patchset, in one transaction; nothing changes unless the content root is the
   * promised one. `fromEmpty`: the patchset starts from nothing, whatever is held now.
   */
  apply(patchset: Uint8Array, next: Held, fromEmpty: boolean): "applied" | "conflict" | "root" {
    let outcome: "applied" | "conflict" | "root" = "applied";
    const refused = new Error("refused");
    try {
      this.db.transaction(() => {
        if (fromEmpty) this.empty();
        if (!this.db.applyPatchset(patchset)) outcome = "conflict";
        else if (contentRoot(this.db, this.schema).root !== next.root) outcome = "root";
        if (outcome !== "applied") throw refused;
        this.settle();
        const { release, root, issued_at, stale_after } = next;
        this.db.run("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?)", [this.scope, release, root, issued_at, stale_after]);
      });
    } catch (error) {
      if (error !== refused) throw error;
    }
    return outcome;
  }

  /** The same release, told anew: only its dates can differ. */
  renew(next: Held): void {
    this.db.run("UPDATE held SET issued_at = ?, stale_after = ? WHERE scope = ?", [next.issued_at, next.stale_after, this.scope]);
  }

  /** What else belongs to a new release, in the transaction that applies it. */
  protected settle(): void {}

  private empty(): void {
    const tables = [...this.schema.matchAll(/^CREATE TABLE (\w+)/gm)].map((match) => String(match[1]));
    tables.forEach((table) => this.db.run(`DELETE FROM ${table}`));
  }
}
