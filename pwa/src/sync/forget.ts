// Cases whose time is over (PROTOCOL.md S30): the centre says so, and all that lies here of them goes. Loaded when there is one.
import type { Field } from "../store/field";

/** Wipes the cases that wait for it. One with something not yet sent waits until that has its verdict: nothing is lost. */
export function forgetCases(field: Field): void {
  const named = JSON.parse(field.meta("forget") ?? "[]") as string[];
  field.db.transaction(() => {
    const later = named.filter((caseNo) => !forgotten(field, caseNo));
    if (later.length > 0) field.setMeta("forget", JSON.stringify(later));
    else field.dropMeta("forget");
  });
}

function forgotten({ db }: Field, caseNo: string): boolean {
  const draft = String(db.row("SELECT draft FROM case_file WHERE case_no = ?", [caseNo])?.[0] ?? "");
  const visit = `visit:${caseNo}`;
  if (db.row("SELECT 1 FROM outbox WHERE subject IN (?, ?) AND verdict IS NULL", [caseNo, visit])) return false;
  if (db.row("SELECT 1 FROM file WHERE draft = ? AND state = 'waiting'", [draft])) return false;
  db.run("DELETE FROM file_content WHERE id IN (SELECT id FROM file WHERE draft = ?)", [draft]);
  db.run("DELETE FROM file WHERE draft = ?", [draft]);
  db.run("DELETE FROM case_file WHERE case_no = ?", [caseNo]);
  db.run("DELETE FROM case_progress WHERE case_no = ?", [caseNo]);
  db.run("DELETE FROM outbox WHERE subject IN (?, ?)", [caseNo, visit]);
  return true;
}
