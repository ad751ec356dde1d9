import { expect, test } from "vitest";

import vectors from "../../../tests/vectors/files.json";
import { faultOf, jpegSize, kindOf, pictureSize } from "./files";

test.each(vectors.files)("$name", async ({ kind, fault, data }) => {
  expect(await faultOf(new Uint8Array(Buffer.from(data, "base64")), kind)).toBe(fault);
});

test.each(vectors.kinds)("the kind of $head is $kind", ({ head, kind }) => {
  expect(kindOf(new Uint8Array(Buffer.from(head, "hex")))).toBe(kind);
});

test("any cut is judged without falling over", async () => {
  for (const { kind, data } of vectors.files) {
    const whole = new Uint8Array(Buffer.from(data, "base64"));
    for (let at = 0; at < whole.length; at += 5) await faultOf(whole.subarray(0, at), kind);
  }
  expect(jpegSize(new Uint8Array([0xff, 0xd8, 0xff, 0xd9]))).toBeNull();
});

test("the size of a picture is known before it is painted", () => {
  const png = Buffer.from("89504e470d0a1a0a0000000d4948445200007530000075300806000000", "hex");
  expect(pictureSize(new Uint8Array(Buffer.concat([png, Buffer.alloc(8)])), "image/png")).toEqual([30_000, 30_000]);
  const webp = Buffer.from("52494646000000005745425056503858000000000000000000" + "2f7500" + "2f7500", "hex");
  expect(pictureSize(new Uint8Array(Buffer.concat([webp.subarray(0, 24), Buffer.from("2f75002f7500", "hex")])), "image/webp")).toEqual([30_000, 30_000]);
});
