// The same release gives the same answer as the centre, to the last bit: tests/vectors, written by Python.
import { readFileSync } from "node:fs";

import sqlite3InitModule from "@sqlite.org/sqlite-wasm";
import { beforeAll, describe, expect, test } from "vitest";

import answers from "../../../tests/vectors/answers.json";
import vectors from "../../../tests/vectors/answering.json";
import { contentRoot } from "../store/content";
import { Db } from "../store/db";
import { Knowledge, SCHEMA } from "../store/knowledge";
import { unpack } from "../sync/packs";
import { sha256 } from "../sync/sha256";
import { SPEC, advise, ask, decide, matchExpression, normalise, questionTokens, rewrite, tokens } from "./index";

const table = new Map(Object.entries(vectors.table));

describe("the rules answer as their Python twin", () => {
  test.each(vectors.normalise)("normalise %j", ({ text, out }) => expect(normalise(text)).toEqual(out));
  test.each(vectors.rewrite)("rewrite %j", ({ text, out }) => expect(rewrite(text, table)).toEqual(out));
  test.each(vectors.tokens)("tokens %j", ({ text, out }) => expect(tokens(normalise(text))).toEqual(out));
  test.each(vectors.question_tokens)("question %j", ({ text, out }) => expect(questionTokens(text, SPEC.stop)).toEqual(out));
  test.each(vectors.match_expression)("match %j", ({ terms, out }) => expect(matchExpression(terms)).toEqual(out));
  test.each(vectors.advise)("advise %j", ({ text, out }) => expect(advise(text, SPEC.advice)).toEqual(out));
  test.each(vectors.decide)("decide $question", ({ question, terms, candidates, out }) =>
    expect(decide(question, terms, candidates, SPEC)).toEqual(out),
  );
});

describe("the whole catalogue in SQLite-WASM", () => {
  let knowledge: Knowledge;

  beforeAll(async () => {
    const sqlite3 = await sqlite3InitModule();
    knowledge = new Knowledge(new Db(sqlite3, new sqlite3.oo1.DB(":memory:")));
    const pack = new Uint8Array(readFileSync(new URL("../../../tests/vectors/knowledge.pack", import.meta.url)));
    const held = { release: 1, root: answers.content_root, issued_at: "", stale_after: "" };
    expect(knowledge.apply(unpack(pack, sha256(pack)), held, true)).toEqual("applied");
  });

  test("is the catalogue of the vectors", () => {
    expect(contentRoot(knowledge.db, SCHEMA).root).toEqual(answers.content_root);
  });

  test.each(answers.answers)("answers $text", ({ text, out }) => {
    expect(ask(knowledge.db, text)).toEqual(out);
  });
});
