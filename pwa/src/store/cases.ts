// What this device knows of a case after it was handed in: what the centre has said, what was made here since, and what
// may be done now. Pure but for the rows it reads; sealing and opening go through the store's box.
import type { ProblemWire } from "../kit/problems";
import { stateOf } from "../sync/outbox";
import type { Db } from "./db";
import type { CaseFull, Draft, ResultDocument } from "./types";

/** A case as it lies in `case_file`: the draft, and the secret of the receipt (cases from before 0.2 have none). */
export interface Kept extends Draft {
  follow?: string;
}

/** A message of the centre about a case, as it came down. */
export interface Told {
  state: string;
  state_name?: string;
  note?: string;
  at: string;
  missing?: string[];
  owed?: string[];
  owed_due?: string;
  due?: string;
  result?: string;
}

/** A message of the centre about a document that a decision made: issued, or taken back with a reason. */
export interface Issued {
  document: string;
  at: string;
  name?: string;
  number?: string;
  kind?: string; // "" for a number without a paper
  bytes?: number;
  sha256?: string;
  withdrawn?: string;
}

export const isTold = (one: Told | Issued): one is Told => "state" in one;

/** The documents of a case, the oldest first, each as it stands now. */
export function documentsOf(said: readonly (Told | Issued)[]): ResultDocument[] {
  const found = new Map<string, ResultDocument>();
  for (const one of said) {
    if (isTold(one)) continue;
    const before = found.get(one.document);
    if (one.withdrawn !== undefined) {
      if (before) found.set(one.document, { ...before, withdrawn: one.withdrawn });
      continue;
    }
    const { name = "", number = "", kind = "", bytes = 0, sha256 = "", at } = one;
    found.set(one.document, { id: one.document, name, number, kind, bytes, sha256, at, withdrawn: before?.withdrawn ?? "" });
  }
  return [...found.values()];
}

/** An event about a case that was made here after it was handed in. */
export interface Made {
  name: "case.supplemented" | "case.withdrawn";
  at: string;
  verdict: string | null;
  problem: ProblemWire | null;
}

const OPEN = new Set(["submitted", "returned", "accepted", "processing"]);

/** What was made here about a case since it was handed in, oldest first. */
export function madeFor(db: Db, caseNo: string): Made[] {
  const sql = "SELECT name, at, verdict, problem FROM outbox WHERE subject = ? AND name IN ('case.supplemented', 'case.withdrawn') ORDER BY seq";
  return db.rows(sql, [caseNo]).map(([name, at, verdict, why]) => ({
    name: String(name) as Made["name"],
    at: String(at),
    verdict: verdict === null ? null : String(verdict),
    problem: why === null ? null : (JSON.parse(String(why)) as ProblemWire),
  }));
}

type Material = Draft["materials"][number];

/** Materials of a case after a supplement: what has come stays come. Twin: `brought` in app/handling/rules.py. */
export function brought(before: readonly Material[], now: readonly Material[]): Material[] {
  const found = new Map<string, boolean>();
  for (const { name, have } of [...before, ...now]) found.set(name, (found.get(name) ?? false) || have);
  return [...found].map(([name, have]) => ({ name, have }));
}

/** Replaces what lies sealed in the file of a case. */
export function keepCase(db: Db, caseNo: string, sealed: Uint8Array): void {
  db.run("UPDATE case_file SET sealed = ? WHERE case_no = ?", [sealed, caseNo]);
}

/** Numbers of the newest cases on this device with what lies sealed in them. */
export function keptCases(db: Db, limit: number): { caseNo: string; sealed: Uint8Array }[] {
  return db.rows("SELECT case_no, sealed FROM case_file ORDER BY submitted_at DESC LIMIT ?", [limit]).map(([caseNo, sealed]) => ({
    caseNo: String(caseNo),
    sealed: sealed as Uint8Array,
  }));
}

type Standing = Pick<CaseFull, "state" | "missing" | "owed" | "owed_due" | "due" | "result" | "pending" | "refusal" | "may">;

/** Where a case stands: the centre's last word, and what waits here to be told. */
export function standing(told: readonly Told[], made: readonly Made[]): Standing {
  const last = told.at(-1);
  const state = last?.state ?? "submitted";
  const waiting = made.find((one) => stateOf(one.verdict) === "waiting");
  const latest = made.at(-1);
  const refused = latest && stateOf(latest.verdict) === "refused" ? latest.problem : null;
  const open = OPEN.has(state);
  const pending = waiting ? (waiting.name === "case.withdrawn" ? "withdraw" : "supplement") : "";
  return {
    state,
    missing: open ? (last?.missing ?? []) : [],
    owed: open ? (last?.owed ?? []) : [],
    owed_due: open ? (last?.owed_due ?? "") : "",
    due: open ? (last?.due ?? "") : "",
    result: last?.result ?? "",
    pending,
    refusal: refused ? `${refused.message}${refused.next}` : "",
    may: { supplement: open && pending === "", withdraw: open && pending !== "withdraw" },
  };
}

/** What the person at the counter has to bring; "" when nothing is asked for. */
export function asked(told: readonly Told[], made: readonly Made[]): "" | "returned" | "owed" {
  const { state, owed, pending } = standing(told, made);
  if (pending !== "") return "";
  if (state === "returned") return "returned";
  return owed.length > 0 ? "owed" : "";
}

const LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"; // none that is read for another

/** The secret on a receipt: eight signs, 39 bits, enough against guessing at a door that counts. */
export function followSecret(): string {
  let text = "";
  while (text.length < 8) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte! < LETTERS.length * 8) text += LETTERS[byte! % LETTERS.length]; // no sign is likelier than another
  }
  return text;
}
