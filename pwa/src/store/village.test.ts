// The store over SQLite in memory, against a centre made of plain functions that answers as PROTOCOL.md says.
import sqlite3InitModule, { type Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import fileVectors from "../../../tests/vectors/files.json";
import vectors from "../../../tests/vectors/packs.json";
import type { SyncRequest, WireEvent } from "../sync/messages";
import { choosePack, type Manifest, MemoryPart } from "../sync/packs";
import type { World } from "../sync/runner";
import { Db } from "./db";
import { Field } from "./field";
import type { Identity, IdentityStore } from "./identity";
import { Knowledge } from "./knowledge";
import { Lingua } from "./lingua";
import { Village } from "./village";

let sqlite3: Sqlite3Static;
beforeAll(async () => {
  sqlite3 = await sqlite3InitModule();
});

type Handler = (request: { method: string; path: string; headers: Headers; body: Uint8Array }) => Response | Promise<Response>;
const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(value), { status, headers: { "Content-Type": "application/json", ...headers } });
const POINT = { id: "hexie", name: "和谐社区", region: "533301001003", region_name: "和谐社区居委会" };

const GUIDES = [{ id: "a", name: "陆容" }, { id: "b", name: "和志" }]; // prettier-ignore
const PIN = "271828";

/** A request as rows: what version 3 left out is filled in. */
function unfolded(body: Uint8Array): SyncRequest {
  const said = JSON.parse(new TextDecoder().decode(body)) as Omit<SyncRequest, "events"> & { events?: { ids: string; seq: number[]; at: number[]; name: string[]; subject: string[]; body: Record<string, unknown>[] } };
  if (said.proto < 3) return said as unknown as SyncRequest;
  const { events } = said;
  const sums = (steps: number[]): number[] => steps.map((_, at) => steps.slice(0, at + 1).reduce((sum, step) => sum + step, 0));
  const seq = sums(events?.seq ?? []);
  const at = sums(events?.at ?? []);
  const ids = Buffer.from(events?.ids ?? "", "base64").toString("hex");
  const rows = seq.map((number, row) => {
    const id = ids.slice(row * 32, row * 32 + 32).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
    return { id, seq: number, at: new Date(at[row]!).toISOString(), name: events!.name[row]!, subject: events!.subject[row]!, body: events!.body[row]! };
  });
  const state: object = { disk_free: null, disk_used: null, answers: null };
  const empty: object = { cursor: 0, word: "", carried: { resend: 0, moved: null } };
  return { ...empty, ...said, state: { ...state, ...said.state }, events: rows } as unknown as SyncRequest;
}

/** A centre: keeps every event it was sent, offers release `offered` of the vectors. */
class Centre {
  ledger = new Map<string, WireEvent>();
  requests: SyncRequest[] = [];
  offered = 1;
  inline = true;
  packBytes = 0;
  missing: [number, number][] = [];
  agree: boolean | null = null; // its word on our answers
  verdict: (event: WireEvent) => string = () => "accepted";
  downlink: { cursor: number; kind: string; body: Record<string, unknown> }[] = [];
  override: ((request: Parameters<Handler>[0]) => ReturnType<Handler> | undefined) | null = null; // a fault: answers instead of the centre
  places = new Map<string, { sha256: string; length: number; data: Buffer }>(); // files of cases, by place
  paperBytes = 0; // of PATCH bodies that came
  dataKey = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
  people = { digest: "aaaaaaaaaaaa", people: GUIDES, lock_minutes: 10, pin_rounds: 1000 };
  orders: object = {}; // what the centre asks of the device
  cutAfter: number | null = null; // bytes of one PATCH body that arrive before the link is cut

  handle: Handler = async (request) => {
    const fault = await this.override?.(request);
    if (fault) return fault;
    if (request.path === "/guides/login") {
      const { username } = JSON.parse(new TextDecoder().decode(request.body)) as { username: string };
      const guide = GUIDES.find(({ id }) => id === username);
      if (!guide) return json({ ok: false, error: { code: "login.wrong", message: "登录名或密码不对。", next: "请再试一次。" } }, 401);
      return json({ guide, data_key: this.dataKey, people: this.people });
    }
    if (request.path === "/enrol") {
      return json({ device: "d-abcdefgh", letters: "AB", point: POINT, release_keys: vectors.keys, server_time: new Date().toISOString() }, 201);
    }
    if (request.path.startsWith("/packs/")) return this.pack(request);
    if (request.path.startsWith("/files")) return this.tus(request);
    return this.sync(unfolded(gunzipSync(request.body)));
  };

  private sync(asked: SyncRequest): Response {
    this.requests.push(asked);
    const verdicts = asked.events.map((event) => {
      const verdict = this.ledger.has(event.id) ? "duplicate" : this.verdict(event);
      if (verdict === "accepted") this.ledger.set(event.id, event);
      const problem = verdict === "rejected" ? { code: "event.field", message: "记录内容不合要求。", next: "请改正。" } : null;
      return { id: event.id, verdict, ledger: null, problem };
    });
    const release = vectors.releases[this.offered - 1]!;
    const fresh = asked.have["knowledge"] === this.offered;
    const entry = choosePack(JSON.parse(release.manifest) as Manifest, asked.have["knowledge"] ?? 0)!;
    const packs = release.packs as unknown as Record<string, string>;
    const downlink = this.downlink.filter((one) => one.cursor > asked.cursor);
    return json({
      proto: 1,
      server_time: new Date().toISOString(),
      verdicts,
      missing: this.missing,
      manifests: fresh ? [] : [{ manifest: release.manifest, signature: release.signature }],
      packs: fresh || !this.inline ? [] : [{ sha256: entry.sha256, data: packs[entry.sha256] }],
      downlink,
      cursor: downlink.at(-1)?.cursor ?? asked.cursor,
      next_poll_s: 300,
      device: { revoked: false, answers_agree: asked.state.answers ? this.agree : null, point: POINT, ...this.orders },
    });
  }

  /** tus as the centre speaks it: what a cut body brought counts, a creation asked again gives the same place. */
  private tus({ method, path, headers, body }: Parameters<Handler>[0]): Response {
    const tus = (status: number, more: Record<string, string>): Response => new Response(null, { status, headers: { "Tus-Resumable": "1.0.0", ...more } });
    if (method === "POST") {
      const said = Object.fromEntries(headers.get("Upload-Metadata")!.split(",").map((pair) => pair.split(" ").map((text, at) => (at ? atob(text) : text))));
      const named = [...this.ledger.values()].some(({ body: event }) => event["case_no"] === said.case && JSON.stringify(event["files"]).includes(String(said.sha256)));
      if (!named) return json({ ok: false, error: { code: "file.unnamed", message: "中心没有等着这份附件。", next: "稍后再传。" } }, 404);
      const place = `/files/${said.case}-${said.sha256.slice(0, 8)}`;
      if (!this.places.has(place)) this.places.set(place, { sha256: said.sha256, length: Number(headers.get("Upload-Length")), data: Buffer.alloc(0) });
      return tus(201, { Location: place, "Upload-Offset": String(this.places.get(place)!.data.length) });
    }
    const held = this.places.get(path);
    if (!held) return json({}, 404);
    if (method === "DELETE") return this.places.delete(path), tus(204, {});
    if (method === "HEAD") return tus(200, { "Upload-Offset": String(held.data.length) });
    if (Number(headers.get("Upload-Offset")) !== held.data.length) return json({ ok: false, error: { code: "file.offset", message: "接不上。", next: "接着传。" } }, 409);
    const came = body.subarray(0, this.cutAfter ?? body.length);
    this.paperBytes += came.length;
    held.data = Buffer.concat([held.data, came]);
    if (this.cutAfter !== null) throw new TypeError("Failed to fetch");
    return tus(204, { "Upload-Offset": String(held.data.length) });
  }

  private pack({ path, headers }: { path: string; headers: Headers }): Response {
    const sha = path.slice("/packs/".length, -".pack".length);
    const packs = vectors.releases.flatMap((release) => Object.entries(release.packs as unknown as Record<string, string>));
    const data = Buffer.from(packs.find(([name]) => name === sha)![1], "base64");
    const from = Number(/bytes=(\d+)-/.exec(headers.get("Range") ?? "")?.[1] ?? 0);
    this.packBytes += data.length - from;
    return new Response(data.subarray(from), { status: from ? 206 : 200, headers: { "Content-Type": "application/octet-stream" } });
  }
}

class MemoryIdentity implements IdentityStore {
  kept: Identity | null = null;
  load = async (): Promise<Identity | null> => this.kept;
  save = async (identity: Identity): Promise<void> => void (this.kept = identity);
}

let centre: Centre;
let identities: MemoryIdentity;
let files: { knowledge: Db; lingua: Db; field: Db };
let clock: number; // ms that this device's clock is wrong
let onLine: boolean;
let calling: boolean;
let diskFree: number | null;
let villages: Village[];
const parts = new Map<string, MemoryPart>();

