// 智能问答, the pure half of deciding: lexical hits and topic scores to a decision. Twin of `app/answering/rules.py`.
import { GROUPS } from "./model";
import { byCodePoint, points, rewrite, runs } from "./text";

export type Kind = "elsewhere" | "emergency" | "private" | "complaint" | "chat";

export interface Advice {
  kind: string;
  all: string[][];
  unless: string[];
  say: string;
}

export type Limits = Record<
  "answer" | "margin" | "apart" | "clarify" | "outside" | "danger" | "secret" | "floor" | "doubt" | "beside" | "need" | "together",
  number
>;

export interface Spec {
  weights: number[];
  candidates: number;
  common: number;
  shown: number;
  fuse: { lexical: number; named: number; floor: number; unknown: number };
  limits: Limits;
  limits_without_model: Limits;
  not: string[];
  not_after: string[];
  but: string[];
  not_longest: number;
  and: { words: string[]; marks: string[] };
  and_shortest: number;
  parts: Record<string, string[]>;
  stop: string[];
  advice: Advice[];
  document: { name: string; question: string; rest: string; phrasing: string };
  names: string;
}

// The texts of an item as read, cut into tokens once: what a hit is explained with.
export class Texts {
  readonly names: number;
  readonly questions: number;
  readonly asking: readonly { text: string; own: ReadonlySet<string> }[];
  readonly held: ReadonlySet<string>;

  constructor(names: readonly string[], questions: readonly string[], rest: readonly string[], phrasings: readonly string[]) {
    this.names = names.length;
    this.questions = questions.length;
    this.asking = [...names, ...questions, ...phrasings].map((text) => ({ text, own: new Set(tokens(text)) }));
    this.held = new Set([...rest.flatMap(tokens), ...this.asking.flatMap(({ own }) => [...own])]);
  }
}

export interface RankedHit {
  slug: string;
  score: number;
  matched: string[];
  phrase: string;
  qa: number | null;
}

export type Choice = "answer" | "clarify" | "redirect" | "refuse" | "handoff";

export interface Decision {
  decision: Choice;
  hits: RankedHit[];
  advice: string;
  topic: string;
  part: string;
  needs: number;
}

export interface Elsewhere {
  slug: string;
  kind: string;
  say: string;
}

export interface Judged {
  text: string;
  terms: readonly string[];
  lexical: ReadonlyMap<string, number>;
  named: ReadonlyMap<string, number>;
  model: ReadonlyMap<string, number>;
  items: ReadonlySet<string>;
  elsewhere: ReadonlyMap<string, Elsewhere>;
}

export type Ranked = [slug: string, score: number];

const PAIRS_ENOUGH = 2;
export const TOGETHER = 2;
const NEVER = -10_000;

export function tokens(text: string): string[] {
  return runs(text).flatMap(({ kind, run }) => {
    if (kind === "latin") return [run];
    const chars = points(run);
    return [...chars, ...chars.slice(0, -1).map((char, n) => char + (chars[n + 1] ?? ""))];
  });
}

export function questionTokens(text: string, stop: readonly string[]): string[] {
  const blanks = new Map(stop.map((word) => [word, " "]));
  const kept = new Set(tokens(rewrite(text, blanks)));
  return kept.size > 0 ? [...kept] : [...new Set(tokens(text))];
}

export function sought(terms: readonly string[]): string[] {
  const long = terms.filter((term) => points(term).length > 1);
  return [...(long.length >= PAIRS_ENOUGH ? long : terms)].sort(byCodePoint);
}

export function matchExpression(terms: readonly string[], common: ReadonlySet<string> = new Set()): string {
  const kept = terms.filter((term) => !common.has(term));
  return (kept.length > 0 ? kept : terms).map((term) => `"${term}"`).join(" OR ");
}

