import { createHash, createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import vectors from "../../../tests/vectors/signatures.json";
import { newSigningKey } from "../store/seal";
import { fromBase64 } from "./bytes";
import { base, digest, parameters, sign } from "./signature";

test("a request carries a signature that another implementation verifies, over the bytes as sent", async () => {
  const { privateKey, publicKey } = await newSigningKey();
  const body = new TextEncoder().encode('{"proto":1}');
  const headers = await sign("post", "/sync", body, privateKey, "d-abcdefgh", 1_800_000_000, "0a1b2c3d-0000");
  expect(headers["Content-Digest"]).toBe(`sha-256=:${createHash("sha256").update(body).digest("base64")}:`);
  const params = headers["Signature-Input"]!.replace(/^jb=/, "");
  expect(params).toBe(
    '("@method" "@path" "content-digest");created=1800000000;nonce="0a1b2c3d-0000";keyid="d-abcdefgh";alg="ecdsa-p256-sha256"',
  );
  const jwk = (await crypto.subtle.exportKey("jwk", publicKey)) as import("node:crypto").JsonWebKey;
  const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" as const };
  const raw = Buffer.from(headers.Signature!.slice(4, -1), "base64");
  expect(verify("sha256", Buffer.from(base("POST", "/sync", await digest(body), params)), key, raw)).toBe(true);
  expect(verify("sha256", Buffer.from(base("POST", "/enrol", await digest(body), params)), key, raw)).toBe(false);
});

test("the private key cannot be taken out of the browser", async () => {
  const { privateKey } = await newSigningKey();
  await expect(crypto.subtle.exportKey("pkcs8", privateKey)).rejects.toThrow();
});

test.each(vectors.good)("the signature base equals the Python twin's (%#)", async (one) => {
  const params = parameters(one.created, one.nonce, one.keyid);
  expect(`jb=${params}`).toBe(one.headers["Signature-Input"]);
  const contentDigest = await digest(fromBase64(one.body));
  expect(contentDigest).toBe(one.headers["Content-Digest"]);
  expect(base(one.method, one.path, contentDigest, params)).toBe(one.base);
});