function open(): Village {
  const mine = centre; // a round still under way when a test ends must not reach the next test's centre
  const world: World = {
    app: "0.1.0",
    browser: "test",
    now: () => Date.now() + clock,
    random: () => 0.999,
    onLine: () => onLine,
    disk: async () => (diskFree === null ? null : { free: diskFree, used: 0 }),
    openPart: async (sha) => {
      if (!parts.has(sha)) parts.set(sha, new MemoryPart());
      return parts.get(sha)!;
    },
    fetcher: async (input, init) => {
      if (!onLine) throw new TypeError("Failed to fetch");
      const body = new Uint8Array((init?.body as Uint8Array<ArrayBuffer> | undefined) ?? []);
      return mine.handle({ method: init?.method ?? "GET", path: String(input), headers: new Headers(init?.headers), body });
    },
    calling: async () => calling,
    changed: () => undefined,
  };
  const disk = { persisted: async () => true, askToPersist: async () => true, quota: async () => null };
  const village = new Village(world, disk, identities, new Knowledge(files.knowledge), new Lingua(files.lingua), new Field(files.field));
  villages.push(village);
  return village;
}

/** Calls as a window makes them. */
let calls = 0;
const tell = (village: Village, method: Parameters<Village["dispatch"]>[1], ...args: unknown[]): Promise<unknown> =>
  village.dispatch(`call-${++calls}`, method, args);

async function enrolled(): Promise<Village> {
  const village = await registered();
  await logIn(village);
  return village;
}

/** A device on which nobody has logged in. */
async function registered(): Promise<Village> {
  const village = open();
  await village.boot(null);
  await tell(village, "enrol", "ABCDEFGHJK");
  await village.syncNow();
  return village;
}

/** By the link, with a PIN. */
async function logIn(village: Village, id = "a", pin = PIN): Promise<void> {
  await tell(village, "admit", id, "password");
  await tell(village, "setPin", pin);
}

/** The device is started anew, and the guide types the PIN. */
async function reopened(): Promise<Village> {
  const village = open();
  await village.boot(null);
  await village.unlock("a", PIN);
  return village;
}

async function filed(village: Village, name = "测试花"): Promise<string> {
  const draft = await village.newDraft("animal-quarantine", []);
  await village.saveDraft({ ...draft, applicant: { ...draft.applicant, name } });
  return (await village.submit(draft.id)).case_no;
}

const vector = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(fileVectors.files.find((one) => one.name === name)!.data, "base64"));
/** The frame of a photo with so many bytes in between. */
const photo = (filler: number): Uint8Array<ArrayBuffer> => {
  const small = vector("a photo");
  return new Uint8Array(Buffer.concat([small.subarray(0, -2), Buffer.alloc(filler, 7), small.subarray(-2)]));
};

beforeEach(() => {
  centre = new Centre();
  identities = new MemoryIdentity();
  const memory = (): Db => new Db(sqlite3, new sqlite3.oo1.DB(":memory:"));
  files = { knowledge: memory(), lingua: memory(), field: memory() };
  clock = 0;
  onLine = true;
  calling = false;
  diskFree = null;
  villages = [];
  parts.clear();
});
afterEach(() => villages.forEach((village) => village.close()));

describe("the first day", () => {
  test("a fresh device enrols, gets the knowledge and is ready", async () => {
    const village = open();
    expect(await village.boot(null)).toEqual({ state: "fresh" });
    await tell(village, "enrol", "ABCDEFGHJK");
    await village.syncNow();
    expect(await village.boot(null)).toEqual({ state: "ready" });
    expect(await village.status()).toMatchObject({ release: 1, waiting: 0, link: "online", problem: null, enrolled: { letters: "AB" } });
  });

  test("a wrong code says so and can be tried again with the same key", async () => {
    centre.override = () => json({ ok: false, error: { code: "enrol.code_wrong", message: "登记码不对。", next: "请核对。" } }, 403);
    const village = open();
    await village.boot(null);
    await expect(tell(village, "enrol", "WRONG")).rejects.toMatchObject({ code: "enrol.code_wrong", message: "登记码不对。" });
    const key = identities.kept?.signing;
    centre.override = null;
    await tell(village, "enrol", "ABCDEFGHJK");
    expect(identities.kept?.signing).toBe(key);
  });

  test("knowledge that was cut off on its way goes on after a restart and is not fetched twice", async () => {
    centre.inline = false;
    let open_ = true;
    centre.override = ({ path, headers }) => {
      if (!path.startsWith("/packs/") || headers.has("Range") || !open_) return null as unknown as Response;
      open_ = false; // the first answer is cut after 1000 bytes
      const sha = path.slice(7, -5);
      const data = Buffer.from((vectors.releases[0]!.packs as unknown as Record<string, string>)[sha]!, "base64");
      centre.packBytes += 1000;
      onLine = false;
      return new Response(data.subarray(0, 1000), { headers: { "Content-Type": "application/octet-stream" } });
    };
    const first = await registered();
    expect((await first.status()).release).toBeNull();
    first.close();
    onLine = true;
    const second = open();
    expect(await second.boot(null)).toEqual({ state: "empty" });
    await second.syncNow();
    expect((await second.status()).release).toBe(1);
    expect(centre.packBytes).toBe((JSON.parse(vectors.releases[0]!.manifest) as Manifest).packs[0]!.bytes);
  });

  test("knowledge arrives though the link throws away every longer answer", async () => {
    centre.inline = false;
    const spans: number[] = [];
    centre.override = ({ path, headers }) => {
      if (!path.startsWith("/packs/")) return null as unknown as Response;
      const [, from, to] = /bytes=(\d+)-(\d*)/.exec(headers.get("Range") ?? "bytes=0-") ?? [];
      const data = Buffer.from((vectors.releases[0]!.packs as unknown as Record<string, string>)[path.slice(7, -5)]!, "base64");
      const part = data.subarray(Number(from), to ? Number(to) + 1 : undefined);
      spans.push(part.length);
      const body = new ReadableStream({
        start: (stream) => (part.length > 4096 ? stream.error(new TypeError("network error")) : (stream.enqueue(part), stream.close())),
      });
      return new Response(body, { status: 206, headers: { "Content-Type": "application/octet-stream" } });
    };
    const village = await enrolled();
    expect(spans.length).toBeGreaterThan(3);
    expect((await village.status()).release).toBe(1);
  });

  test("the next release comes as a delta; a damaged copy is replaced by the full pack", async () => {
    const village = await enrolled();
    files.knowledge.run("UPDATE item SET fee = 'x'");
    centre.offered = 2;
    await village.syncNow();
    expect((await village.status()).release).toBe(2);
    expect((await village.items()).some((item) => item.fee === "x")).toBe(false);
  });

  test("an old signed manifest changes nothing and is named", async () => {
    centre.offered = 2;
    const village = await enrolled();
    centre.offered = 1;
    await village.syncNow();
    expect(await village.status()).toMatchObject({ release: 2, problem: { code: "pack.rollback" } });
  });
});

describe("a case", () => {
  test("submitted twice is one case, one event, and the draft is gone", async () => {
    const village = await enrolled();
    const draft = await village.newDraft("animal-quarantine", []);
    await village.saveDraft({ ...draft, applicant: { ...draft.applicant, name: "测试花" } });
    const numbers = await Promise.all([tell(village, "submit", draft.id), tell(village, "submit", draft.id)]);
    expect(numbers[0]).toEqual(numbers[1]);
    expect(numbers[0]).toMatchObject({ case_no: expect.stringMatching(/^NJ533301001\d{8}AB0001$/) as string });
    expect(await village.drafts()).toEqual([]);
    await village.saveDraft(draft); // a keystroke that came late
    expect(await village.drafts()).toEqual([]);
    await village.syncNow();
    expect([...centre.ledger.values()].filter((event) => event.name === "case.submitted")).toHaveLength(1);
  });

  test("is personal at rest: neither name nor number is readable in the file", async () => {
    const village = await enrolled();
    await filed(village, "测试花花");
    const dump = Buffer.from(sqlite3.capi.sqlite3_js_db_export(files.field.handle)).toString("latin1");
    expect(dump).not.toContain(Buffer.from("测试花花").toString("latin1"));
    expect(dump).toContain("case.submitted");
  });

  test("without a name is not taken, and stays a draft", async () => {
    const village = await enrolled();
    const draft = await village.newDraft("animal-quarantine", []);
    await expect(village.submit(draft.id)).rejects.toMatchObject({ code: "draft.field" });
    expect(await village.drafts()).toHaveLength(1);
  });

  test("on a full disk is not half there", async () => {
    const village = await enrolled();
    const draft = await village.newDraft("animal-quarantine", []);
    await village.saveDraft({ ...draft, applicant: { ...draft.applicant, name: "测试花" }, note: "记".repeat(3000) });
    const pages = Number(files.field.row("PRAGMA page_count")?.[0]);
    files.field.run(`PRAGMA max_page_count=${pages}`);
    await expect(village.submit(draft.id)).rejects.toMatchObject({ code: "storage.full" });
    expect(await village.drafts()).toHaveLength(1);
    expect((await village.records()).filter((row) => row.kind === "case")).toEqual([]);
    files.field.run("PRAGMA max_page_count=100000");
    expect((await village.submit(draft.id)).case_no).toMatch(/0001$/); // no number was lost
  });

  test("shows what the centre says of it", async () => {
    const village = await enrolled();
    const caseNo = await filed(village);
    await village.syncNow();
    centre.downlink = [{ cursor: 7, kind: "case.progress", body: { case_no: caseNo, state: "accepted", state_name: "已受理", note: "", at: "2026-11-23T03:00:00.000Z" } }];
    await village.syncNow();
    await village.syncNow();
    expect((await village.caseFull(caseNo)).progress).toEqual([{ state: "已受理", note: "", at: "2026-11-23T03:00:00.000Z", missing: [] }]);
    expect((await village.records()).find((row) => row.id === caseNo)).toMatchObject({ send: "sent", progress: "已受理" });
  });
});

