// 智能问答 over the on-device knowledge: the search documents, and asking. Twin of `app/answering/index.py`.
import searchSpec from "../../../datasets/search.json";
import searchSql from "../../../datasets/search.sql?raw";
import { CHOSEN, COUNT, stride } from "./checking";
import type { Db } from "./db";
import { type Topic, features, meaning, scores } from "./model";
import {
  type Decision,
  type Elsewhere,
  type Judged,
  type Limits,
  type Ranked,
  type Spec,
  TOGETHER,
  Texts,
  decide,
  explain,
  longestName,
  matchExpression,
  meant,
  partOf,
  parts,
  questionTokens,
  rank,
  several,
  severalLikely,
  sought,
  tokens,
} from "./rules";
import { type Char, byCodePoint, grams, normalise, points, reaches, rewrite, runs, segment } from "./text";

export type { Db } from "./db";
export type { Decision, RankedHit } from "./rules";

export const SPEC: Spec = searchSpec;
export const SEARCH_SQL: string = searchSql;
const WORD_SIZES = [1, 2, 3, 4, 5, 6];
const KEPT = 400; // items whose texts are kept as read
const COUNTED = 10_000; // terms whose documents are kept as counted

const CANDIDATES = `
SELECT d.item, CAST(round(-bm25(search, ${SPEC.weights.join(", ")}) * 1000000) AS INTEGER) AS score
FROM search JOIN search_doc d ON d.id = search.rowid
WHERE search MATCH ? ORDER BY score DESC, d.item LIMIT ${SPEC.candidates}`;

const COLUMNS = ["name", "question", "rest", "phrasing"] as const;

