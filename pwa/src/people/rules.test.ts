// Which PINs are too easy, and how long wrong ones make wait.
import { expect, test } from "vitest";
import { pinFault, TRIES, waitMs, waitWord } from "./rules";

test.each(["271828", "1029384756", "909012"])("%s can be used", (pin) => expect(pinFault(pin)).toBe(""));
test.each(["", "12345", "1234567890123", "27182a", "２７１８２８", "111111", "121212", "123456", "987654", "123123"])("%j cannot, and it is said why", (pin) => expect(pinFault(pin)).not.toBe(""));

test("each wrong PIN makes wait no less than the one before", () => {
  const waits = Array.from({ length: TRIES }, (_, failures) => waitMs(failures, 0, 0) / 1000);
  expect(waits).toEqual([0, 0, 0, 30, 60, 300, 900, 3600, 3600, 3600]);
});

test("a clock put back makes nobody wait longer than the rule says, and time passes", () => {
  expect(waitMs(3, 1_000_000, 0)).toBe(30_000);
  expect(waitMs(3, 1_000_000, 1_010_000)).toBe(20_000);
  expect(waitMs(3, 1_000_000, 1_030_000)).toBe(0);
  expect([waitWord(29_001), waitWord(90_000), waitWord(300_000)]).toEqual(["30 秒", "90 秒", "5 分钟"]);
});
