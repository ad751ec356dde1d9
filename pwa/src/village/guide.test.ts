import { expect, test } from "vitest";
import type { Material } from "../store/types";
import { chosenFromQuery, formOf, personalList, queryOf, whyOf } from "./guide";

const paper = (name: string): Material => ({ name, form: "原件", copies: 1, necessity: "必要", source: "公安机关", why: "" });
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
