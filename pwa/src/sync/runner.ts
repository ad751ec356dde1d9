// The loop between this device and the centre: one POST /sync a round, packs when there are any. It never throws away
// what it could not send; only a verdict of the centre clears an event.
import { asProblem, type Problem, type ProblemWire } from "../kit/problems";
import type { Field, OutboxRow } from "../store/field";
import type { Identity, IdentityStore } from "../store/identity";
import type { ScopeFile } from "../store/scope";
import type { PeopleWord } from "../people/door";
import type { Own, Seal } from "../store/seal";
import type { Device, LinkState } from "../store/types";
import { gzip, sendForJson } from "./http";
import { type AnswersWord, BRIEF, OLDEST, type Orders, PROTO, readSyncReply, type SyncReply, type SyncRequest, type WireEvent } from "./messages";
import { BATCH_FIRST, fitting, lapsed, linkOf, nextBatch, nextDelay, type Round, toResend } from "./outbox";
import { News, type Progress } from "./news";
import { type Part, scopeOf } from "./packs";
import { sign } from "./signature";
import type { UploadState, Uploads, Way } from "./uploads";

/** What the runner needs of the world; the worker gives the browser's, tests give their own. */
export interface World {
  app: string;
  browser: string;
  now(): number; // ms, this device's clock
  random(): number; // [0, 1)
  onLine(): boolean;
  disk(): Promise<{ free: number; used: number } | null>; // bytes
  openPart(sha256: string, folder?: string): Promise<Part>;
  fetcher: typeof fetch;
  calling(): Promise<boolean>; // a call with the centre runs in a window
  changed(): void; // something of the status is different
}

/** What this device answers, for the centre to compare. */
export interface Answers {
  told(): AnswersWord | null; // of the releases held now; null while that is not known
  heard(told: AnswersWord, agree: boolean | null): void;
  look(): void; // releases may have changed
}

export interface Parts {
  field: Field;
  scopes: readonly ScopeFile[]; // in the order in which they are fetched
  seal: Seal; // of what may travel
  own: Own; // of what only a guide may open
  door: { hear(word: PeopleWord): Promise<void>; refill(): Promise<void>; shut(): void };
  identity: Identity;
  identities: IdentityStore;
  answers: Answers;
  after?(): void; // a round went well: there may be recordings to fetch
}

const KEEP_SENT_DAYS = 30;
const WATCH_MS = 30_000;
const DOWNLINK_FULL = 200; // messages of one reply; as many mean that there may be more
const DAY_MS = 86_400_000;
const SEEN_MS = 600_000; // how finely the time that this clock has seen is kept

/** A round never rejects but for the device's own storage; the next one tries again. */
const report = (error: unknown): void => console.error("The round with the centre broke off:", error);

export class Runner {
  failure: ProblemWire | null = null;
  syncing = false;
  private rounds: Round[] = [];
  private failures = 0;
  private batch = BATCH_FIRST;
  private pollS = 60;
  private proto = PROTO;
  private retryAfterS: number | null = null;
  private dueAt = 0;
  private watch: ReturnType<typeof setInterval> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = false;
  private readonly resent = new Set<number>();

  private readonly news: News;
  readonly way: Way; // of papers and documents, beside the rounds
  private uploads: Uploads | null = null;

  constructor(
    private readonly world: World,
    private readonly parts: Parts,
  ) {
    this.news = new News(world, parts, () => this.releaseKeys());
    const { now, random, fetcher, calling, changed } = world;
    const paused = (): boolean => parts.field.meta("papers_paused") === "yes";
    const signed = this.signed.bind(this);
    this.way = { now, random, fetcher, calling, changed, paused, signed };
  }

  /** Bytes of the pack under way. */
  get progress(): Progress | null {
    return this.news.progress;
  }

  get link(): LinkState {
    return linkOf(this.rounds, this.world.onLine());
  }

  get revoked(): boolean {
    return this.parts.field.meta("revoked") === "yes";
  }

  /** Device minus centre, ms, as last measured. */
  get skewMs(): number | null {
    const text = this.parts.field.meta("skew_ms");
    return text === null ? null : Number(text);
  }

  /** The time by the centre's clock, as well as this device knows it. */
  get centreNow(): number {
    return this.world.now() - (this.skewMs ?? 0);
  }

  /** Release keys of the centre by id that count now (S53). */
  async releaseKeys(): Promise<Readonly<Record<string, string>>> {
    const { trust, releaseKeys } = this.parts.identity;
    return trust ? (await import("./keyring")).counting(trust, releaseKeys, this.centreNow) : releaseKeys;
  }