const find = (chars: readonly string[], word: string, from = 0): number => {
  const wanted = points(word);
  for (let at = from; at + wanted.length <= chars.length; at++) {
    if (wanted.every((char, n) => chars[at + n] === char)) return at;
  }
  return -1;
};

export function meant(text: string, spec: Spec): string {
  const chars = points(text);
  for (const no of spec.not) {
    const size = points(no).length;
    const start = find(chars, no);
    if (start < 0 || (start > 0 && spec.not_after.includes(chars[start - 1] ?? ""))) continue;
    for (const but of spec.but) {
      const end = find(chars, but, start + size + 1);
      const after = end + points(but).length;
      const dropped = end - start - size;
      if (dropped > 0 && dropped <= spec.not_longest && after + 1 < chars.length) {
        return chars.slice(0, start).join("") + " " + chars.slice(after).join("");
      }
    }
  }
  return text;
}

export function parts(text: string, spec: Spec): [pieces: string[], said: boolean] {
  let split = text;
  for (const word of [...spec.and.words, ...spec.and.marks]) split = split.replaceAll(word, "\n");
  const found = split
    .split("\n")
    .map((piece) => piece.replace(/^ +| +$/g, ""))
    .filter((piece) => tokens(piece).reduce((sum, token) => sum + points(token).length, 0) >= spec.and_shortest);
  return found.length > 1 ? [found, spec.and.words.some((word) => text.includes(word))] : [[], false];
}

export function longestName(text: string, names: readonly string[]): number {
  return Math.max(0, ...names.filter((name) => text.includes(name)).map((name) => points(name).length));
}

export function rank(judged: Judged, spec: Spec): Ranked[] {
  const { lexical, named, floor, unknown } = spec.fuse;
  const size = Math.max(1, points(judged.text).length) ** 2;
  const top = Math.max(0, ...judged.lexical.values());
  const wanted = new Set([...judged.lexical.keys(), ...[...judged.model.keys()].filter((slug) => judged.items.has(slug))]);
  const found = [...wanted].map((slug): Ranked => [
    slug,
    (judged.model.get(slug) ?? unknown) +
      Math.floor(((judged.lexical.get(slug) ?? 0) * lexical) / (top + floor)) +
      Math.floor(((judged.named.get(slug) ?? 0) ** 2 * named) / size),
  ]);
  return found.sort((a, b) => b[1] - a[1] || byCodePoint(a[0], b[0]));
}

export function strongest(judged: Judged, kinds: readonly Kind[]): [Elsewhere | null, number] {
  const found = [...judged.model].filter(([slug]) => kinds.includes(judged.elsewhere.get(slug)?.kind as Kind));
  found.sort((a, b) => b[1] - a[1] || byCodePoint(a[0], b[0]));
  const best = found[0];
  return best ? [judged.elsewhere.get(best[0]) ?? null, best[1]] : [null, NEVER];
}

export function groups(judged: Judged): [outside: number, privacy: number, alarm: number] {
  const [outside, privacy, alarm] = GROUPS.map((group) => judged.model.get(group) ?? NEVER);
  return [outside ?? NEVER, privacy ?? NEVER, alarm ?? NEVER];
}

export function advise(text: string, rules: readonly Advice[]): Advice | null {
  const wanted = (rule: Advice): boolean => rule.all.every((group) => group.some((word) => text.includes(word)));
  return rules.find((rule) => wanted(rule) && !rule.unless.some((word) => text.includes(word))) ?? null;
}

export function partOf(text: string, spec: Spec): string {
  let best = "";
  let where = -1;
  for (const [name, words] of Object.entries(spec.parts)) {
    const at = Math.max(...words.map((word) => text.lastIndexOf(word)));
    if (at > where) {
      best = name;
      where = at;
    }
  }
  return best;
}

export interface Outcome {
  decision: Choice;
  ranked: Ranked[];
  other: Elsewhere | null;
  advice: string;
}

