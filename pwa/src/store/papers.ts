// Photos and papers of cases in field.db: put to a draft, named by the case, gone when the centre has them. Synchronous
// SQL; sealing happens before, opening after.
import type { ProblemWire } from "../kit/problems";
import type { Db } from "./db";

export interface PaperRow {
  id: string;
  order: number; // in which they were put
  draft: string;
  bytes: number;
  state: "held" | "dropped" | "waiting" | "sent" | "refused";
  place: string | null;
  arrived: number;
  problem: ProblemWire | null;
  stopped: boolean; // a person stopped its upload
  about: Uint8Array;
  thumb: Uint8Array;
  own: Uint8Array | null; // key of about and content, for who logs in
  travel: Uint8Array | null; // the same for the way, while it waits
}

/** Keys for the way, by paper. */
export type Travel = ReadonlyMap<string, Uint8Array>;

/** What is sealed of a paper. */
export interface About {
  material: string; // "" for something that is not on the list
  kind: string;
  sha256: string;
}

export interface PaperCounts {
  waiting: number;
  bytes: number; // of those that wait
  arrived: number; // of these bytes
  refused: number;
}

const COLUMNS = "file.id, file.rowid, file.draft, bytes, state, place, arrived, file.problem, about, thumb, stopped, file.own, travel";

export class Papers {
  constructor(private readonly db: Db) {}

  /** Of a draft, or of the case it became, in the order in which they were put. */
  of(draft: string): PaperRow[] {
    return this.rows("FROM file WHERE draft = ? AND state <> 'dropped' ORDER BY rowid", [draft]);
  }

  one(id: string): PaperRow | undefined {
    return this.rows("FROM file WHERE id = ?", [id])[0];
  }

  /** The page, or the whole picture that it was cut from. */
  content(id: string, original = false): Uint8Array | null | undefined {
    return this.db.row(`SELECT ${original ? "original" : "sealed"} FROM file_content WHERE id = ?`, [id])?.[0] as Uint8Array | null | undefined;
  }

  add(row: Pick<PaperRow, "id" | "draft" | "bytes" | "about" | "thumb" | "own">, content: Uint8Array, original: Uint8Array | null): void {
    const { id, draft, bytes, about, thumb, own } = row;
    this.db.run("INSERT INTO file(id, draft, bytes, state, about, thumb, own) VALUES (?, ?, ?, 'held', ?, ?, ?)", [id, draft, bytes, about, thumb, own]);
    this.db.run("INSERT INTO file_content VALUES (?, ?, ?)", [id, content, original]);
  }

  /** Taken off a draft; it can be put back until the draft is handed in or the page opened anew. */
  drop(id: string): void {
    this.db.run("UPDATE file SET state = 'dropped' WHERE id = ? AND state = 'held'", [id]);
  }

  putBack(id: string): void {
    this.db.run("UPDATE file SET state = 'held' WHERE id = ? AND state = 'dropped'", [id]);
  }

  /** Two papers of one draft change places. */
  swap(one: string, other: string): void {
    const [a, b] = [this.one(one), this.one(other)];
    if (!a || a.draft !== b?.draft || a.state !== "held" || b.state !== "held") return;
    const move = (from: number, to: number): void => this.db.run("UPDATE file SET rowid = ? WHERE rowid = ?", [to, from]);
    move(a.order, -1);
    move(b.order, a.order);
    move(-1, b.order);
  }

  /** What was taken off is gone now. */
  forgetDropped(): void {
    this.remove("state = 'dropped'", []);
  }

  /** With a draft go its papers; those that a case names stay. */
  dropDraft(draft: string): void {
    this.remove("draft = ? AND state IN ('held', 'dropped')", [draft]);
  }

  /** The draft becomes a case: its papers wait for the centre. */
  handIn(draft: string, event: string, travel: Travel): void {
    this.remove("draft = ? AND state = 'dropped'", [draft]);
    travel.forEach((key, id) => this.db.run("UPDATE file SET travel = ? WHERE id = ? AND state = 'held'", [key, id]));
    this.db.run("UPDATE file SET state = 'waiting', event = ? WHERE draft = ? AND state = 'held'", [event, draft]);
  }

