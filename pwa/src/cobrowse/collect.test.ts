/// <reference path="./words.d.ts" />
import words from "virtual:words";
import { expect, test } from "vitest";

import { wordsOf } from "./collect";
import { RELATIONS } from "../village/caseform";

test("what a template says is collected, what is filled in is a gap", () => {
  const source = '<script setup>const a = "还没有填好，请再看一遍"; const b = "女";</script><template><p title="看一看">第 {{ n }} 问<b>下一步</b>{{ name }}</p></template>';
  expect(wordsOf(source, true)).toEqual(["还没有填好，请再看一遍", "看一看", "第 \0 问", "下一步"]);
});

test("a short word of a script may be what a person is, and is left out", () => {
  expect(wordsOf('const R = ["配偶", "父母"]; const s = `还有 ${n} 处要改正一下`; const h = "祖父母、外祖父母和其他";', false)).toEqual(["还有 \0 处要改正一下"]);
  for (const relation of RELATIONS.filter((one) => one !== "其他")) expect(words).not.toContain(relation);
});

test("the village page's own words are there", () => {
  for (const text of ["今天", "姓名", "交到中心", "下一步", "带来的材料"]) expect(words).toContain(text);
  expect(words.length).toBeGreaterThan(500);
});
