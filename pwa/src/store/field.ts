// field.db: outbox, drafts, cases. Everything here is synchronous SQL; sealing happens before, opening after.
import { problem, type ProblemWire } from "../kit/problems";
import type { Db, Value } from "./db";
import { Papers, type Travel } from "./papers";
import { tables, upgrade } from "./upgrade";

export interface NewEvent {
  id: string;
  name: string;
  subject: string;
  at: string;
  sealed: Uint8Array; // what may travel while nobody is logged in; empty once the centre has answered
  own: Uint8Array | null; // the same for whoever logs in
}

export interface OutboxRow extends NewEvent {
  seq: number;
  verdict: string | null;
  problem: ProblemWire | null;
}

export interface Verdict {
  id: string;
  verdict: string;
  problem: ProblemWire | null;
}

const MINE = "owner IN ('', ?)";
const KEEP_CALLS = 500;
const MOST_CASES = 9999; // a day; the number has four digits

export class Field {
  readonly papers: Papers;

  constructor(readonly db: Db) {
    db.run("PRAGMA secure_delete = on"); // what is dropped is gone from the file too
    upgrade(db);
    this.papers = new Papers(db);
  }

  meta(name: string): string | null {
    const row = this.db.row("SELECT value FROM meta WHERE name = ?", [name]);
    return row ? String(row[0]) : null;
  }

  setMeta(name: string, value: string): void {
    this.db.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", [name, value]);
  }

  dropMeta(name: string): void {
    this.db.run("DELETE FROM meta WHERE name = ?", [name]);
  }

  // ---- events ----

  append(event: NewEvent): void {
    this.db.run("INSERT INTO outbox(id, name, subject, at, sealed, own) VALUES (?, ?, ?, ?, ?, ?)", [
      event.id,
      event.name,
      event.subject,
      event.at,
      event.sealed,
      event.own,
    ]);
  }

  /** Events without a verdict, oldest first; one whose copy for the way was dropped waits for a guide (door.ts, refill). */
  unanswered(limit: number): OutboxRow[] {
    return this.outbox("WHERE verdict IS NULL AND length(sealed) > 0 ORDER BY seq LIMIT ?", [limit]);
  }

  /** The same after a number of this device. */
  unansweredAfter(seq: number, limit: number): OutboxRow[] {
    return this.outbox("WHERE verdict IS NULL AND length(sealed) > 0 AND seq > ? ORDER BY seq LIMIT ?", [seq, limit]);
  }

  /** The newest events, for the list of records. */
  recent(limit: number): OutboxRow[] {
    return this.outbox("ORDER BY seq DESC LIMIT ?", [limit]);
  }

  /** Events of a name, the newest first. */
  named(name: string): OutboxRow[] {
    return this.outbox("WHERE name = ? ORDER BY seq DESC", [name]);
  }

  event(id: string): OutboxRow | undefined {
    return this.outbox("WHERE id = ?", [id])[0];
  }

  /** Only a verdict takes an event out of the queue, and its copy for the way with it; refused ones stay visible. */
  settle(verdicts: readonly Verdict[], at: string): void {
    for (const { id, verdict, problem: why } of verdicts) {
      this.db.run(`UPDATE outbox SET verdict = ?, problem = ?, answered_at = ?, sealed = CASE WHEN own IS NULL THEN sealed ELSE X'' END
         WHERE id = ? AND verdict IS NULL`, [
        verdict,
        why ? JSON.stringify({ code: why.code, message: why.message, next: why.next }) : null,
        at,
        id,
      ]);
    }
  }

  counts(): { waiting: number; refused: number } {
    const row = this.db.row(
      `SELECT count(*) FILTER (WHERE verdict IS NULL), count(*) FILTER (WHERE verdict IN ('rejected', 'quarantined'))
       FROM outbox`,
    );
    return { waiting: Number(row?.[0] ?? 0), refused: Number(row?.[1] ?? 0) };
  }

  /** Puts a refused event back into the queue under the same id. */
  retry(id: string): void {
    const row = this.event(id);
    if (!row) throw problem("record.missing", { id });
    this.db.run("UPDATE outbox SET verdict = NULL, problem = NULL, answered_at = NULL WHERE id = ? AND verdict <> 'accepted'", [id]);
  }

  /** (number, verdict) of the events in these ranges. */
  verdicts(ranges: readonly (readonly [number, number])[]): [number, string | null][] {
    return ranges.flatMap(([first, last]) =>
      this.db
        .rows("SELECT seq, verdict FROM outbox WHERE seq BETWEEN ? AND ? ORDER BY seq", [first, last])
        .map(([seq, verdict]): [number, string | null] => [Number(seq), verdict === null ? null : String(verdict)]),
    );
  }

  /** The centre lost these: they go up once more, as they are. */
  sendAgain(numbers: readonly number[]): void {
    for (const seq of numbers) this.db.run("UPDATE outbox SET verdict = NULL, answered_at = NULL WHERE seq = ?", [seq]);
  }

  /** Forgets what the centre has long had; cases stay, they have their own table. */
  prune(before: string): void {
    this.db.run(
      `DELETE FROM outbox WHERE verdict IN ('accepted', 'duplicate') AND answered_at < ?
       AND id NOT IN (SELECT event FROM case_file)
       AND id NOT IN (SELECT event FROM file WHERE state IN ('waiting', 'refused') AND event IS NOT NULL)`,
      [before],
    );
    this.papers.prune(before);
  }

  // ---- drafts and cases ----

