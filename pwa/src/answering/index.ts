// 智能问答 over the on-device knowledge: the search documents, and asking. Twin of `app/answering/index.py`.
import searchSpec from "../../../datasets/search.json";
import searchSql from "../../../datasets/search.sql?raw";
import type { Db } from "./db";
import {
  type Candidate,
  type Decision,
  type Spec,
  decide,
  matchExpression,
  normalise,
  questionTokens,
  rewrite,
  tokens,
} from "./rules";

export type { Db } from "./db";
export * from "./rules";

export const SPEC: Spec = searchSpec;
export const SEARCH_SQL: string = searchSql;

const CANDIDATES = `
SELECT d.item, CAST(round(-bm25(search, ${SPEC.weights.join(", ")}) * 1000000) AS INTEGER) AS score
FROM search JOIN search_doc d ON d.id = search.rowid
WHERE search MATCH ? ORDER BY score DESC, d.item LIMIT ${SPEC.candidates}`;

const COLUMNS = ["name", "question", "rest"] as const;

// Writes the search documents of all items in search_dirty anew, in the caller's transaction; returns how many.
export function refreshSearch(db: Db): number {
  const table = rewrites(db);
  const dirty = db.rows("SELECT item FROM search_dirty ORDER BY item").map((row) => String(row[0]));
  for (const slug of dirty) {
    db.run("DELETE FROM search WHERE rowid IN (SELECT id FROM search_doc WHERE item = ?)", [slug]);
    if (db.rows("SELECT 1 FROM item WHERE slug = ?", [slug]).length === 0) {
      db.run("DELETE FROM search_doc WHERE item = ?", [slug]);
      continue;
    }
    db.run("INSERT OR IGNORE INTO search_doc(item) VALUES (?)", [slug]);
    const columns = documentOf(db, slug, table).map((part) => part.flatMap(tokens).join(" "));
    db.run("INSERT INTO search(rowid, name, question, rest) SELECT id, ?, ?, ? FROM search_doc WHERE item = ?", [
      ...columns,
      slug,
    ]);
  }
  db.run("DELETE FROM search_dirty");
  return dirty.length;
}

export function rewrites(db: Db): Map<string, string> {
  return new Map(db.rows("SELECT said, standard FROM rewrite").map((row) => [String(row[0]), String(row[1])]));
}

// The three columns of an item's search document as texts, normalised and rewritten: names, questions, rest.
export function documentOf(db: Db, slug: string, table: ReadonlyMap<string, string>): string[][] {
  return COLUMNS.map((column) =>
    db.rows(SPEC.document[column], [slug]).map((row) => rewrite(normalise(String(row[2])), table)),
  );
}

export function ask(db: Db, text: string): Decision {
  const table = rewrites(db);
  const question = rewrite(normalise(text), table);
  const terms = questionTokens(question, SPEC.stop);
  const found = terms.length > 0 ? db.rows(CANDIDATES, [matchExpression(terms)]) : [];
  const candidates = found.map(([slug, score]): Candidate => {
    const [names = [], questions = [], rest = []] = documentOf(db, String(slug), table);
    return { slug: String(slug), score: Number(score), names, questions, rest };
  });
  return decide(question, terms, candidates, SPEC);
}
