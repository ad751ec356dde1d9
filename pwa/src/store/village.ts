// The store itself: everything a screen may ask (StoreApi), over knowledge.db, field.db, the keys and the runner.
// Runs in the one worker that owns the files; in tests over SQLite in memory.
import { JPEG, kindOf, PDF } from "../kit/files";
import { hex } from "../kit/hex";
import { asProblem, problem } from "../kit/problems";
import { sendForJson } from "../sync/http";
import { readEnrolReply } from "../sync/messages";
import { stateOf } from "../sync/outbox";
import type { Recordings } from "../sync/recordings";
import { Runner, type World } from "../sync/runner";
import { signText } from "../sync/signature";
import type { Admitted } from "../people/door";
import { Agreement } from "./agreement";
import { type Calls, CHANGING, type Mark, PERSONAL } from "./calls";
import { asked, brought, documentsOf, followSecret, type Issued, isTold, type Kept, keepCase, keptCases, madeFor, standing, type Told } from "./cases";
import type { Named } from "./drafts";
import { Field, type NewEvent, type OutboxRow } from "./field";
import type { Identity, IdentityStore } from "./identity";
import { beijingDay, caseNumber, mask, noticeNumber, uuid7 } from "./ids";
import { Knowledge } from "./knowledge";
import { Lingua } from "./lingua";
import type { Media } from "./media";
import type { About, PaperRow, Travel } from "./papers";
import { Questions } from "./questions";
import type { Recognition as Cards } from "./recognition";
import { newSigningKey, newStorageKey, Own, Seal, sealBy, sealOf } from "./seal";
import { LONG, SHORT } from "./sizes";
import type { Answer, Boot, CardReading, CaseFull, Device, Draft, Guide, Item, MediaStatus, Notice, Paper, People, Rating, Recognition, RecognitionWish, Recording, RecordRow, SendState, Status, StickDone, StoreApi, Supplement } from "./types";

export interface Disk {
  persisted(): Promise<boolean>;
  askToPersist(): Promise<boolean>;
  quota(): Promise<{ used: number; free: number } | null>;
}

const RECORDS = 500;
const PAPERS = 60; // of one case, as the centre takes them
const PAPER_BYTES = 8 * 1024 * 1024; // of one
const SPARE_BYTES = 1_000_000;
const KINDS: Record<string, RecordRow["kind"]> = { "case.submitted": "case", "case.supplemented": "supplement", "case.withdrawn": "withdrawal" };
/** How a rating is remembered here: a visit under its case number, as programs before 0.2 did; a decided case apart. */
const ratedKey = (matter: string): string => (matter.startsWith("visit:NJ") ? matter.slice(6) : matter.startsWith("NJ") ? `done:${matter}` : matter);
const LEVELS = ["", "非常满意", "满意", "基本满意", "不满意", "非常不满意"]; // GB/T 39046 A.8
/** What shows a person, or begins to: closed when the lease has ended. What is typed at that moment is still kept. */
const LOCKED = new Set<string>([
  "drafts", "draft", "newDraft", "submit", "papers", "addPaper", "paperData", "readCard", "records", "caseFull", "supplement", "withdraw", "twins",
] satisfies (keyof Calls)[]); // prettier-ignore

export class Village implements Calls {
  private runner: Runner | null = null;
  private identity: Identity | null = null;
  private seal: Seal | null = null; // of what may travel
  private own: Own | null = null; // of what is personal
  private session: Admitted | null = null; // who is logged in; gone with this worker
  private admitted: Admitted | null = null; // whom the centre knows, and who has no PIN here yet
  private touched = 0;
  private watch: ReturnType<typeof setInterval> | undefined;
  private reported = false; // a loss was told to the person; the next boot goes on
  private call: string | null = null;
  private fetching: Recordings | null = null;
  private reader: Cards | null = null;
  private queue: Promise<unknown> = Promise.resolve();
  private readonly answers: Agreement;

  constructor(
    private readonly world: World,
    private readonly disk: Disk,
    private readonly identities: IdentityStore,
    readonly knowledge: Knowledge,
    readonly lingua: Lingua,
    readonly field: Field,
    private readonly sounds: Media | null = null,
  ) {
    this.answers = new Agreement({ field, knowledge, lingua, app: world.app, ready: () => this.poke(), changed: () => world.changed() });
  }

