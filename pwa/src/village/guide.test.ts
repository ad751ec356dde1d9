import { expect, test } from "vitest";
import type { Material } from "../store/types";
import { chosenFromQuery, formOf, insteadOf, personalList, queryOf, whyOf } from "./guide";

const paper = (name: string): Material => ({ name, form: "原件", copies: 1, necessity: "必要", source: "公安机关", why: "", use: "" });
const item = {
  materials: [paper("身份证"), paper("户口簿")],
  situations: [
    { pos: 1, name: "家属代办", note: "", add: [paper("委托书"), paper("代办人身份证")], remove: [] },
    { pos: 2, name: "数据能查到", note: "", add: [], remove: ["户口簿"] },
    { pos: 3, name: "刚迁入", note: "", add: [paper("户口簿"), paper("委托书")], remove: [] },
  ],
};
const names = (chosen: string[]): string[] => personalList(item, chosen).bring.map((material) => material.name);

test("without situations it is the item's own list", () => {
  expect(names([])).toEqual(["身份证", "户口簿"]);
  expect(whyOf(personalList(item, []).bring[0]!)).toBe("人人都要");
});
test("a situation adds papers and says why", () => {
  expect(names(["家属代办"])).toEqual(["身份证", "户口簿", "委托书", "代办人身份证"]);
  expect(whyOf(personalList(item, ["家属代办"]).bring[2]!)).toBe("因为：家属代办");
});
test("a paper asked by two situations is listed once with both reasons", () => {
  expect(personalList(item, ["家属代办", "刚迁入"]).bring.find((m) => m.name === "委托书")?.reasons).toEqual(["家属代办", "刚迁入"]);
});
test("a spared paper is shown with its reason", () => {
  const list = personalList(item, ["数据能查到"]);
  expect(list.bring.map((m) => m.name)).toEqual(["身份证"]);
  expect(list.spared).toEqual([{ name: "户口簿", because: "数据能查到" }]);
});
test("what one situation removes and another adds is kept", () => {
  expect(names(["数据能查到", "刚迁入"])).toContain("户口簿");
  expect(personalList(item, ["数据能查到", "刚迁入"]).spared).toEqual([]);
});
test("situations travel as numbers and come back", () => {
  expect(queryOf(item, ["刚迁入", "家属代办"])).toBe("1,3");
  expect(chosenFromQuery(item, "1,3")).toEqual(["家属代办", "刚迁入"]);
  expect(chosenFromQuery(item, "x,9")).toEqual([]);
  expect(chosenFromQuery(item, undefined)).toEqual([]);
});
test("form and copies read as words", () => {
  expect(formOf(paper("a"))).toBe("原件 1 份");
  expect(formOf({ ...paper("a"), copies: 0 })).toBe("原件");
});
test("what it is for comes first, and what to do without it", () => {
  expect(whyOf({ ...paper("身份证"), use: "核对是本人", reasons: [] })).toBe("核对是本人");
  expect(whyOf({ ...paper("委托书"), use: "证明是本人让来的", reasons: ["家属代办"] })).toBe("证明是本人让来的（因为：家属代办）");
  expect(insteadOf(paper("身份证"))).toBe("");
  expect(insteadOf({ ...paper("户口簿"), necessity: "可容缺" })).toContain("先受理");
  expect(insteadOf({ ...paper("清税"), form: "数据核验", necessity: "可容缺" })).toContain("联网查");
  expect(insteadOf({ ...paper("证明"), form: "原件或承诺" })).toBe("没有的可以写承诺书");
  expect(insteadOf({ ...paper("退出承诺"), form: "承诺" })).toContain("写一份承诺书");
  expect(insteadOf({ ...paper("旧证"), necessity: "情形必要" })).toContain("用得上才要");
});
