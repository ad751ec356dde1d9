// U盘传递 on the device: the outbox out, a receipt or a pack of knowledge in. Twin of sync/stick.py; fetched when needed.
import { problem } from "../kit/problems";
import { fromBase64, toBase64 } from "../sync/bytes";
import { believe, type Contents, MOST_REQUESTS, newKey, openReceipt, type Opened, read, ROOM, writeUp } from "../sync/courier";
import { readSyncReply, ROWS, type SyncReply } from "../sync/messages";
import { BATCH_LARGEST } from "../sync/outbox";
import type { Runner } from "../sync/runner";
import { scopeOf } from "../sync/packs";
import { signText } from "../sync/signature";
import { FOR_GOOD } from "../sync/uploads";
import type { Field } from "./field";
import type { Identity } from "./identity";
import { uuid7 } from "./ids";
import type { About, PaperRow } from "./papers";
import { type Seal, sealOf } from "./seal";
import type { StickDone } from "./types";

export interface Here {
  field: Field;
  seal: Seal;
  identity: Identity;
  runner: Runner;
  now: number;
  quota(): Promise<{ used: number; free: number } | null>;
}

const KEYS_KEPT = 50; // outboxes whose receipt may still come
const SPACE = 3; // free bytes asked for, times the pack
const NOTHING = { events: 0, files: 0, left: 0, refused: 0, messages: 0, changed: false, held: 0, offered: 0, data: null };
type Bytes = Uint8Array<ArrayBuffer>;
type Keys = Record<string, string>;

export function stick(here: Here, file: Bytes | null): Promise<StickDone> {
  return file === null ? outbox(here) : take(here, file);
}

/** What waits, sealed to the centre. Nothing is cleared by it; with nothing waiting the receipt still brings messages. */
async function outbox(here: Here): Promise<StickDone> {
  const { field, seal, identity, runner } = here;
  const centre = field.meta("courier_key");
  if (centre === null || !identity.device) throw problem("stick.centre");
  const inner: Contents = {};
  let events = 0;
  for (let after = 0, number = 1; number <= MOST_REQUESTS; number++) {
    const batch = await runner.batchAfter(after, BATCH_LARGEST);
    if (batch.length === 0 && number > 1) break;
    const asked = await runner.request(batch, null);
    const request = { ...asked, proto: Math.min(asked.proto, ROWS) };
    inner[`requests/${String(number).padStart(3, "0")}.json`] = new TextEncoder().encode(JSON.stringify(request));
    events += batch.length;
    after = batch.at(-1)?.seq ?? after;
    if (batch.length === 0) break;
  }
  const { files, left } = await addPapers(here, inner);
  const key = newKey();
  inner.key = key.bytes;
  const id = uuid7(here.now);
  const about = { id, device: identity.device.id, made_at: new Date(here.now).toISOString(), events, files };
  const data = await writeUp(about, inner, centre, (text) => signText(text, identity.signing.privateKey));
  const keys = Object.entries({ ...(await keptKeys(field, seal)), [id]: key.text }).slice(-KEYS_KEPT);
  field.setMeta("courier_keys", toBase64(await seal.close(Object.fromEntries(keys))));
  return { ...NOTHING, kind: "up", bytes: data.length, data, events, files, left };
}

async function keptKeys(field: Field, seal: Seal): Promise<Keys> {
  const sealed = field.meta("courier_keys");
  return sealed === null ? {} : seal.open<Keys>(fromBase64(sealed));
}

/** Has its key for the way; else it waits for a guide to log in. */
const ready = ({ own, travel }: PaperRow): boolean => travel !== null || own === null;

async function addPapers({ field, seal }: Here, inner: Contents): Promise<{ files: number; left: number }> {
  let room = ROOM;
  let files = 0;
  let left = 0;
  for (const row of field.papers.waiting()) {
    const content = row.bytes <= room && ready(row) ? field.papers.content(row.id) : undefined;
    if (!content) {
      left += 1;
      continue;
    }
    const mine = await sealOf(row.travel, seal, seal);
    const { sha256 } = await mine.open<About>(row.about);
    inner[`files/${field.papers.caseOf(row.draft).toLowerCase()}/${sha256}`] = await mine.openBytes(content);
    room -= row.bytes;
    files += 1;
  }
  return { files, left };
}

