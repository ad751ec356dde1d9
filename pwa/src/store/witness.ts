// What tests and benches hold against the Python twin: readings of texts, and whole answers over packs in memory.
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";

import { Asker, type Decision, SPEC } from "../answering/index";
import { features } from "../answering/model";
import { matchExpression, meant, partOf, parts, questionTokens, sought } from "../answering/rules";
import { type Char, type Lexicon, normalise, rewrite, segment, sounds } from "../answering/text";
import { unpack } from "../sync/packs";
import { sha256 } from "../sync/sha256";
import { Db } from "./db";
import { Knowledge } from "./knowledge";
import { Lingua } from "./lingua";
import type { ScopeFile } from "./scope";

export interface Pack {
  data: Uint8Array;
  root: string;
}

/** Everything that is read out of a text before the knowledge is asked. */
export function reading(text: string, lexicon: Lexicon, known: ReadonlySet<string>) {
  const normal = normalise(text, lexicon.chars);
  const terms = questionTokens(normal, SPEC.stop);
  return {
    text,
    normal,
    rewritten: rewrite(normal, lexicon.rewrites),
    words: segment(normal, lexicon),
    sounds: sounds(normal, lexicon, known),
    features: features(normal, lexicon, known),
    tokens: terms,
    match: matchExpression(sought(terms)),
    meant: meant(normal, SPEC),
    parts: parts(normal, SPEC),
    part: partOf(normal, SPEC),
  };
}

/** A village's knowledge and lingua, filled from packs as a device does; refuses a pack that does not lead to its root. */
export class Witness {
  private constructor(
    readonly knowledge: Knowledge,
    readonly lingua: Lingua,
    readonly asker: Asker,
  ) {}

  static async open(packs: { knowledge: Pack; lingua: Pack }): Promise<Witness> {
    const sqlite3 = await sqlite3InitModule();
    const memory = (): Db => new Db(sqlite3, new sqlite3.oo1.DB(":memory:"));
    const [knowledge, lingua] = [new Knowledge(memory()), new Lingua(memory())];
    await fill(knowledge, packs.knowledge);
    await fill(lingua, packs.lingua);
    return new Witness(knowledge, lingua, new Asker(knowledge.db, lingua.db));
  }

  /** The whole tables, as a device never holds them in memory. */
  lexicon(): Lexicon {
    const chars = this.lingua.db.rows("SELECT char, plain, sound FROM char").map(([char, plain, sound]): [string, Char] => [
      String(char),
      { plain: String(plain), sound: String(sound) },
    ]);
    const costs = this.lingua.db.rows("SELECT text, cost FROM word").map(([word, cost]): [string, number] => [String(word), Number(cost)]);
    const rewrites = this.knowledge.db.rows("SELECT said, standard FROM rewrite").map(([said, plain]): [string, string] => [String(said), String(plain)]);
    return { rewrites: new Map(rewrites), chars: new Map(chars), costs: new Map(costs) };
  }

  /** Answers with the milliseconds of each. */
  ask(texts: readonly string[]): { out: Decision; ms: number }[] {
    return texts.map((text) => {
      const started = performance.now();
      const out = this.asker.ask(text);
      return { out, ms: performance.now() - started };
    });
  }
}

async function fill(file: ScopeFile, { data, root }: Pack): Promise<void> {
  const outcome = file.apply(await unpack(data, sha256(data)), { release: 1, root, issued_at: "", stale_after: "" }, true);
  if (outcome !== "applied") throw new Error(`${file.scope}: ${outcome}`);
}

/** The syllables that Latin letters may spell. */
export function soundsOf(chars: ReadonlyMap<string, Char>): Set<string> {
  return new Set([...chars.values()].map(({ sound }) => sound).filter((sound) => sound !== ""));
}
