// The door of this device, inside the store's worker: who may open what is personal, and the keys to it. A PIN opens the data
// key by a slow derivation and a key that the browser never gives out; the centre gives the data key to who proves an account.
import { problem } from "../kit/problems";
import { fromBase64, toBase64 } from "../sync/bytes";
import type { Field } from "../store/field";
import type { Identity, IdentityStore } from "../store/identity";
import { Seal, sealBy, type Own } from "../store/seal";
import type { Guide, People } from "../store/types";
import * as letterbox from "./letterbox";
import { pinFault, TRIES, waitMs, waitWord } from "./rules";

type Bytes = Uint8Array<ArrayBuffer>;

export interface Here {
  field: Field;
  own: Own;
  device: Seal;
  identity: Identity;
  identities: IdentityStore;
  now(): number;
}

/** What the centre says of the people of this point (PROTOCOL.md S63). */
export interface PeopleWord {
  digest: string;
  people: Guide[];
  lock_minutes: number;
  pin_rounds: number;
}

/** Somebody whom the centre has admitted and who has no PIN here yet. */
export interface Admitted {
  guide: Guide;
  key: Bytes;
}

const isWord = (word: PeopleWord | undefined): boolean =>
  typeof word?.digest === "string" && Array.isArray(word.people) && word.people.every((one) => typeof one?.id === "string" && typeof one.name === "string") && word.lock_minutes >= 1 && word.pin_rounds >= 1000;

/** Takes in the list of people; true when `session` is no longer on it and must end. Whoever left can open nothing here any more. */
export function hear(field: Field, word: PeopleWord, session: string | null): boolean {
  if (!isWord(word)) throw problem("net.answer", { field: "device.people" });
  const { digest, people, ...settings } = word;
  const ids = new Set(people.map(({ id }) => id));
  field.db.transaction(() => {
    field.setMeta("people", JSON.stringify({ people, ...settings }));
    field.setMeta("people_digest", digest);
    people.forEach(({ id, name }) => field.db.run("UPDATE guide SET name = ? WHERE id = ?", [name, id]));
    for (const [id] of field.db.rows("SELECT id FROM guide")) {
      if (!ids.has(String(id))) field.db.run("UPDATE guide SET wrapped = NULL WHERE id = ?", [String(id)]);
    }
  });
  return session !== null && !ids.has(session);
}

const UNTOLD = { people: [] as Guide[], lock_minutes: 10, pin_rounds: 600_000 };
export const told = (field: Field): typeof UNTOLD => JSON.parse(field.meta("people") ?? "null") ?? UNTOLD;

/** Who may log in: those with a PIN here, last first, and the others of the point. */
export function people(field: Field, now: number): People {
  const { people: all, lock_minutes } = told(field);
  const listed = new Set(all.map(({ id }) => id));
  const rows = field.db.rows(
    `SELECT id, name, wrapped IS NOT NULL, failures, failed_at, (SELECT count(*) FROM draft WHERE owner = guide.id)
     FROM guide ORDER BY used_at DESC`,
  );
  const here = rows
    .map(([id, name, pin, failures, failedAt, drafts]) => ({
      id: String(id),
      name: String(name),
      pin: Boolean(pin),
      wait_s: Math.ceil(waitMs(Number(failures), Number(failedAt), now) / 1000),
      drafts: Number(drafts),
    }))
    .filter(({ id, pin }) => pin || listed.has(id));
  const known = new Set(here.map(({ id }) => id));
  return { here, others: all.filter(({ id }) => !known.has(id)), lock_minutes };
}

/** The centre's answer to account and password. */
export function admitted(field: Field, reply: unknown): Admitted {
  const { guide, data_key, people: word } = (reply ?? {}) as { guide?: Guide; data_key?: string; people?: PeopleWord };
  if (typeof guide?.id !== "string" || typeof guide.name !== "string" || typeof data_key !== "string" || !isWord(word)) throw problem("net.answer", { field: "guides/login" });
  const key = fromBase64(data_key);
  if (key.length !== 32) throw problem("net.answer", { field: "data_key" });
  hear(field, word!, null);
  return { guide, key };
}

/** Sets the PIN of somebody whom the centre admitted (or who has just opened with the old one), and opens. */
export async function setPin(here: Here, { guide, key }: Admitted, pin: string): Promise<void> {
  const fault = pinFault(pin);
  if (fault) throw problem("people.pin", { fault });
  const { field, now } = here;
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const rounds = told(field).pin_rounds;
  const wrapped = await new Seal(await derived(pin, salt, rounds, await pepper(here))).closeBytes(key);
  await openWith(here, key);
  field.db.run("INSERT OR REPLACE INTO guide(id, name, salt, rounds, wrapped, used_at) VALUES (?, ?, ?, ?, ?, ?)", [
    guide.id, guide.name, salt, rounds, wrapped, new Date(now()).toISOString(),
  ]); // prettier-ignore
}

/** Opens with a PIN. A try counts before it is made, so that a page closed in between gives none away. */
export async function unlock(here: Here, id: string, pin: string): Promise<Admitted> {
  const { field, now } = here;
  const row = field.db.row("SELECT name, salt, rounds, wrapped, failures, failed_at FROM guide WHERE id = ?", [id]);
  if (!row?.[3]) throw problem("people.link");
  const [name, salt, rounds, wrapped, failures, failedAt] = row;
  const wait = waitMs(Number(failures), Number(failedAt), now());
  if (wait > 0) throw problem("people.wait", { wait: waitWord(wait) });
  field.db.run("UPDATE guide SET failures = failures + 1, failed_at = ? WHERE id = ?", [now(), id]);
  const seal = new Seal(await derived(pin, new Uint8Array(salt as Uint8Array), Number(rounds), await pepper(here)));
  const key = await seal.openBytes(wrapped as Uint8Array).catch(() => null);
  if (!key) throw wrong(field, id, Number(failures) + 1, now());
  field.db.run("UPDATE guide SET failures = 0, used_at = ? WHERE id = ?", [new Date(now()).toISOString(), id]);
  await openWith(here, key);
  return { guide: { id, name: String(name) }, key };
}

