import { expect, test } from "vitest";
import vectors from "../../../tests/vectors/letters.json";
import { Problem } from "../kit/problems";
import { accept, counting, type Trust } from "./keyring";
import type { KeyLetter } from "./messages";

test.each(vectors.cases)("$name", async ({ letters, fault, at, counts }) => {
  let trust: Trust | null = null;
  let why: unknown = null;
  for (const letter of letters as unknown as KeyLetter[]) {
    expect(why).toBeNull(); // only the last letter of a case is refused
    try {
      trust = await accept(letter, trust, vectors.release_keys);
    } catch (error) {
      expect((error as Problem).code).toBe("pack.letter");
      why = (error as Problem).details.why;
    }
  }
  expect(why).toBe(fault);
  expect(Object.keys(counting(trust, vectors.release_keys, Date.parse(at))).sort()).toEqual(counts);
});