  /** The next that may go: its case was taken by the centre; the oldest first. */
  next(after: number): PaperRow | undefined {
    const ready = "FROM file JOIN outbox ON outbox.id = file.event WHERE state = 'waiting' AND (travel IS NOT NULL OR file.own IS NULL) AND verdict IN ('accepted', 'duplicate')";
    return this.rows(`${ready} AND NOT stopped AND file.rowid > ? ORDER BY file.rowid LIMIT 1`, [after])[0];
  }

  /** All that the centre does not have, whether it has taken their case or not. */
  waiting(): PaperRow[] {
    return this.rows("FROM file WHERE state = 'waiting' ORDER BY rowid", []);
  }

  /** The case that a draft became, "" for none. */
  caseOf(draft: string): string {
    return String(this.db.row("SELECT case_no FROM case_file WHERE draft = ?", [draft])?.[0] ?? "");
  }

  begun(id: string, place: string | null, arrived: number): void {
    this.db.run("UPDATE file SET place = ?, arrived = ? WHERE id = ? AND NOT stopped", [place, arrived, id]);
  }

  /** Whether a person stopped its upload; a stopped one begins anew when it may go on. */
  stop(id: string, stopped: boolean): void {
    this.db.run("UPDATE file SET stopped = ?, place = NULL, arrived = 0 WHERE id = ? AND state = 'waiting' AND stopped <> ?", [Number(stopped), id, Number(stopped)]);
  }

  /** The centre has it: only now the bytes go. */
  settle(id: string, at: string): void {
    this.db.transaction(() => {
      this.db.run("UPDATE file SET state = 'sent', travel = NULL, arrived = bytes, sent_at = ? WHERE id = ?", [at, id]);
      this.db.run("DELETE FROM file_content WHERE id = ?", [id]);
    });
  }

  refuse(id: string, { code, message, next }: ProblemWire): void {
    this.db.run("UPDATE file SET state = 'refused', travel = NULL, problem = ? WHERE id = ?", [JSON.stringify({ code, message, next }), id]);
  }

  retry(id: string): void {
    this.db.run("UPDATE file SET state = 'waiting', problem = NULL, place = NULL, arrived = 0 WHERE id = ? AND state = 'refused'", [id]);
  }

  /** A person gave up on a paper that the centre refused. */
  dismiss(id: string): void {
    this.remove("id = ? AND state = 'refused'", [id]);
  }

  counts(): PaperCounts {
    const waiting = "FILTER (WHERE state = 'waiting')";
    const row = this.db.row(
      `SELECT count(*) ${waiting}, coalesce(sum(bytes) ${waiting}, 0), coalesce(sum(arrived) ${waiting}, 0),
              count(*) FILTER (WHERE state = 'refused') FROM file`,
    );
    const [count, bytes, arrived, refused] = (row ?? []).map(Number);
    return { waiting: count ?? 0, bytes: bytes ?? 0, arrived: arrived ?? 0, refused: refused ?? 0 };
  }

  /** Of one case, by its event. */
  ofEvent(event: string): Pick<PaperCounts, "waiting" | "refused"> {
    const row = this.db.row(
      "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'refused') FROM file WHERE event = ?",
      [event],
    );
    return { waiting: Number(row?.[0] ?? 0), refused: Number(row?.[1] ?? 0) };
  }

  /** Small pictures of what the centre has long had are personal data that nobody needs here. */
  prune(before: string): void {
    this.remove("state = 'sent' AND sent_at < ?", [before]);
  }

  private remove(where: string, params: string[]): void {
    this.db.run(`DELETE FROM file_content WHERE id IN (SELECT id FROM file WHERE ${where})`, params);
    this.db.run(`DELETE FROM file WHERE ${where}`, params);
  }

  private rows(rest: string, params: (string | number)[]): PaperRow[] {
    return this.db.rows(`SELECT ${COLUMNS} ${rest}`, params).map(([id, order, draft, bytes, state, place, arrived, why, about, thumb, stopped, own, travel]) => ({
      id: String(id),
      order: Number(order),
      draft: String(draft),
      bytes: Number(bytes),
      state: String(state) as PaperRow["state"],
      place: place === null ? null : String(place),
      arrived: Number(arrived),
      problem: why === null ? null : (JSON.parse(String(why)) as ProblemWire),
      about: about as Uint8Array,
      thumb: thumb as Uint8Array,
      stopped: Number(stopped) === 1,
      own: own as Uint8Array | null,
      travel: travel as Uint8Array | null,
    }));
  }
}