describe("a document that a decision made", () => {
  const data = new TextEncoder().encode("%PDF-1.7 居住证");
  const told = async (): Promise<Record<string, unknown>> => ({
    document: "doc1", at: "2026-11-23T03:00:00.000Z", name: "居住证", number: "云A-001", kind: "application/pdf", bytes: data.length,
    sha256: Buffer.from(await crypto.subtle.digest("SHA-256", data)).toString("hex"),
  }); // prettier-ignore
  const pdf = (bytes: Uint8Array, status: number): Response => new Response(Buffer.from(bytes), { status, headers: { "Content-Type": "application/pdf" } });

  test("is fetched over a cut, proved, and gone once it was taken back", async () => {
    const village = await enrolled();
    const caseNo = await filed(village);
    const asked: (string | null)[] = [];
    centre.downlink = [{ cursor: 1, kind: "case.document", body: { case_no: caseNo, ...(await told()) } }];
    await village.syncNow();
    expect(await village.caseFull(caseNo)).toMatchObject({ state: "submitted", documents: [{ id: "doc1", name: "居住证", withdrawn: "" }] });
    centre.override = ({ path, headers }) => {
      if (!path.startsWith("/results/")) return undefined;
      asked.push(headers.get("Range"));
      return asked.length === 1 ? pdf(data.subarray(0, 5), 200) : pdf(data.subarray(5), 206);
    };
    expect(Buffer.from(await village.resultData(caseNo, "doc1")).toString()).toBe("%PDF-1.7 居住证");
    expect(asked).toEqual([null, "bytes=5-"]);
    centre.override = ({ path }) => (path.startsWith("/results/") ? pdf(data.map((byte) => byte ^ 1), 200) : undefined);
    await expect(village.resultData(caseNo, "doc1")).rejects.toMatchObject({ code: "result.damaged" });
    centre.override = null;
    centre.downlink.push({ cursor: 2, kind: "case.document", body: { case_no: caseNo, document: "doc1", at: "2026-11-24T03:00:00.000Z", withdrawn: "名字写错了" } });
    await village.syncNow();
    expect((await village.caseFull(caseNo)).documents).toMatchObject([{ name: "居住证", withdrawn: "名字写错了" }]);
    await expect(village.resultData(caseNo, "doc1")).rejects.toMatchObject({ code: "result.gone" });
  });
});

describe("the time of a case is over", () => {
  const rowsOf = (caseNo: string): number =>
    ["case_file WHERE case_no", "case_progress WHERE case_no", "outbox WHERE subject"].reduce((sum, where) => sum + Number(files.field.row(`SELECT count(*) FROM ${where} = ?`, [caseNo])?.[0]), 0);

  test("all that lies here of it goes, with its papers; others stay", async () => {
    const village = await enrolled();
    const kept = await filed(village);
    const draft = await village.newDraft("animal-quarantine", []);
    await village.saveDraft({ ...draft, applicant: { ...draft.applicant, name: "测试花" } });
    await village.addPaper(draft.id, "照片", new Uint8Array([0xff, 0xd8, 0xff, 0xd9]), new Uint8Array());
    const { case_no: caseNo } = await village.submit(draft.id);
    await village.syncNow();
    files.field.run("UPDATE file SET state = 'sent'");
    centre.downlink = [
      { cursor: 1, kind: "case.progress", body: { case_no: caseNo, state: "done", state_name: "已办结", note: "", at: "2026-11-23T03:00:00.000Z" } },
      { cursor: 2, kind: "case.forget", body: { case_no: caseNo } },
    ];
    await village.syncNow();
    expect(rowsOf(caseNo)).toBe(0);
    expect(files.field.row("SELECT count(*) FROM file")).toEqual([0]);
    expect((await village.records()).filter((row) => row.kind === "case").map((row) => row.id)).toEqual([kept]);
    await expect(village.caseFull(caseNo)).rejects.toMatchObject({ code: "record.missing" });
  });

  test("what is not sent yet is sent first", async () => {
    const village = await enrolled();
    const draft = await village.newDraft("animal-quarantine", []);
    await village.saveDraft({ ...draft, applicant: { ...draft.applicant, name: "测试花" } });
    await village.addPaper(draft.id, "照片", new Uint8Array([0xff, 0xd8, 0xff, 0xd9]), new Uint8Array());
    const { case_no: caseNo } = await village.submit(draft.id);
    centre.override = ({ path }) => (path.startsWith("/files") ? new Response("", { status: 503 }) : undefined);
    centre.downlink = [{ cursor: 2, kind: "case.forget", body: { case_no: caseNo } }];
    await village.syncNow();
    expect(rowsOf(caseNo)).toBeGreaterThan(0);
    centre.override = null;
    await village.brought();
    await village.syncNow();
    expect(rowsOf(caseNo)).toBe(0);
  });
});

