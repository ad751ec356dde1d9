// Equal knowledge and equal lingua give the same answer as the centre, to the last digit: tests/vectors, written by Python.
import { readFileSync } from "node:fs";

import { beforeAll, describe, expect, test } from "vitest";

import answers from "../../../tests/vectors/answers.json";
import vectors from "../../../tests/vectors/answering.json";
import { contentRoot } from "../store/content";
import { type Pack, Witness, reading, soundsOf } from "../store/witness";
import { sha256 } from "../sync/sha256";
import { canonical, stride } from "./checking";
import { Asker, SPEC } from "./index";
import { type Elsewhere, decide, rank, several } from "./rules";
import type { Char } from "./text";

const chars = new Map(Object.entries(vectors.chars).map(([char, [plain = "", sound = ""]]): [string, Char] => [char, { plain, sound }]));
const lexicon = { rewrites: new Map(Object.entries(vectors.rewrites)), chars, costs: new Map(Object.entries<number>(vectors.costs)) };

describe("a question is read as by the Python twin", () => {
  test.each(vectors.read)("$text", (wanted) => {
    expect(reading(wanted.text, lexicon, soundsOf(chars))).toEqual(wanted);
  });
});

test.each(vectors.decide)("the same judgement leads to the same decision: $text", ({ text, lexical, named, model, items, elsewhere, needs, said, out }) => {
  const numbers = (from: object): Map<string, number> => new Map(Object.entries(from) as [string, number][]);
  const topics = elsewhere.map(([slug = "", kind = "", say = ""]): [string, Elsewhere] => [slug, { slug, kind, say }]);
  const judged = { text, terms: [], lexical: numbers(lexical), named: numbers(named), model: numbers(model), items: new Set(items), elsewhere: new Map(topics) };
  const all = rank(judged, SPEC);
  const { decision, ranked, other, advice } = decide(judged, all, SPEC, SPEC.limits);
  const both = several(all, new Set(needs), said, SPEC, SPEC.limits);
  expect({ decision, ranked, other: other?.slug ?? null, advice, several: both }).toEqual(out);
});

test.each(answers.check.stride)("$most of $count are taken evenly", ({ count, most, out }) => expect(stride(count, most)).toEqual(out));
test.each(answers.check.canonical)("$out is the one form of its value", ({ value, out }) => expect(canonical(value)).toBe(out));

describe("the whole catalogue in SQLite-WASM", () => {
  let witness: Witness;

  const pack = (scope: "knowledge" | "lingua"): Pack => ({
    data: new Uint8Array(readFileSync(new URL(`../../../tests/vectors/${scope}.pack`, import.meta.url))),
    root: answers.roots[scope],
  });

  beforeAll(async () => {
    witness = await Witness.open({ knowledge: pack("knowledge"), lingua: pack("lingua") });
  });

  test("is the catalogue of the vectors", () => {
    for (const file of [witness.knowledge, witness.lingua]) expect(contentRoot(file.db, file.schema).root).toEqual(answers.roots[file.scope as keyof typeof answers.roots]);
  });

  test.each(answers.answers)("answers $text", ({ text, out }) => {
    expect(witness.asker.ask(text)).toEqual(out);
  });

  test("comes to the same hash of two hundred answers", () => {
    const questions = witness.asker.ownQuestions();
    expect(questions).toEqual(answers.check.questions);
    const whole = canonical(questions.map((question) => witness.asker.ask(question)));
    expect(sha256(new TextEncoder().encode(whole))).toBe(answers.check.digest);
  });

  test("without lingua the words of the knowledge still find the item", () => {
    expect(new Asker(witness.knowledge.db, null).ask("身份证丢失补领").hits[0]?.slug).toEqual("id-card");
  });
});