/** A receipt or a pack, told apart by what it says of itself; verified whole before anything is touched. */
async function take(here: Here, file: Bytes): Promise<StickDone> {
  const opened = read(file);
  await believeKind(here, opened, file.length);
  return opened.about.kind === "receipt" ? receipt(here, opened, file.length) : knowledge(here, opened, file.length);
}

async function believeKind({ runner }: Here, opened: Opened, bytes: number): Promise<void> {
  if (opened.about.kind === "up") throw problem("stick.file", { reason: "是要交给中心的，不是中心给的", bytes });
  await believe(opened, await runner.releaseKeys(), bytes);
}

interface FileWord {
  case_no: string;
  sha256: string;
  stored: boolean;
  problem: { code: string; message: string; next: string } | null;
}

async function receipt(here: Here, { about, contents }: Opened, bytes: number): Promise<StickDone> {
  const { field, seal, identity, runner } = here;
  if (about.device !== identity.device?.id) throw problem("stick.file", { reason: "是别的电脑的回执", bytes });
  const id = about.id ?? "";
  const key = (await keptKeys(field, seal))[id];
  if (key === undefined) throw problem("stick.file", { reason: "对应的导出本机已经没有记录", bytes });
  const answer = (await openReceipt(id, contents.sealed ?? new Uint8Array(), key)) as { replies: unknown[]; files: FileWord[] };
  const replies = answer.replies.map(readSyncReply);
  const before = field.counts().waiting;
  for (const reply of replies) await runner.takeIn(reply, reply.verdicts);
  const files = await settlePapers(here, answer.files);
  await runner.adopt(inline(replies)).catch(() => undefined); // what is not at hand waits for a pack or a link
  return {
    ...NOTHING,
    kind: "receipt",
    bytes,
    events: Math.max(0, before - field.counts().waiting),
    files,
    left: field.papers.counts().waiting,
    refused: replies.flatMap(({ verdicts }) => verdicts).filter(({ verdict }) => verdict === "rejected" || verdict === "quarantined").length,
    messages: replies.reduce((sum, { downlink }) => sum + downlink.length, 0),
  };
}

const inline = (replies: readonly SyncReply[]): Map<string, Bytes> =>
  new Map(replies.flatMap(({ packs }) => packs.map(({ sha256, data }) => [sha256, fromBase64(data)] as const)));

async function settlePapers({ field, seal, now }: Here, words: readonly FileWord[]): Promise<number> {
  let stored = 0;
  for (const row of field.papers.waiting().filter(ready)) {
    const { sha256 } = await (await sealOf(row.travel, seal, seal)).open<About>(row.about);
    const caseNo = field.papers.caseOf(row.draft);
    const word = words.find((one) => one.case_no === caseNo && one.sha256 === sha256);
    if (word?.stored) {
      field.papers.settle(row.id, new Date(now).toISOString());
      stored += 1;
    } else if (word?.problem && FOR_GOOD.has(word.problem.code)) field.papers.refuse(row.id, word.problem);
  }
  return stored;
}

async function knowledge(here: Here, { about, contents }: Opened, bytes: number): Promise<StickDone> {
  const { field, runner } = here;
  const free = (await here.quota())?.free ?? Infinity;
  if (free < SPACE * bytes) throw problem("stick.space", { need: Math.ceil((SPACE * bytes) / 1e6), free: Math.floor(free / 1e6) });
  const packs = new Map(Object.entries(contents).map(([name, data]) => [name.replace(/^packs\/|\.pack$/g, ""), data]));
  const before = runner.have();
  const offered: Record<string, number> = {};
  for (const signed of about.manifests ?? []) {
    const scope = scopeOf(signed);
    offered[scope] = Number((JSON.parse(signed.manifest) as { release: number }).release);
    if (offered[scope] > (before[scope] ?? 0)) field.setMeta(`manifest.${scope}`, JSON.stringify(signed));
  }
  await runner.adopt(packs);
  if (about.courier_key) field.setMeta("courier_key", about.courier_key);
  const changed = JSON.stringify(runner.have()) !== JSON.stringify(before);
  return { ...NOTHING, kind: "down", bytes, changed, held: runner.have().knowledge ?? 0, offered: offered.knowledge ?? 0 };
}