export function decide(judged: Judged, all: readonly Ranked[], spec: Spec, limits: Limits): Outcome {
  const ranked = all.slice(0, spec.shown);
  const score = ranked[0]?.[1] ?? NEVER;
  const likely = score >= limits.clarify ? ranked : [];
  const rule = advise(judged.text, spec.advice);
  const say = rule?.say ?? "";
  const [danger] = strongest(judged, ["emergency"]);
  const [secret] = strongest(judged, ["private"]);
  const [other, strength] = strongest(judged, ["elsewhere", "complaint", "chat"]);
  const [outside, privacy, alarm] = groups(judged);
  if (rule?.kind === "emergency" || (danger && alarm >= Math.max(privacy, limits.danger))) {
    const decision = score >= limits.beside ? "clarify" : "redirect";
    const found = rule?.kind === "emergency" ? null : danger;
    return { decision, ranked: likely, other: found, advice: found?.say ?? say };
  }
  if (rule?.kind === "private" || (secret && privacy >= limits.secret)) {
    const found = rule?.kind === "private" ? null : secret;
    return { decision: "refuse", ranked: likely, other: found, advice: found?.say ?? say };
  }
  if (rule) return { decision: "redirect", ranked: likely, other: null, advice: say };
  if (other && strength >= limits.floor && strength - score >= limits.outside) {
    return { decision: "redirect", ranked: strength - score < limits.doubt ? likely : [], other, advice: other.say };
  }
  if (likely.length === 0) return { decision: "handoff", ranked: [], other: null, advice: "" };
  const margin = ranked[1] ? score - ranked[1][1] : -NEVER;
  const sure = score >= limits.answer && margin >= limits.margin && score - outside >= limits.apart;
  return { decision: sure ? "answer" : "clarify", ranked, other: null, advice: "" };
}

export function severalLikely(ranked: readonly Ranked[], said: boolean, limits: Limits): boolean {
  const [first, second] = ranked;
  return first !== undefined && second !== undefined && (said || first[1] - second[1] <= limits.together);
}

export function several(
  ranked: readonly Ranked[],
  needs: ReadonlySet<string>,
  said: boolean,
  spec: Spec,
  limits: Limits,
): [shown: Ranked[], needs: number] {
  const together = ranked.filter(([slug]) => needs.has(slug)).slice(0, spec.shown);
  const [first, last] = [together[0], together.at(-1)];
  const close = first !== undefined && last !== undefined && first === ranked[0] && first[1] - last[1] <= limits.together;
  if (together.length < TOGETHER || !(said || close)) return [ranked.slice(0, spec.shown), 1];
  const rest = ranked.slice(0, spec.shown).filter(([slug]) => !needs.has(slug));
  return [[...together, ...rest].slice(0, spec.shown), together.length];
}

export function explain(terms: readonly string[], one: Texts, slug: string, score: number): RankedHit {
  const long = terms.filter((term) => points(term).length > 1);
  const counted = long.length > 0 ? long : [...terms];
  const matched = counted
    .filter((term) => one.held.has(term))
    .sort((a, b) => points(b).length - points(a).length || byCodePoint(a, b));
  const sets = one.asking.map(({ own }) => own);
  const near = nearest(terms, sets);
  const qa = nearest(terms, sets.slice(one.names, one.names + one.questions));
  return { slug, score, matched, phrase: near === null ? "" : (one.asking[near]?.text ?? ""), qa };
}

export function nearest(terms: readonly string[], texts: readonly ReadonlySet<string>[]): number | null {
  let best: number | null = null;
  let bestScore = 0;
  texts.forEach((own, index) => {
    const inside = terms.filter((term) => own.has(term));
    const pairs = inside.filter((term) => points(term).length > 1).length;
    const shared = inside.length + pairs;
    const score = Math.floor((1000 * shared * shared) / Math.max(1, own.size));
    if (pairs > 0 && score > bestScore) {
      best = index;
      bestScore = score;
    }
  });
  return best;
}
