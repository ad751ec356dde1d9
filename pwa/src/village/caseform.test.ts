import { expect, test } from "vitest";
import type { Draft } from "../store/types";
import { levelsOf, problemsOf, relist } from "./caseform";

const draft = (change: Partial<Draft> = {}): Draft => ({
  id: "d", item: "i", item_name: "事项", release: 1, situations: [], materials: [], note: "", updated_at: "",
  applicant: { name: "张三丰", id_number: "533324189901010018", phone: "", region: "533301001003", address: "" },
  proxy: null,
  ...change,
});
const plain = { noId: false, elsewhere: false };
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
  expect(check({ proxy: { name: "李四", id_number: "533324189901010018", phone: "13800138000", relation: "子女" } })).toEqual(["proxy_id"]);
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
