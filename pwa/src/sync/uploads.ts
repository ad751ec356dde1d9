// Bringing the papers of cases to the centre by tus 1.0.0 (PROTOCOL.md S36–S40): one after the other, from the byte where
// the way was cut, beside the rounds and never before them. Twin in behaviour of sync/uploads.py.
import { asProblem, Problem, problem } from "../kit/problems";
import type { About, PaperRow, Papers } from "../store/papers";
import { type Seal, sealOf } from "../store/seal";
import { Errand } from "./errand";
import { type Ask, sendTus } from "./http";
import { backOff } from "./outbox";

export const CHUNK_FIRST = 32 * 1024;
const CHUNK_LEAST = 8 * 1024;
const CHUNK_MOST = 256 * 1024;
const FAST_MS = 2_000;
const SLOW_MS = 8_000;
const TRIES = 3;
export const FOR_GOOD: ReadonlySet<string> = new Set(["file.content", "file.large"]); // the paper itself is refused: a person must look
const ANEW = new Set(["file.offset", "file.checksum", "file.gone"]);
const CALL_ENDS_MS = 5_000; // how often to look whether a call is over

/** The next piece: so large that it takes seconds, whatever the link is; a cut must not cost a minute. */
export function nextChunk(size: number, ms: number, ok: boolean): number {
  if (!ok || ms > SLOW_MS) return Math.max(CHUNK_LEAST, Math.floor(size / 2));
  return ms < FAST_MS ? Math.min(CHUNK_MOST, size * 2) : size;
}

/** What uploading needs of the world. */
export interface Way {
  now(): number;
  random(): number;
  fetcher: typeof fetch;
  /** The headers that prove this device. */
  signed(method: string, path: string, body: Uint8Array<ArrayBuffer>): Promise<Record<string, string>>;
  calling(): Promise<boolean>; // a call runs: it needs the link more
  paused(): boolean; // the person said so
  changed(): void;
}

export type UploadState = "idle" | "sending" | "paused" | "call";

export class Uploads extends Errand {
  state: UploadState = "idle";
  private chunk = CHUNK_FIRST;
  private failures = 0;

  constructor(
    readonly way: Way,
    private readonly papers: Papers,
    private readonly seal: Seal,
  ) {
    super();
  }

  protected ended(): void {
    this.way.changed();
  }

  /** A person stops the upload of one paper: the centre forgets its part, or does so by itself when it is out of reach. */
  async cancel(id: string): Promise<void> {
    const row = this.papers.one(id);
    this.papers.stop(id, true);
    this.way.changed();
    if (row?.place) await this.ask("DELETE", row.place, new Uint8Array(), {}).catch(() => undefined);
  }

  protected async run(): Promise<void> {
    await null; // so that `running` is set before this can end
    let after = 0;
    for (let row = this.papers.next(after); row && !this.stopped; row = this.papers.next(after)) {
      after = row.order;
      try {
        if (!(await this.bring(row))) return;
      } catch (error) {
        const cause = asProblem(error);
        if (FOR_GOOD.has(cause.code)) this.papers.refuse(row.id, cause.toWire());
        else if (cause.code !== "file.unnamed") return this.later(row, cause); // one nobody waits for must not block the others
      }
    }
    this.state = this.way.paused() && this.papers.counts().waiting > 0 ? "paused" : "idle";
  }

  /** The way is cut: not before a while, and sooner when this try got further. */
  private later(row: PaperRow, cause: Problem): void {
    this.chunk = nextChunk(this.chunk, 0, false);
    this.failures = (this.papers.one(row.id)?.arrived ?? 0) > row.arrived ? 0 : this.failures + 1;
    this.state = "idle";
    const asked = cause.details.retryAfterS;
    this.wait(typeof asked === "number" ? asked * 1000 : backOff(this.failures, this.way.random()));
  }

