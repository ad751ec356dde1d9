// Key letters: which keys may sign releases, said by an offline root (PROTOCOL.md S51 to S54). Twin of sync/keyring.py;
// loaded when a letter comes or a root is pinned.
import { problem } from "../kit/problems";
import { fromBase64, toBase64 } from "./bytes";
import type { KeyLetter } from "./messages";
import { verify } from "./packs";
import { sha256 } from "./sha256";

const LONGEST = 64 * 1024;

interface Certificate {
  key_id: string;
  public_key: string; // base64 raw Ed25519
  not_before: string;
  not_after: string;
}

/** What this device remembers: the root it pinned, the newest serial, the keys that count. */
export interface Trust {
  root: string; // base64 raw Ed25519
  serial: number;
  keys: Certificate[];
}

interface Letter extends Trust {
  v: number;
  issued_at: string;
}

type Keys = Readonly<Record<string, string>>;

const refused = (why: string): Error => problem("pack.letter", { why });
const idOf = (key: string): string => sha256(fromBase64(key)).slice(0, 16);
const isTime = (value: unknown): boolean => typeof value === "string" && !Number.isNaN(Date.parse(value));

/** What a device trusts after a letter; Problem pack.letter, and it trusts what it did. `pinned` null: no root yet. */
export async function accept(told: KeyLetter, pinned: Trust | null, releaseKeys: Keys): Promise<Trust> {
  const letter = read(told);
  await need(told, letter.root);
  if (letter.serial < (pinned?.serial ?? 0)) throw refused("rollback");
  if (pinned) await need(told, pinned.root);
  else await vouched(told, releaseKeys);
  const { root, serial, keys } = letter;
  const next = { root, serial, keys: keys.map(({ key_id, public_key, not_before, not_after }) => ({ key_id, public_key, not_before, not_after })) };
  if (serial === pinned?.serial && JSON.stringify(next) !== JSON.stringify(pinned)) throw refused("rollback");
  return next;
}

/** Letters in their order; Problem pack.letter at the first that is refused. `keep` is told what was learnt before it too. */
export async function learn(told: readonly KeyLetter[], pinned: Trust | null, releaseKeys: Keys, keep: (trust: Trust) => Promise<void>): Promise<void> {
  let trust = pinned;
  for (const letter of told) {
    trust = await accept(letter, trust, releaseKeys);
    await keep(trust);
  }
}

/** What a device trusts after an enrolment that told it the root. */
export async function pin(root: string, told: readonly KeyLetter[]): Promise<Trust> {
  let trust: Trust = { root, serial: 0, keys: [] };
  await learn(told, trust, {}, async (next) => void (trust = next));
  return trust;
}

/** Keys by id that may sign a manifest at a time (ms): certified and in time; without a root those of the enrolment. */
export function counting(trust: Trust | null, releaseKeys: Keys, now: number): Keys {
  if (!trust) return releaseKeys;
  const inTime = trust.keys.filter((one) => Date.parse(one.not_before) <= now && now <= Date.parse(one.not_after));
  return Object.fromEntries(inTime.map((one) => [one.key_id, one.public_key]));
}

function read(told: KeyLetter): Letter {
  try {
    if (told.text.length > LONGEST) throw new Error("too long");
    const letter = JSON.parse(told.text) as Letter;
    const ids = letter.keys.map((one) => one.key_id);
    const certified = letter.keys.every(
      (one) => isTime(one.not_before) && isTime(one.not_after) && fromBase64(one.public_key).length === 32 && idOf(one.public_key) === one.key_id,
    );
    const numbered = letter.v === 1 && Number.isSafeInteger(letter.serial) && letter.serial >= 1 && isTime(letter.issued_at);
    if (!numbered || !certified || new Set(ids).size !== ids.length) throw new Error("shape");
    // The root signs letters only: it is never where releases are made.
    if (fromBase64(letter.root).length !== 32 || ids.includes(idOf(letter.root))) throw new Error("root");
    return { ...letter, root: toBase64(fromBase64(letter.root)) };
  } catch {
    throw refused("format");
  }
}

async function vouched(told: KeyLetter, releaseKeys: Keys): Promise<void> {
  const vouching = Object.keys(releaseKeys).filter((id) => id in told.signatures);
  if (vouching.length === 0) throw refused("root");
  for (const id of vouching) await need(told, String(releaseKeys[id]));
}

async function need(told: KeyLetter, key: string): Promise<void> {
  const signature = told.signatures[idOf(key)];
  if (signature === undefined) throw refused("root");
  let raw: Uint8Array<ArrayBuffer>;
  try {
    raw = fromBase64(signature);
  } catch {
    throw refused("signature");
  }
  if (!(await verify(raw, told.text, fromBase64(key)))) throw refused("signature");
}