  /** Carries out one call of a window; changing calls queue up, and a repeated one gets the answer of the first time. */
  dispatch(id: string, method: keyof Calls, args: unknown[]): Promise<unknown> {
    const work = async (): Promise<unknown> => {
      if (LOCKED.has(method) && (await this.runner?.lapsed())) throw problem("device.lapsed");
      await this.lockWhenIdle();
      if (PERSONAL.has(method)) this.mustBeOpen();
      return (this[method] as (...args: unknown[]) => Promise<unknown>)(...args);
    };
    if (!CHANGING.has(method)) return work();
    const run = async (): Promise<unknown> => {
      const before = this.field.answer(id);
      if (before !== null) return (JSON.parse(before) as [unknown])[0];
      this.call = id;
      try {
        return await work();
      } finally {
        this.call = null;
      }
    };
    const next = this.queue.then(run, run);
    this.queue = next.catch(() => undefined);
    return next;
  }

  /** One transaction for what a call stores and for its answer. */
  private keep<T>(value: T, store: () => void): T {
    this.field.db.transaction(() => {
      store();
      if (this.call !== null) this.field.remember(this.call, JSON.stringify([value ?? null]));
    });
    this.world.changed();
    return value;
  }

  // ---- opening ----

  /** Goes on as the registered device when everything is there: after a change of owner nobody boots again. */
  async wake(): Promise<void> {
    this.identity = await this.identities.load();
    if (this.identity?.device && this.identity.device.id === this.field.meta("device")) this.launch(this.identity);
  }

  async boot(mark: Mark | null): Promise<Boot> {
    if (!this.runner) {
      const missing = await this.load(mark);
      if (missing.length > 0 && !this.reported) {
        this.reported = true;
        return { state: "lost", missing };
      }
      if (missing.length > 0) this.identity = null; // what was sealed or numbered is gone: register anew
    }
    if (!this.identity?.device) return { state: "fresh" };
    this.launch(this.identity);
    return { state: this.knowledge.held() ? "ready" : "empty" };
  }

  /** Compares the three places that each remember this device; says what the browser lost. */
  private async load(mark: Mark | null): Promise<string[]> {
    this.identity = await this.identities.load();
    const known = this.identity?.device?.id ?? null;
    const written = this.field.meta("device");
    if (known === null && written === null && mark === null) return [];
    const missing: string[] = [];
    if (mark?.release && !this.knowledge.held()) missing.push("知识库");
    if (written === null || (known === null && this.sealedRows() > 0)) missing.push("待传记录");
    if (known === null || known !== written) missing.push("设备身份");
    return known !== null && known === written ? [] : missing;
  }

  private sealedRows(): number {
    return this.field.counts().waiting + this.field.draftCount() + this.field.papers.counts().waiting;
  }

  private launch(identity: Identity): void {
    if (this.runner) return;
    this.identity = identity;
    this.seal = new Seal(identity.storage);
    const slot = (): string | null => (JSON.parse(this.field.meta("letterbox") ?? "null") as { slot: string } | null)?.slot ?? null;
    this.own = new Own(this.seal, slot);
    const { field, knowledge, lingua, sounds, seal, own, identities, answers } = this;
    const scopes = [knowledge, lingua, ...(sounds ? [sounds] : [])];
    const door = { hear: this.hear.bind(this), refill: this.refill.bind(this), shut: this.shut.bind(this) };
    this.runner = new Runner(this.world, { field, scopes, seal, own, door, identity, identities, answers, after: () => void this.fetched() });
    field.papers.forgetDropped();
    this.runner.start();
    void this.tellEarlierQuestion();
  }

  /** A question asked before the page was closed: nobody will pick an item for it any more. */
  private async tellEarlierQuestion(): Promise<void> {
    const event = await this.questions.event(null, null);
    if (!event) return;
    this.field.db.transaction(() => {
      this.field.append(event);
      this.questions.forget();
    });
    this.world.changed();
    this.poke();
  }

  async enrol(code: string): Promise<Device> {
    if (this.identity?.device && this.runner) return this.identity.device;
    const identity = await this.freshKeys();
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", identity.signing.publicKey);
    const body = new TextEncoder().encode(JSON.stringify({ code, public_key: { kty, crv, x, y }, browser: this.world.browser }));
    const headers = { "Content-Type": "application/json" };
    const reply = readEnrolReply(await sendForJson({ method: "POST", path: "/enrol", headers, body }, this.world.fetcher));
    const device: Device = { id: reply.device, letters: reply.letters, point: reply.point };
    const enrolled: Identity = { ...identity, device, releaseKeys: reply.release_keys };
    if (reply.root) enrolled.trust = await (await import("../sync/keyring")).pin(reply.root, reply.key_letters ?? []);
    this.field.clear();
    this.field.setMeta("device", device.id);
    await this.identities.save(enrolled);
    this.reported = false;
    await this.disk.askToPersist();
    this.launch(enrolled);
    return this.keep(device, () => undefined);
  }