  /** Of a guide, and those of before there was a log-in. */
  drafts(owner: string): { id: string; sealed: Uint8Array }[] {
    return this.db.rows(`SELECT id, sealed FROM draft WHERE ${MINE} ORDER BY updated_at DESC`, [owner]).map(([id, sealed]) => ({
      id: String(id),
      sealed: sealed as Uint8Array,
    }));
  }

  draftCount(): number {
    return Number(this.db.row("SELECT count(*) FROM draft")?.[0] ?? 0);
  }

  /** How many drafts wait for other guides. */
  draftsOfOthers(owner: string): number {
    return Number(this.db.row(`SELECT count(*) FROM draft WHERE NOT ${MINE}`, [owner])?.[0] ?? 0);
  }

  draft(id: string, owner: string): Uint8Array | undefined {
    return this.db.row(`SELECT sealed FROM draft WHERE ${MINE} AND id = ?`, [owner, id])?.[0] as Uint8Array | undefined;
  }

  /** Whether a draft waits for another guide. */
  isOfOther(id: string, owner: string): boolean {
    return this.db.row(`SELECT 1 FROM draft WHERE NOT ${MINE} AND id = ?`, [owner, id]) !== undefined;
  }

  saveDraft(id: string, updatedAt: string, sealed: Uint8Array, owner: string): void {
    this.db.run("INSERT OR REPLACE INTO draft(id, updated_at, sealed, owner) VALUES (?, ?, ?, ?)", [id, updatedAt, sealed, owner]);
  }

  /** A draft and the papers that no case names. */
  dropDraft(id: string): void {
    this.db.run("DELETE FROM draft WHERE id = ?", [id]);
    this.papers.dropDraft(id);
  }

  /** The number of the case that a draft became, or null. */
  caseOfDraft(draft: string): string | null {
    const row = this.db.row("SELECT case_no FROM case_file WHERE draft = ?", [draft]);
    return row ? String(row[0]) : null;
  }

  /** The next counter of a day, not yet taken; Problem draft.full after 9999. */
  nextCounter(day: string): number {
    const used = Number(this.db.row("SELECT used FROM case_counter WHERE day = ?", [day])?.[0] ?? 0);
    if (used >= MOST_CASES) throw problem("draft.full");
    return used + 1;
  }

  /** Case, event, counter, papers, and the end of the draft: all or nothing. */
  file(row: { caseNo: string; draft: string; day: string; counter: number; sealed: Uint8Array; event: NewEvent; travel: Travel }): void {
    this.db.transaction(() => {
      this.db.run("INSERT OR REPLACE INTO case_counter VALUES (?, ?)", [row.day, row.counter]);
      this.append(row.event);
      this.db.run("INSERT INTO case_file VALUES (?, ?, ?, ?, ?)", [
        row.caseNo,
        row.draft,
        row.event.id,
        row.event.at,
        row.sealed,
      ]);
      this.papers.handIn(row.draft, row.event.id, row.travel);
      this.dropDraft(row.draft);
    });
  }

  caseFile(caseNo: string): { event: string; submittedAt: string; sealed: Uint8Array; draft: string } | undefined {
    const row = this.db.row("SELECT event, submitted_at, sealed, draft FROM case_file WHERE case_no = ?", [caseNo]);
    return row && { event: String(row[0]), submittedAt: String(row[1]), sealed: row[2] as Uint8Array, draft: String(row[3]) };
  }

  progress(caseNo: string): Uint8Array[] {
    return this.db.rows("SELECT sealed FROM case_progress WHERE case_no = ? ORDER BY cursor", [caseNo]).map(([s]) => s as Uint8Array);
  }

  addProgress(cursor: number, caseNo: string, sealed: Uint8Array): void {
    this.db.run("INSERT OR IGNORE INTO case_progress VALUES (?, ?, ?)", [cursor, caseNo, sealed]);
  }

  // ---- ratings ----

  rated(matter: string): boolean {
    return this.db.row("SELECT 1 FROM rating WHERE matter = ?", [matter]) !== undefined;
  }

  rate(matter: string, event: NewEvent): void {
    this.db.transaction(() => {
      if (this.rated(matter)) throw problem("rating.twice");
      this.db.run("INSERT INTO rating VALUES (?, ?)", [matter, event.id]);
      this.append(event);
    });
  }

  // ---- calls ----

  answer(call: string): string | null {
    const row = this.db.row("SELECT value FROM answered WHERE call = ?", [call]);
    return row ? String(row[0]) : null;
  }

  remember(call: string, value: string): void {
    this.db.run("INSERT OR REPLACE INTO answered VALUES (?, ?)", [call, value]);
    this.db.run("DELETE FROM answered WHERE rowid <= (SELECT max(rowid) FROM answered) - ?", [KEEP_CALLS]);
  }

  /** A new device starts with an empty outbox; what was sealed for the old one cannot be opened any more. */
  clear(): void {
    this.db.transaction(() => {
      tables(this.db).forEach((table) => this.db.run(`DELETE FROM ${table}`));
      this.db.run("DELETE FROM sqlite_sequence");
    });
  }

  private outbox(where: string, params: Value[]): OutboxRow[] {
    const sql = `SELECT seq, id, name, subject, at, sealed, verdict, problem, own FROM outbox ${where}`;
    return this.db.rows(sql, params).map(([seq, id, name, subject, at, sealed, verdict, why, own]) => ({
      seq: Number(seq),
      id: String(id),
      name: String(name),
      subject: String(subject),
      at: String(at),
      sealed: sealed as Uint8Array,
      own: own as Uint8Array | null,
      verdict: verdict === null ? null : String(verdict),
      problem: why === null ? null : (JSON.parse(String(why)) as ProblemWire),
    }));
  }
}
