import { expect, test } from "vitest";
import type { Draft } from "../store/types";
import { levelsOf, problemsOf, relist } from "./caseform";

const draft = (change: Partial<Draft> = {}): Draft => ({
  id: "d", item: "i", item_name: "事项", release: 1, situations: [], materials: [], note: "", updated_at: "",
  applicant: { name: "张三丰", id_number: "533324189901010018", phone: "", region: "533301001003", address: "" },
  proxy: null,
  ...change,
});
const plain = { noId: false, elsewhere: false, mandates: 0 };
const check = (change: Partial<Draft>, extras = plain): string[] => Object.keys(problemsOf(draft(change), extras, "20261123"));
const applicant = draft().applicant;

test("a full form has nothing to mend", () => expect(check({})).toEqual([]));
test("an empty form names every field that is needed, in the order of the form", () => {
  expect(check({ applicant: { name: " ", id_number: "", phone: "12", region: "", address: "" } })).toEqual(["name", "id_number", "phone", "region"]);
});
test("somebody without a number can still be helped", () => {
  expect(check({ applicant: { ...applicant, id_number: "" } }, { ...plain, noId: true })).toEqual([]);
});
test("somebody from elsewhere writes the address instead", () => {
  expect(check({ applicant: { ...applicant, region: "" } }, { ...plain, elsewhere: true })).toEqual(["address"]);
});
test("a proxy needs name, number, phone and relation", () => {
  expect(check({ proxy: { name: "", id_number: "", phone: "", relation: "" } })).toEqual(["proxy_name", "proxy_id", "proxy_phone", "proxy_relation"]);
});
test("the same number twice is noticed", () => {
  expect(check({ proxy: { name: "李四", id_number: "533324189901010018", phone: "13800138000", relation: "子女" }, mandate })).toEqual(["proxy_id"]);
});
const proxy = { name: "测试友", id_number: "533324188803010028", phone: "13800138000", relation: "其他" };
const mandate = {
  way: "signed" as const, item: "i", powers: ["submit" as const], since: "2026-11-23", until: "2026-12-23", signed_at: "", strokes: "10,10 300,300",
  principal_name: "张三丰", principal_id: "533324189901010018", principal_relation: "本人", agent_name: "测试友", agent_id: proxy.id_number,
};
test("a proxy shows a mandate that holds for this person, proxy, item and day", () => {
  const sentence = (change: object): string | undefined => problemsOf(draft({ proxy, mandate: { ...mandate, ...change } }), plain, "20261123").mandate;
  expect(check({ proxy })).toEqual(["mandate"]);
  expect(check({ proxy, mandate })).toEqual([]);
  expect(sentence({ principal_name: "李四" })).toContain("委托人和办事人对不上");
  expect(sentence({ until: "2026-11-22", since: "2026-11-01" })).toContain("已经过期");
  expect(sentence({ item: "another" })).toContain("写的不是这件事");
  expect(sentence({ way: "paper" })).toContain("还没有拍下");
  expect(check({ proxy, mandate: { ...mandate, way: "paper" } }, { ...plain, mandates: 1 })).toEqual([]);
});
test("a child is represented by a guardian, who needs no mandate", () => {
  const day = "19100501"; // the synthetic person of 1899 is eleven
  const found = (change: Partial<Draft>): string[] => Object.keys(problemsOf(draft(change), plain, day));
  expect(found({})).toEqual(["guardian"]);
  expect(found({ proxy: { ...proxy, relation: "父母" } })).toEqual([]);
  expect(found({ proxy })).toEqual(["mandate"]);
});
test("another situation lists the materials anew and keeps what was ticked", () => {
  const paper = (name: string) => ({ name, form: "原件", copies: 1, necessity: "必要", source: "", why: "" });
  const item = { release: 2, materials: [paper("身份证"), paper("户口簿")], situations: [{ pos: 1, name: "代办", note: "", add: [paper("委托书")], remove: ["户口簿"] }] };
  const before = { materials: [{ name: "身份证", have: true }, { name: "户口簿", have: true }] };
  expect(relist(before, item, ["代办", "已经取消的情形"])).toEqual({
    situations: ["代办"],
    materials: [{ name: "身份证", have: true }, { name: "委托书", have: false }],
    release: 2,
  });
});
test("a region code opens into its levels", () => {
  expect(levelsOf("533301001003")).toEqual(["533301000000", "533301001000", "533301001003"]);
  expect(levelsOf("533324204000")).toEqual(["533324000000", "533324204000", ""]);
  expect(levelsOf("533300000000")).toEqual(["", "", ""]);
  expect(levelsOf("")).toEqual(["", "", ""]);
});
