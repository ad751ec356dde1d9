// Sealing what is personal at rest: AES-GCM under a key that the browser never gives out.
import { problem } from "../kit/problems";

const NONCE = 12; // bytes

export class Seal {
  constructor(private readonly key: CryptoKey) {}

  /** nonce || ciphertext of a value as JSON. */
  close(value: unknown): Promise<Uint8Array> {
    return this.closeBytes(new TextEncoder().encode(JSON.stringify(value)));
  }

  /** The value, or Problem storage.key when it was sealed under another key or changed. */
  async open<T>(sealed: Uint8Array): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await this.openBytes(sealed))) as T;
  }

  /** nonce || ciphertext of bytes. */
  async closeBytes(plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
    const cipher = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, this.key, plain));
    const sealed = new Uint8Array(NONCE + cipher.length);
    sealed.set(nonce);
    sealed.set(cipher, NONCE);
    return sealed;
  }

  /** The bytes, or Problem storage.key. */
  async openBytes(sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const copy = new Uint8Array(sealed);
    try {
      const iv = copy.subarray(0, NONCE);
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, this.key, copy.subarray(NONCE)));
    } catch {
      throw problem("storage.key");
    }
  }
}

const MARK = [0x6a, 0x6a, 0x6f]; // begins what is sealed for whoever logs in; a kind follows
const DATA = 1; // under the data key
const DROPPED = 2; // put through the slot while nobody was logged in

/**
 * What is personal: sealed for whoever logs in, opened only then. Until the first log-in on a device its own key serves, as in
 * programs of before.
 */
export class Own {
  private data: { seal: Seal; letterbox: CryptoKey } | null = null;

  constructor(
    private readonly device: Seal,
    private readonly slot: () => string | null, // public key of the letterbox; null until somebody has logged in here
  ) {}

  get unlocked(): boolean {
    return this.data !== null;
  }

  unlock(seal: Seal, letterbox: CryptoKey): void {
    this.data = { seal, letterbox };
  }

  lock(): void {
    this.data = null;
  }

  close(value: unknown): Promise<Uint8Array> {
    return this.closeBytes(new TextEncoder().encode(JSON.stringify(value)));
  }

  async open<T>(sealed: Uint8Array): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await this.openBytes(sealed))) as T;
  }

  async closeBytes(plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    if (this.data) return marked(DATA, await this.data.seal.closeBytes(plain));
    const slot = this.slot();
    if (slot === null) return this.device.closeBytes(plain);
    return marked(DROPPED, await (await import("../people/letterbox")).drop(slot, plain));
  }

  /** The bytes; Problem people.locked while nobody is logged in. */
  async openBytes(sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const kind = kindOf(sealed);
    if (kind === 0) return this.device.openBytes(sealed);
    if (!this.data) throw problem("people.locked");
    const rest = new Uint8Array(sealed.subarray(MARK.length + 1));
    return kind === DATA ? this.data.seal.openBytes(rest) : (await import("../people/letterbox")).take(this.data.letterbox, rest);
  }
}

function marked(kind: number, sealed: Uint8Array): Uint8Array {
  const whole = new Uint8Array(MARK.length + 1 + sealed.length);
  whole.set([...MARK, kind]);
  whole.set(sealed, MARK.length + 1);
  return whole;
}

function kindOf(sealed: Uint8Array): number {
  return MARK.every((byte, at) => sealed[at] === byte) ? sealed[MARK.length]! : 0;
}

/** A seal by its raw key. */
export async function sealBy(raw: Uint8Array<ArrayBuffer>): Promise<Seal> {
  return new Seal(await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]));
}

/** The seal of a paper: by the key it has, or the device's when it has none (from before there was a log-in). */
export async function sealOf(key: Uint8Array | null, by: Pick<Seal, "openBytes">, device: Seal): Promise<Seal> {
  return key === null ? device : sealBy(await by.openBytes(key));
}

export function newStorageKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

export function newSigningKey(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
}