  /** Keys are kept before the code is spent: when the answer is lost on the way, the same keys ask again. */
  private async freshKeys(): Promise<Identity> {
    const kept = await this.identities.load();
    if (kept && !kept.device) return kept;
    const identity: Identity = { signing: await newSigningKey(), storage: await newStorageKey(), device: null, releaseKeys: {} };
    await this.identities.save(identity);
    return identity;
  }

  /** Resolves when the papers under way have come as far as they can now. */
  async brought(): Promise<void> {
    return (await this.runner?.carrier())?.once();
  }

  /** Resolves when it is known what this device answers on the releases held. */
  checked(): Promise<void> {
    return this.answers.check();
  }

  /** Ends the loop; the files belong to whoever opened them. */
  close(): void {
    this.runner?.stop();
    this.fetching?.stop();
    this.reader?.stop();
    clearInterval(this.watch);
    this.answers.stop();
  }

  // ---- people ----

  private async hear(word: Parameters<typeof import("../people/door").hear>[1]): Promise<void> {
    const { hear } = await import("../people/door");
    if (hear(this.field, word, this.session?.guide.id ?? null)) this.shut();
  }

  private async refill(): Promise<void> {
    if (this.own?.unlocked) await (await import("../people/door")).refill(this.field, this.own, this.seal!);
  }

  private get here(): Parameters<typeof import("../people/door").setPin>[0] {
    const { field, own, seal, identity, identities, world } = this;
    if (!own || !seal || !identity) throw problem("net.unenrolled");
    return { field, own, device: seal, identity, identities, now: () => world.now() };
  }

  async people(): Promise<People> {
    return (await import("../people/door")).people(this.field, this.world.now());
  }

  async admit(username: string, password: string): Promise<Guide> {
    if (!this.runner) throw problem("net.unenrolled");
    const door = await import("../people/door");
    const body = new TextEncoder().encode(JSON.stringify({ username, password }));
    const headers = { "Content-Type": "application/json", ...(await this.runner.signed("POST", "/guides/login", body)) };
    const reply = await sendForJson({ method: "POST", path: "/guides/login", headers, body }, this.world.fetcher);
    this.admitted = door.admitted(this.field, reply);
    return this.admitted.guide;
  }

  async setPin(pin: string): Promise<void> {
    const who = this.admitted;
    if (!who) throw problem("people.link");
    await (await import("../people/door")).setPin(this.here, who, pin);
    this.begin(who);
  }

  async changePin(before: string, pin: string): Promise<void> {
    if (!this.session) throw problem("people.locked");
    const door = await import("../people/door");
    await door.setPin(this.here, await door.unlock(this.here, this.session.guide.id, before), pin);
  }

  async unlock(id: string, pin: string): Promise<Guide> {
    const who = await (await import("../people/door")).unlock(this.here, id, pin);
    this.begin(who);
    return who.guide;
  }

  private begin(who: Admitted): void {
    [this.session, this.admitted, this.touched] = [who, null, this.world.now()];
    clearInterval(this.watch);
    this.watch = setInterval(() => void this.lockWhenIdle(), 10_000);
    this.world.changed();
    this.poke();
  }

  async lock(): Promise<void> {
    this.shut();
  }

  async touch(): Promise<void> {
    this.touched = this.world.now();
  }

  private shut(): void {
    [this.session, this.admitted] = [null, null];
    clearInterval(this.watch);
    this.own?.lock();
    this.world.changed();
  }

  /** Locks after a while without a touch, but never in the middle of a call. */
  private async lockWhenIdle(): Promise<void> {
    if (!this.session) return;
    const { lock_minutes } = JSON.parse(this.field.meta("people") ?? "{}") as { lock_minutes: number };
    if (this.world.now() - this.touched >= lock_minutes * 60_000 && !(await this.world.calling())) this.shut();
  }

  /** A device of before has its data open until somebody first logs in, for a while. */
  private get grace(): boolean {
    return Date.parse(this.field.meta("grace_until") ?? "") > this.world.now();
  }