describe("a case comes back", () => {
  const tell = (cursor: number, body: Record<string, unknown>): void => {
    centre.downlink.push({ cursor, kind: "case.progress", body: { state_name: "", note: "", at: "2026-11-23T03:00:00.000Z", ...body } });
  };
  const asked = async (village: Village, caseNo: string): Promise<string | undefined> =>
    (await village.records()).find((row) => row.id === caseNo)?.asked;

  test("returned, supplemented without the link, sent once, and taken up again", async () => {
    const village = await enrolled();
    const caseNo = await filed(village);
    await village.syncNow();
    tell(1, { case_no: caseNo, state: "returned", state_name: "退回补正", missing: ["照片", "申请书要签名"] });
    await village.syncNow();
    await village.syncNow();
    expect(await village.caseFull(caseNo)).toMatchObject({ state: "returned", missing: ["照片", "申请书要签名"], pending: "", may: { supplement: true, withdraw: true } });
    expect(await asked(village, caseNo)).toBe("returned");
    onLine = false;
    const { materials, applicant } = await village.caseFull(caseNo);
    const right = { ...applicant, name: "改正后的名字" };
    await village.supplement(caseNo, { materials: materials.map(({ name }) => ({ name, have: true })), applicant: right, note: "已签名" });
    await expect(village.supplement(caseNo, { materials, applicant: null, note: "" })).rejects.toMatchObject({ code: "case.still" });
    const full = await village.caseFull(caseNo);
    expect(full).toMatchObject({ pending: "supplement", applicant: { name: "改正后的名字" }, may: { supplement: false, withdraw: true } });
    expect(full.materials.every((material) => material.have)).toBe(true);
    expect(await asked(village, caseNo)).toBe("");
    onLine = true;
    await village.syncNow();
    const sent = [...centre.ledger.values()].filter((event) => event.name === "case.supplemented");
    expect(sent.map((event) => event.body)).toMatchObject([{ case_no: caseNo, note: "已签名", applicant: { name: "改正后的名字" } }]);
    tell(2, { case_no: caseNo, state: "submitted", state_name: "已补正，待审核" });
    await village.syncNow();
    expect(await village.caseFull(caseNo)).toMatchObject({ state: "submitted", missing: [], pending: "" });
    expect((await village.records()).map((row) => row.kind).sort()).toEqual(["case", "supplement"]);
  });

  test("the second of two guides is told to wait, and then takes away nothing of what the first handed in", async () => {
    const village = await enrolled();
    const caseNo = await filed(village);
    await village.syncNow();
    const [one, two, ...rest] = (await village.caseFull(caseNo)).materials.map(({ name }) => ({ name, have: false }));
    const opened = { applicant: null, note: "" }; // both opened the form when nothing had come yet
    await village.supplement(caseNo, { materials: [{ ...one!, have: true }, two!, ...rest], ...opened });
    const second = { materials: [one!, { ...two!, have: true }, ...rest], ...opened };
    await expect(village.supplement(caseNo, second)).rejects.toMatchObject({ code: "case.still" });
    await village.syncNow();
    await village.supplement(caseNo, second);
    await village.syncNow();
    const come = [{ ...one!, have: true }, { ...two!, have: true }, ...rest];
    expect((await village.caseFull(caseNo)).materials).toEqual(come);
    expect([...centre.ledger.values()].at(-1)!.body).toMatchObject({ materials: come });
  });

  test("the first of two guides withdrew: the second is told, and what was typed stays in the record", async () => {
    const village = await enrolled();
    const caseNo = await filed(village);
    await village.withdraw(caseNo, "不办了");
    const { materials } = await village.caseFull(caseNo);
    await expect(village.supplement(caseNo, { materials, applicant: null, note: "" })).rejects.toMatchObject({ code: "case.still" });
    tell(1, { case_no: caseNo, state: "withdrawn", state_name: "已撤回" });
    await village.syncNow();
    await village.syncNow();
    await expect(village.supplement(caseNo, { materials, applicant: null, note: "" })).rejects.toMatchObject({ code: "case.still" });
    await expect(village.withdraw(caseNo, "我也来撤")).rejects.toMatchObject({ code: "case.still" });
    expect((await village.caseFull(caseNo)).applicant.name).toBe("测试花");
  });

  test("a draft of an item that was retired meanwhile is handed in as it stands", async () => {
    const village = await enrolled();
    const draft = await village.newDraft("animal-quarantine", []);
    await village.saveDraft({ ...draft, item: "gone-item", applicant: { ...draft.applicant, name: "测试花" } });
    await expect(village.item("gone-item")).rejects.toMatchObject({ code: "item.missing" });
    const { case_no: caseNo } = await village.submit(draft.id);
    await village.syncNow();
    await village.supplement(caseNo, { materials: draft.materials.map(({ name }) => ({ name, have: true })), applicant: null, note: "补齐" });
    await village.syncNow();
    expect(await village.caseFull(caseNo)).toMatchObject({ item: "gone-item", item_name: draft.item_name, pending: "", refusal: "" });
    expect([...centre.ledger.values()].map(({ name }) => name)).toEqual(["case.submitted", "case.supplemented"]);
  });

  test("what is owed is told with its day, until the case is done", async () => {
    const village = await enrolled();
    const caseNo = await filed(village);
    tell(1, { case_no: caseNo, state: "accepted", owed: ["照片"], owed_due: "2026-12-01", due: "2026-12-10" });
    await village.syncNow();
    await village.syncNow();
    expect(await village.caseFull(caseNo)).toMatchObject({ owed: ["照片"], owed_due: "2026-12-01", due: "2026-12-10" });
    expect(await asked(village, caseNo)).toBe("owed");
    tell(2, { case_no: caseNo, state: "done", owed: [], result: "准予。证 1 本" });
    await village.syncNow();
    expect(await village.caseFull(caseNo)).toMatchObject({ owed: [], result: "准予。证 1 本", may: { supplement: false, withdraw: false } });
    expect(await asked(village, caseNo)).toBe("");
  });

  test("a withdrawal needs a reason and is told once; a refused one says why and may be tried again", async () => {
    const village = await enrolled();
    const caseNo = await filed(village);
    await village.syncNow();
    await expect(village.withdraw(caseNo, "  ")).rejects.toMatchObject({ code: "draft.field" });
    centre.verdict = (event) => (event.name === "case.withdrawn" ? "rejected" : "accepted");
    await village.withdraw(caseNo, "不办了");
    await village.syncNow();
    expect(await village.caseFull(caseNo)).toMatchObject({ pending: "", refusal: "记录内容不合要求。请改正。", may: { withdraw: true } });
    centre.verdict = () => "accepted";
    await village.withdraw(caseNo, "真的不办了");
    await expect(village.withdraw(caseNo, "再一次")).rejects.toMatchObject({ code: "case.still" });
    await village.syncNow();
    expect(await village.caseFull(caseNo)).toMatchObject({ pending: "", refusal: "" });
  });

  test("the receipt's secret goes up with the case, differs each time, and stays here", async () => {
    const village = await enrolled();
    const [first, second] = [await filed(village), await filed(village)];
    await village.syncNow();
    const secrets = await Promise.all([first, second].map(async (no) => (await village.caseFull(no)).follow));
    expect(secrets[0]).toMatch(/^[2-9A-HJKMNP-Z]{8}$/);
    expect(secrets[0]).not.toBe(secrets[1]);
    expect([...centre.ledger.values()].map((event) => (event.body as { follow: string }).follow)).toEqual(secrets);
  });

  test("the same person with the same item is pointed out before it is handed in", async () => {
    const village = await enrolled();
    const number = "11010519491231002X";
    const draft = async (id_number: string): Promise<string> => {
      const made = await village.newDraft("animal-quarantine", []);
      await village.saveDraft({ ...made, applicant: { ...made.applicant, name: "测试花", id_number } });
      return made.id;
    };
    const { case_no } = await village.submit(await draft(number));
    expect(await village.twins(await draft(number.toLowerCase()))).toEqual([case_no]);
    expect(await village.twins(await draft(""))).toEqual([]);
    await village.withdraw(case_no, "重复了");
    expect(await village.twins(await draft(number))).toEqual([]);
  });
});

