// Version 3 of the wire: the same round in fewer bytes (PROTOCOL.md S67 to S69). Twin of sync/brief.py; loaded with the
// first round. Everything else of the program knows only the shapes of messages.ts.
import { toBase64 } from "./bytes";
import type { SyncRequest, WireEvent } from "./messages";

const MOST = 200; // events of one round
type Loose = Record<string, unknown>;

/** The request in columns; what is empty is left out. */
export function shorten({ events, carried, ...asked }: SyncRequest): object {
  const { moved, resend } = carried as { moved?: object | null; resend?: number };
  const orders = moved || resend ? { carried } : {};
  const list = events.length > 0 ? { events: columns(events) } : {};
  // "" of `people` says that this program has log-in and no list yet: it stays
  return { ...said({ ...asked, state: said({ ...asked.state }) }), people: asked.people, ...orders, ...list };
}

/** Without what is nothing. */
function said(values: object): Loose {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== 0 && value !== ""));
}

function columns(events: readonly WireEvent[]): object {
  const ids = new Uint8Array(events.length * 16);
  events.forEach(({ id }, at) => {
    const hex = id.replaceAll("-", "");
    for (let byte = 0; byte < 16; byte += 1) ids[at * 16 + byte] = parseInt(hex.slice(2 * byte, 2 * byte + 2), 16);
  });
  return {
    ids: toBase64(ids),
    seq: steps(events.map(({ seq }) => seq)),
    at: steps(events.map(({ at }) => Date.parse(at))),
    name: events.map(({ name }) => name),
    subject: events.map(({ subject }) => subject),
    body: events.map(({ body }) => body),
  };
}

/** The first whole, then what each adds to the one before. */
const steps = (numbers: readonly number[]): number[] => numbers.map((number, at) => number - (at > 0 ? numbers[at - 1]! : 0));

/** A reply of this version as one that leaves nothing out; anything else as it is: whoever reads it looks at its shape. */
export function whole(value: unknown, sent: readonly { id: string; seq: number }[]): unknown {
  if (typeof value !== "object" || value === null || (value as Loose).proto !== 3) return value;
  const { taken = [], verdicts = [], ...rest } = value as { taken?: unknown; verdicts?: unknown };
  if (!Array.isArray(taken) || !Array.isArray(verdicts)) return { ...rest, verdicts: null };
  const ids = new Map(sent.map(({ seq, id }) => [seq, id]));
  const accepted = taken.flatMap((run: unknown) => {
    if (!Array.isArray(run) || !(Number(run[1]) <= MOST)) return [null];
    const [first, count] = run as number[];
    return Array.from({ length: count! }, (_, at) => ids.get(first! + at)).flatMap((id) => (id === undefined ? [] : [{ id, verdict: "accepted", problem: null }]));
  });
  const empty = { missing: [], manifests: [], packs: [], downlink: [], cursor: 0 };
  return { ...empty, ...rest, verdicts: [...(verdicts as unknown[]), ...accepted] };
}
