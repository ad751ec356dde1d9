import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromBase64, toBase64 } from "./bytes";
import { believe, openReceipt, pack, read, unpack, writeUp } from "./courier";
import { signText } from "./signature";

const PATH = new URL("../../../tests/vectors/courier.json", import.meta.url);
const vector = JSON.parse(readFileSync(PATH, "utf8")) as Record<string, string> & { keys: Record<string, string>; answer: unknown };
const receipt = fromBase64(vector.receipt!);
const file = fromBase64(vector.pack!);

test("a receipt and a pack of the centre are read and believed", async () => {
  for (const data of [receipt, file]) await believe(read(data), vector.keys, data.length);
  const { about, contents } = read(receipt);
  expect(await openReceipt(about.id!, contents.sealed!, vector.key!)).toEqual(vector.answer);
  expect(Object.keys(read(file).contents)).toEqual([`packs/${"a".repeat(64)}.pack`]);
});

test("a file that is cut or changed is refused whole, with the bytes read", () => {
  expect(() => read(receipt.slice(0, -50))).toThrow(`不完整（读到 ${receipt.length - 50} 字节）`);
  const text = new TextDecoder("latin1").decode(receipt);
  const changed = receipt.slice();
  changed[text.indexOf("sealed", text.indexOf("signature")) + 20]! ^= 1;
  expect(() => read(changed)).toThrow("什么也没有改动");
  expect(() => read(new Uint8Array(0))).toThrow("不完整");
  expect(() => unpack(pack({ "../x": new Uint8Array(1) }))).toThrow("不是就近办的文件");
});

test("what another key signed is not the centre's, and another key opens no receipt", async () => {
  await expect(believe(read(receipt), {}, 1)).rejects.toThrow("签名不是中心的");
  await expect(openReceipt(vector.id!, read(receipt).contents.sealed!, toBase64(new Uint8Array(32)))).rejects.toThrow("打不开");
});

test("an outbox is signed by the device and shows nothing of what is in it", async () => {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const about = { id: vector.id!, device: "d-abcdefgh", made_at: "2026-11-23T20:52:45.577Z", events: 0, files: 0 };
  const inner = { "requests/001.json": new TextEncoder().encode("{}"), key: new Uint8Array(32) };
  const data = await writeUp(about, inner, vector.centre!, (text) => signText(text, keys.privateKey));
  expect(read(data).about.kind).toBe("up");
  expect(new TextDecoder("latin1").decode(data)).not.toContain("requests/");
  if (process.env.WRITE_VECTOR && existsSync(PATH)) {
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
    writeFileSync(PATH, `${JSON.stringify({ ...vector, outbox: toBase64(data), outbox_key: { kty, crv, x, y } }, null, 1)}\n`);
  }
});