  start(): void {
    if (this.revoked) void this.halt().catch(report); // stopped under a program that forgot nothing
    this.schedule(0);
    // Timers sleep with the computer and a heal can go unnoticed: look regularly whether a round is overdue.
    this.watch = setInterval(() => {
      if (!this.running && this.world.now() > this.dueAt + WATCH_MS) this.poke();
    }, WATCH_MS);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.uploads?.stop();
  }

  get carrying(): UploadState {
    return this.uploads?.state ?? "idle";
  }

  /** What carries the papers; read when there is something to carry. */
  async carrier(): Promise<Uploads> {
    const { Uploads } = await import("./uploads");
    this.uploads ??= new Uploads(this.way, this.parts.field.papers, this.parts.seal);
    if (this.stopped) this.uploads.stop();
    return this.uploads;
  }

  /** There may be papers to carry. */
  bring(): void {
    void this.carrier().then((uploads) => uploads.poke(), report);
  }

  /** Something happened (a new event, the link is back, the page is looked at): speak soon. */
  poke(): void {
    if (this.stopped) return;
    if (this.running) this.again = true;
    else if (this.retryAfterS === null) this.schedule(0);
  }

  /** One round now; resolves when it is over, whatever came of it. */
  async once(): Promise<void> {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    clearTimeout(this.timer);
    if (!this.parts.identity.device || this.revoked) return;
    this.running = this.speak();
    return this.running;
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.dueAt = this.world.now() + ms;
    this.timer = setTimeout(() => void this.once().catch(report), ms);
  }

  private plan(): void {
    const { failures, rounds, pollS, retryAfterS } = this;
    this.schedule(nextDelay({ failures, rounds, pollS, retryAfterS, random: this.world.random() }));
  }

  /** Rounds until there is nothing more to do at once. */
  private async speak(): Promise<void> {
    await null; // so that `running` is set before this can end
    this.syncing = true;
    this.world.changed();
    try {
      do {
        this.again = false;
      } while (((await this.round()) || this.again) && !this.stopped);
    } finally {
      // In one breath with the last look at `again`: a wish that comes between would be lost.
      this.running = null;
      this.syncing = false;
      this.plan();
      this.world.changed();
    }
  }

  /** One request and what follows from it; true when there is more to do at once. */
  private async round(): Promise<boolean> {
    const began = this.world.now();
    let events: WireEvent[] = [];
    this.retryAfterS = null;
    try {
      events = await this.nextEvents();
      const { answers } = this.parts;
      const told = answers.told();
      const reply = await this.exchange(events, told);
      this.note({ ok: true, ms: this.world.now() - began, portal: false }, events.length);
      const settled = await this.takeIn(reply, events);
      if (told) answers.heard(told, reply.device.answers_agree ?? null);
      const before = this.have();
      await this.news.bring(reply.packs);
      answers.look();
      const renewed = JSON.stringify(this.have()) !== JSON.stringify(before); // the centre shows who has which release
      this.failures = 0;
      this.failure = null;
      if (!this.revoked) this.bring();
      this.parts.after?.();
      return renewed || reply.downlink.length >= DOWNLINK_FULL || (settled > 0 && this.parts.field.counts().waiting > 0);
    } catch (error) {
      const cause = asProblem(error);
      if (cause.code === "device.revoked") await this.halt();
      return this.fail(cause, began, events);
    }
  }

  /** Notes a failed round; true when it is worth going on at once. */
  private fail(cause: Problem, began: number, events: readonly WireEvent[]): boolean {
    if (this.setAside(cause, events)) return true;
    this.failure = cause.toWire();
    this.retryAfterS = typeof cause.details.retryAfterS === "number" ? cause.details.retryAfterS : null;
    if (cause.details.moved === true) return true; // a download that got on before it was cut: go on at once
    this.failures += 1;
    this.note({ ok: false, ms: this.world.now() - began, portal: cause.code === "net.portal" }, events.length);
    return false;
  }

  /**
   * One event that makes the centre refuse the whole request must not block the others: the batch is halved until the
   * event stands alone, and then it is set aside as refused, with the centre's reason.
   */
  private setAside(cause: Problem, events: readonly WireEvent[]): boolean {
    const ours = cause.code === "request.size" || (cause.code === "sync.format" && String(cause.details.field).includes("events"));
    if (!ours || events.length === 0) return false;
    this.batch = Math.max(1, Math.floor(events.length / 2));
    const [only] = events;
    if (events.length === 1 && only) {
      const refusal = { id: only.id, verdict: "rejected", problem: cause.toWire() };
      this.parts.field.settle([refusal], new Date(this.world.now()).toISOString());
    }
    return true;
  }

