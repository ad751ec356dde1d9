import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Sha256, sha256 } from "./sha256";

test("equals the reference for every length around the block border, whole and in pieces", () => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 300_000]) {
    const data = new Uint8Array(randomBytes(length));
    const wanted = createHash("sha256").update(data).digest("hex");
    expect(sha256(data)).toBe(wanted);
    const cut = Math.floor(length / 3);
    expect(new Sha256().update(data.subarray(0, cut)).update(data.subarray(cut)).hex()).toBe(wanted);
  }
});
