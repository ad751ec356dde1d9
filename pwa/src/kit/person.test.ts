import { expect, test } from "vitest";
import vectors from "../../../tests/vectors/check_vectors.json";
import { idProblem, maskId, maskName, maskPhone, phoneProblem } from "./person";

const TODAY = "20261123";

test.each(vectors.id_valid)("takes the valid number %s", (id) => expect(idProblem(id, TODAY)).toBe(""));
test.each(vectors.id_invalid)("refuses %s with a sentence", (id) => expect(idProblem(id, TODAY)).not.toBe(""));
test.each(vectors.masking)("masks $raw", ({ raw, masked }) => {
  const mask = raw.length === 18 ? maskId : /^\d+$/.test(raw) ? maskPhone : maskName;
  expect(mask(raw)).toBe(masked);
});

test("forgives spaces, full-width digits and a small x", () => {
  expect(idProblem(" 110105 19491231 002x ", TODAY)).toBe("");
  expect(idProblem("11010519491231002X", TODAY)).toBe("");
});
test("says how many digits there are", () => expect(idProblem("5333241899", TODAY)).toContain("现在是 10 位"));
test("asks for the number when there is none", () => expect(idProblem(" ", TODAY)).toBe("请填写身份证号"));
test("does not believe a birth in the future", () => {
  expect(idProblem("110105194912310021".replace("1949", "2049"), TODAY)).toContain("晚于今天");
});
test("takes mobile and fixed lines, refuses the rest", () => {
  for (const good of ["", "13800138000", "+86 138-0013-8000", "0886-3620001"]) expect(phoneProblem(good)).toBe("");
  for (const bad of ["1380013800", "12345678901", "abc"]) expect(phoneProblem(bad)).not.toBe("");
});
test("never shows a short number whole", () => {
  expect(maskId("12345")).toBe("***45");
  expect(maskPhone("08863620001")).toBe("********001");
  expect(maskName("买买提江")).toBe("买**江");
});