  private mustBeOpen(): void {
    if (!this.own) throw problem("net.unenrolled");
    if (!this.own.unlocked && !this.grace) throw problem("people.locked");
  }

  private get me(): string {
    return this.session?.guide.id ?? "";
  }

  // ---- status ----

  async status(): Promise<Status> {
    const { field, knowledge, runner } = this;
    const held = knowledge.held();
    const skew = runner?.skewMs ?? null;
    return {
      link: runner?.link ?? (this.world.onLine() ? "weak" : "offline"),
      enrolled: runner ? (this.identity?.device ?? null) : null,
      release: held?.release ?? null,
      release_at: held?.issued_at ?? null,
      lingua: this.lingua.held()?.release ?? null,
      stale: held !== null && Date.parse(held.stale_after) < (runner?.centreNow ?? this.world.now()),
      ...field.counts(),
      papers: { ...field.papers.counts(), state: this.paperState() },
      last_success: field.meta("last_success"),
      answers_agree: this.answers.agree,
      clock_skew_s: skew === null ? null : Math.round(skew / 1000),
      progress: runner?.progress ?? this.fetching?.progress ?? null,
      syncing: runner?.syncing ?? false,
      problem: runner?.failure ?? null,
      persisted: await this.disk.persisted(),
      quota: await this.disk.quota(),
      guide: this.session?.guide ?? null,
      shut: !this.session && !this.grace,
      revoked: runner?.revoked ?? false,
      lapsed: (await runner?.lapsed()) ?? false,
      app: this.world.app,
    };
  }

  async syncNow(): Promise<Status> {
    await this.runner?.once();
    return this.status();
  }

  /** The link came back or the page is looked at again. */
  poke(): void {
    this.runner?.poke();
  }

  // ---- knowledge ----

  items = async (filter?: { domain?: string; text?: string }): ReturnType<StoreApi["items"]> => this.knowledge.items(filter);
  domains = async (): ReturnType<StoreApi["domains"]> => this.knowledge.domains();
  item = async (slug: string): Promise<Item> => this.knowledge.item(slug);
  regions = async (parent: string): ReturnType<StoreApi["regions"]> => this.knowledge.regions(parent);

  async ask(text: string): Promise<Answer> {
    const began = performance.now();
    const found = this.knowledge.ask(text, this.lingua);
    const masked = mask(text).slice(0, SHORT);
    const answer: Answer = { id: uuid7(this.world.now()), text: masked, ...found, ms: Math.round(performance.now() - began) };
    if (!this.runner) return answer;
    const sealed = await this.questions.close(answer, this.at());
    const earlier = await this.questions.event(null, null);
    try {
      this.keep(answer, () => {
        if (earlier) this.field.append(earlier);
        this.questions.wait(sealed);
      });
    } catch (error) {
      if (asProblem(error).code !== "storage.full") throw error; // a full disk must not silence the answer
    }
    return answer;
  }

  async picked(id: string, slug: string | null): Promise<void> {
    const event = await this.questions.event(id, slug, slug === null);
    if (!event) return; // told twice, or another question came between
    this.keep(undefined, () => {
      this.field.append(event);
      this.questions.forget();
    });
    this.runner?.poke();
  }

  async newNotice(slug: string): Promise<Notice> {
    const { number, next } = noticeNumber(this.device, this.world.now(), this.field.meta("notice"));
    const places = this.knowledge.places(slug, this.device.point);
    return this.keep({ number, made_at: this.at(), ...places }, () => this.field.setMeta("notice", next));
  }

  async noticePrinted(slug: string, situations: string[], number: string): Promise<void> {
    const { name, release } = this.knowledge.item(slug);
    const event = await this.event("notice.printed", slug, { item: slug, release, situations, number }, name);
    this.keep(undefined, () => this.field.append(event));
    this.runner?.poke();
  }

  // ---- drafts and cases ----

  async drafts(): Promise<Draft[]> {
    return Promise.all(this.field.drafts(this.me).map(({ sealed }) => this.box.open<Draft>(sealed)));
  }

  async draft(id: string): Promise<Draft> {
    this.mustBeOpen();
    const sealed = this.field.draft(id, this.me);
    if (!sealed) throw problem("draft.missing", { id });
    return this.box.open<Draft>(sealed);
  }

