// What the store does about reading cards, apart from the rest: it is loaded with the first question about it. Fetches the
// recognition pack when the guide asked for it, and says who reads a photo: this device when the pack is here, else the centre.
import type { PackInfo } from "../reading/pack";
import { FOLDER, understood } from "../reading/pack";
import { readingProblem } from "../reading/problems";
import { asProblem, type Problem } from "../kit/problems";
import { Errand } from "../sync/errand";
import { Fetching, SPAN_FIRST } from "../sync/fetching";
import { sendForJson } from "../sync/http";
import { backOff } from "../sync/outbox";
import { Download } from "../sync/packs";
import type { Quiet } from "../sync/recordings";
import type { Runner, World } from "../sync/runner";
import type { Way } from "../sync/uploads";
import type { Field } from "./field";
import type { Disk } from "./village";
import type { CardReading, Recognition as Status, RecognitionWish } from "./types";

declare const __ENGINE__: string; // version of onnxruntime-web in this build

const META = "recognition";
const SPARE_BYTES = 20_000_000; // what cases may need meanwhile
const BEIJING_MS = 8 * 3_600_000;
const LOOK_AGAIN_MS = 2_000; // whether a call or a round is over

/** What is remembered: which pack, and whether it is whole. */
interface Kept {
  pack: PackInfo;
  state: "fetching" | "paused" | "here";
}

/** What this needs of the store. */
export interface Needs {
  field: Field;
  quiet: Omit<Quiet, "region">;
  way: Pick<Way, "signed" | "fetcher">;
  today(): string; // yyyy-mm-dd
}

/** Something else needs the link now. */
class Wait extends Error {}

/** Reading beside the rounds of a runner. */
export function reader(field: Field, world: World, disk: Disk, runner: Runner): Recognition {
  const { random, fetcher, openPart, calling, changed } = world;
  const free = async (): Promise<number | null> => (await disk.quota())?.free ?? null;
  const busy = (): boolean => runner.syncing || runner.carrying === "sending";
  const today = (): string => new Date(runner.centreNow + BEIJING_MS).toISOString().slice(0, 10);
  return new Recognition({ field, quiet: { random, fetcher, openPart, calling, changed, free, busy }, way: runner.way, today });
}

export class Recognition extends Errand {
  private offered: PackInfo | null = null;
  private waits: Status["waits"] = "";
  private trouble: Problem | null = null; // why the last go ended
  private done = 0;
  private failures = 0;
  private readonly fetching: Fetching;

  constructor(private readonly needs: Needs) {
    super();
    const { fetcher } = needs.quiet;
    this.fetching = new Fetching(fetcher, ({ offset }) => this.tell(offset), SPAN_FIRST, () => this.mayGoOn());
    if (this.kept?.state === "fetching") this.poke(); // an earlier page was closed meanwhile
  }

  /** Whether a photo can be read here. */
  private get usable(): PackInfo | null {
    const kept = this.kept;
    return kept?.state === "here" && kept.pack.engine === __ENGINE__ ? kept.pack : null;
  }

  private get kept(): Kept | null {
    return JSON.parse(this.needs.field.meta(META) ?? "null") as Kept | null;
  }

  private keep(kept: Kept | null): void {
    this.needs.field.setMeta(META, JSON.stringify(kept));
    this.needs.quiet.changed();
  }

  /** Carries out a wish, and says how things stand. */
  async wish(wish?: RecognitionWish): Promise<Status> {
    if (wish === "offer") this.offered = await this.ask();
    if (wish === "install") await this.install();
    if (wish === "pause" && this.kept?.state === "fetching") this.keep({ ...this.kept, state: "paused" });
    if (wish === "go" && this.kept?.state === "paused") {
      this.keep({ ...this.kept, state: "fetching" });
      this.poke();
    }
    if (wish === "remove") await this.remove();
    return this.status();
  }

