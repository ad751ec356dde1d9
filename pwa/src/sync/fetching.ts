// Fetching a file by the hash of its bytes over a link that is cut again and again.
import { asProblem, problem } from "../kit/problems";
import { send, Watchdog } from "./http";
import type { Download } from "./packs";

const DAMAGE_LIMIT = 3; // chunks refetched in one go before the download is given up
export const SPAN_FIRST = 64 * 1024; // bytes asked for at once on a link that gets cut
const SPAN_LEAST = 4 * 1024;
const PROOFS = 8;

export class Fetching {
  private span: number; // bytes asked for in one request
  private proofs = 0; // requests since the last cut

  /** `most`: bytes asked for at once at most; `goOn` is awaited before each request and may throw to stop there. */
  constructor(
    private readonly fetcher: typeof fetch,
    private readonly tell: (download: Download) => void,
    private readonly most = Infinity,
    private readonly goOn: () => Promise<void> | void = () => undefined,
  ) {
    this.span = most;
  }

  /**
   * Fetches until the download is whole. A browser throws away what it received together with the news of a cut, so on a
   * link that is cut again and again one asks for less at a time: a short answer that arrived whole is never lost.
   */
  async fill(download: Download): Promise<void> {
    for (let damaged = 0; !download.complete; ) {
      await this.goOn();
      const before = download.offset;
      try {
        if (!(await this.fetchInto(download, this.span)) && ++damaged >= DAMAGE_LIMIT) throw problem("pack.damaged");
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
    if (this.proofs % PROOFS === 0) this.span = Math.min(this.most, this.span * 2);
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
      const response = await send(ask, /^application\/octet-stream/, watchdog, this.fetcher);
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
      cause.details.begun = begun || cause.details.begun === true;
      throw cause;
    } finally {
      watchdog.rest();
    }
  }
}
