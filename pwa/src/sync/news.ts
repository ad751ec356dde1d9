// News of the knowledge: from a signed manifest to the release on this device, whatever the link does on the way.
import { size } from "../kit/when";
import { asProblem, problem } from "../kit/problems";
import type { Held, ScopeFile } from "../store/scope";
import { fromBase64 } from "./bytes";
import { Fetching } from "./fetching";
import type { SyncReply } from "./messages";
import { choosePack, Download, fullPackMayHelp, type Manifest, type PackEntry, readManifest, type SignedManifest, unpack } from "./packs";
import type { Parts, World } from "./runner";

/** Bytes of a download under way, for the screen. */
export interface Progress {
  label: string;
  done: number;
  total: number;
}

const SPACE = 3; // free bytes asked for, times the pack

export class News {
  progress: Progress | null = null;
  private readonly fetching: Fetching;
  private label = "";

  constructor(
    private readonly world: World,
    private readonly parts: Parts,
    private readonly releaseKeys: () => Promise<Readonly<Record<string, string>>>,
  ) {
    this.fetching = new Fetching(world.fetcher, (download) => this.tell(download));
  }

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
    await this.mustFit(entry);
    const part = await this.world.openPart(entry.sha256);
    const download = new Download(entry, part);
    const began = download.offset;
    try {
      this.label = `下载${file.label}`;
      await this.fetching.fill(download);
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

  /** Nothing is fetched that would find no room: the pack, and the release beside the old one. */
  private async mustFit({ bytes }: PackEntry): Promise<void> {
    const disk = await this.world.disk();
    const missing = disk ? SPACE * bytes - disk.free : 0;
    if (missing > 0) throw problem("storage.room", { missing: size(missing), bytes: missing });
  }

  private tell(download: Download): void {
    this.progress = { label: this.label, done: download.offset, total: download.entry.bytes };
    this.world.changed();
  }
}
