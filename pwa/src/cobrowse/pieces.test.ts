import { constants, inflateRawSync } from "node:zlib";

import { expect, test } from "vitest";

import { Pieces, shorter } from "./pieces";
import type { Told } from "./scrub";

const WORDS = new TextEncoder().encode('{"type":3,"data":{"source":5,"id":1,"text":""},"timestamp":1}');
const typed = (text: string, id = 1): Told => ({ type: 3, data: { source: 5, id, text }, timestamp: 1 });
const whole: Told = { type: 2, data: {}, timestamp: 1 };
const size: Told = { type: 4, data: { width: 1 }, timestamp: 1 };

function centre(): { take: (frame: Uint8Array) => boolean; have: () => number; text: () => string } {
  const parts: Uint8Array[] = [];
  return {
    take(frame) {
      if (frame[3] === (parts.length + 1) % 256) parts.push(frame.subarray(4));
      return true;
    },
    have: () => parts.length,
    text: () => inflateRawSync(Buffer.concat(parts), { dictionary: WORDS, finishFlush: constants.Z_SYNC_FLUSH }).toString(),
  };
}

test("what a page tells arrives whole, in one packing", () => {
  const far = centre();
  const pieces = new Pieces(far.take, WORDS);
  pieces.add(typed("和"));
  pieces.pump(0);
  pieces.add(typed("和学花"));
  expect(pieces.pump(10)).toBeGreaterThan(0); // too soon: collected
  pieces.pump(400);
  expect(far.text()).toBe([typed("和"), typed("和学花")].map((one) => `${JSON.stringify(one)}\n`).join(""));
});

test("a long stream can be unpacked after each of its batches", () => {
  const far = centre();
  const pieces = new Pieces(far.take, WORDS);
  let whole = "";
  for (let at = 1; at < 200; at++) {
    const event = typed(((at * 7919) % 6151).toString(36).repeat(1 + ((at * 31) % 17)), at);
    whole += `${JSON.stringify(event)}\n`;
    pieces.add(event);
    pieces.pump(at * 1000);
    pieces.acked(far.have(), at * 1000 + 100);
    expect(far.text()).toBe(whole);
  }
});

test("a large picture waits for receipts", () => {
  const far = centre();
  const pieces = new Pieces(far.take, WORDS);
  const random = Array.from({ length: 4000 }, (_, at) => ((at * 7919) % 6151).toString(36)).join("");
  pieces.add(typed(random));
  pieces.pump(0);
  expect(far.text()).not.toContain("\n"); // not all at once
  for (let now = 400; now < 20_000; now += 300) {
    pieces.acked(far.have(), now);
    pieces.pump(now);
  }
  expect(far.text()).toBe(`${JSON.stringify(typed(random))}\n`);
});

test("the same change told twice is told once, and nothing before a whole picture", () => {
  expect(shorter([typed("一"), typed("二", 2), typed("三")])).toEqual([typed("二", 2), typed("三")]);
  expect(shorter([typed("一"), size, whole, typed("二")])).toEqual([size, whole, typed("二")]);
});
