// What comes while nobody is logged in (the centre's word on a case) goes through a slot: anybody may put in, only a guide
// takes out. HPKE (RFC 9180), base mode; the private key lies sealed under the data key.
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "@hpke/core";
import { problem } from "../kit/problems";
import { fromBase64, toBase64 } from "../sync/bytes";

type Bytes = Uint8Array<ArrayBuffer>;
const INFO = new TextEncoder().encode("JB-Letterbox 1").buffer;
const POINT = 65; // bytes of an encapsulated key
const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** A new letterbox: its slot (public, base64) and the key that opens it. */
export async function build(): Promise<{ slot: string; key: Bytes }> {
  const { publicKey, privateKey } = await suite.kem.generateKeyPair();
  const [slot, key] = [await suite.kem.serializePublicKey(publicKey), await suite.kem.serializePrivateKey(privateKey)];
  return { slot: toBase64(new Uint8Array(slot)), key: new Uint8Array(key) };
}

export function keyOf(raw: Bytes): Promise<CryptoKey> {
  return suite.kem.deserializePrivateKey(raw.buffer);
}

/** Encapsulated key || ciphertext. */
export async function drop(slot: string, plain: Bytes): Promise<Bytes> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(fromBase64(slot).buffer);
  const sender = await suite.createSenderContext({ recipientPublicKey, info: INFO });
  const cipher = new Uint8Array(await sender.seal(plain.slice().buffer));
  const sealed = new Uint8Array(POINT + cipher.length);
  sealed.set(new Uint8Array(sender.enc));
  sealed.set(cipher, POINT);
  return sealed;
}

/** The bytes again, or Problem storage.key. */
export async function take(key: CryptoKey, sealed: Bytes): Promise<Bytes> {
  try {
    const recipient = await suite.createRecipientContext({ recipientKey: key, enc: sealed.slice(0, POINT).buffer, info: INFO });
    return new Uint8Array(await recipient.open(sealed.slice(POINT).buffer));
  } catch {
    throw problem("storage.key");
  }
}
