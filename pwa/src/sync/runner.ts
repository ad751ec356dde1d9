// The loop between this device and the centre: one POST /sync a round, packs when there are any. It never throws away
// what it could not send; only a verdict of the centre clears an event.
import { asProblem, type Problem, problem, type ProblemWire } from "../kit/problems";
import type { Field } from "../store/field";
import type { Identity, IdentityStore } from "../store/identity";
import { type Held, type Knowledge, SCHEMA } from "../store/knowledge";
import type { Seal } from "../store/seal";
import type { Device, LinkState } from "../store/types";
import { fromBase64 } from "./bytes";
import { gzip, send, sendForJson, Watchdog } from "./http";
import { PROTO, readSyncReply, type SyncReply, type SyncRequest, type WireEvent } from "./messages";
import { BATCH_FIRST, fitting, linkOf, nextBatch, nextDelay, type Round, toResend } from "./outbox";
import { choosePack, Download, fullPackMayHelp, type Manifest, type PackEntry, type Part, readManifest, type SignedManifest, unpack } from "./packs";
import { sign } from "./signature";

/** What the runner needs of the world; the worker gives the browser's, tests give their own. */
export interface World {
  app: string;
  browser: string;
  now(): number; // ms, this device's clock
  random(): number; // [0, 1)
  onLine(): boolean;
  diskFree(): Promise<number | null>; // bytes
  openPart(sha256: string): Promise<Part>;
  fetcher: typeof fetch;
  changed(): void; // something of the status is different
}

export interface Parts {
  field: Field;
  knowledge: Knowledge;
  seal: Seal;
  identity: Identity;
  identities: IdentityStore;
}

const KEEP_SENT_DAYS = 30;
const DAMAGE_LIMIT = 3; // chunks refetched in one go before the round is given up
const SPAN_FIRST = 64 * 1024; // bytes asked for at once on a link that gets cut
const SPAN_LEAST = 4 * 1024;
const WATCH_MS = 30_000;
const DAY_MS = 86_400_000;

export class Runner {
  progress: { label: string; done: number; total: number } | null = null;
  failure: ProblemWire | null = null;
  syncing = false;
  private rounds: Round[] = [];
  private failures = 0;
  private batch = BATCH_FIRST;
  private pollS = 60;
  private retryAfterS: number | null = null;
  private dueAt = 0;
  private watch: ReturnType<typeof setInterval> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = false;

  constructor(
    private readonly world: World,
    private readonly parts: Parts,
  ) {}

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

  start(): void {
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
    this.running = this.rounds_().finally(() => {
      this.running = null;
      this.syncing = false;
      this.plan();
      this.world.changed();
    });
    return this.running;
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.dueAt = this.world.now() + ms;
    this.timer = setTimeout(() => void this.once(), ms);
  }

  private plan(): void {
    const { failures, rounds, pollS, retryAfterS } = this;
    this.schedule(nextDelay({ failures, rounds, pollS, retryAfterS, random: this.world.random() }));
  }

  private async rounds_(): Promise<void> {
    if (!this.parts.identity.device || this.revoked) return;
    this.syncing = true;
    this.world.changed();
    do {
      this.again = false;
    } while ((await this.round()) || this.again);
  }

  /** One request and what follows from it; true when there is more to do at once. */
  private async round(): Promise<boolean> {
    const began = this.world.now();
    let sent = 0;
    this.retryAfterS = null;
    try {
      const events = await this.nextEvents();
      sent = events.length;
      const reply = await this.exchange(events);
      this.note({ ok: true, ms: this.world.now() - began, portal: false }, sent);
      const settled = await this.takeIn(reply, events);
      await this.bring(reply);
      this.failures = 0;
      this.failure = null;
      return settled > 0 && this.parts.field.counts().waiting > 0;
    } catch (error) {
      return this.fail(asProblem(error), began, sent);
    }
  }

  private fail(cause: Problem, began: number, sent: number): boolean {
    this.failure = cause.toWire();
    this.retryAfterS = typeof cause.details.retryAfterS === "number" ? cause.details.retryAfterS : null;
    if (cause.code === "device.revoked") this.parts.field.setMeta("revoked", "yes");
    if (cause.details.moved === true) return true; // a download that got on before it was cut: go on at once
    this.failures += 1;
    this.note({ ok: false, ms: this.world.now() - began, portal: cause.code === "net.portal" }, sent);
    return false;
  }

  private note(round: Round, sent: number): void {
    this.rounds = [...this.rounds.slice(-2), round];
    this.batch = nextBatch(this.batch, sent, round);
    this.world.changed();
  }

  // ---- up ----

