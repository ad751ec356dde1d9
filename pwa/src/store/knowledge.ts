// Reading the knowledge on this device: what the screens ask of knowledge.db.
import schema from "../../../datasets/schema.sql?raw";
import { Asker, refreshSearch, SEARCH_SQL } from "../answering";
import { type End, type FlowAnswer, type FlowQuestion, nearest, type Point, purposeOf } from "../guiding/rules";
import { problem } from "../kit/problems";
import type { Db, Value } from "./db";
import type { Lingua } from "./lingua";
import { ScopeFile, text } from "./scope";
import type { Answer, Hit, Item, ItemRow, Material, Situation } from "./types";

export const SCHEMA: string = schema;

const ROW = `SELECT i.slug, i.name, i.domain, coalesce(d.name, i.domain), i.department, coalesce(p.name, i.project_type),
  i.promised_limit, i.fee
FROM item i
LEFT JOIN code d ON d.code_set = 'domain' AND d.code = i.domain
LEFT JOIN code p ON p.code_set = 'project_type' AND p.code = i.project_type`;

export class Knowledge extends ScopeFile {
  private asker: { of: string; it: Asker } | null = null;
  private why: { of: string; words: [string, string][] } | null = null;

  constructor(db: Db) {
    super(db, "knowledge", "知识库", SCHEMA, SEARCH_SQL);
  }

  items(filter: { domain?: string; text?: string } = {}): ItemRow[] {
    const like = `%${(filter.text ?? "").trim().replace(/[\\%_]/g, "\\$&")}%`;
    const found = this.db.rows(
      `${ROW} WHERE (?1 = '' OR i.domain = ?1) AND (i.name LIKE ?2 ESCAPE '\\' OR EXISTS
        (SELECT 1 FROM item_alias a WHERE a.item = i.slug AND a.text LIKE ?2 ESCAPE '\\'))
      ORDER BY i.domain, i.code, i.slug`,
      [filter.domain ?? "", like],
    );
    return found.map(itemRow);
  }

  domains(): { code: string; name: string; count: number }[] {
    const found = this.db.rows(
      `SELECT i.domain, coalesce(c.name, i.domain), count(*) FROM item i
       LEFT JOIN code c ON c.code_set = 'domain' AND c.code = i.domain GROUP BY i.domain ORDER BY i.domain`,
    );
    return found.map(([code, name, count]) => ({ code: text(code), name: text(name), count: Number(count) }));
  }

  regions(parent: string): { code: string; name: string }[] {
    const found = this.db.rows("SELECT code, name FROM region WHERE coalesce(parent, '') = ? ORDER BY code", [parent]);
    return found.map(([code, name]) => ({ code: text(code), name: text(name) }));
  }

  /** The whole item, or Problem item.missing. */
  item(slug: string): Item {
    const head = this.db.row(`${ROW} WHERE i.slug = ?`, [slug]);
    const held = this.held();
    if (!head || !held) throw problem("item.missing", { slug });
    const [code, taskType, levels, applicants, verifiedOn, limit, place, result, cross, visits, reason, verify] =
      this.db.row(
        `SELECT i.code, coalesce(t.name, i.task_type), i.levels, i.applicants, i.verified_on, i.statutory_limit, i.place,
           i.result, i.cross_region, i.site_visits, i.site_visits_reason, i.verify
         FROM item i LEFT JOIN code t ON t.code_set = 'task_type' AND t.code = i.task_type WHERE i.slug = ?`,
        [slug],
      ) ?? [];
    return {
      ...itemRow(head),
      code: text(code),
      task_type: text(taskType),
      levels: text(levels).split(",").filter(Boolean).map((level) => this.codeName("use_level", level)),
      applicants: text(applicants),
      aliases: this.list("item_alias", slug),
      conditions: this.list("item_condition", slug),
      steps: this.list("item_step", slug),
      basis: this.list("item_basis", slug),
      sources: this.list("item_source", slug),
      verify_fields: verify ? this.list("item_verify", slug) : [],
      verified_on: verifiedOn === null || verifiedOn === undefined ? null : String(verifiedOn),
      statutory_limit: text(limit),
      place: text(place),
      result: text(result),
      cross_region: text(cross),
      site_visits: Number(visits),
      site_visits_reason: text(reason),
      materials: this.materials(slug),
      situations: this.situations(slug),
      flow: this.flow(slug),
      qa: this.pairs(slug),
      release: held.release,
    };
  }

  /** The service point nearest to `of` that handles the item, and that one itself; null when the release tells of none. */
  places(slug: string, of: { id: string; region: string }): { place: Point | null; here: Point | null } {
    const levels = text(this.db.row("SELECT levels FROM item WHERE slug = ?", [slug])?.[0]).split(",");
    const found = this.db.rows(
      "SELECT p.id, p.name, p.region, p.address, p.hours, p.phone, r.level FROM point p LEFT JOIN region r ON r.code = p.region",
    );
    const points = found.map((row): Point => {
      const [id, name, region, address, hours, phone, level] = row.map(text) as [string, string, string, string, string, string, string];
      return { id, name, region, address, hours, phone, level };
    });
    return { place: nearest(points, levels, of.region), here: points.find((point) => point.id === of.id) ?? null };
  }