  async newDraft(slug: string, situations: string[]): Promise<Draft> {
    const { wanted } = await import("./drafts");
    const item = this.knowledge.item(slug);
    const draft: Draft = {
      id: uuid7(this.world.now()),
      item: slug,
      item_name: item.name,
      release: item.release,
      situations,
      materials: wanted(item, situations).map((name) => ({ name, have: false })),
      applicant: { name: "", id_number: "", phone: "", region: this.device.point.region, address: "" },
      proxy: null,
      note: "",
      updated_at: this.at(),
    };
    const sealed = await this.box.close(draft);
    return this.keep(draft, () => this.field.saveDraft(draft.id, draft.updated_at, sealed, this.me));
  }

  async saveDraft(draft: Draft): Promise<void> {
    if (this.field.caseOfDraft(draft.id) !== null) return; // a late keystroke after submitting
    if (this.field.isOfOther(draft.id, this.me)) throw problem("draft.missing", { id: draft.id });
    const kept = { ...draft, updated_at: this.at() };
    const sealed = await this.box.close(kept);
    this.keep(undefined, () => this.field.saveDraft(kept.id, kept.updated_at, sealed, this.me));
  }

  async othersDrafts(): Promise<number> {
    return this.field.draftsOfOthers(this.me);
  }

  async dropDraft(id: string): Promise<void> {
    if (this.field.isOfOther(id, this.me)) throw problem("draft.missing", { id });
    this.keep(undefined, () => this.field.dropDraft(id));
  }

  async submit(draft_id: string): Promise<{ case_no: string }> {
    const before = this.field.caseOfDraft(draft_id);
    if (before !== null) return { case_no: before };
    const draft = await this.draft(draft_id);
    const { bodyOf, checkDraft } = await import("./drafts");
    checkDraft(draft);
    const { point, letters } = this.device;
    const day = beijingDay(this.runner?.centreNow ?? this.world.now());
    const counter = this.field.nextCounter(day);
    const caseNo = caseNumber(point.region, day, letters, counter);
    const title = [draft.item_name, draft.applicant.name.trim()].join(" · ");
    const files = await Promise.all(this.field.papers.of(draft_id).map((row) => this.named(row)));
    const kept: Kept = { ...draft, follow: followSecret() };
    const event = await this.event("case.submitted", caseNo, { ...bodyOf(draft, caseNo, files), follow: kept.follow }, title);
    const sealed = await this.box.close(kept);
    const travel = await this.travelOf(this.field.papers.of(draft_id));
    this.keep({ case_no: caseNo }, () => this.field.file({ caseNo, draft: draft_id, day, counter, sealed, event, travel }));
    this.runner?.poke();
    return { case_no: caseNo };
  }

  async caseFull(case_no: string): Promise<CaseFull> {
    const file = this.field.caseFile(case_no);
    if (!file) throw problem("record.missing", { id: case_no });
    const { follow = "", ...draft } = await this.box.open<Kept>(file.sealed);
    const said = await this.saidOf(case_no);
    const told = said.filter(isTold);
    const progress = told.map(({ state, state_name, note, at, missing }) => ({ state: state_name ?? state, note: note ?? "", at, missing: missing ?? [] }));
    const stands = standing(told, madeFor(this.field.db, case_no));
    return { ...draft, ...stands, case_no, follow, submitted_at: file.submittedAt, send: this.sendOf(file.event), progress, documents: documentsOf(said) };
  }

  async supplement(case_no: string, { materials: ticked, applicant, note }: Supplement): Promise<void> {
    const full = await this.caseFull(case_no);
    if (!full.may.supplement) throw problem("case.still");
    const materials = brought(full.materials, ticked); // another guide may have handed in more since this form was opened
    if (note.length > LONG) throw problem("draft.field", { field: "说明" });
    if (applicant) (await import("./drafts")).checkDraft({ ...full, applicant });
    const { sealed: before, draft } = this.field.caseFile(case_no)!;
    const held = this.field.papers.of(draft).filter((row) => row.state === "held");
    const files = await Promise.all(held.map((row) => this.named(row)));
    const body = { case_no, materials, applicant, note, ...(files.length > 0 ? { files } : {}) };
    const event = await this.event("case.supplemented", case_no, body, full.item_name);
    const kept = await this.box.open<Kept>(before);
    const sealed = await this.box.close({ ...kept, materials, applicant: applicant ?? kept.applicant });
    const travel = await this.travelOf(held);
    this.keep(undefined, () => {
      this.field.append(event);
      this.field.papers.handIn(draft, event.id, travel);
      keepCase(this.field.db, case_no, sealed);
    });
    this.runner?.poke();
  }

