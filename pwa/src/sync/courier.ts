// What travels on a USB stick (PROTOCOL.md §9): the container, its signature, the seals. Twin of sync/courier.py.
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "@hpke/core";
import { unzipSync, zipSync } from "fflate";
import { problem } from "../kit/problems";
import { fromBase64, toBase64 } from "./bytes";
import { type SignedManifest, verify } from "./packs";
import { sha256 } from "./sha256";

export const LARGEST = 64 * 1024 * 1024; // bytes of one file
export const ROOM = 48 * 1024 * 1024; // bytes of papers that go into one file
export const MOST_REQUESTS = 50;
const DOMAIN = "JB-Courier 1";
const NAME = /^[a-z0-9][a-z0-9/._-]{0,120}$/;

type Bytes = Uint8Array<ArrayBuffer>;
export type Contents = Record<string, Bytes>;

/** What a file says of itself in plain; nothing personal. */
export interface About {
  v: 1;
  kind: "up" | "receipt" | "down";
  entries: { name: string; bytes: number; sha256: string }[];
  id?: string; // of an outbox, and of the receipt that answers it
  device?: string;
  key_id?: string;
  courier_key?: string;
  manifests?: SignedManifest[];
}

const encode = (text: string): Bytes => new TextEncoder().encode(text);
const info = (kind: string, id: string): Bytes => encode(`${DOMAIN} ${kind} ${id}`);

/** A zip of stored entries. */
export function pack(contents: Contents): Bytes {
  return zipSync(contents, { level: 0, mtime: "1980-01-01T12:00:00" }) as Bytes;
}

/** All entries of a zip of ours, or the Problem why not. Stored only, so none can be a bomb. */
export function unpack(data: Bytes): Contents {
  const refuse = (reason: string) => problem("stick.file", { reason, bytes: data.length });
  if (data.length > LARGEST) throw refuse("太大");
  let ours = true;
  const names = new Set<string>();
  let found: Contents;
  try {
    found = unzipSync(data, {
      filter: ({ name, compression, originalSize }) => {
        ours &&= compression === 0 && originalSize <= data.length && NAME.test(name) && !names.has(name);
        names.add(name);
        return ours;
      },
    }) as Contents;
  } catch {
    throw refuse("不完整");
  }
  if (!ours) throw refuse("不是就近办的文件");
  return found;
}

export interface Opened {
  about: About;
  text: string; // of about.json, exactly
  signature: string;
  contents: Contents;
}

/** A file whose entries all have the promised hash; not yet believed. */
export function read(data: Bytes): Opened {
  const { "about.json": plain, signature, ...contents } = unpack(data);
  const refuse = (reason: string) => problem("stick.file", { reason, bytes: data.length });
  if (!plain || !signature) throw refuse("不是就近办的文件");
  const text = new TextDecoder().decode(plain);
  const about = parsed(text);
  if (about?.v !== 1 || !Array.isArray(about.entries)) throw refuse("不是就近办的文件");
  if (about.entries.length !== Object.keys(contents).length) throw refuse("不完整");
  for (const { name, bytes, sha256: wanted } of about.entries) {
    const entry = contents[name];
    if (!entry) throw refuse("不完整");
    if (entry.length !== bytes || sha256(entry) !== wanted) throw refuse("在路上坏了");
  }
  return { about, text, signature: new TextDecoder().decode(signature), contents };
}

function parsed(text: string): About | null {
  try {
    return JSON.parse(text) as About | null;
  } catch {
    return null;
  }
}

/** Problem unless one of the release keys that we know signed. */
export async function believe({ about, text, signature }: Opened, keys: Readonly<Record<string, string>>, bytes: number): Promise<void> {
  const key = keys[about.key_id ?? ""];
  let good = false;
  try {
    good = key !== undefined && (await verify(fromBase64(signature), `${DOMAIN}\n${text}`, fromBase64(key)));
  } catch {
    // not even base64
  }
  if (!good) throw problem("stick.file", { reason: "的签名不是中心的", bytes });
}

/** The outbox as a file, sealed to the centre by HPKE (RFC 9180) and signed by the device. */
export async function writeUp(
  about: { id: string; device: string; made_at: string; events: number; files: number },
  inner: Contents,
  centre: string,
  sign: (text: string) => Promise<string>,
): Promise<Bytes> {
  const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const recipientPublicKey = await suite.kem.deserializePublicKey(fromBase64(centre).buffer);
  const sender = await suite.createSenderContext({ recipientPublicKey, info: info("up", about.id).buffer });
  const cipher = new Uint8Array(await sender.seal(pack(inner).slice().buffer));
  const sealed = new Uint8Array(sender.enc.byteLength + cipher.length);
  sealed.set(new Uint8Array(sender.enc));
  sealed.set(cipher, sender.enc.byteLength);
  const entries = [{ name: "sealed", bytes: sealed.length, sha256: sha256(sealed) }];
  const text = JSON.stringify({ v: 1, kind: "up", ...about, entries });
  return pack({ "about.json": encode(text), signature: encode(await sign(`${DOMAIN}\n${text}`)), sealed });
}

/** What stands in a receipt, or Problem when it was not made for this key. */
export async function openReceipt(id: string, sealed: Bytes, raw: string): Promise<unknown> {
  try {
    const key = await crypto.subtle.importKey("raw", fromBase64(raw), "AES-GCM", false, ["decrypt"]);
    const iv = sealed.slice(0, 12);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: info("receipt", id) }, key, sealed.slice(12));
    return JSON.parse(new TextDecoder().decode(plain)) as unknown;
  } catch {
    throw problem("stick.file", { reason: "打不开", bytes: sealed.length });
  }
}

export const newKey = (): { bytes: Bytes; text: string } => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return { bytes, text: toBase64(bytes) };
};