describe("answers as the centre gives them", () => {
  test("are told once they are known, and the centre's word is shown until a release changes them", async () => {
    const village = await enrolled();
    expect(centre.requests.at(-1)!.state.answers).toBeNull();
    expect((await village.status()).answers_agree).toBeNull();
    await village.checked();
    await village.syncNow(); // the one that being ready asked for
    const held = village.knowledge.held()!;
    const word = centre.requests.at(-1)!.state.answers!;
    expect(word).toEqual({ knowledge: held.root, lingua: "", digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect((await village.status()).answers_agree).toBeNull(); // the centre did not know yet

    centre.agree = true;
    await village.syncNow();
    expect((await village.status()).answers_agree).toBe(true);
    village.close();
    const again = open();
    await again.boot(null);
    expect((await again.status()).answers_agree).toBe(true); // kept, and not asked anew
    centre.agree = false;
    await again.syncNow();
    expect(centre.requests.at(-1)!.state.answers).toEqual(word);
    expect((await again.status()).answers_agree).toBe(false);

    centre.offered = 2;
    await again.syncNow();
    expect(again.knowledge.held()!.release).toBe(2);
    expect((await again.status()).answers_agree).toBeNull();
    await again.checked();
    centre.agree = true;
    await again.syncNow();
    expect(centre.requests.at(-1)!.state.answers!.knowledge).toBe(again.knowledge.held()!.root);
    expect((await again.status()).answers_agree).toBe(true);
  });

  test("let a person ask in between, and end when a release changes under way", async () => {
    const village = await enrolled();
    const run = village.checked();
    const other = village.checked(); // the same run
    expect((await village.ask("残疾证")).decision).not.toBe("");
    centre.offered = 2;
    await village.syncNow();
    await Promise.all([run, other]);
    await village.checked();
    await village.syncNow();
    const told = centre.requests.map(({ state }) => state.answers?.knowledge).filter(Boolean);
    expect(new Set(told)).toEqual(new Set([village.knowledge.held()!.root]));
  });

  test("a word of the centre that is no yes or no is not the centre's", async () => {
    const village = await enrolled();
    centre.override = async ({ path }) =>
      path === "/sync" ? json({ proto: 1, server_time: new Date().toISOString(), verdicts: [], missing: [], manifests: [], packs: [], downlink: [], cursor: 0, next_poll_s: 300, device: { answers_agree: "yes" } }) : (null as unknown as Response);
    expect((await village.syncNow()).problem?.code).toBe("net.answer");
  });
});

describe("sending", () => {
  test("an answer lost after the centre stored it does not double the event", async () => {
    const village = await enrolled();
    await filed(village);
    let lost = 0;
    centre.override = async ({ path, body, headers }) => {
      if (path !== "/sync" || lost++ > 2) return null as unknown as Response;
      centre.override = null;
      await centre.handle({ method: "POST", path, body, headers }); // stored, but the answer never arrives
      throw new TypeError("Failed to fetch");
    };
    await village.syncNow();
    expect((await village.status()).waiting).toBe(1);
    await village.syncNow();
    expect(await village.status()).toMatchObject({ waiting: 0, refused: 0, problem: null });
    expect(centre.ledger.size).toBe(1);
  });

  test("a refused event stays visible with its reason, holds up nobody, and can be tried again under its id", async () => {
    const village = await enrolled();
    centre.verdict = (event) => (event.name === "rating.given" ? "rejected" : "accepted");
    await village.rate({ matter: "", level: 5, reasons: [], text: "" });
    await filed(village);
    await village.syncNow();
    expect(await village.status()).toMatchObject({ waiting: 0, refused: 1 });
    const refused = (await village.records()).find((row) => row.send === "refused")!;
    expect(refused.problem).toBe("记录内容不合要求。请改正。");
    centre.verdict = () => "accepted";
    await village.retryRefused(refused.id);
    await village.syncNow();
    expect(await village.status()).toMatchObject({ waiting: 0, refused: 0 });
    expect(centre.ledger.has(refused.id)).toBe(true);
  });

  test("many events go in order, in batches, each once", async () => {
    const village = await enrolled();
    onLine = false;
    for (let n = 0; n < 90; n++) await village.rate({ matter: `case-${n}`, level: 1, reasons: [], text: "" });
    onLine = true;
    await village.syncNow();
    expect((await village.status()).waiting).toBe(0);
    const seqs = [...centre.ledger.values()].map((event) => event.seq);
    expect(seqs).toEqual(Array.from({ length: 90 }, (_, n) => n + 1));
    expect(Math.max(...centre.requests.map((request) => request.events.length))).toBeLessThanOrEqual(200);
  });

  test.each(Array.from({ length: 12 }, (_, n) => n + 1))("whatever the link does, all arrives once and in order (seed %i)", async (seed) => {
    let state = seed * 2_654_435_761;
    const random = (): number => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0), state / 2 ** 32);
    let village = await enrolled();
    let made = 0;
    centre.override = async ({ path, body, headers }) => {
      if (path !== "/sync") return null as unknown as Response;
      const fate = random();
      if (fate < 0.3) throw new TypeError("Failed to fetch"); // never arrived
      if (fate < 0.5) return new Response("<html>", { headers: { "Content-Type": "text/html" } });
      if (fate > 0.8) return null as unknown as Response;
      const fault = centre.override;
      centre.override = null;
      await centre.handle({ method: "POST", path, body, headers }); // stored, but the answer is lost
      centre.override = fault;
      throw new TypeError("Failed to fetch");
    };
    for (let step = 0; step < 40; step++) {
      if (random() < 0.6) await village.rate({ matter: `case-${made++}`, level: 1, reasons: [], text: "" });
      if (random() < 0.4) await village.syncNow();
      if (random() < 0.1) {
        village.close();
        village = open(); // the page was closed and opened again
        await village.wake();
      }
      const { waiting } = await village.status();
      expect(made - waiting).toBeLessThanOrEqual(centre.ledger.size); // nothing is called sent that is not there
    }
    centre.override = null;
    await village.syncNow();
    expect(await village.status()).toMatchObject({ waiting: 0, refused: 0 });
    expect([...centre.ledger.values()].map((event) => event.seq)).toEqual(Array.from({ length: made }, (_, n) => n + 1));
  });

  test.each([
    ["a captive portal's page", () => new Response("<html>登录</html>", { headers: { "Content-Type": "text/html" } }), "net.portal", "weak"],
    ["a proxy's error page", () => new Response("<html>", { status: 502, headers: { "Content-Type": "text/html" } }), "net.centre", "offline"],
    ["JSON that is not the protocol", () => json({ proto: 1, verdicts: "none" }), "net.answer", "offline"],
    ["JSON cut in the middle", () => new Response('{"proto":1,', { headers: { "Content-Type": "application/json" } }), "net.answer", "offline"],
    ["no network", () => Promise.reject(new TypeError("Failed to fetch")), "net.offline", "offline"],
  ])("%s clears nothing and is named", async (_, answer, code, link) => {
    const village = await enrolled();
    await filed(village);
    await village.syncNow();
    await filed(village);
    centre.override = answer;
    await village.syncNow();
    expect(await village.status()).toMatchObject({ waiting: 1, problem: { code }, link });
    centre.override = null;
    await village.syncNow();
    expect(await village.status()).toMatchObject({ waiting: 0, problem: null, link: "weak" });
  });

  test("a wrong clock is found out and the request repeated at once with the centre's time", async () => {
    const village = await enrolled();
    clock = 3 * 3_600_000;
    centre.override = ({ path, headers }) => {
      const created = Number(/created=(\d+)/.exec(headers.get("Signature-Input") ?? "")?.[1] ?? 0);
      if (path !== "/sync" || Math.abs(created - Date.now() / 1000) < 300) return null as unknown as Response;
      const error = { code: "device.clock", message: "时间不对。", next: "", details: { server_time: new Date().toISOString() } };
      return json({ ok: false, error }, 401);
    };
    await village.syncNow();
    const caseNo = await filed(village);
    await village.syncNow();
    expect(await village.status()).toMatchObject({ waiting: 0, problem: null, clock_skew_s: 3 * 3600 });
    expect(centre.ledger.size).toBe(1);
    expect(caseNo).toContain(`${new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll("-", "")}`);
  });

  test("an event that makes the centre refuse the whole request is found and set aside; the others arrive", async () => {
    const village = await enrolled();
    onLine = false;
    for (let n = 0; n < 11; n++) await village.rate({ matter: `case-${n}`, level: 1, reasons: [], text: n === 6 ? "坏" : "" });
    onLine = true;
    centre.override = ({ path, body }) => {
      if (path !== "/sync" || !gunzipSync(body).toString().includes("坏")) return null as unknown as Response;
      const details = { field: "`$.events[0].body`" };
      return json({ ok: false, error: { code: "sync.format", message: "格式不对。", next: "", details } }, 400);
    };
    await village.syncNow();
    expect(await village.status()).toMatchObject({ waiting: 0, refused: 1 });
    expect(centre.ledger.size).toBe(10);
  });

  test("a centre that was restored from an older backup gets again what it lost", async () => {
    const village = await enrolled();
    const caseNo = await filed(village);
    await village.syncNow();
    centre.ledger.clear();
    centre.missing = [[1, 1]];
    await village.syncNow();
    centre.missing = [];
    await village.syncNow();
    expect([...centre.ledger.values()].map((event) => event.subject)).toEqual([caseNo]);
    expect((await village.status()).waiting).toBe(0);
  });

  test("a revoked device stops and keeps what it has", async () => {
    const village = await enrolled();
    await filed(village);
    centre.override = () => json({ ok: false, error: { code: "device.revoked", message: "本机已停用。", next: "请联系管理员。" } }, 403);
    await village.syncNow();
    centre.override = null;
    await village.syncNow();
    expect(await village.status()).toMatchObject({ revoked: true, waiting: 1, problem: { code: "device.revoked" } });
    expect(centre.ledger.size).toBe(0);
  });

  test("a revoked device forgets drafts and cases that the centre has, not what waits", async () => {
    const village = await enrolled();
    await filed(village);
    await village.syncNow();
    const here = await filed(village, "测试树");
    await village.newDraft("animal-quarantine", []);
    centre.override = () => json({ ok: false, error: { code: "device.revoked", message: "本机已停用。", next: "请联系管理员。" } }, 403);
    await village.syncNow();
    expect(files.field.rows("SELECT case_no FROM case_file")).toEqual([[here]]);
    expect(files.field.rows("SELECT (SELECT count(*) FROM draft), (SELECT count(*) FROM guide)")).toEqual([[0, 0]]);
    await expect(village.caseFull(here)).rejects.toMatchObject({ code: "people.locked" }); // it stays, sealed
    await expect(village.unlock("a", PIN)).rejects.toMatchObject({ code: "people.link" });
  });

  test("knowledge for which there is no room is not fetched, and how much is missing is said", async () => {
    centre.inline = false;
    diskFree = 1_000;
    const village = await enrolled();
    const { problem, release } = await village.status();
    expect([problem?.code, release, centre.packBytes]).toEqual(["storage.room", null, 0]);
    expect(problem?.message).toMatch(/还差 \d+ kB/);
    diskFree = 1e9;
    await village.syncNow();
    expect((await village.status()).release).toBe(1);
  });

  test("a device without contact for longer than its lease forgets and locks, answers on, and opens at the next contact", async () => {
    const village = await enrolled();
    centre.orders = { lease_days: 30 };
    const there = await filed(village);
    await village.syncNow();
    const draft = await village.newDraft("animal-quarantine", []);
    const here = await filed(village, "测试树");
    clock = 30 * 86_400_000 - 60_000;
    await village.unlock("a", PIN);
    expect(await tell(village, "drafts")).toHaveLength(1);
    onLine = false;
    clock = 31 * 86_400_000;
    expect(await village.status()).toMatchObject({ lapsed: true, waiting: 1 });
    for (const [method, arg] of [["drafts"], ["records"], ["caseFull", here], ["newDraft", "animal-quarantine"]] as const) {
      await expect(tell(village, method, arg, [])).rejects.toMatchObject({ code: "device.lapsed" });
    }
    expect(((await tell(village, "ask", "残疾证")) as { decision: string }).decision).not.toBe("");
    clock = 0; // a clock set back opens nothing
    expect((await village.status()).lapsed).toBe(true);
    onLine = true;
    await village.syncNow();
    expect((await village.status()).lapsed).toBe(false);
    await village.unlock("a", PIN);
    expect(await tell(village, "draft", draft.id)).toMatchObject({ id: draft.id });
    expect(await tell(village, "caseFull", here)).toMatchObject({ case_no: here });
    await expect(tell(village, "caseFull", there)).rejects.toMatchObject({ code: "record.missing" });
  });

  test("a moved device takes point and letters once, and tells its last event of before", async () => {
    const village = await enrolled();
    const before = await filed(village);
    await village.syncNow();
    const point = { ...POINT, id: "bingzhongluo", name: "丙中洛镇", region: "533324102000" };
    centre.orders = { move: { order: 4, point, letters: "AD" } };
    await village.syncNow();
    expect((await village.status()).enrolled).toMatchObject({ letters: "AD", point: { id: "bingzhongluo" } });
    await expect(village.caseFull(before)).rejects.toMatchObject({ code: "record.missing" });
    centre.orders = { point, letters: "AD" };
    const after = await filed(village);
    expect(after).toMatch(/^NJ533324102\d{8}AD/);
    await village.syncNow();
    expect(centre.requests.at(-1)?.carried).toEqual({ resend: 0, moved: { order: 4, after: 1 } });
  });

  test("a device sends again what it was asked for, once", async () => {
    const village = await enrolled();
    await filed(village);
    await filed(village);
    await village.syncNow();
    centre.orders = { resend: { order: 7, from: 2 } };
    await village.syncNow();
    const sent = centre.requests.flatMap((request) => request.events.map((event) => event.seq));
    await village.syncNow();
    await village.syncNow();
    const later = centre.requests.flatMap((request) => request.events.map((event) => event.seq));
    expect(later.filter((seq) => seq === 2)).toHaveLength(2);
    expect(later.filter((seq) => seq === 1)).toHaveLength(1);
    expect(sent.length).toBeLessThanOrEqual(later.length);
    expect(centre.ledger.size).toBe(2);
  });

  test("a device speaks as an older centre does", async () => {
    const village = await enrolled();
    await filed(village);
    const asked: number[] = [];
    centre.override = ({ path, body }) => {
      if (path !== "/sync") return undefined;
      const { proto } = JSON.parse(gunzipSync(body).toString()) as SyncRequest;
      asked.push(proto);
      return proto === 1 ? undefined : json({ ok: false, error: { code: "sync.proto", message: "协议不同。", next: "请更新。", details: { proto, ours: 1 } } }, 400);
    };
    await village.syncNow();
    expect(asked.slice(0, 2)).toEqual([3, 1]);
    expect((await village.status()).waiting).toBe(0);
  });
});

