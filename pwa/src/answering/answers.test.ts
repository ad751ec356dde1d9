// Equal knowledge and equal lingua give the same answer as the centre, to the last digit: tests/vectors, written by Python.
import { readFileSync } from "node:fs";

import sqlite3InitModule from "@sqlite.org/sqlite-wasm";
import { beforeAll, describe, expect, test } from "vitest";

import answers from "../../../tests/vectors/answers.json";
import vectors from "../../../tests/vectors/answering.json";
import { contentRoot } from "../store/content";
import { Db } from "../store/db";
import { Knowledge } from "../store/knowledge";
import { Lingua } from "../store/lingua";
import type { ScopeFile } from "../store/scope";
import { unpack } from "../sync/packs";
import { sha256 } from "../sync/sha256";
import { Asker, SPEC } from "./index";
import { features } from "./model";
import { type Elsewhere, decide, matchExpression, meant, partOf, parts, questionTokens } from "./rules";
import { type Char, normalise, rewrite, segment, sounds } from "./text";

const table = new Map(Object.entries(vectors.rewrites));
const chars = new Map(Object.entries(vectors.chars).map(([char, [plain = "", sound = ""]]): [string, Char] => [char, { plain, sound }]));
const lexicon = { rewrites: table, chars, costs: new Map(Object.entries<number>(vectors.costs)) };
const known = new Set([...chars.values()].map(({ sound }) => sound).filter((sound) => sound !== ""));

describe("a question is read as by the Python twin", () => {
  test.each(vectors.read)("$text", (wanted) => {
    const normal = normalise(wanted.text, chars);
    const terms = questionTokens(normal, SPEC.stop);
    expect({
      text: wanted.text,
      normal,
      rewritten: rewrite(normal, table),
      words: segment(normal, lexicon),
      sounds: sounds(normal, lexicon, known),
      features: features(normal, lexicon, known),
      tokens: terms,
      match: matchExpression(terms),
      meant: meant(normal, SPEC),
      parts: parts(normal, SPEC),
      part: partOf(normal, SPEC),
    }).toEqual(wanted);
  });
});

test.each(vectors.decide)("the same judgement leads to the same decision: $text", ({ text, lexical, model, items, elsewhere, out }) => {
  const numbers = (from: object): Map<string, number> => new Map(Object.entries(from) as [string, number][]);
  const topics = elsewhere.map(([slug = "", kind = "", say = ""]): [string, Elsewhere] => [slug, { slug, kind, say }]);
  const judged = { text, terms: [], lexical: numbers(lexical), model: numbers(model), items: new Set(items), elsewhere: new Map(topics) };
  const { decision, ranked, other, advice } = decide(judged, SPEC, SPEC.limits);
  expect({ decision, ranked, other: other?.slug ?? null, advice }).toEqual(out);
});

describe("the whole catalogue in SQLite-WASM", () => {
  let knowledge: Knowledge;
  let lingua: Lingua;
  let asker: Asker;

  const fill = (file: ScopeFile): void => {
    const pack = new Uint8Array(readFileSync(new URL(`../../../tests/vectors/${file.scope}.pack`, import.meta.url)));
    const held = { release: 1, root: answers.roots[file.scope], issued_at: "", stale_after: "" };
    expect(file.apply(unpack(pack, sha256(pack)), held, true)).toEqual("applied");
  };

  beforeAll(async () => {
    const sqlite3 = await sqlite3InitModule();
    const memory = (): Db => new Db(sqlite3, new sqlite3.oo1.DB(":memory:"));
    knowledge = new Knowledge(memory());
    lingua = new Lingua(memory());
    [knowledge, lingua].forEach(fill);
    asker = new Asker(knowledge.db, lingua.db);
  });

  test("is the catalogue of the vectors", () => {
    for (const file of [knowledge, lingua]) expect(contentRoot(file.db, file.schema).root).toEqual(answers.roots[file.scope]);
  });

  test.each(answers.answers)("answers $text", ({ text, out }) => {
    expect(asker.ask(text)).toEqual(out);
  });

  test("without lingua the words of the knowledge still find the item", () => {
    expect(new Asker(knowledge.db, null).ask("身份证丢失补领").hits[0]?.slug).toEqual("id-card");
  });
});
