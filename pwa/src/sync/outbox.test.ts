import { describe, expect, test } from "vitest";
import vectors from "../../../tests/vectors/outbox.json";
import { backOff, BATCH_LARGEST, fitting, lapsed, linkOf, nextBatch, nextDelay, type Round, toResend, WAIT_LONGEST_MS } from "./outbox";

describe("the Python twin says the same:", () => {
  test.each(vectors.next_batch)("batch $size, sent $sent, ok $ok, $ms ms", ({ size, sent, ok, ms, next }) => {
    expect(nextBatch(size, sent, { ok, ms, portal: false })).toBe(next);
  });
  test.each(vectors.back_off)("back off after $failures", ({ failures, random, ms }) => expect(backOff(failures, random)).toBe(ms));
  test.each(vectors.next_delay)("delay %#", ({ failures, rounds, poll_s, retry_after_s, random, ms }) => {
    expect(nextDelay({ failures, rounds, pollS: poll_s, retryAfterS: retry_after_s, random })).toBe(ms);
  });
  test.each(vectors.link_of)("link %#", ({ rounds, on_line, link }) => expect(linkOf(rounds, on_line)).toBe(link));
  test.each(vectors.fitting)("fitting %#", ({ sizes, limit, count }) => expect(fitting(sizes, limit)).toBe(count));
  test.each(vectors.lapsed)("lapsed %#", ({ since, told, seen, now, days, out }) => expect(lapsed(since, told, seen, now, days)).toBe(out));
  test.each(vectors.to_resend)("to resend %#", ({ verdicts, missing, numbers }) => {
    expect(toResend(verdicts as [number, string | null][], missing as [number, number][])).toEqual(numbers);
  });
});

const good: Round = { ok: true, ms: 400, portal: false };
const slow: Round = { ok: true, ms: 9_000, portal: false };
const cut: Round = { ok: false, ms: 100, portal: false };
const portal: Round = { ok: false, ms: 100, portal: true };

describe("the batch", () => {
  test("grows on quick full rounds, shrinks on slow and cut ones, and stays between 1 and 200", () => {
    let size = 20;
    for (let n = 0; n < 10; n++) size = nextBatch(size, size, good);
    expect(size).toBe(BATCH_LARGEST);
    for (let n = 0; n < 20; n++) size = nextBatch(size, size, n % 2 ? slow : cut);
    expect(size).toBe(1);
  });
  test("does not grow on a round that had little to carry", () => expect(nextBatch(20, 3, good)).toBe(20));
  test("holds what fits, and always one", () => {
    expect(fitting([10, 10, 10], 25)).toBe(2);
    expect(fitting([100, 10], 25)).toBe(1);
    expect(fitting([], 25)).toBe(0);
  });
});

describe("the wait", () => {
  test("after failures is spread evenly below a ceiling that doubles to five minutes", () => {
    for (let failures = 1; failures < 40; failures++) {
      const ceiling = Math.min(WAIT_LONGEST_MS, 2_000 * 2 ** failures);
      expect(backOff(failures, 0)).toBe(500);
      expect(backOff(failures, 0.999999)).toBeLessThanOrEqual(ceiling);
      expect(backOff(failures, 0.5)).toBeCloseTo(ceiling / 2, -1);
    }
  });
  const state = { failures: 0, rounds: [good, good, good], pollS: 300, retryAfterS: null, random: 0.5 };
  test("keeps the centre's pace when all is well", () => expect(nextDelay(state)).toBe(300_000));
  test("is short while the link must prove itself", () => expect(nextDelay({ ...state, rounds: [cut, good] })).toBe(20_000));
  test("respects Retry-After before anything else", () => {
    expect(nextDelay({ ...state, failures: 1, retryAfterS: 60 })).toBeGreaterThanOrEqual(60_000);
  });
});

describe("the link", () => {
  test("is never called online before a round proved it", () => expect(linkOf([], true)).toBe("offline"));
  test("is offline when the last round got no answer or the computer has no network", () => {
    expect(linkOf([good, cut], true)).toBe("offline");
    expect(linkOf([good], false)).toBe("offline");
  });
  test("is weak when slow, behind a portal, or failed among the last three", () => {
    expect(linkOf([slow], true)).toBe("weak");
    expect(linkOf([good, portal], true)).toBe("weak");
    expect(linkOf([cut, good, good], true)).toBe("weak");
  });
  test("is online after three good rounds", () => expect(linkOf([cut, good, good, good], true)).toBe("online"));
});