describe("questions and ratings", () => {
  test("a question is told with what was picked, without numbers, and once", async () => {
    const village = await enrolled();
    const answer = (await tell(village, "ask", "卖猪要检疫证吗 13800000000")) as { id: string; text: string; hits: { slug: string }[] };
    expect(answer.text).toBe("卖猪要检疫证吗 〔号码〕");
    await tell(village, "picked", answer.id, answer.hits[0]!.slug);
    await tell(village, "picked", answer.id, null);
    await village.syncNow();
    const told = [...centre.ledger.values()];
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ id: answer.id, name: "question.asked", body: { picked: "animal-quarantine", declined: false, text: "卖猪要检疫证吗 〔号码〕" } });
  });

  test("a question to which nothing fits is told as declined", async () => {
    const village = await enrolled();
    const answer = (await tell(village, "ask", "卖猪要检疫证吗")) as { id: string };
    await tell(village, "picked", answer.id, null);
    await village.syncNow();
    expect([...centre.ledger.values()][0]).toMatchObject({ body: { picked: null, declined: true } });
  });

  test("a question nobody picked for is told at the next one, and after a restart", async () => {
    const village = await enrolled();
    await tell(village, "ask", "第一个问题");
    await tell(village, "ask", "第二个问题");
    village.close();
    const next = open();
    await next.wake();
    await vi.waitFor(() => expect([...centre.ledger.values()].map((event) => event.body.text)).toEqual(["第一个问题", "第二个问题"]));
  });

  test("a matter is rated once; a repeated call is not a second rating", async () => {
    const village = await enrolled();
    const visit = { matter: "", level: 2, reasons: [], text: "" };
    await village.dispatch("same", "rate", [visit]);
    await village.dispatch("same", "rate", [visit]);
    await village.rate({ ...visit, matter: "NJ1", level: 1 });
    await expect(village.rate({ ...visit, matter: "NJ1", level: 1 })).rejects.toMatchObject({ code: "rating.twice" });
    expect((await village.status()).waiting).toBe(2);
  });
});