  /** May go on? Else the state says why not. */
  private async may(): Promise<boolean> {
    if (this.stopped || this.way.paused()) {
      this.state = "paused";
      return false;
    }
    if (await this.way.calling()) {
      this.state = "call";
      this.wait(CALL_ENDS_MS);
      return false;
    }
    this.state = "sending";
    return true;
  }

  /** One paper; false when it must pause. */
  private async bring(row: PaperRow): Promise<boolean> {
    if (!(await this.may())) return false;
    const [now, content] = [this.papers.one(row.id), this.papers.content(row.id)];
    if (!content || !now) throw problem("record.missing", { id: row.id });
    const seal = await sealOf(now.travel, this.seal, this.seal);
    const data = await seal.openBytes(content);
    const about = await seal.open<About>(now.about);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.carry(row, data, about);
      } catch (error) {
        if (attempt >= TRIES || !ANEW.has(asProblem(error).code)) throw error;
        row = this.papers.one(row.id) ?? row;
      }
    }
  }

  private async carry(row: PaperRow, data: Uint8Array<ArrayBuffer>, about: About): Promise<boolean> {
    if (this.papers.one(row.id)?.stopped) return true; // the next one
    let { place, arrived } = await this.begin(row, data, about);
    while (arrived < data.length) {
      this.way.changed();
      if (this.papers.one(row.id)?.stopped) return true;
      if (!(await this.may())) return false;
      arrived = await this.sendPiece(place, data, arrived);
      this.papers.begun(row.id, place, arrived);
    }
    this.papers.settle(row.id, new Date(this.way.now()).toISOString());
    this.failures = 0;
    this.way.changed();
    return true;
  }

  /** Where the paper goes and how far it has come; asked anew each time, since the last answer may have been lost. */
  private async begin(row: PaperRow, data: Uint8Array<ArrayBuffer>, about: About): Promise<{ place: string; arrived: number }> {
    if (row.place) {
      try {
        const headers = await this.ask("HEAD", row.place, new Uint8Array(), {});
        return this.begun(row, row.place, offsetOf(headers, data.length));
      } catch (error) {
        if (![404, 410].includes(Number(asProblem(error).details.status))) throw error;
      }
    }
    const caseNo = this.papers.caseOf(row.draft);
    const metadata = `case ${btoa(caseNo)},sha256 ${btoa(about.sha256)}`;
    const headers = await this.ask("POST", "/files", new Uint8Array(), { "Upload-Length": String(data.length), "Upload-Metadata": metadata });
    const place = headers.get("Location") ?? "";
    if (!place.startsWith("/files/")) throw problem("net.answer");
    return this.begun(row, place, offsetOf(headers, data.length));
  }

  private begun(row: PaperRow, place: string, arrived: number): { place: string; arrived: number } {
    this.papers.begun(row.id, place, arrived);
    return { place, arrived };
  }

  private async sendPiece(place: string, data: Uint8Array<ArrayBuffer>, arrived: number): Promise<number> {
    const piece = data.slice(arrived, arrived + this.chunk);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", piece));
    const began = this.way.now();
    const headers = await this.ask("PATCH", place, piece, {
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(arrived),
      "Upload-Checksum": `sha256 ${btoa(String.fromCharCode(...digest))}`,
    });
    this.chunk = nextChunk(this.chunk, this.way.now() - began, true);
    return offsetOf(headers, data.length);
  }

  private async ask(method: Ask["method"], path: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string>): Promise<Headers> {
    const signed = await this.way.signed(method, path, body);
    const ask = { method, path, headers: { ...headers, ...signed, "Tus-Resumable": "1.0.0" }, body: method === "HEAD" ? undefined : body };
    return sendTus(ask, this.way.fetcher);
  }
}

/** An offset beyond the file is not the centre's word. */
function offsetOf(headers: Headers, most: number): number {
  const text = headers.get("Upload-Offset") ?? "";
  if (!/^\d+$/.test(text) || Number(text) > most) throw problem("net.answer");
  return Number(text);
}
