import { expect, test } from "vitest";
import vectors from "../../../tests/vectors/flows.json";
import { noticeNumber } from "../store/ids";
import type { Item, Notice } from "../store/types";
import { compose, placeWords, publicAddress, spoken } from "./notice";

const card = vectors.items.find((item) => item.slug === "id-card")!;
const item = {
  slug: "id-card", name: "居民身份证", release: 7, place: "派出所", fee: "20 元", promised_limit: "20个工作日", flow: card.flow,
  materials: card.materials.map((one) => ({ ...one, why: "" })),
  situations: card.situations.map((one, i) => ({
    pos: i + 1, name: one.name, note: one.note, remove: one.remove_materials, add: one.add_materials.map((m) => ({ ...m, why: "" })),
  })),
} as unknown as Item; // prettier-ignore
const point = { id: "p", name: "六库街道便民服务中心", region: "533301001000", address: "向阳路", hours: "工作日", phone: "", level: "township" };
const notice: Notice = { number: "GZ1", made_at: "2026-11-24T02:00:00.000Z", place: point, here: null };

test("answers and situations in an address lead to the same list", () => {
  const walked = compose(item, { a: "1-3.2-2.3-1" });
  expect(walked.chosen).toEqual(["丢失补领", "未满16周岁"]);
  expect(walked.query).toEqual({ a: "1-3.2-2.3-1" });
  expect(walked.answers[0]).toMatchObject({ ask: "这次为什么办身份证？", say: "丢了，找不到了" });
  expect(walked.notes[0]).toContain("登记挂失");
  const chosen = compose(item, { s: "3,4" });
  expect(chosen.list).toEqual(walked.list);
  expect(chosen.query).toEqual({ s: "3,4" });
  expect(compose(item, { a: "没有", s: ["1"] }).chosen).toEqual([]);
});

test("the address behind the code holds numbers only", () => {
  expect(publicAddress("https://jjb.example", item, { a: "1-3.2-1" })).toBe("https://jjb.example/guide/id-card?a=1-3.2-1&r=7");
});

test("it says where to go, or where to ask first", () => {
  expect(placeWords(notice)).toEqual(["最近的点", "六库街道便民服务中心，向阳路，工作日"]);
  expect(placeWords({ ...notice, here: point })[1]).toContain("就是这里");
  expect(placeWords({ ...notice, place: null, here: point })[0]).toBe("先到这里问");
  expect(placeWords({ ...notice, place: null })).toEqual(["", ""]);
});

test("what is read aloud names every material, the place, the fee and who has the last word", () => {
  const text = spoken(item, notice, compose(item, { a: "1-3.2-2.3-1" })).join("\n");
  for (const words of ["要带 2 样", "监护人身份证", "旧居民身份证，不用带", "向阳路", "20 元", "以窗口答复为准"]) expect(text).toContain(words);
});

test("notices are numbered on the device, from 1 again every day", () => {
  const device = { letters: "AB", point: { region: "533301001003" } };
  const morning = Date.parse("2026-11-24T02:00:00Z");
  const first = noticeNumber(device, morning, null);
  expect(first.number).toBe("GZ53330100120261124AB0001");
  const second = noticeNumber(device, morning, first.next);
  expect(second.number).toBe("GZ53330100120261124AB0002");
  expect(noticeNumber(device, morning + 86_400_000, second.next).number).toBe("GZ53330100120261125AB0001");
});
