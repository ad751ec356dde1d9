// The device reads the same fields out of the same lines as the centre.
import { expect, it } from "vitest";
import vectors from "../../../tests/vectors/reading.json";
import { type Box, LABELS, NATIONS, read } from "./rules";

const near = (box: readonly number[]): unknown[] => box.map((edge) => expect.closeTo(edge, 9));

it("reads every page of the vectors as the centre does", () => {
  expect(vectors.length).toBeGreaterThan(200);
  for (const { today, lines, kind, fields } of vectors) {
    const found = read(lines.map(([text, sure, box]) => ({ text: text as string, sure: sure as number, box: box as Box })), today);
    const wanted = fields.map(([name, value, sure, note, box]) => ({ name, value, sure: expect.closeTo(sure as number, 9), note, box: near(box as Box) }));
    expect({ ...found, page: lines }).toEqual({ kind, fields: wanted, page: lines });
  }
});

it("meets every field and doubt in them", () => {
  const seen = vectors.flatMap(({ fields }) => fields.map(([name]) => name));
  expect(new Set(seen)).toEqual(new Set(Object.keys(LABELS)));
  const doubts = vectors.flatMap(({ fields }) => fields.map((one) => String(one[3])));
  for (const words of ["校验不对", "补的", "没有这一天", "晚于今天", "对不上", "推出的", "不在 56 个", "最像", "住址不全", "起止日期不对"]) {
    expect(doubts.some((one) => one.includes(words)), words).toBe(true);
  }
  expect(new Set(NATIONS).size).toBe(56);
});
