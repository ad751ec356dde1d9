import { expect, test } from "vitest";
import { ago, day, dayNumber, daysSince, size, stamp, timeNumber, weekday, when } from "./when";

const now = new Date("2026-11-23T14:30:00+08:00");
const at = (year: number, month: number, day: number, hour: number, minute: number): string =>
  new Date(Date.UTC(year, month, day, hour - 8, minute)).toISOString(); // as a clock in Beijing shows it

test("says the day as people do", () => {
  expect(when(at(2026, 10, 23, 10, 5), now)).toBe("今天 10:05");
  expect(when(at(2026, 10, 22, 23, 59), now)).toBe("昨天 23:59");
  expect(when(at(2026, 10, 3, 9, 0), now)).toBe("11月3日 09:00");
  expect(when(at(2025, 10, 3, 9, 0), now)).toBe("2025年11月3日");
  expect(when(null, now)).toBe("");
  expect(when("nonsense", now)).toBe("");
});
test("says how long ago", () => {
  expect(ago(at(2026, 10, 23, 14, 29), now)).toBe("1 分钟前");
  expect(ago(at(2026, 10, 23, 11, 0), now)).toBe("3 小时前");
  expect(ago(at(2026, 10, 20, 11, 0), now)).toBe("3 天前");
  expect(ago(at(2026, 10, 23, 15, 0), now)).toBe("刚刚");
});
test("counts days, never below zero", () => {
  expect(daysSince(at(2026, 10, 13, 14, 0), now)).toBe(10);
  expect(daysSince(at(2026, 10, 24, 14, 0), now)).toBe(0);
});
test("writes dates and sizes for paper and screen", () => {
  expect(day(at(2026, 0, 2, 3, 4))).toBe("2026年1月2日");
  expect(stamp(at(2026, 0, 2, 3, 4))).toBe("2026年1月2日 03:04");
  expect(stamp(null)).toBe("");
  expect(dayNumber(now)).toBe("20261123");
  expect(dayNumber(new Date("2026-11-23T16:00:00Z"))).toBe("20261124");
  expect(timeNumber(now)).toBe("143000");
  expect(weekday(now)).toBe("11月23日 星期一");
  expect(size(49_901)).toBe("50 kB");
  expect(size(10_800_000)).toBe("10.8 MB");
});