  private note(round: Round, sent: number): void {
    this.rounds = [...this.rounds.slice(-2), round];
    this.batch = nextBatch(this.batch, sent, round);
    this.world.changed();
  }

  // ---- up ----

  private async nextEvents(): Promise<WireEvent[]> {
    return this.fittingOf(this.parts.field.unanswered(this.batch));
  }

  /** Events without a verdict after a number, as many as fit one request. */
  batchAfter(seq: number, limit: number): Promise<WireEvent[]> {
    return this.fittingOf(this.parts.field.unansweredAfter(seq, limit));
  }

  private async fittingOf(rows: readonly OutboxRow[]): Promise<WireEvent[]> {
    const events = await Promise.all(
      rows.map(async ({ id, seq, name, subject, at, sealed }): Promise<WireEvent> => {
        const { body } = await this.parts.seal.open<{ body: Record<string, unknown> }>(sealed);
        return { id, seq, name, subject, at, body };
      }),
    );
    return events.slice(0, fitting(events.map((event) => JSON.stringify(event).length)));
  }

  have(): Record<string, number> {
    return Object.fromEntries(this.parts.scopes.filter((file) => file.wanted()).map((file) => [file.scope, file.held()?.release ?? 0]));
  }

  /** What a round says. */
  async request(events: WireEvent[], answers: AnswersWord | null): Promise<SyncRequest> {
    const { field } = this.parts;
    const disk = await this.world.disk();
    return {
      proto: this.proto,
      cursor: Number(field.meta("cursor") ?? 0),
      have: this.have(),
      events,
      key_letter: this.parts.identity.trust?.serial ?? 0,
      word: field.meta("word") ?? "",
      people: field.meta("people_digest") ?? "",
      carried: JSON.parse(field.meta("carried") ?? "{}") as object,
      state: {
        app: this.world.app,
        ...field.counts(),
        disk_free: disk?.free ?? null,
        disk_used: disk?.used ?? null,
        clock: new Date(this.world.now()).toISOString(),
        browser: this.world.browser,
        answers,
      },
    };
  }

  private async exchange(events: WireEvent[], answers: AnswersWord | null): Promise<SyncReply> {
    const { shorten, whole } = await import("./brief");
    const asked = await this.request(events, answers);
    const plain = new TextEncoder().encode(JSON.stringify(asked.proto === BRIEF ? shorten(asked) : asked));
    const squeezed = await gzip(plain);
    const headers = { "Content-Type": "application/json", ...(squeezed ? { "Content-Encoding": "gzip" } : {}) };
    try {
      return await this.post(squeezed ?? plain, headers, (value) => readSyncReply(whole(value, events)), true);
    } catch (error) {
      const { code, details } = asProblem(error);
      const ours = Number(details.ours);
      if (code !== "sync.proto" || !(ours >= OLDEST && ours < this.proto)) throw error;
      this.proto = ours; // an older centre: speak as it does until this program starts again
      return this.exchange(events, answers);
    }
  }

  private async post(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>, read: (value: unknown) => SyncReply, mayAskAgain: boolean): Promise<SyncReply> {
    const signed = await this.signed("POST", "/sync", body);
    const began = this.world.now();
    try {
      const ask = { method: "POST" as const, path: "/sync", headers: { ...headers, ...signed }, body };
      const reply = read(await sendForJson(ask, this.world.fetcher));
      this.measure(reply.server_time, began);
      return reply;
    } catch (error) {
      const cause = asProblem(error);
      if (cause.code !== "device.clock" || !mayAskAgain || typeof cause.details.server_time !== "string") throw error;
      this.measure(cause.details.server_time, began); // our clock is wrong: take the centre's and ask once more
      return this.post(body, headers, read, false);
    }
  }

  /** Headers that prove this device. */
  signed(method: string, path: string, body: Uint8Array<ArrayBuffer>): Promise<Record<string, string>> {
    const { signing, device } = this.parts.identity;
    return sign(method, path, body, signing.privateKey, device!.id, Math.floor(this.centreNow / 1000), crypto.randomUUID().slice(0, 18));
  }

  private measure(serverTime: string, began: number): void {
    const middle = (began + this.world.now()) / 2;
    this.parts.field.setMeta("skew_ms", String(Math.round(middle - Date.parse(serverTime))));
  }

  // ---- down ----

  /** Knowledge from packs that came on a stick. */
  async adopt(packs: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await this.news.adopt(packs);
    this.parts.answers.look();
    this.world.changed();
  }