function wrong(field: Field, id: string, failures: number, now: number): Error {
  if (failures >= TRIES) {
    field.db.run("UPDATE guide SET wrapped = NULL, failures = 0 WHERE id = ?", [id]);
    return problem("people.link");
  }
  const wait = waitMs(failures, now, now);
  return problem("people.wrong", { left: TRIES - failures, wait: wait > 0 ? `，先等 ${waitWord(wait)}` : "" });
}

async function derived(pin: string, salt: Bytes, iterations: number, secret: CryptoKey): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  const slow = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, base, 256);
  const mixed = await crypto.subtle.sign("HMAC", secret, slow);
  return crypto.subtle.importKey("raw", mixed, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** The device's own part of every PIN, never extractable: a copy of the database file alone gives nothing to guess at. */
async function pepper({ identity, identities }: Here): Promise<CryptoKey> {
  if (!identity.pepper) {
    const made = (await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"])) as CryptoKey;
    await identities.save(Object.assign(identity, { pepper: made }));
  }
  return identity.pepper!;
}

async function openWith(here: Here, key: Bytes): Promise<void> {
  const { field, own, device } = here;
  const seal = await sealBy(key);
  const kept = field.meta("letterbox");
  if (kept === null) {
    const built = await letterbox.build();
    own.unlock(seal, await letterbox.keyOf(built.key));
    const sealed = toBase64(await seal.closeBytes(built.key));
    field.db.transaction(() => {
      field.setMeta("letterbox", JSON.stringify({ slot: built.slot, sealed }));
      field.dropMeta("grace_until");
    });
  } else {
    const { sealed } = JSON.parse(kept) as { sealed: string };
    own.unlock(seal, await letterbox.keyOf(await seal.openBytes(fromBase64(sealed))));
  }
  await adopt(field, own, device);
}

const UNDER_DEVICE = (column: string): string => `length(${column}) > 0 AND substr(${column}, 1, 3) <> X'6A6A6F'`;

/** What lies under the device's key from before a log-in, or was made while nobody was logged in, comes under the data key. */
async function adopt(field: Field, own: Own, device: Seal): Promise<void> {
  const { db } = field;
  const move = async (table: string, column: string): Promise<void> => {
    for (const [rowid, sealed] of db.rows(`SELECT rowid, ${column} FROM ${table} WHERE ${UNDER_DEVICE(column)}`)) {
      const moved = await own.closeBytes(await device.openBytes(sealed as Bytes));
      db.run(`UPDATE ${table} SET ${column} = ? WHERE rowid = ? AND ${column} = ?`, [moved, Number(rowid), sealed as Bytes]);
    }
  };
  await move("draft", "sealed");
  await move("case_file", "sealed");
  await move("case_progress", "sealed");
  await move("file", "thumb");
  await move("file_content", "original");
  for (const [id, sealed] of db.rows("SELECT id, sealed FROM outbox WHERE own IS NULL")) {
    const moved = await own.closeBytes(await device.openBytes(sealed as Bytes));
    db.run("UPDATE outbox SET own = ?, sealed = CASE WHEN verdict IS NULL THEN sealed ELSE X'' END WHERE id = ?", [moved, String(id)]);
  }
  for (const [id] of db.rows("SELECT id FROM file WHERE own IS NULL")) await adoptPaper(field, own, device, String(id));
  await refill(field, own, device);
}

async function adoptPaper({ db, papers }: Field, own: Own, device: Seal, id: string): Promise<void> {
  const row = papers.one(id);
  if (!row) return;
  const key = crypto.getRandomValues(new Uint8Array(32));
  const seal = await sealBy(key);
  const about = await seal.closeBytes(await device.openBytes(row.about));
  const before = papers.content(id);
  const content = before ? await seal.closeBytes(await device.openBytes(before)) : null;
  const [mine, travel] = [await own.closeBytes(key), await device.closeBytes(key)];
  db.transaction(() => {
    db.run("UPDATE file SET about = ?, own = ?, travel = CASE WHEN state = 'waiting' THEN ? END WHERE id = ?", [about, mine, travel, id]);
    if (content) db.run("UPDATE file_content SET sealed = ? WHERE id = ?", [content, id]);
  });
}

/** Events that go up once more after their copy for the way was dropped get a new one; only a guide can. */
export async function refill({ db }: Field, own: Own, device: Seal): Promise<void> {
  if (!own.unlocked) return;
  for (const [id, mine] of db.rows("SELECT id, own FROM outbox WHERE verdict IS NULL AND length(sealed) = 0")) {
    const sealed = await device.closeBytes(await own.openBytes(mine as Bytes));
    db.run("UPDATE outbox SET sealed = ? WHERE id = ? AND verdict IS NULL", [sealed, String(id)]);
  }
  for (const [id, mine] of db.rows("SELECT id, own FROM file WHERE state = 'waiting' AND travel IS NULL AND own IS NOT NULL")) {
    const travel = await device.closeBytes(await own.openBytes(mine as Bytes));
    db.run("UPDATE file SET travel = ? WHERE id = ? AND state = 'waiting'", [travel, String(id)]);
  }
}
