// Device signatures: RFC 9421 over method, path and body digest with ECDSA P-256. Twin of sync/signatures.py.
import { toBase64 } from "./bytes";

const COMPONENTS = '("@method" "@path" "content-digest")';

/** Content-Digest over the bytes as sent (RFC 9530). */
export async function digest(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha-256=:${toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", body)))}:`;
}

export function parameters(created: number, nonce: string, keyid: string): string {
  return `${COMPONENTS};created=${created};nonce="${nonce}";keyid="${keyid}";alg="ecdsa-p256-sha256"`;
}

/** The signature base (RFC 9421 §2.5). */
export function base(method: string, path: string, contentDigest: string, params: string): string {
  return [
    `"@method": ${method.toUpperCase()}`,
    `"@path": ${path}`,
    `"content-digest": ${contentDigest}`,
    `"@signature-params": ${params}`,
  ].join("\n");
}

/** base64 of r||s over a text, by the device's key. */
export async function signText(text: string, key: CryptoKey): Promise<string> {
  const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, new TextEncoder().encode(text));
  return toBase64(new Uint8Array(raw));
}

/** The three headers of a signed request; `created` in unix seconds by the centre's clock as far as it is known. */
export async function sign(
  method: string,
  path: string,
  body: Uint8Array<ArrayBuffer>,
  key: CryptoKey,
  keyid: string,
  created: number,
  nonce: string,
): Promise<Record<string, string>> {
  const contentDigest = await digest(body);
  const params = parameters(created, nonce, keyid);
  return {
    "Content-Digest": contentDigest,
    "Signature-Input": `jb=${params}`,
    Signature: `jb=:${await signText(base(method, path, contentDigest, params), key)}:`,
  };
}