  /** Verdicts, progress of cases and the cursor, all or nothing; how many of our events were answered. */
  async takeIn(reply: SyncReply, events: readonly { id: string }[]): Promise<number> {
    const { field, own, door } = this.parts;
    const progress = await Promise.all(
      reply.downlink
        .filter(({ kind }) => /^case\.(progress|document)$|^message/.test(kind))
        .map(async ({ cursor, body }) => ({ cursor, caseNo: String(body.case_no ?? body.message), sealed: await own.close(body) })),
    );
    const over = reply.downlink.filter(({ kind }) => kind === "case.forget").map(({ body }) => String(body.case_no));
    const asked = new Set(events.map((event) => event.id));
    const verdicts = reply.verdicts.filter(({ id }) => asked.has(id));
    const now = new Date(this.world.now());
    field.db.transaction(() => {
      field.settle(verdicts, now.toISOString());
      field.sendAgain(this.lost(reply.missing));
      progress.forEach(({ cursor, caseNo, sealed }) => field.addProgress(cursor, caseNo, sealed));
      if (over.length > 0) field.setMeta("forget", JSON.stringify([...(JSON.parse(field.meta("forget") ?? "[]") as string[]), ...over]));
      field.setMeta("cursor", String(Math.max(reply.cursor, Number(field.meta("cursor") ?? 0))));
      field.setMeta("last_success", now.toISOString());
      field.prune(new Date(now.getTime() - KEEP_SENT_DAYS * DAY_MS).toISOString());
      for (const signed of reply.manifests) field.setMeta(`manifest.${scopeOf(signed)}`, JSON.stringify(signed));
      this.renew(reply.device.lease_days, reply.server_time);
      if (reply.device.courier_key) field.setMeta("courier_key", reply.device.courier_key);
    });
    this.pollS = reply.next_poll_s;
    if (field.meta("forget")) (await import("./forget")).forgetCases(field);
    await this.follow(reply.device.point, reply.device.letters);
    if (reply.device.word) field.setMeta("word", reply.device.word); // after what it stands for
    if (reply.device.revoked) await this.halt();
    if (reply.device.move || reply.device.resend) await this.obey(reply.device);
    if (reply.device.people) await door.hear(reply.device.people);
    await door.refill();
    const { identity, identities } = this.parts;
    if (reply.key_letters?.length) {
      const { learn } = await import("./keyring");
      await learn(reply.key_letters, identity.trust ?? null, identity.releaseKeys, (trust) => identities.save(Object.assign(identity, { trust })));
    }
    return verdicts.length;
  }

  /** The centre answered: the lease begins anew. */
  private renew(days: number | null | undefined, told: string): void {
    const { field } = this.parts;
    field.setMeta("lease_told", String(Date.parse(told)));
    for (const name of ["lease_from", "lease_seen"]) field.setMeta(name, String(this.world.now()));
    if (typeof days === "number") field.setMeta("lease_days", String(days));
    field.dropMeta("lapsed");
  }

  /** Whether the lease has ended (S62); when it is first noticed, what the centre has is forgotten. */
  async lapsed(): Promise<boolean> {
    const { field } = this.parts;
    const now = this.world.now();
    const seen = Number(field.meta("lease_seen") ?? 0);
    if (now > seen + SEEN_MS) field.setMeta("lease_seen", String(now));
    const since = Number(field.meta("lease_from") ?? now);
    if (!lapsed(since, Number(field.meta("lease_told") ?? since), seen, now, Number(field.meta("lease_days") ?? 0))) return false;
    if (field.meta("lapsed") === null) (await import("./orders")).lapse(field);
    return true;
  }

  /** The centre stopped this device. */
  private async halt(): Promise<void> {
    (await import("./orders")).stop(this.parts.field);
    this.parts.door.shut();
  }

  private async obey(orders: Orders): Promise<void> {
    const { field, identity, identities } = this.parts;
    identity.device = (await import("./orders")).obey(field, orders, identity.device!);
    await identities.save(identity);
  }

  /** Numbers to send once more; each at most once in the life of this page, so that it cannot go on for ever. */
  private lost(missing: SyncReply["missing"]): number[] {
    const numbers = toResend(this.parts.field.verdicts(missing), missing).filter((number) => !this.resent.has(number));
    numbers.forEach((number) => this.resent.add(number));
    return numbers;
  }

  /** The centre may have renamed or moved the service point. */
  private async follow(point: Device["point"] | undefined, letters = this.parts.identity.device?.letters ?? ""): Promise<void> {
    const { identity, identities } = this.parts;
    if (!point?.region || !identity.device) return;
    const next = { ...identity.device.point, ...point };
    if (letters === identity.device.letters && JSON.stringify(next) === JSON.stringify(identity.device.point)) return;
    identity.device = { ...identity.device, letters, point: next };
    await identities.save(identity);
  }
}