describe("photos and papers", () => {
  const THUMB = new Uint8Array([1, 2, 3]);
  const add = (village: Village, draft: string, data: Uint8Array<ArrayBuffer>, material = "身份证"): Promise<string> => village.addPaper(draft, material, data, THUMB);
  const states = async (village: Village, of: string): Promise<string[]> => (await village.papers(of)).map(({ state }) => state);
  /** Hands in a case with these papers; its number. */
  async function withPapers(village: Village, ...papers: Uint8Array<ArrayBuffer>[]): Promise<string> {
    const draft = await village.newDraft("animal-quarantine", []);
    await village.saveDraft({ ...draft, applicant: { ...draft.applicant, name: "测试花" } });
    for (const data of papers) await add(village, draft.id, data);
    return (await village.submit(draft.id)).case_no;
  }
  /** A round, and all that follows it. */
  async function bring(village: Village): Promise<void> {
    await village.syncNow();
    await village.brought();
  }

  test("stay with the draft, move with the case, and arrive once after it; only then their bytes go", async () => {
    const village = await enrolled();
    onLine = false;
    const [one, two] = [photo(90_000), vector("a paper")];
    const caseNo = await withPapers(village, one, two);
    expect(await village.drafts()).toEqual([]);
    await bring(village);
    expect((await village.status()).papers).toMatchObject({ waiting: 2, bytes: one.length + two.length, arrived: 0 });
    expect(await village.paperData((await village.papers(caseNo))[0]!.id)).toEqual(one);
    onLine = true;
    await bring(village);
    const event = [...centre.ledger.values()].find(({ name }) => name === "case.submitted")!;
    expect(event.body["files"]).toMatchObject([{ material: "身份证", bytes: one.length, kind: "image/jpeg" }, { bytes: two.length, kind: "application/pdf" }]);
    expect([...centre.places.values()].map(({ data }) => new Uint8Array(data))).toEqual([one, two]);
    expect(centre.paperBytes).toBe(one.length + two.length);
    const papers = await village.papers(caseNo);
    expect(papers).toMatchObject([{ state: "sent", here: false, thumb: THUMB }, { state: "sent", here: false }]);
    expect(await village.paperData(papers[0]!.id)).toBeNull();
    expect((await village.status()).papers).toMatchObject({ waiting: 0, bytes: 0, arrived: 0, refused: 0, state: "idle" });
    await bring(village);
    expect(centre.paperBytes).toBe(one.length + two.length);
  });

  test("change places, and keep the picture they were cut from until the centre has the page", async () => {
    const village = await enrolled();
    onLine = false;
    const draft = await village.newDraft("animal-quarantine", []);
    const [page, original] = [photo(10), photo(5_000)];
    const first = await village.addPaper(draft.id, "身份证", page, THUMB, original);
    const second = await add(village, draft.id, photo(20));
    const other = await add(village, (await village.newDraft("animal-quarantine", [])).id, photo(30));
    await village.swapPapers(first, second);
    await village.swapPapers(first, other); // of another draft: nothing moves
    expect((await village.papers(draft.id)).map(({ id }) => id)).toEqual([second, first]);
    expect(await village.paperData(first, true)).toEqual(original);
    expect(await village.paperData(second, true)).toBeNull();
    await village.saveDraft({ ...draft, applicant: { ...draft.applicant, name: "测试花" } });
    const { case_no } = await village.submit(draft.id);
    expect(await village.paperData(first, true)).toEqual(original);
    onLine = true;
    await bring(village);
    expect(await states(village, case_no)).toEqual(["sent", "sent"]);
    expect(await village.paperData(first, true)).toBeNull();
    expect([...centre.places.values()].map(({ data }) => data.length)).toEqual([photo(20).length, page.length]);
  });

  test("come with a supplement too, wait until it is handed in, and go after it", async () => {
    const village = await enrolled();
    const caseNo = await withPapers(village, photo(50_000));
    await bring(village);
    const more = photo(60_000);
    await add(village, caseNo, more, "授权委托书");
    expect(await states(village, caseNo)).toEqual(["sent", "held"]);
    const { materials } = await village.caseFull(caseNo);
    await village.supplement(caseNo, { materials, applicant: null, note: "" });
    expect(await states(village, caseNo)).toEqual(["sent", "waiting"]);
    await village.syncNow();
    const event = [...centre.ledger.values()].find(({ name }) => name === "case.supplemented")!;
    expect(event.body["files"]).toMatchObject([{ material: "授权委托书", bytes: more.length, kind: "image/jpeg" }]);
  });

  test("the visit and the decided matter are rated apart, also where an older program rated the case at once", async () => {
    const village = await enrolled();
    const caseNo = await withPapers(village);
    const rates = async (): Promise<string> => (await village.records()).find(({ kind }) => kind === "case")!.rates;
    expect(await rates()).toBe(`visit:${caseNo}`);
    await village.rate({ matter: `visit:${caseNo}`, level: 1, reasons: [], text: "" });
    expect(await rates()).toBe("");
    expect(village.field.rated(caseNo)).toBe(true); // as an older program kept it
    await village.rate({ matter: caseNo, level: 2, reasons: [], text: "" });
    await expect(village.rate({ matter: caseNo, level: 2, reasons: [], text: "" })).rejects.toMatchObject({ code: "rating.twice" });
  });

  test("go on at the byte where the link was cut, also after a restart", async () => {
    const village = await enrolled();
    const data = photo(100_000);
    centre.cutAfter = 5_000;
    const caseNo = await withPapers(village, data);
    await bring(village);
    await bring(village);
    expect(centre.paperBytes).toBe(10_000);
    village.close();
    centre.cutAfter = null;
    const again = await reopened();
    await bring(again);
    expect(await states(again, caseNo)).toEqual(["sent"]);
    expect(centre.paperBytes).toBe(data.length);
    expect(new Uint8Array([...centre.places.values()][0]!.data)).toEqual(data);
  });

  test("whose last answer was lost are not sent again", async () => {
    const village = await enrolled();
    const data = photo(2_000);
    centre.cutAfter = data.length;
    const caseNo = await withPapers(village, data);
    await bring(village);
    expect(await states(village, caseNo)).toEqual(["waiting"]);
    centre.cutAfter = null;
    await bring(village);
    expect([await states(village, caseNo), centre.paperBytes]).toEqual([["sent"], data.length]);
  });

  test("a place the centre has forgotten is begun anew", async () => {
    const village = await enrolled();
    const data = photo(40_000);
    centre.cutAfter = 10;
    const caseNo = await withPapers(village, data);
    await bring(village);
    centre.places.clear();
    centre.cutAfter = null;
    await bring(village);
    expect([await states(village, caseNo), [...centre.places.values()][0]!.data.length]).toEqual([["sent"], data.length]);
  });

  test("pause when the person says so and while a call runs, and go on after", async () => {
    const village = await enrolled();
    await village.pausePapers(true);
    const caseNo = await withPapers(village, photo(500));
    await bring(village);
    expect([centre.paperBytes, (await village.status()).papers.state]).toEqual([0, "paused"]);
    calling = true;
    await village.pausePapers(false);
    await bring(village);
    expect([centre.paperBytes, (await village.status()).papers.state]).toEqual([0, "call"]);
    calling = false;
    await bring(village);
    expect(await states(village, caseNo)).toEqual(["sent"]);
  });

  test("one is stopped by a person: the centre forgets its part, the others go on, and it begins again when wanted", async () => {
    const village = await enrolled();
    centre.cutAfter = 1_000;
    const caseNo = await withPapers(village, photo(40_000), photo(500));
    await bring(village);
    expect(centre.places.size).toBe(1);
    centre.cutAfter = null;
    const [first] = await village.papers(caseNo);
    await village.stopPaper(first!.id, true);
    expect(centre.places.size).toBe(0);
    await bring(village);
    expect([await states(village, caseNo), (await village.papers(caseNo))[0]!.stopped]).toEqual([["waiting", "sent"], true]);
    expect((await village.status()).papers.waiting).toBe(1); // it is not at the centre, and nothing says so
    await village.stopPaper(first!.id, false);
    await bring(village);
    expect(await states(village, caseNo)).toEqual(["sent", "sent"]);
  });

  test("one that the centre refuses stays with its reason; the others go on; it can be tried again or given up", async () => {
    const village = await enrolled();
    const [bad, good] = [photo(500), photo(600)];
    centre.override = ({ method, headers }) => {
      const ours = method === "POST" && headers.get("Upload-Length") === String(bad.length);
      const error = { code: "file.content", message: "这份附件中心不能收。", next: "请重新拍照。" };
      return ours ? json({ ok: false, error }, 422) : (null as unknown as Response);
    };
    const caseNo = await withPapers(village, bad, good);
    await bring(village);
    const [first] = await village.papers(caseNo);
    expect(first).toMatchObject({ state: "refused", problem: "这份附件中心不能收。请重新拍照。" });
    expect([await states(village, caseNo), (await village.status()).papers]).toMatchObject([["refused", "sent"], { waiting: 0, refused: 1 }]);
    await village.retryPaper(first!.id);
    await bring(village);
    expect(await states(village, caseNo)).toEqual(["refused", "sent"]);
    await village.dismissPaper(first!.id);
    expect([await states(village, caseNo), (await village.status()).papers.refused]).toEqual([["sent"], 0]);
  });

  test("an answer that is not the centre's takes no paper away", async () => {
    const village = await enrolled();
    const caseNo = await withPapers(village, photo(500));
    for (const headers of [{}, { "Tus-Resumable": "1.0.0" }, { "Tus-Resumable": "1.0.0", Location: "/files/x", "Upload-Offset": "9999999" }] as Record<string, string>[]) {
      centre.override = ({ path }) => (path.startsWith("/files") ? new Response(null, { status: 201, headers }) : (null as unknown as Response));
      await bring(village);
      expect(await states(village, caseNo)).toEqual(["waiting"]);
    }
  });

  test("taken off a draft can be put back until the page is opened anew; a deleted draft takes its papers along", async () => {
    const village = await enrolled();
    const draft = await village.newDraft("animal-quarantine", []);
    const [a, b] = [await add(village, draft.id, photo(1)), await add(village, draft.id, photo(2))];
    await village.dropPaper(a);
    expect((await village.papers(draft.id)).map(({ id }) => id)).toEqual([b]);
    await village.putBackPaper(a);
    await village.dropPaper(b);
    expect((await village.papers(draft.id)).map(({ id }) => id)).toEqual([a]);
    village.close();
    const again = await reopened();
    await again.putBackPaper(b);
    expect((await again.papers(draft.id)).map(({ id }) => id)).toEqual([a]);
    await again.dropDraft(draft.id);
    expect(files.field.row("SELECT (SELECT count(*) FROM file), (SELECT count(*) FROM file_content)")).toEqual([0, 0]);
  });

  test("are unreadable at rest", async () => {
    const village = await enrolled();
    onLine = false;
    await withPapers(village, photo(5_000));
    const bytes = Buffer.from(sqlite3.capi.sqlite3_js_db_export(files.field.handle));
    expect(bytes.includes(Buffer.alloc(32, 7))).toBe(false);
    expect(bytes.includes(Buffer.from("身份证"))).toBe(false);
  });

  test("of another kind, too large, too many, or for no draft are refused and nothing is kept", async () => {
    const village = await enrolled();
    const draft = await village.newDraft("animal-quarantine", []);
    await expect(add(village, draft.id, vector("a renamed program"))).rejects.toMatchObject({ code: "paper.broken" });
    await expect(add(village, draft.id, photo(9_000_000))).rejects.toMatchObject({ code: "paper.broken" });
    await expect(add(village, "nobody", photo(1))).rejects.toMatchObject({ code: "draft.missing" });
    for (let n = 0; n < 60; n++) await add(village, draft.id, photo(n));
    await expect(add(village, draft.id, photo(99))).rejects.toMatchObject({ code: "paper.many" });
    expect(files.field.row("SELECT count(*) FROM file_content")).toEqual([60]);
  });
});

describe("lost data", () => {
  test("a mark without anything else says what is gone, then lets the person register anew", async () => {
    const village = open();
    const mark = { device: "d-abcdefgh", release: 1 };
    expect(await village.boot(mark)).toEqual({ state: "lost", missing: ["知识库", "待传记录", "设备身份"] });
    expect(await village.boot(mark)).toEqual({ state: "fresh" });
  });

  test("lost knowledge alone is fetched again", async () => {
    (await enrolled()).close();
    files.knowledge = new Db(sqlite3, new sqlite3.oo1.DB(":memory:"));
    const village = open();
    expect(await village.boot({ device: "d-abcdefgh", release: 1 })).toEqual({ state: "empty" });
    await village.syncNow();
    expect((await village.status()).release).toBe(1);
  });
});

