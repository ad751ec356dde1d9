// The shapes of POST /sync and POST /enrol (PROTOCOL.md), and reading them without trusting them.
import { problem, type ProblemWire } from "../kit/problems";
import type { PeopleWord } from "../people/door";
import type { Device } from "../store/types";
import type { SignedManifest } from "./packs";

export const PROTO = 3;
export const BRIEF = 3; // from this version on a round is written as brief.ts says
export const ROWS = 2; // the newest version that writes events one by one: what a stick carries
export const OLDEST = 1; // PROTO − 2, but never below 1

export interface WireEvent {
  id: string;
  seq: number;
  name: string;
  subject: string;
  at: string;
  body: Record<string, unknown>;
}

export interface SyncRequest {
  proto: number;
  cursor: number;
  have: Record<string, number>; // release held, by scope; 0 for none
  events: WireEvent[];
  word: string; // which of the centre's words on this device is held (S69), "" for none
  key_letter: number; // serial of the key letter held, 0 for none
  people: string; // digest of the list of people held (S63)
  carried: object; // orders carried out (orders.ts)
  state: {
    app: string;
    waiting: number;
    refused: number;
    disk_free: number | null;
    disk_used: number | null;
    clock: string;
    browser: string;
    answers: AnswersWord | null;
  };
}

/** What this device answers to its own questions, as one hash, and the content roots of what it asked ("": none). */
export interface AnswersWord {
  knowledge: string;
  lingua: string;
  digest: string;
}

export interface SyncReply {
  server_time: string;
  verdicts: { id: string; verdict: string; problem: ProblemWire | null }[];
  missing: [number, number][]; // ranges of our numbers that the centre does not have
  manifests: SignedManifest[];
  packs: { sha256: string; data: string }[];
  downlink: { cursor: number; kind: string; body: Record<string, unknown> }[];
  cursor: number;
  next_poll_s: number;
  device: { revoked?: boolean; word?: string; point?: Device["point"]; letters?: string; lease_days?: number | null; courier_key?: string; answers_agree?: boolean | null; people?: PeopleWord } & Orders;
  key_letters?: KeyLetter[];
}

/** What the centre orders of this device; each is repeated until it was told as carried out. */
export interface Orders {
  move?: { order: number; point: Device["point"]; letters: string } | null;
  resend?: { order: number; from: number } | null;
}

export interface KeyLetter {
  text: string; // exact
  signatures: Record<string, string>; // base64 Ed25519 over it, by key id
}

export interface EnrolReply {
  device: string;
  letters: string;
  point: Device["point"];
  release_keys: Record<string, string>;
  server_time: string;
  root?: string; // of the offline root, "" where there is none
  key_letters?: KeyLetter[];
}

const VERDICTS = new Set(["accepted", "duplicate", "rejected", "quarantined"]);

type Loose = Record<string, unknown>;
const isObject = (value: unknown): value is Loose => typeof value === "object" && value !== null && !Array.isArray(value);
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function need(ok: boolean, field: string): void {
  if (!ok) throw problem("net.answer", { field });
}

function list(value: unknown, field: string): Loose[] {
  need(Array.isArray(value) && value.every(isObject), field);
  return value as Loose[];
}

/** The reply, or Problem net.answer naming the field that is not as the protocol says. */
export function readSyncReply(value: unknown): SyncReply {
  need(isObject(value) && isWhole(value.proto) && value.proto >= OLDEST && value.proto <= PROTO, "proto");
  const reply = value as Loose;
  need(typeof reply.server_time === "string" && !Number.isNaN(Date.parse(reply.server_time)), "server_time");
  list(reply.verdicts, "verdicts").forEach((one) =>
    need(typeof one.id === "string" && VERDICTS.has(String(one.verdict)), "verdicts"),
  );
  const isRange = (one: unknown): boolean => Array.isArray(one) && one.length === 2 && one.every(isWhole);
  need(Array.isArray(reply.missing) && reply.missing.every(isRange), "missing");
  list(reply.manifests, "manifests").forEach((one) =>
    need(typeof one.manifest === "string" && typeof one.signature === "string", "manifests"),
  );
  list(reply.packs, "packs").forEach((one) => need(typeof one.sha256 === "string" && typeof one.data === "string", "packs"));
  list(reply.downlink, "downlink").forEach((one) =>
    need(isWhole(one.cursor) && typeof one.kind === "string" && isObject(one.body), "downlink"),
  );
  need(isWhole(reply.cursor), "cursor");
  need(isWhole(reply.next_poll_s), "next_poll_s");
  need(isObject(reply.device), "device");
  const { answers_agree: agree, lease_days: days } = reply.device as Loose; // an older centre says nothing of them
  need(days === undefined || days === null || isWhole(days), "device.lease_days");
  need(agree === undefined || agree === null || typeof agree === "boolean", "device.answers_agree");
  return reply as unknown as SyncReply;
}

/** The enrolment, or Problem net.answer. */
export function readEnrolReply(value: unknown): EnrolReply {
  need(isObject(value), "enrol");
  const reply = value as Loose;
  need(typeof reply.device === "string" && reply.device !== "", "device");
  need(typeof reply.letters === "string" && /^[A-Z]{2}$/.test(reply.letters), "letters");
  need(isObject(reply.point) && /^\d{12}$/.test(String(reply.point.region)), "point");
  need(isObject(reply.release_keys) && Object.keys(reply.release_keys).length > 0, "release_keys");
  return reply as unknown as EnrolReply;
}
