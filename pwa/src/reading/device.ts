// Has a photo of a card read on this device: the recognizer sees the print, the rules find the fields. Nothing leaves it.
import type { CardReading } from "../store/types";
import type { PackInfo } from "./pack";
import { readingProblem } from "./problems";
import type { Seen, Wish } from "./recognizer";
import { KINDS, LABELS, read } from "./rules";

const PATIENCE_MS = 120_000; // for one photo, also on a slow computer that loads the models first
const KEEP_MS = 120_000; // so long the models wait for the next card; they take some 300 MB of memory

let worker: Worker | null = null;
let idle: ReturnType<typeof setTimeout> | undefined;
let turn: Promise<unknown> = Promise.resolve();

/** Ends the recognizer; the next card starts another. */
export function end(): void {
  clearTimeout(idle);
  worker?.terminate();
  worker = null;
}

/** What the recognizer sees on a photo; one photo after the other. */
function see(wish: Wish): Promise<Seen> {
  const seen = turn.then(() => {
    clearTimeout(idle);
    const current = (worker ??= new Worker(new URL("./recognizer.ts", import.meta.url), { type: "module", name: "jjb-recognizer" }));
    let patience: ReturnType<typeof setTimeout> | undefined;
    return new Promise<Seen>((resolve) => {
      patience = setTimeout(() => resolve({ fault: "engine", cause: "out of patience" }), PATIENCE_MS);
      current.onmessage = ({ data }: MessageEvent<Seen>) => resolve(data);
      current.onerror = (event) => resolve({ fault: "engine", cause: event.message });
      current.postMessage(wish);
    }).finally(() => clearTimeout(patience));
  });
  turn = seen;
  return seen;
}

/** Proposals for the fields of the card on a photo; `today` is yyyy-mm-dd; rejects reading.damaged, .engine, .photo. */
export async function readOnDevice(photo: Uint8Array<ArrayBuffer>, pack: PackInfo, today: string): Promise<Omit<CardReading, "here">> {
  const seen = await see({ pack, photo });
  if ("fault" in seen) {
    if (seen.fault !== "photo") end();
    console.warn("The recognizer gave up:", seen.fault, seen.cause);
    throw readingProblem(`reading.${seen.fault}`, { cause: seen.cause });
  }
  idle = setTimeout(end, KEEP_MS);
  const { kind, fields } = read(seen.lines, today);
  return { kind_name: KINDS[kind], fields: fields.map((one) => ({ ...one, label: LABELS[one.name], box: seen.turned ? null : one.box })) };
}
