// What was left for the centre when nobody took the call: an event like any other, so it waits here for the link and goes up
// once; what the centre says of it comes down with the rounds. Loaded when somebody leaves word or looks at it.
import { problem } from "../kit/problems";
import { stateOf } from "../sync/outbox";
import type { Field, NewEvent, OutboxRow } from "./field";
import { uuid7 } from "./ids";
import { LONGEST_WORD } from "./sizes";
import type { LeftWord, Word } from "./types";

/** What leaving needs of the store. */
export interface Desk {
  field: Field;
  now(): number;
  event(name: string, subject: string, body: object, title: string): Promise<NewEvent>;
  open<T>(sealed: Uint8Array): Promise<T>;
}

/** What the centre said of a message, as it came down. */
interface Moved {
  state: LeftWord["state"];
  act: string;
  agent_name: string;
  tries: number;
  due_from: string;
  due_until: string;
  note: string;
  at: string;
}

/** The event of a message; Problem draft.field. */
export function eventOf(desk: Desk, word: Word): Promise<NewEvent> {
  const text = word.text.trim();
  if (text === "" || text.length > LONGEST_WORD) throw problem("draft.field", { field: "留言" });
  const { item, release, day, part, why, language } = word;
  return desk.event("message.left", uuid7(desk.now()), { text, item, release, day, part, why, language }, text.slice(0, 40));
}

/** Everything left here that the outbox still knows, the newest first. */
export async function leftWords(desk: Desk): Promise<LeftWord[]> {
  const { field } = desk;
  // What other computers of this point left was told here too; and what the outbox has forgotten goes.
  field.db.run("DELETE FROM case_progress WHERE case_no NOT LIKE 'NJ%' AND case_no NOT IN (SELECT subject FROM outbox)");
  return Promise.all(field.named("message.left").map((row) => wordOf(desk, row)));
}

async function wordOf(desk: Desk, row: OutboxRow): Promise<LeftWord> {
  const { body } = await desk.open<{ body: Word }>(row.own ?? row.sealed);
  const said = await Promise.all(desk.field.progress(row.subject).map((sealed) => desk.open<Moved>(sealed)));
  const last = said.at(-1);
  const send = stateOf(row.verdict);
  return {
    id: row.subject,
    event: row.id,
    text: body.text,
    item: body.item,
    day: body.day,
    part: body.part,
    left_at: row.at,
    state: send === "sent" ? (last?.state ?? "left") : send,
    agent_name: last?.agent_name ?? "",
    tries: last?.tries ?? 0,
    due_from: last?.due_from ?? "",
    note: last?.note ?? "",
    said_at: last?.at ?? "",
    problem: row.problem ? `${row.problem.message}${row.problem.next}` : "",
  };
}