  /** Searches and decides; the caller adds id, masked text and the time it took. */
  ask(question: string, lingua: Lingua): Omit<Answer, "id" | "text" | "ms"> {
    const held = this.held();
    if (!held) throw problem("pack.missing");
    const words = lingua.held();
    const { decision, hits, advice, part, needs } = this.askerNow(lingua).ask(question);
    return {
      decision,
      advice,
      part: part as Answer["part"],
      needs,
      release: held.release,
      lingua: words?.release ?? null,
      hits: hits.map((hit): Hit => {
        const [name, department] = this.db.row("SELECT name, department FROM item WHERE slug = ?", [hit.slug]) ?? [];
        const pairs = this.pairs(hit.slug); // the questions of the document begin with these, see search.json
        return {
          slug: hit.slug,
          name: text(name),
          department: text(department),
          score: hit.score,
          matched: hit.matched,
          phrase: hit.phrase,
          answer: hit.qa === null ? null : (pairs[hit.qa] ?? null),
        };
      }),
    };
  }

  /** For whoever asks many questions of one pair of releases. */
  askerNow(lingua: Lingua): Asker {
    return this.askerOf(lingua, `${this.held()?.root ?? ""} ${lingua.held()?.root ?? ""}`);
  }

  private askerOf(lingua: Lingua, pair: string): Asker {
    if (this.asker?.of !== pair) this.asker = { of: pair, it: new Asker(this.db, lingua.held() ? lingua.db : null) };
    return this.asker.it;
  }

  protected override settle(): void {
    refreshSearch(this.db);
  }

  private codeName(set: string, code: string): string {
    return text(this.db.row("SELECT name FROM code WHERE code_set = ? AND code = ?", [set, code])?.[0]) || code;
  }

  private list(table: string, slug: string): string[] {
    return this.db.rows(`SELECT text FROM ${table} WHERE item = ? ORDER BY pos`, [slug]).map(([value]) => text(value));
  }

  private pairs(slug: string): { q: string; a: string }[] {
    return this.db.rows("SELECT q, a FROM qa WHERE item = ? ORDER BY pos", [slug]).map(([q, a]) => ({ q: text(q), a: text(a) }));
  }

  /** What materials are for, read once a release: every item and notice asks for all of it. */
  private purposes(): [string, string][] {
    const of = this.held()?.root ?? "";
    if (this.why?.of !== of) this.why = { of, words: this.db.rows("SELECT word, why FROM purpose").map(([word, why]) => [text(word), text(why)]) };
    return this.why.words;
  }

  private flow(slug: string): FlowQuestion[] {
    const answers = this.db.rows(
      "SELECT question, say, words, situations, go, target, note FROM flow_answer WHERE item = ? ORDER BY question, pos",
      [slug],
    );
    const rows = this.db.rows("SELECT pos, id, ask, help FROM flow_question WHERE item = ? ORDER BY pos", [slug]);
    return rows.flatMap(([pos, id, ask, help]) => {
      const [unsure, ...others] = answers.filter((row) => row[0] === pos).map(flowAnswer);
      return unsure ? [{ id: text(id), ask: text(ask), help: text(help), answers: others, unsure }] : [];
    });
  }

  private materials(slug: string): Material[] {
    const sql = "SELECT name, form, copies, necessity, source FROM material WHERE item = ? ORDER BY pos";
    const purposes = this.purposes();
    return this.db.rows(sql, [slug]).map((row) => material(row, "", purposes));
  }

  private situations(slug: string): Situation[] {
    const purposes = this.purposes();
    const effects = this.db.rows(
      `SELECT name, form, copies, necessity, source, situation, effect FROM situation_material WHERE item = ?
       ORDER BY situation, pos`,
      [slug],
    );
    return this.db.rows("SELECT pos, name, note FROM situation WHERE item = ? ORDER BY pos", [slug]).map(([pos, name, note]) => {
      const own = effects.filter((row) => row[5] === pos);
      return {
        pos: Number(pos),
        name: text(name),
        note: text(note),
        add: own.filter((row) => row[6] === "add").map((row) => material(row, text(name), purposes)),
        remove: own.filter((row) => row[6] === "remove").map((row) => text(row[0])),
      };
    });
  }
}

function itemRow(row: Value[]): ItemRow {
  const [slug, name, domain, domainName, department, projectType, limit, fee] = row.map(text) as [
    string, string, string, string, string, string, string, string,
  ];
  return { slug, name, domain, domain_name: domainName, department, project_type: projectType, promised_limit: limit, fee };
}

function flowAnswer(row: Value[]): FlowAnswer {
  const [, say, words, situations, go, target, note] = row.map(text) as [string, string, string, string, string, string, string];
  const list = (joined: string, by: string): string[] => (joined === "" ? [] : joined.split(by));
  return { say, words: list(words, "、"), situations: list(situations, " + "), go: go as End | "question", target, note };
}

function material(row: Value[], why: string, purposes: [string, string][]): Material {
  const [name, form, copies, necessity, source] = row.map(text) as [string, string, string, string, string];
  return { name, form, copies: Number(copies), necessity, source, why, use: purposeOf(name, purposes) };
}