  private async nextEvents(): Promise<WireEvent[]> {
    const rows = this.parts.field.unanswered(this.batch);
    const events = await Promise.all(
      rows.map(async ({ id, seq, name, subject, at, sealed }): Promise<WireEvent> => {
        const { body } = await this.parts.seal.open<{ body: Record<string, unknown> }>(sealed);
        return { id, seq, name, subject, at, body };
      }),
    );
    return events.slice(0, fitting(events.map((event) => JSON.stringify(event).length)));
  }

  private async exchange(events: WireEvent[]): Promise<SyncReply> {
    const { field, knowledge } = this.parts;
    const request: SyncRequest = {
      proto: PROTO,
      cursor: Number(field.meta("cursor") ?? 0),
      have: { knowledge: knowledge.held()?.release ?? 0 },
      events,
      state: {
        app: this.world.app,
        ...field.counts(),
        disk_free: await this.world.diskFree(),
        clock: new Date(this.world.now()).toISOString(),
        browser: this.world.browser,
      },
    };
    const plain = new TextEncoder().encode(JSON.stringify(request));
    const squeezed = await gzip(plain);
    const headers = { "Content-Type": "application/json", ...(squeezed ? { "Content-Encoding": "gzip" } : {}) };
    return this.post(squeezed ?? plain, headers, true);
  }

  private async post(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>, mayAskAgain: boolean): Promise<SyncReply> {
    const { identity } = this.parts;
    const created = Math.floor(this.centreNow / 1000);
    const nonce = crypto.randomUUID();
    const signed = await sign("POST", "/sync", body, identity.signing.privateKey, identity.device!.id, created, nonce);
    const began = this.world.now();
    try {
      const ask = { method: "POST" as const, path: "/sync", headers: { ...headers, ...signed }, body };
      const reply = readSyncReply(await sendForJson(ask, this.world.fetcher));
      this.measure(reply.server_time, began);
      return reply;
    } catch (error) {
      const cause = asProblem(error);
      if (cause.code !== "device.clock" || !mayAskAgain || typeof cause.details.server_time !== "string") throw error;
      this.measure(cause.details.server_time, began); // our clock is wrong: take the centre's and ask once more
      return this.post(body, headers, false);
    }
  }

  private measure(serverTime: string, began: number): void {
    const middle = (began + this.world.now()) / 2;
    this.parts.field.setMeta("skew_ms", String(Math.round(middle - Date.parse(serverTime))));
  }

  // ---- down ----

  /** Verdicts, progress of cases and the cursor, all or nothing; how many of our events were answered. */
  private async takeIn(reply: SyncReply, events: readonly WireEvent[]): Promise<number> {
    const { field, seal } = this.parts;
    const progress = await Promise.all(
      reply.downlink
        .filter(({ kind }) => kind === "case.progress")
        .map(async ({ cursor, body }) => ({ cursor, caseNo: String(body.case_no), sealed: await seal.close(body) })),
    );
    const asked = new Set(events.map((event) => event.id));
    const verdicts = reply.verdicts.filter(({ id }) => asked.has(id));
    const now = new Date(this.world.now());
    field.db.transaction(() => {
      field.settle(verdicts, now.toISOString());
      field.sendAgain(toResend(field.verdicts(reply.missing), reply.missing));
      progress.forEach(({ cursor, caseNo, sealed }) => field.addProgress(cursor, caseNo, sealed));
      field.setMeta("cursor", String(reply.cursor));
      field.setMeta("last_success", now.toISOString());
      field.prune(new Date(now.getTime() - KEEP_SENT_DAYS * DAY_MS).toISOString());
      for (const signed of reply.manifests) field.setMeta("manifest", JSON.stringify(signed));
      if (reply.device.revoked) field.setMeta("revoked", "yes");
    });
    this.pollS = reply.next_poll_s;
    await this.follow(reply.device.point);
    return verdicts.length;
  }

  /** The centre may have renamed or moved the service point. */
  private async follow(point: Device["point"] | undefined): Promise<void> {
    const { identity, identities } = this.parts;
    if (!point?.region || !identity.device) return;
    const next = { ...identity.device.point, ...point };
    if (JSON.stringify(next) === JSON.stringify(identity.device.point)) return;
    identity.device = { ...identity.device, point: next };
    await identities.save(identity);
  }

  /** Brings the knowledge to the newest manifest we were told of, in this round or in an earlier one. */
  private async bring(reply: SyncReply): Promise<void> {
    const { field, knowledge } = this.parts;
    const text = field.meta("manifest");
    if (text === null) return;
    const inline = new Map(reply.packs.map((pack) => [pack.sha256, pack.data]));
    const manifest = await this.believe(JSON.parse(text) as SignedManifest);
    const held = knowledge.held();
    const next: Held = {
      release: manifest.release,
      root: manifest.content_root,
      issued_at: manifest.issued_at,
      stale_after: manifest.stale_after,
    };
    if (held?.release === manifest.release) knowledge.renew(next);
    else await this.change(manifest, next, held?.release ?? 0, inline);
    field.setMeta("seen", JSON.stringify({ release: next.release, root: next.root }));
    field.dropMeta("manifest");
    this.world.changed();
  }

