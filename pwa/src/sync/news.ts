// News of the knowledge: from a signed manifest to the release on this device, whatever the link does on the way.
import { asProblem, problem } from "../kit/problems";
import type { Held, ScopeFile } from "../store/scope";
import { fromBase64 } from "./bytes";
import { send, Watchdog } from "./http";
import type { SyncReply } from "./messages";
import { choosePack, Download, fullPackMayHelp, type Manifest, type PackEntry, readManifest, type SignedManifest, unpack } from "./packs";
import type { Parts, World } from "./runner";

/** Bytes of a download under way, for the screen. */
export interface Progress {
  label: string;
  done: number;
  total: number;
}

const DAMAGE_LIMIT = 3; // chunks refetched in one go before the round is given up
const SPAN_FIRST = 64 * 1024; // bytes asked for at once on a link that gets cut
const SPAN_LEAST = 4 * 1024;
const PROOFS = 8;

export class News {
  progress: Progress | null = null;
  private span = Infinity; // bytes asked for in one request
  private proofs = 0; // requests since the last cut

  constructor(
    private readonly world: World,
    private readonly parts: Parts,
    private readonly releaseKeys: () => Promise<Readonly<Record<string, string>>>,
  ) {}

  /** Brings each scope to the newest manifest we were told of, in this round or in an earlier one. */
  async bring(inlinePacks: SyncReply["packs"]): Promise<void> {
    const inline = new Map(inlinePacks.map((pack) => [pack.sha256, pack.data]));
    for (const file of this.parts.scopes) await this.bringOne(file, inline);
  }

  /** The same with packs that came on a stick: nothing is fetched. */
  async adopt(packs: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const file of this.parts.scopes) await this.bringOne(file, new Map(), packs);
  }

  private async bringOne(file: ScopeFile, inline: Map<string, string>, stick?: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const { field } = this.parts;
    const text = field.meta(`manifest.${file.scope}`);
    if (text === null) return;
    const manifest = await this.believe(JSON.parse(text) as SignedManifest, file);
    const held = file.held();
    const next: Held = {
      release: manifest.release,
      root: manifest.content_root,
      issued_at: manifest.issued_at,
      stale_after: manifest.stale_after,
    };
    if (held?.release === manifest.release) file.renew(next);
    else await this.change(file, manifest, next, inline, stick);
    field.setMeta(`seen.${file.scope}`, JSON.stringify({ release: next.release, root: next.root }));
    field.dropMeta(`manifest.${file.scope}`);
    this.world.changed();
  }

  private async believe(signed: SignedManifest, file: ScopeFile): Promise<Manifest> {
    const { field } = this.parts;
    const seen = JSON.parse(field.meta(`seen.${file.scope}`) ?? '{"release":0,"root":""}') as { release: number; root: string };
    try {
      return await readManifest(signed, await this.releaseKeys(), file.scope, file.schema, seen);
    } catch (error) {
      field.dropMeta(`manifest.${file.scope}`); // refused for good; the next round may bring a better one
      throw error;
    }
  }

  private async change(file: ScopeFile, manifest: Manifest, next: Held, inline: Map<string, string>, stick?: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const held = file.held()?.release ?? 0;
    let avoidDelta = false;
    for (;;) {
      const entry = choosePack(manifest, held, avoidDelta);
      if (!entry) throw problem("pack.format", { field: "packs" });
      const carried = stick?.get(entry.sha256);
      if (stick && !carried) {
        if (entry.from === 0) throw problem("pack.missing");
        avoidDelta = true;
        continue;
      }
      const data = inline.get(entry.sha256);
      const bytes = carried ?? (data === undefined ? await this.download(file, entry) : fromBase64(data));
      const outcome = file.apply(await unpack(bytes, entry.sha256), next, entry.from === 0);
      if (outcome === "applied") return;
      const refused = problem(outcome === "conflict" ? "pack.conflict" : "pack.root");
      if (avoidDelta || entry.from === 0 || !fullPackMayHelp(refused.code)) throw refused;
      avoidDelta = true;
    }
  }

  private async download(file: ScopeFile, entry: PackEntry): Promise<Uint8Array> {
    const part = await this.world.openPart(entry.sha256);
    const download = new Download(entry, part);
    const began = download.offset;
    try {
      await this.fill(file, download);
      const bytes = download.bytes();
      await download.remove();
      return bytes;
    } catch (error) {
      const cause = asProblem(error);
      if (cause.details.status === 404) this.parts.field.dropMeta(`manifest.${file.scope}`); // a newer release has taken its place
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
  private async fill(file: ScopeFile, download: Download): Promise<void> {
    for (let damaged = 0; !download.complete; ) {
      const before = download.offset;
      try {
        if (!(await this.fetchInto(file, download, this.span)) && ++damaged >= DAMAGE_LIMIT) throw problem("pack.damaged");
        this.widen();
      } catch (error) {
        const cause = asProblem(error);
        const stuck = download.offset <= before;
        if (cause.details.begun !== true || (stuck && this.span <= SPAN_LEAST)) throw cause;
        if (stuck) this.narrow();
      }
    }
  }

  private narrow(): void {
    this.span = Math.max(SPAN_LEAST, Math.min(this.span, SPAN_FIRST) / 2);
    this.proofs = 0;
  }

  /** After a cut the link has to prove itself before more is risked at once. */
  private widen(): void {
    this.proofs += 1;
    if (this.proofs % PROOFS === 0) this.span *= 2;
  }

  /** Fetches at most `span` bytes from where the download stands; false when a chunk was damaged and must come again. */
  private async fetchInto(file: ScopeFile, download: Download, span: number): Promise<boolean> {
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
        this.tell(file, download);
      }
      if (download.offset <= from) throw problem("net.offline"); // an answer without content gets nobody on
      return true;
    } catch (error) {
      const cause = watchdog.explain(error);
      cause.details.begun = begun || cause.details.begun === true;
      throw cause;
    } finally {
      watchdog.rest();
    }
  }

  private tell(file: ScopeFile, download: Download): void {
    this.progress = { label: `下载${file.label}`, done: download.offset, total: download.entry.bytes };
    this.world.changed();
  }
}