// Writes the search documents of all items in search_dirty anew, in the caller's transaction; returns how many.
export function refreshSearch(db: Db): number {
  const table = rewrites(db);
  const reach = reaches(table.keys());
  const dirty = db.rows("SELECT item FROM search_dirty ORDER BY item").map((row) => String(row[0]));
  for (const slug of dirty) {
    db.run("DELETE FROM search WHERE rowid IN (SELECT id FROM search_doc WHERE item = ?)", [slug]);
    if (db.rows("SELECT 1 FROM item WHERE slug = ?", [slug]).length === 0) {
      db.run("DELETE FROM search_doc WHERE item = ?", [slug]);
      continue;
    }
    db.run("INSERT OR IGNORE INTO search_doc(item) VALUES (?)", [slug]);
    const columns = documentOf(db, slug, table, reach).map((part) => part.flatMap(tokens).join(" "));
    db.run("INSERT INTO search(rowid, name, question, rest, phrasing) SELECT id, ?, ?, ?, ? FROM search_doc WHERE item = ?", [
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

// Texts of the knowledge as a question is read: they are simplified already.
function read(texts: readonly unknown[], table: ReadonlyMap<string, string>, reach: ReadonlyMap<string, number>): string[] {
  return texts.map((text) => rewrite(normalise(String(text), new Map()), table, reach));
}

// The columns of an item's search document as texts, normalised and rewritten: names, questions, rest, phrasings.
export function documentOf(
  db: Db,
  slug: string,
  table: ReadonlyMap<string, string>,
  reach: ReadonlyMap<string, number>,
): string[][] {
  return COLUMNS.map((column) => read(db.rows(SPEC.document[column], [slug]).map((row) => row[2]), table, reach));
}

// Answers questions from a searchable knowledge file and, when there is one, a lingua file; reads only. Made anew when a
// release is applied.
export class Asker {
  private readonly rewrites: Map<string, string>;
  private readonly reach: Map<string, number>;
  private readonly limits: Limits;
  private readonly items: Set<string>;
  private readonly elsewhere: Map<string, Elsewhere>;
  private readonly topics: Topic[];
  private readonly knownNames = new Map<string, string[]>();
  private readonly knownTexts = new Map<string, Texts>();
  private readonly documents = new Map<string, number>();
  private readonly count: number;
  private known: Set<string> | null = null;

  constructor(
    private readonly knowledge: Db,
    private readonly lingua: Db | null,
  ) {
    this.rewrites = rewrites(knowledge);
    this.reach = reaches(this.rewrites.keys());
    knowledge.run("CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_term USING fts5vocab(main, search, row)");
    this.count = Number(knowledge.rows("SELECT count(*) FROM search_doc")[0]?.[0] ?? 0);
    this.items = new Set(knowledge.rows("SELECT slug FROM item").map((row) => String(row[0])));
    this.elsewhere = new Map(
      knowledge
        .rows("SELECT slug, kind, say FROM elsewhere")
        .map(([slug, kind, say]) => [String(slug), { slug: String(slug), kind: String(kind), say: String(say) }]),
    );
    this.topics = this.rows("SELECT number, slug, bias, vector FROM topic ORDER BY number").map(
      ([number, slug, bias, vector]): Topic => ({ number: Number(number), slug: String(slug), bias: Number(bias), vector: ints(vector) }),
    );
    this.limits = lingua ? this.fitted() : SPEC.limits_without_model;
  }

  ask(text: string): Decision {
    const question = rewrite(normalise(text, this.chars(text)), this.rewrites, this.reach);
    const intent = meant(question, SPEC);
    const judged = this.judge(intent);
    const ranked = rank(judged, SPEC);
    const { decision, ranked: best, other, advice } = decide(judged, ranked, SPEC, this.limits);
    const [pieces, said] = parts(intent, SPEC);
    const open = decision === "answer" || decision === "clarify";
    const wanted = open && severalLikely(ranked, said, this.limits) ? this.wanted(pieces) : new Set<string>();
    const [shown, needs] = open ? several(ranked, wanted, said, SPEC, this.limits) : [best, 1];
    return {
      decision: needs > 1 ? "clarify" : decision,
      hits: shown.map(([slug, score]) => explain(judged.terms, this.texts(slug), slug, score)),
      advice,
      topic: other?.slug ?? "",
      part: partOf(question, SPEC),
      needs,
    };
  }

  /** What this knowledge is asked to see whether another place answers alike. */
  ownQuestions(): string[] {
    const count = Number(this.knowledge.rows(COUNT)[0]?.[0] ?? 0);
    return this.knowledge.rows(CHOSEN, [JSON.stringify(stride(count))]).map(([text]) => String(text));
  }

  private wanted(pieces: readonly string[]): Set<string> {
    const found = new Set<string>();
    for (const [at, piece] of pieces.entries()) {
      if (found.size + pieces.length - at < TOGETHER) break; // there can not be two any more
      const judged = this.judge(piece);
      const { decision, ranked } = decide(judged, rank(judged, SPEC), SPEC, this.limits);
      const best = ranked[0];
      if (decision === "answer" && best && best[1] >= this.limits.need) found.add(best[0]);
    }
    return found;
  }

  private judge(text: string): Judged {
    const terms = questionTokens(text, SPEC.stop);
    const lexical = this.lexical(sought(terms));
    const names = this.names([...lexical.keys()]);
    const named = new Map([...lexical.keys()].map((slug): Ranked => [slug, longestName(text, names.get(slug) ?? [])]));
    return { text, terms, lexical, named, model: this.scores(text), items: this.items, elsewhere: this.elsewhere };
  }

  private lexical(terms: readonly string[]): Map<string, number> {
    if (terms.length === 0) return new Map();
    const found = this.knowledge.rows(CANDIDATES, [matchExpression(terms, this.common(terms))]);
    return new Map(found.map(([slug, score]): Ranked => [String(slug), Number(score)]));
  }

  private common(terms: readonly string[]): Set<string> {
    if (this.documents.size > COUNTED) this.documents.clear();
    return new Set(terms.filter((term) => this.holding(term) * SPEC.common > this.count));
  }

  private holding(term: string): number {
    const known = this.documents.get(term);
    if (known !== undefined) return known;
    const found = Number(this.knowledge.rows("SELECT doc FROM temp.search_term WHERE term = ?", [term])[0]?.[0] ?? 0);
    this.documents.set(term, found);
    return found;
  }

  private texts(slug: string): Texts {
    const known = this.knownTexts.get(slug);
    if (known) return known;
    const [names = [], questions = [], rest = [], phrasings = []] = documentOf(this.knowledge, slug, this.rewrites, this.reach);
    const texts = new Texts(names, questions, rest, phrasings);
    if (this.knownTexts.size >= KEPT) this.knownTexts.clear();
    this.knownTexts.set(slug, texts);
    return texts;
  }

  private names(slugs: readonly string[]): ReadonlyMap<string, string[]> {
    const fresh = slugs.filter((slug) => !this.knownNames.has(slug));
    for (const slug of fresh) this.knownNames.set(slug, []);
    const found = fresh.length > 0 ? this.knowledge.rows(SPEC.names, [JSON.stringify(fresh)]) : [];
    for (const [slug, , , name] of found) this.knownNames.get(String(slug))?.push(...read([name], this.rewrites, this.reach));
    return this.knownNames;
  }

  private fitted(): Limits {
    const held = new Map(this.rows("SELECT name, value FROM setting").map(([name, value]) => [String(name), Number(value)]));
    const entries = Object.entries(SPEC.limits).map(([name, value]) => [name, held.get(name) ?? value]);
    return Object.fromEntries(entries) as Limits;
  }

  private get syllables(): Set<string> {
    this.known ??= new Set(this.rows("SELECT DISTINCT sound FROM char WHERE sound <> ''").map((row) => String(row[0])));
    return this.known;
  }

  private chars(text: string): Map<string, Char> {
    const sql = "SELECT char, plain, sound FROM char WHERE char IN (SELECT value FROM json_each(?))";
    return new Map(
      this.among(sql, points(text)).map(([char, plain, sound]) => [String(char), { plain: String(plain), sound: String(sound) }]),
    );
  }

  private scores(text: string): Map<string, number> {
    if (!this.lingua) return new Map();
    const stretches = runs(text);
    const pieces = stretches.flatMap(({ kind, run }) => (kind === "han" ? grams(points(run), WORD_SIZES) : []));
    const found = this.among("SELECT text, cost, weight, vector FROM word WHERE text IN (SELECT value FROM json_each(?))", pieces);
    const words = new Map(found.map(([word, , weight, vector]) => [String(word), [Number(weight), String(vector)] as const]));
    const costs = new Map(found.map(([word, cost]) => [String(word), Number(cost)]));
    const lexicon = { rewrites: this.rewrites, chars: this.chars(text), costs };
    const latin = stretches.some(({ kind }) => kind === "latin");
    const wanted = features(text, lexicon, latin ? this.syllables : new Set());
    const weights = this.among("SELECT weights FROM feature WHERE text IN (SELECT value FROM json_each(?))", wanted);
    if (weights.length === 0) return new Map();
    return scores(weights.map((row) => ints(row[0])), meaning(segment(text, lexicon), words), this.topics);
  }

  private rows(sql: string, params: readonly unknown[] = []): unknown[][] {
    return this.lingua ? this.lingua.rows(sql, params) : [];
  }

  private among(sql: string, values: Iterable<string>): unknown[][] {
    return this.rows(sql, [JSON.stringify([...new Set(values)].sort(byCodePoint))]);
  }
}

// "12 -350 45" as numbers, by hand: there are some thousand a question.
function ints(of: unknown): number[] {
  const text = String(of);
  const found: number[] = [];
  let start = 0;
  while (start < text.length) {
    const negative = text.charCodeAt(start) === 0x2d;
    let value = 0;
    let at = negative ? start + 1 : start;
    for (; at < text.length && text.charCodeAt(at) !== 0x20; at++) value = value * 10 + text.charCodeAt(at) - 0x30;
    if (at > start) found.push(negative ? -value : value);
    start = at + 1;
  }
  return found;
}