describe("people", () => {
  const SECRET = "测试花"; // a person who must not be readable
  const bytes = (): string => Buffer.from(sqlite3.capi.sqlite3_js_db_export(files.field.handle)).toString("latin1");
  const readable = (): boolean => bytes().includes(Buffer.from(SECRET).toString("latin1"));

  test("nothing personal without a guide; asking, notices and ratings stay open", async () => {
    const village = await registered();
    expect(await village.status()).toMatchObject({ shut: true, guide: null });
    await expect(tell(village, "records")).rejects.toMatchObject({ code: "people.locked" });
    await expect(village.newDraft("animal-quarantine", [])).rejects.toMatchObject({ code: "people.locked" });
    await tell(village, "ask", "卖猪要检疫证吗");
    await tell(village, "noticePrinted", "animal-quarantine", [], (await village.newNotice("animal-quarantine")).number);
    await tell(village, "rate", { matter: "", level: 1, reasons: [], text: "好" });
    await village.syncNow();
    expect(centre.ledger.size).toBe(2);
    await logIn(village);
    expect((await village.records()).map(({ kind }) => kind)).toEqual(["rating", "notice"]); // made before anybody logged in
  });

  test("a guide logs in by link once, then by PIN without it; the draft is theirs alone", async () => {
    const village = await enrolled();
    const draft = await village.newDraft("animal-quarantine", []);
    onLine = false;
    village.close();
    const again = open();
    await again.boot(null);
    await expect(again.draft(draft.id)).rejects.toMatchObject({ code: "people.locked" });
    expect(await again.unlock("a", PIN)).toEqual({ id: "a", name: "陆容" });
    expect((await again.draft(draft.id)).id).toBe(draft.id);
    onLine = true;
    await logIn(again, "b", "141421");
    expect([await again.drafts(), await again.othersDrafts()]).toEqual([[], 1]);
    for (const call of [again.draft(draft.id), again.saveDraft(draft), again.dropDraft(draft.id), again.papers(draft.id)]) {
      await expect(call).rejects.toMatchObject({ code: "draft.missing" });
    }
    await again.lock();
    await again.unlock("a", PIN);
    expect((await again.drafts()).map(({ id }) => id)).toEqual([draft.id]);
  });

  test("what was filed goes up while nobody is logged in, photos too, and nothing on the disk can be read", async () => {
    const village = await enrolled();
    onLine = false;
    const draft = await village.newDraft("animal-quarantine", []);
    await village.saveDraft({ ...draft, applicant: { ...draft.applicant, name: SECRET } });
    await village.addPaper(draft.id, "", photo(1), new Uint8Array([1]));
    const caseNo = (await village.submit(draft.id)).case_no;
    await village.lock();
    expect(readable()).toBe(false);
    centre.downlink = [{ cursor: 1, kind: "case.progress", body: { case_no: caseNo, state: "returned", note: SECRET, at: "t" } }];
    onLine = true;
    await village.syncNow();
    await village.brought();
    await village.brought();
    expect(JSON.stringify([...centre.ledger.values()])).toContain(SECRET);
    expect(await village.status()).toMatchObject({ waiting: 0, papers: { waiting: 0 } });
    expect(files.field.row("SELECT length(sealed), (SELECT travel FROM file) FROM outbox")).toEqual([0, null]); // nothing opens without a guide
    expect(readable()).toBe(false);
    await village.unlock("a", PIN);
    expect(await village.caseFull(caseNo)).toMatchObject({ state: "returned", progress: [{ note: SECRET }] });
    expect((await village.records())[0]?.title).toContain(SECRET);
  });

  test("wrong PINs make wait longer and longer, also after a restart, and in the end only the account helps", async () => {
    const village = await enrolled();
    await village.lock();
    const wrong = (): Promise<unknown> => village.unlock("a", "000001");
    await expect(wrong()).rejects.toMatchObject({ code: "people.wrong", message: "PIN 不对，还能试 9 次。" });
    await expect(wrong()).rejects.toMatchObject({ message: "PIN 不对，还能试 8 次。" });
    await expect(wrong()).rejects.toMatchObject({ message: "PIN 不对，还能试 7 次，先等 30 秒。" });
    village.close();
    const again = open();
    await again.boot(null);
    await expect(again.unlock("a", PIN)).rejects.toMatchObject({ code: "people.wait" });
    clock += 31_000;
    await again.unlock("a", PIN); // the right one counts from the start again
    await again.lock();
    for (let attempt = 1; attempt < 10; attempt++) {
      clock += 3_600_000;
      await expect(again.unlock("a", "000001")).rejects.toMatchObject({ code: "people.wrong" });
    }
    clock += 3_600_000;
    await expect(again.unlock("a", "000001")).rejects.toMatchObject({ code: "people.link" });
    await expect(again.unlock("a", PIN)).rejects.toMatchObject({ code: "people.link" });
    expect((await again.people()).here).toMatchObject([{ id: "a", pin: false }]);
    clock = 0;
    await logIn(again, "a", "314159");
    await again.lock();
    expect((await again.unlock("a", "314159")).id).toBe("a");
  });

  test("who forgot the PIN proves the account by link and loses nothing that waits", async () => {
    const village = await enrolled();
    onLine = false;
    const caseNo = await filed(village);
    const draft = await village.newDraft("animal-quarantine", []);
    await village.lock();
    await expect(tell(village, "admit", "a", "password")).rejects.toMatchObject({ code: "net.offline" });
    onLine = true;
    await expect(tell(village, "admit", "nobody", "password")).rejects.toMatchObject({ code: "login.wrong" });
    await expect(tell(village, "setPin", "271828")).rejects.toMatchObject({ code: "people.link" });
    await tell(village, "admit", "a", "password");
    await expect(tell(village, "setPin", "123456")).rejects.toMatchObject({ code: "people.pin" });
    await tell(village, "setPin", "161803");
    expect((await village.caseFull(caseNo)).case_no).toBe(caseNo);
    expect((await village.drafts()).map(({ id }) => id)).toEqual([draft.id]);
    await village.changePin("161803", "577215");
    await village.lock();
    await expect(village.unlock("a", "161803")).rejects.toMatchObject({ code: "people.wrong" });
    await village.unlock("a", "577215");
  });

  test("it locks by itself without a touch, but not during a call", async () => {
    const village = await enrolled();
    clock += 9 * 60_000;
    await tell(village, "touch");
    clock += 9 * 60_000;
    expect(await tell(village, "drafts")).toEqual([]);
    calling = true;
    clock += 9 * 60_000;
    expect(await tell(village, "drafts")).toEqual([]);
    calling = false;
    await expect(tell(village, "drafts")).rejects.toMatchObject({ code: "people.locked" });
    expect(await village.status()).toMatchObject({ shut: true, guide: null });
  });

  test("whose account was stopped at the centre is out with the next round and opens nothing here any more", async () => {
    const village = await enrolled();
    const people = { ...centre.people, digest: "bbbbbbbbbbbb", people: [GUIDES[1]!] };
    centre.orders = { people };
    await village.syncNow();
    expect((await village.status()).guide).toBeNull();
    await expect(village.unlock("a", PIN)).rejects.toMatchObject({ code: "people.link" });
    expect(await village.people()).toMatchObject({ here: [], others: [{ id: "b" }] });
    centre.orders = {};
    await village.syncNow();
    expect(centre.requests.at(-1)?.people).toBe("bbbbbbbbbbbb");
  });

  test("a device of before the log-in keeps all it held, works on for a while, and seals it for the first guide", async () => {
    const village = await registered();
    files.field.run("INSERT INTO meta VALUES ('grace_until', '9999-01-01')"); // as step 4 leaves a device that was registered
    const caseNo = await filed(village, SECRET);
    const draft = await village.newDraft("animal-quarantine", []);
    await village.addPaper(draft.id, "户口簿", photo(1), new Uint8Array([1, 2]));
    await village.syncNow();
    onLine = false;
    const later = await filed(village, SECRET);
    files.field.run("UPDATE meta SET value = '2000-01-01' WHERE name = 'grace_until'");
    expect((await village.status()).shut).toBe(true);
    onLine = true;
    await logIn(village);
    for (const number of [caseNo, later]) expect((await village.caseFull(number)).applicant.name).toBe(SECRET);
    expect(await village.drafts()).toHaveLength(1);
    const [paper] = await village.papers(draft.id);
    expect([paper?.material, [...paper!.thumb]]).toEqual(["户口簿", [1, 2]]);
    expect((await village.paperData(paper!.id))!.length).toBeGreaterThan(0);
    expect(files.field.rows("SELECT 1 FROM draft WHERE substr(sealed, 1, 3) <> X'6A6A6F' UNION ALL SELECT 1 FROM case_file WHERE substr(sealed, 1, 3) <> X'6A6A6F'")).toEqual([]);
    await village.lock();
    await village.syncNow();
    expect(centre.ledger.size).toBe(2);
  });

  test("what the centre asks for again while nobody is logged in waits for a guide", async () => {
    const village = await enrolled();
    await filed(village);
    await village.syncNow();
    await village.lock();
    centre.ledger.clear();
    centre.missing = [[1, 1]];
    await village.syncNow();
    centre.missing = [];
    await village.syncNow();
    expect([centre.ledger.size, (await village.status()).waiting]).toEqual([0, 1]);
    await village.unlock("a", PIN);
    await village.syncNow();
    expect([centre.ledger.size, (await village.status()).waiting]).toEqual([1, 0]);
  });
});
