// The same mandates hold as at the centre.
import { expect, test } from "vitest";
import vectors from "../../../tests/vectors/mandate.json";
import type { Mandate } from "../store/types";
import { actingFault, ageOn, ink, mandateFault, needsMandate, strokesOf } from "./mandate";

test.each(vectors.mandates)("$name", ({ mandate, fault, ...filed }) => expect(mandateFault(mandate as Mandate | null, filed)).toBe(fault));
test.each(vectors.acting)("$name", ({ applicant, proxy, day, alone, fault, needs }) => {
  expect(actingFault(applicant, proxy, day, alone)).toBe(fault);
  expect(needsMandate(applicant, proxy, day)).toBe(needs);
});
test.each(vectors.ages)("somebody is $age on $day", ({ id_number, day, age }) => expect(ageOn(id_number, day)).toBe(age));
test.each(vectors.ink)("the ink of $strokes", ({ strokes, ink: length, count }) => {
  expect(ink(strokesOf(strokes))).toBe(length);
  expect(strokesOf(strokes)).toHaveLength(count);
});
