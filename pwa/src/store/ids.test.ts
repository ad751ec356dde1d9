import { expect, test } from "vitest";
import { beijingDay, caseNumber, mask, uuid7 } from "./ids";

test("ids are version 7, differ, and sort by time", () => {
  const ids = [1_000, 2_000, Date.UTC(2026, 10, 23)].map(uuid7);
  expect([...ids].sort()).toEqual(ids);
  ids.forEach((id) => expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/));
  expect(uuid7(5)).not.toBe(uuid7(5));
});

test("the day of a case is Beijing's, also just after midnight there", () => {
  expect(beijingDay(Date.UTC(2026, 10, 23, 15, 59))).toBe("20261123");
  expect(beijingDay(Date.UTC(2026, 10, 23, 16, 0))).toBe("20261124");
});

test("a case number has the form that the centre takes", () => {
  expect(caseNumber("533301001003", "20261123", "AB", 7)).toBe("NJ53330100120261123AB0007");
});

test.each([
  ["我的身份证533321189903151018丢了", "我的身份证〔号码〕丢了"],
  ["53332119900101123X 咋办", "〔号码〕 咋办"],
  ["电话 138-0000-0000", "电话 〔号码〕"],
  ["电话１３８００００００００", "电话〔号码〕"],
  ["卡号 6228 4800 1234 5678 901", "卡号 〔号码〕"],
  ["打 12345 和 110，2026 年", "打 12345 和 110，2026 年"],
])("%s is stored as %s", (said, stored) => expect(mask(said)).toBe(stored));