  private async believe(signed: SignedManifest): Promise<Manifest> {
    const { field, identity } = this.parts;
    const seen = JSON.parse(field.meta("seen") ?? '{"release":0,"root":""}') as { release: number; root: string };
    try {
      return await readManifest(signed, identity.releaseKeys, SCHEMA, seen);
    } catch (error) {
      field.dropMeta("manifest"); // refused for good; the next round may bring a better one
      throw error;
    }
  }

  private async change(manifest: Manifest, next: Held, held: number, inline: Map<string, string>): Promise<void> {
    let avoidDelta = false;
    for (;;) {
      const entry = choosePack(manifest, held, avoidDelta);
      if (!entry) throw problem("pack.format", { field: "packs" });
      const data = inline.get(entry.sha256);
      const bytes = data === undefined ? await this.download(entry) : fromBase64(data);
      const outcome = this.parts.knowledge.apply(unpack(bytes, entry.sha256), next, entry.from === 0);
      if (outcome === "applied") return;
      const refused = problem(outcome === "conflict" ? "pack.conflict" : "pack.root");
      if (avoidDelta || entry.from === 0 || !fullPackMayHelp(refused.code)) throw refused;
      avoidDelta = true;
    }
  }

  private async download(entry: PackEntry): Promise<Uint8Array> {
    const part = await this.world.openPart(entry.sha256);
    const download = new Download(entry, part);
    const began = download.offset;
    try {
      await this.fill(download);
      const bytes = download.bytes();
      await download.remove();
      return bytes;
    } catch (error) {
      const cause = asProblem(error);
      if (cause.details.status === 404) this.parts.field.dropMeta("manifest"); // a newer release has taken its place
      const cut = cause.code === "net.offline" || cause.code === "net.slow";
      cause.details.moved = cut && download.offset > began && this.world.onLine();
      download.close();
      throw cause;
    } finally {
      this.progress = null;
    }
  }

  /**
   * Fetches until the download is whole. A browser throws away what it received together with the news of a cut, so on a
   * link that is cut again and again one asks for less at a time: a short answer that arrived whole is never lost.
   */
  private async fill(download: Download): Promise<void> {
    let span = Infinity; // bytes asked for in one request
    for (let damaged = 0; !download.complete; ) {
      const before = download.offset;
      try {
        if (!(await this.fetchInto(download, span)) && ++damaged >= DAMAGE_LIMIT) throw problem("pack.damaged");
        span *= 2;
      } catch (error) {
        const cause = asProblem(error);
        if (cause.details.begun !== true || (download.offset <= before && span <= SPAN_LEAST)) throw cause;
        if (download.offset <= before) span = Math.max(SPAN_LEAST, Math.min(span, SPAN_FIRST) / 2);
      }
    }
  }

  /** Fetches at most `span` bytes from where the download stands; false when a chunk was damaged and must come again. */
  private async fetchInto(download: Download, span: number): Promise<boolean> {
    const watchdog = new Watchdog();
    const from = download.offset;
    const whole = from === 0 && span >= download.entry.bytes;
    const to = span === Infinity ? "" : String(from + span - 1);
    const headers: Record<string, string> = whole ? {} : { Range: `bytes=${from}-${to}` };
    let begun = false; // the answer started to arrive
    try {
      const ask = { method: "GET" as const, path: `/packs/${download.entry.sha256}.pack`, headers };
      const response = await send(ask, /^application\/octet-stream/, watchdog, this.world.fetcher);
      begun = true;
      let skip = response.status === 206 ? 0 : from; // a mirror without Range sends all of it again
      const reader = response.body!.getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        watchdog.alive();
        const fresh = value.subarray(Math.min(skip, value.byteLength));
        skip -= value.byteLength - fresh.byteLength;
        if (fresh.byteLength > 0 && !download.take(fresh)) {
          await reader.cancel();
          return false;
        }
        this.tell(download);
      }
      if (download.offset <= from) throw problem("net.offline"); // an answer without content gets nobody on
      return true;
    } catch (error) {
      const cause = watchdog.explain(error);
      cause.details.begun = begun;
      throw cause;
    } finally {
      watchdog.rest();
    }
  }

  private tell(download: Download): void {
    this.progress = { label: "下载知识库", done: download.offset, total: download.entry.bytes };
    this.world.changed();
  }
}