  status(): Status {
    const kept = this.kept;
    const state = kept?.state === "here" && !this.usable ? "old" : (kept?.state ?? "none");
    const pack = kept?.pack ?? this.offered;
    return { state, bytes: pack?.bytes ?? null, done: this.done, waits: state === "fetching" ? this.waits : "", problem: this.trouble?.toWire() ?? null };
  }

  /** Reads a photo on this device when it can and `centre` was not asked for; rejects reading.* and net.*. */
  async read(photo: Uint8Array<ArrayBuffer> | null, centre: boolean): Promise<CardReading> {
    if (!photo) throw readingProblem("reading.gone");
    const pack = centre ? null : this.usable;
    if (!pack) return { ...(await (await import("../reading/centre")).readAtCentre(photo, this.needs.way)), here: false };
    try {
      return { ...(await (await import("../reading/device")).readOnDevice(photo, pack, this.needs.today())), here: true };
    } catch (error) {
      if (asProblem(error).code === "reading.damaged") await this.remove(); // it can only be fetched anew
      throw error;
    }
  }

  private async ask(): Promise<PackInfo> {
    const pack = understood(await sendForJson({ method: "GET", path: "/reading/pack" }, this.needs.quiet.fetcher));
    if (pack?.engine !== __ENGINE__) throw readingProblem("reading.pack"); // of another version: this page is old
    return pack;
  }

  private async install(): Promise<void> {
    const pack = this.offered ?? (await this.ask());
    const free = await this.needs.quiet.free();
    if (free !== null && free < pack.bytes + SPARE_BYTES) {
      const [need, left] = [pack.bytes + SPARE_BYTES, free].map((bytes) => Math.ceil(bytes / 1e6));
      throw readingProblem("reading.space", { need, free: left });
    }
    this.trouble = null;
    this.keep({ pack, state: "fetching" });
    this.poke();
  }

  /** Takes the pack off this device, also half of one. */
  private async remove(): Promise<void> {
    const kept = this.kept;
    this.keep(null); // a go that is under way ends before its next request
    await this.once();
    if (kept) await (await this.needs.quiet.openPart(kept.pack.sha256, FOLDER)).remove();
    this.done = 0;
    this.trouble = null;
    if (kept) (await import("../reading/device")).end();
    this.needs.quiet.changed();
  }

  protected ended(): void {
    this.needs.quiet.changed();
  }

  protected async run(): Promise<void> {
    await Promise.resolve();
    const kept = this.kept;
    if (kept?.state !== "fetching") return;
    const { pack } = kept;
    try {
      await this.mayGoOn();
      const download = new Download(pack, await this.needs.quiet.openPart(pack.sha256, FOLDER));
      this.done = download.offset;
      try {
        await this.fetching.fill(download);
      } finally {
        download.close();
      }
      this.keep({ pack, state: "here" });
      this.trouble = null;
      this.failures = 0;
    } catch (error) {
      if (error instanceof Wait) return this.wait(this.waits === "" ? null : LOOK_AGAIN_MS);
      this.trouble = asProblem(error);
      this.failures += 1;
      this.waits = "link";
      if (/^(storage\.full|pack\.damaged)$/.test(this.trouble.code) || this.trouble.details.status === 404) {
        this.keep({ pack, state: "paused" }); // only a person can help: room, another centre
        return;
      }
      this.wait(backOff(this.failures, this.needs.quiet.random()));
    }
  }

  /** Throws when something else needs the link now, or nobody wants the pack any more; what came is kept. */
  private async mayGoOn(): Promise<void> {
    const { calling, busy } = this.needs.quiet;
    const call = await calling();
    this.waits = this.kept?.state !== "fetching" || this.stopped ? "" : call ? "call" : busy() ? "round" : "";
    if (this.waits !== "" || this.kept?.state !== "fetching" || this.stopped) throw new Wait();
  }

  private tell(bytes: number): void {
    this.done = bytes;
    this.needs.quiet.changed();
  }
}