  async withdraw(case_no: string, reason: string): Promise<void> {
    const full = await this.caseFull(case_no);
    if (!full.may.withdraw) throw problem("case.still");
    const text = reason.trim();
    if (text === "" || text.length > LONG) throw problem("draft.field", { field: "撤回的原因" });
    const event = await this.event("case.withdrawn", case_no, { case_no, reason: text }, full.item_name);
    this.keep(undefined, () => this.field.append(event));
    this.runner?.poke();
  }

  async twins(draft_id: string): Promise<string[]> {
    const { item, applicant } = await this.draft(draft_id);
    const number = applicant.id_number.trim().toUpperCase();
    if (number === "") return [];
    const found: string[] = [];
    for (const { caseNo, sealed } of keptCases(this.field.db, RECORDS)) {
      const kept = await this.box.open<Kept>(sealed);
      if (kept.item !== item || kept.applicant.id_number.trim().toUpperCase() !== number) continue;
      const { may } = standing(await this.toldOf(caseNo), madeFor(this.field.db, caseNo));
      if (may.withdraw) found.push(caseNo);
    }
    return found;
  }

  /** A case whose event was pruned has long been sent. */
  private sendOf(event: string): SendState {
    const row = this.field.event(event);
    return row ? stateOf(row.verdict) : "sent";
  }

  private async toldOf(caseNo: string): Promise<Told[]> {
    return (await this.saidOf(caseNo)).filter(isTold);
  }

  private saidOf(caseNo: string): Promise<(Told | Issued)[]> {
    return Promise.all(this.field.progress(caseNo).map((sealed) => this.box.open<Told | Issued>(sealed)));
  }

  /** A document that the decision made; it stays at the centre and is fetched when somebody stands here for it. */
  async resultData(case_no: string, id: string): Promise<Uint8Array<ArrayBuffer>> {
    const document = documentsOf(await this.saidOf(case_no)).find((one) => one.id === id);
    if (!document || document.withdrawn !== "") throw problem("result.gone");
    const { fetchResult } = await import("../sync/results");
    return fetchResult(document, this.going.way);
  }

  // ---- photos and papers ----

  async papers(of: string): Promise<Paper[]> {
    const draft = this.field.caseFile(of)?.draft ?? of;
    if (this.field.isOfOther(draft, this.me)) throw problem("draft.missing", { id: of });
    const rows = this.field.papers.of(draft);
    return Promise.all(rows.map((row) => this.paper(row)));
  }

  private async paper(row: PaperRow): Promise<Paper> {
    const { material, kind } = await this.about(row);
    const { id, bytes, arrived, stopped, problem: why } = row;
    return {
      id, bytes, arrived, stopped, material,
      kind: kind as Paper["kind"],
      thumb: await this.box.openBytes(row.thumb),
      state: row.state as Paper["state"],
      here: row.state !== "sent",
      problem: why ? `${why.message}${why.next}` : "",
    }; // prettier-ignore
  }

  private async named(row: PaperRow): Promise<Named> {
    const { material, kind, sha256 } = await this.about(row);
    return { material, sha256, bytes: row.bytes, kind };
  }

  private async about({ own, about }: PaperRow): Promise<About> {
    return (await sealOf(own, this.box, this.seal!)).open<About>(about);
  }

  /** The keys of papers under the device's own, so that they go up while nobody is logged in. */
  private async travelOf(rows: readonly PaperRow[]): Promise<Travel> {
    const keys = new Map<string, Uint8Array>();
    for (const { id, own } of rows) if (own) keys.set(id, await this.seal!.closeBytes(await this.box.openBytes(own)));
    return keys;
  }

