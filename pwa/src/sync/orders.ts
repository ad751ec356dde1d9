// What the centre orders of this device (PROTOCOL.md S29, S55 to S57): stop, work at another point, send again. Each order
// is carried out once and told in the next round. Loaded when there is one.
import { problem } from "../kit/problems";
import type { Field } from "../store/field";
import type { Device } from "../store/types";
import type { Orders } from "./messages";

interface Carried {
  resend: number;
  moved: { order: number; after: number } | null;
}

/** Which orders were carried out. */
export function carried(field: Field): Carried {
  return JSON.parse(field.meta("carried") ?? '{"resend":0,"moved":null}') as Carried;
}

/** Carries out what is new; the device as it is registered from now on. */
export function obey(field: Field, { move, resend }: Orders, device: Device): Device {
  const done = carried(field);
  let next = device;
  field.db.transaction(() => {
    if (move && move.order > (done.moved?.order ?? 0)) {
      if (!/^[A-Z]{2}$/.test(move.letters) || !/^\d{12}$/.test(move.point.region)) throw problem("net.answer", { field: "device.move" });
      const after = Number(field.db.row("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")?.[0] ?? 0);
      done.moved = { order: move.order, after };
      next = { ...device, letters: move.letters, point: move.point };
      field.dropMeta("word"); // the centre has the last word on where this is
      forget(field);
    }
    if (resend && resend.order > done.resend) {
      field.db.run("UPDATE outbox SET verdict = NULL, answered_at = NULL WHERE seq >= ? AND verdict IN ('accepted', 'duplicate')", [resend.from]);
      done.resend = resend.order;
    }
    field.setMeta("carried", JSON.stringify(done));
  });
  return next;
}

/** The centre stopped this device: what it knows of persons goes, what it could not send stays, sealed. */
export function stop(field: Field): void {
  field.db.transaction(() => {
    field.setMeta("revoked", "yes");
    field.db.run("DELETE FROM file_content WHERE id IN (SELECT id FROM file WHERE state = 'held')");
    field.db.run("DELETE FROM file WHERE state = 'held'");
    field.db.run("DELETE FROM draft");
    field.db.run("DELETE FROM guide"); // nobody opens here what stays
    forget(field);
  });
}

/** The lease ended: what the centre has goes, once; drafts and what waits stay, sealed. */
export function lapse(field: Field): void {
  field.db.transaction(() => {
    field.setMeta("lapsed", "yes");
    forget(field);
  });
}

/** Cases that the centre has, and what it told of them; papers and events that wait stay, refused ones too. */
function forget(field: Field): void {
  const settled = "verdict IN ('accepted', 'duplicate') AND id NOT IN (SELECT event FROM file WHERE event IS NOT NULL AND state = 'waiting')";
  field.db.run(`DELETE FROM case_file WHERE event IN (SELECT id FROM outbox WHERE ${settled}) OR event NOT IN (SELECT id FROM outbox)`);
  field.db.run("DELETE FROM case_progress WHERE case_no NOT IN (SELECT case_no FROM case_file)");
  field.db.run("DELETE FROM answered");
  field.db.run("DELETE FROM file WHERE state IN ('sent', 'dropped')");
  field.db.run(`DELETE FROM outbox WHERE ${settled}`);
}
