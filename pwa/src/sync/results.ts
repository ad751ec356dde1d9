// Fetches a document that a decision made, because somebody stands at the counter for it. What a cut link brought is kept
// and gone on from; nothing of it is stored on this device. Loaded with the first press.
import { hex } from "../kit/hex";
import { problem } from "../kit/problems";
import type { ResultDocument } from "../store/types";
import { send, Watchdog } from "./http";
import type { Way } from "./uploads";

const TRIES = 5;
const NOTHING = new Uint8Array();

/** Its bytes, proved by their sha256; rejects result.* and net.*. */
export async function fetchResult(wanted: ResultDocument, way: Pick<Way, "signed" | "fetcher">): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(wanted.bytes);
  let come = 0;
  for (let tries = 1; come < wanted.bytes; tries += 1) {
    const before = come;
    try {
      come = await more(wanted, whole, come, way);
    } catch (error) {
      if (error instanceof Cut) come = error.come;
      const cause = error instanceof Cut ? error.why : error;
      if (come === before || tries >= TRIES) throw cause;
    }
    if (come === before) throw problem("net.offline");
  }
  if (hex(new Uint8Array(await crypto.subtle.digest("SHA-256", whole))) !== wanted.sha256) throw problem("result.damaged");
  return whole;
}

/** The link was cut under way: what had come counts. */
class Cut extends Error {
  constructor(
    readonly come: number,
    readonly why: unknown,
  ) {
    super("cut");
  }
}

async function more(wanted: ResultDocument, whole: Uint8Array, from: number, way: Pick<Way, "signed" | "fetcher">): Promise<number> {
  const path = `/results/${wanted.id}`;
  const watchdog = new Watchdog();
  let come = from;
  try {
    const headers = { ...(await way.signed("GET", path, NOTHING)), ...(from > 0 ? { Range: `bytes=${from}-` } : {}) };
    const response = await send({ method: "GET", path, headers }, /^(application\/pdf|image\/jpeg)/, watchdog, way.fetcher);
    if (response.status !== 206) come = 0; // somebody between us sends all of it again
    const reader = response.body!.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return come;
      watchdog.alive();
      if (come + value.length > whole.length) throw problem("result.damaged");
      whole.set(value, come);
      come += value.length;
    }
  } catch (error) {
    throw new Cut(come, watchdog.explain(error));
  } finally {
    watchdog.rest();
  }
}