  async addPaper(to: string, material: string, data: Uint8Array<ArrayBuffer>, thumb: Uint8Array<ArrayBuffer>, original?: Uint8Array<ArrayBuffer>): Promise<string> {
    const draft = this.field.caseFile(to)?.draft ?? to; // a case takes more papers with its next supplement
    if (draft === to && !this.field.draft(draft, this.me)) throw problem("draft.missing", { id: draft });
    if (this.field.papers.of(draft).length >= PAPERS) throw problem("paper.many", { limit: PAPERS });
    const kind = kindOf(data);
    // The page has judged it whole (village/papers.ts), the centre will again.
    if (data.length > PAPER_BYTES || (kind !== JPEG && kind !== PDF)) throw problem("paper.broken", { name: "这份文件" });
    const quota = await this.disk.quota();
    if (quota && quota.free < 3 * (data.length + (original?.length ?? 0)) + SPARE_BYTES) throw problem("storage.full");
    const sha256 = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
    const about: About = { material: material.slice(0, SHORT), kind, sha256 };
    const key = this.box.unlocked ? crypto.getRandomValues(new Uint8Array(32)) : null;
    const [seal, own] = key ? [await sealBy(key), await this.box.closeBytes(key)] : [this.seal!, null];
    const row = { id: uuid7(this.world.now()), draft, bytes: data.length, own, about: await seal.close(about), thumb: await this.box.closeBytes(thumb) };
    const content = await seal.closeBytes(data);
    const from = original ? await this.box.closeBytes(original) : null;
    return this.keep(row.id, () => this.field.papers.add(row, content, from));
  }

  async dropPaper(id: string): Promise<void> {
    this.keep(undefined, () => this.field.papers.drop(id));
  }

  async putBackPaper(id: string): Promise<void> {
    this.keep(undefined, () => this.field.papers.putBack(id));
  }

  async swapPapers(one: string, other: string): Promise<void> {
    this.keep(undefined, () => this.field.papers.swap(one, other));
  }

  async paperData(id: string, original = false): Promise<Uint8Array<ArrayBuffer> | null> {
    const content = this.field.papers.content(id, original);
    if (!content) return null;
    if (original) return this.box.openBytes(content);
    return (await sealOf(this.field.papers.one(id)?.own ?? null, this.box, this.seal!)).openBytes(content);
  }

  async retryPaper(id: string): Promise<void> {
    this.keep(undefined, () => this.field.papers.retry(id));
    await this.refill();
    this.runner?.bring();
  }

  async dismissPaper(id: string): Promise<void> {
    this.keep(undefined, () => this.field.papers.dismiss(id));
  }

  readCard = async (id: string, centre = false): Promise<CardReading> => (await this.cards()).read(await this.paperData(id), centre);
  recognition = async (wish?: RecognitionWish): Promise<Recognition> => (await this.cards()).wish(wish);

  private async cards(): Promise<Cards> {
    return (this.reader ??= (await import("./recognition")).reader(this.field, this.world, this.disk, this.going));
  }

  async stopPaper(id: string, stopped: boolean): Promise<void> {
    if (stopped) await (await this.runner?.carrier())?.cancel(id);
    this.keep(undefined, () => this.field.papers.stop(id, stopped));
    if (!stopped) this.runner?.bring();
  }

  async pausePapers(paused: boolean): Promise<void> {
    this.keep(undefined, () => this.field.setMeta("papers_paused", paused ? "yes" : "no"));
    if (!paused) this.runner?.bring();
  }

  private paperState(): Status["papers"]["state"] {
    if (this.field.meta("papers_paused") === "yes") return "paused";
    return this.runner?.carrying ?? "idle";
  }

  // ---- recordings ----

  recordings = async (item: string): Promise<Recording[]> => this.sounds?.recordings(item) ?? [];
  recording = async (sha256: string): Promise<Uint8Array<ArrayBuffer> | null> => this.sounds?.content(sha256) ?? null;

  async media(): Promise<MediaStatus> {
    return (await import("./listening")).mediaStatus(this.sounds, this.fetching, this.device.point.region);
  }

  async chooseMedia(languages: string[] | null, paused: boolean): Promise<void> {
    this.sounds?.choose(languages);
    this.sounds?.pause(paused);
    this.runner?.poke();
    void this.fetched();
  }

  /** Resolves when the recordings have come as far as they can now. */
  async fetched(): Promise<void> {
    const { sounds, runner, world, disk } = this;
    if (!sounds?.held() || !runner || runner.revoked) return;
    this.fetching ??= (await import("./listening")).fetching(sounds, world, disk, runner, () => this.device.point.region);
    await this.fetching.once();
  }

  // ---- ratings and records ----

