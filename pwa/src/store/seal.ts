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

export function newStorageKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

export function newSigningKey(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
}
