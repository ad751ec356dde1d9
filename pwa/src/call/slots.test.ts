import { expect, test } from "vitest";
import vectors from "../../../tests/vectors/slots.json";
import { offered, slotInWords } from "./slots";

test.each(vectors.offered)("$name", ({ now, slots }) => {
  const found = offered(Date.parse(now), vectors.hours).map(({ day, part }) => `${day} ${part}`.trim());
  expect(found).toEqual(slots);
});

test("a slot in words", () => {
  const now = Date.parse("2026-11-25T23:30:00+08:00");
  const said = (day: string, part: "soon" | "morning" | "afternoon", hours = ""): string => slotInWords({ day, part }, now, hours);
  expect(said("", "soon")).toBe("尽快");
  expect(said("2026-11-25", "afternoon")).toBe("今天下午");
  expect(said("2026-11-26", "morning", vectors.hours)).toBe("明天上午（09:00–12:00）");
  expect(said("2026-12-02", "morning")).toBe("12月2日上午");
});