  async rate(rating: Rating): Promise<void> {
    if (![1, 2, 3, 4, 5].includes(rating.level)) throw problem("rating.level");
    const matter = rating.matter || `visit:${uuid7(this.world.now())}`;
    const key = ratedKey(matter);
    if (this.field.rated(key)) throw problem("rating.twice");
    const body = {
      matter,
      level: rating.level,
      rated_at: new Date(this.runner?.centreNow ?? this.world.now()).toISOString(),
      reasons: rating.reasons,
      text: rating.text.slice(0, LONG),
      channel: "PC端",
    };
    const title = `评价 · ${LEVELS[rating.level] ?? ""}`;
    const event = await this.event("rating.given", matter, body, title);
    this.keep(undefined, () => this.field.rate(key, event));
    this.runner?.poke();
  }

  async records(): Promise<RecordRow[]> {
    return Promise.all(this.field.recent(RECORDS).map((row) => this.record(row)));
  }

  private async record(row: OutboxRow): Promise<RecordRow> {
    const { title } = await this.box.open<{ title: string }>(row.own ?? row.sealed);
    const kind = KINDS[row.name] ?? (row.name.split(".")[0] as RecordRow["kind"]);
    const told = kind === "case" ? await this.toldOf(row.subject) : [];
    const matter = /^(done|refused)$/.test(told.at(-1)?.state ?? "") ? row.subject : `visit:${row.subject}`;
    return {
      kind,
      id: kind === "case" ? row.subject : row.id,
      title,
      at: row.at,
      send: stateOf(row.verdict),
      problem: row.problem ? `${row.problem.message}${row.problem.next}` : "",
      progress: told.at(-1)?.state_name ?? told.at(-1)?.state ?? "",
      asked: kind === "case" ? asked(told, madeFor(this.field.db, row.subject)) : "",
      papers: this.field.papers.ofEvent(row.id),
      rates: kind === "case" && !this.field.rated(ratedKey(matter)) ? matter : "",
    };
  }

  async retryRefused(id: string): Promise<void> {
    const event = this.field.caseFile(id)?.event ?? id;
    this.keep(undefined, () => this.field.retry(event));
    await this.refill();
    this.runner?.poke();
  }

  private get desk(): import("./leaving").Desk {
    const { field, box, world } = this;
    return { field, now: () => world.now(), event: this.event.bind(this), open: box.open.bind(box) };
  }

  async leaveWord(word: Parameters<StoreApi["leaveWord"]>[0]): Promise<void> {
    const event = await (await import("./leaving")).eventOf(this.desk, word);
    this.keep(undefined, () => this.field.append(event));
    this.poke();
  }

  leftWords = async (): ReturnType<StoreApi["leftWords"]> => (await import("./leaving")).leftWords(this.desk);

  /** U盘传递: the outbox as a file (null), or a file of the centre taken in. */
  async stick(file: Uint8Array<ArrayBuffer> | null): Promise<StickDone> {
    const { field, seal, identity, runner, disk } = this;
    if (!seal || !identity || !runner) throw problem("net.unenrolled");
    const { stick } = await import("./stick");
    const done = await stick({ field, seal, identity, runner, now: this.world.now(), quota: () => disk.quota() }, file);
    this.world.changed();
    return done;
  }

  sign(text: string): Promise<string> {
    if (!this.identity?.device) return Promise.reject(problem("net.unenrolled"));
    return signText(text, this.identity.signing.privateKey);
  }

  // ---- inside ----

  private get going(): Runner {
    if (!this.runner) throw problem("net.unenrolled");
    return this.runner;
  }

  /** What is personal; Problem people.locked while nobody is logged in. */
  private get box(): Own {
    this.mustBeOpen();
    return this.own!;
  }

  private get device(): Device {
    if (!this.identity?.device) throw problem("net.unenrolled");
    return this.identity.device;
  }

  private at(): string {
    return new Date(this.world.now()).toISOString();
  }

  private get questions(): Questions {
    if (!this.seal) throw problem("net.unenrolled");
    return new Questions(this.field, this.seal, (value) => this.ownCopy(value));
  }

  /** For whoever logs in; null before the first log-in, which then makes it (people/door.ts, adopt). */
  private async ownCopy(value: unknown): Promise<Uint8Array | null> {
    return this.field.meta("letterbox") === null ? null : this.own!.close(value);
  }

  /** A new event, made at the press of the button. */
  private async event(name: string, subject: string, body: object, title: string): Promise<NewEvent> {
    if (!this.seal) throw problem("net.unenrolled");
    const value = { title, body };
    return { id: uuid7(this.world.now()), name, subject, at: this.at(), sealed: await this.seal.close(value), own: await this.ownCopy(value) };
  }
}
