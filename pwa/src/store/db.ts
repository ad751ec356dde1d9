// A thin face over sqlite-wasm: rows, run, transaction, apply a patchset. Errors of the engine become Problems.
import type { Database, SqlValue, Sqlite3Static } from "@sqlite.org/sqlite-wasm";

import { Problem, problem } from "../kit/problems";

export type Value = SqlValue;

/** Result codes (primary) that mean the device could not write: its disk or quota is full, or the file system failed. */
const FULL = 13; // SQLITE_FULL
const IO = 10; // SQLITE_IOERR: sahpool reports a refused write (QuotaExceededError) as this
const DAMAGED = [11, 26]; // SQLITE_CORRUPT, SQLITE_NOTADB

/** What the engine threw, as a Problem; a programming error stays what it is. */
export function engineProblem(error: unknown): unknown {
  if (error instanceof Problem || typeof error !== "object" || error === null) return error;
  const code = Number((error as { resultCode?: number }).resultCode ?? 0) & 0xff;
  if (code === FULL || code === IO) return problem("storage.full");
  return DAMAGED.includes(code) ? problem("storage.damaged") : error;
}

export class Db {
  private depth = 0;

  constructor(
    private readonly sqlite3: Sqlite3Static,
    private readonly db: Database,
  ) {}

  /** The engine's own connection. */
  get handle(): Database {
    return this.db;
  }

  /** All rows of a query as arrays in column order. */
  rows(sql: string, params: readonly Value[] = []): Value[][] {
    try {
      return this.db.exec({ sql, bind: params.length ? params : undefined, rowMode: "array", returnValue: "resultRows" });
    } catch (error) {
      throw engineProblem(error);
    }
  }

  /** One or many statements without a result (many only without parameters). */
  run(sql: string, params: readonly Value[] = []): void {
    try {
      this.db.exec({ sql, bind: params.length ? params : undefined });
    } catch (error) {
      throw engineProblem(error);
    }
  }

  /** The first row, or undefined. */
  row(sql: string, params: readonly Value[] = []): Value[] | undefined {
    return this.rows(sql, params)[0];
  }

  /** Runs `work` so that all of it is stored or nothing; an inner transaction joins the outer one. */
  transaction<T>(work: () => T): T {
    if (this.depth > 0) return work();
    this.run("BEGIN IMMEDIATE");
    this.depth = 1;
    try {
      const value = work();
      this.run("COMMIT");
      return value;
    } catch (error) {
      this.rollBack();
      throw error;
    } finally {
      this.depth = 0;
    }
  }

  /** Applies a session patchset; false when a row is not as the patchset expects it (nothing of it is kept then). */
  applyPatchset(patchset: Uint8Array): boolean {
    const { capi, wasm } = this.sqlite3;
    const pointer = wasm.allocFromTypedArray(patchset);
    try {
      const code = capi.sqlite3changeset_apply(
        this.db,
        patchset.byteLength,
        pointer,
        0,
        () => capi.SQLITE_CHANGESET_ABORT,
        0,
      );
      if (code === capi.SQLITE_OK) return true;
      if (code === capi.SQLITE_ABORT) return false;
      throw engineProblem(Object.assign(new Error(`changeset_apply: ${code}`), { resultCode: code }));
    } finally {
      wasm.dealloc(pointer);
    }
  }

  close(): void {
    this.db.close();
  }

  private rollBack(): void {
    try {
      this.db.exec("ROLLBACK");
    } catch {
      // a full disk makes SQLite roll back by itself; there is nothing left to undo
    }
  }
}
