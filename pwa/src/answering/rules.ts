// 智能问答, the pure half: words to tokens, hits to a decision. Twin of `app/answering/rules.py`, sentence by sentence;
// tests/vectors/answering.json holds the two together. Integers only.

export interface Advice {
  all: string[][];
  unless: string[];
  beside: number;
  say: string;
}

export interface Spec {
  weights: number[];
  phrase_bonus: number;
  candidates: number;
  shown: number;
  answer: { score: number; margin: number; coverage: number };
  none: { coverage: number; strong: number; score: number };
  stop: string[];
  advice: Advice[];
  document: { name: string; question: string; rest: string };
}

export interface Candidate {
  slug: string;
  score: number;
  names: string[];
  questions: string[];
  rest: string[];
}

export interface RankedHit {
  slug: string;
  score: number;
  matched: string[];
  phrase: number | null;
  qa: number | null;
  coverage: number;
  strong: number;
}

export interface Decision {
  decision: "answer" | "clarify" | "none";
  hits: RankedHit[];
  advice: string;
}

const INVISIBLE = /[\u200b\u200c\u200d\u2060\ufeff]/g;
// What Python's str.split() takes for white space (JavaScript's \s lacks U+001C–U+001F and U+0085, and has U+FEFF).
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;
const LONGEST = 500;

// Code points, not UTF-16 units: Python counts so.
const points = (text: string): string[] => Array.from(text);

const byCodePoint = (a: string, b: string): number => {
  const left = points(a);
  const right = points(b);
  for (let n = 0; n < Math.min(left.length, right.length); n++) {
    const difference = (left[n]?.codePointAt(0) ?? 0) - (right[n]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
};

export function normalise(text: string): string {
  const plain = text.normalize("NFKC").toLowerCase().replace(INVISIBLE, "").replace(SPACES, " ");
  return points(plain.replace(/^ | $/g, "")).slice(0, LONGEST).join("");
}

export function rewrite(text: string, table: ReadonlyMap<string, string>): string {
  const chars = points(text);
  let longest = 0;
  for (const word of table.keys()) longest = Math.max(longest, points(word).length);
  let out = "";
  let at = 0;
  outer: while (at < chars.length) {
    for (let length = Math.min(longest, chars.length - at); length > 0; length--) {
      const standard = table.get(chars.slice(at, at + length).join(""));
      if (standard !== undefined) {
        out += standard;
        at += length;
        continue outer;
      }
    }
    out += chars[at];
    at += 1;
  }
  return out;
}

const isHan = (char: string): boolean =>
  (char >= "\u4e00" && char <= "\u9fff") || (char >= "\u3400" && char <= "\u4dbf");
const isLatin = (char: string): boolean => /^[0-9A-Za-z]$/.test(char);

export function tokens(text: string): string[] {
  const out: string[] = [];
  let han = "";
  let latin = "";
  for (const char of text + " ") {
    if (isHan(char)) {
      han += char;
    } else if (han) {
      out.push(...han);
      for (let n = 0; n < han.length - 1; n++) out.push(han.slice(n, n + 2));
      han = "";
    }
    if (isLatin(char)) {
      latin += char;
    } else if (latin) {
      out.push(latin);
      latin = "";
    }
  }
  return out;
}

export function questionTokens(text: string, stop: readonly string[]): string[] {
  const blanks = new Map(stop.map((word) => [word, " "]));
  const kept = new Set(tokens(rewrite(text, blanks)));
  return kept.size > 0 ? [...kept] : [...new Set(tokens(text))];
}

export function matchExpression(terms: readonly string[]): string {
  return [...terms]
    .sort(byCodePoint)
    .map((term) => `"${term}"`)
    .join(" OR ");
}

export function decide(question: string, terms: readonly string[], candidates: readonly Candidate[], spec: Spec): Decision {
  const rule = advise(question, spec.advice);
  const advice = rule?.say ?? "";
  const scored = candidates
    .map((one) => ({ score: scoreOf(question, one, spec), one }))
    .sort((a, b) => b.score - a.score || byCodePoint(a.one.slug, b.one.slug));
  const hits = scored.slice(0, spec.shown).map(({ score, one }) => hitOf(question, terms, one, score));
  const top = hits[0];
  if (!top || nothing(top, rule, spec.none)) return { decision: "none", hits: [], advice };
  const next = hits[1];
  const margin = next ? Math.floor(((top.score - next.score) * 100) / Math.max(1, top.score)) : 100;
  const oneChanceWord = top.matched.length < 2 && top.coverage < 100 && top.phrase === null;
  const sure =
    top.score >= spec.answer.score && margin >= spec.answer.margin && top.strong >= spec.answer.coverage && !oneChanceWord;
  return { decision: sure ? "answer" : "clarify", hits, advice };
}

function nothing(top: RankedHit, rule: Advice | null, none: Spec["none"]): boolean {
  if (rule) return top.strong < rule.beside;
  if (top.phrase !== null) return false;
  return top.coverage < none.coverage || (top.strong < none.strong && top.score < none.score);
}

export function advise(question: string, rules: readonly Advice[]): Advice | null {
  const wanted = (rule: Advice): boolean => rule.all.every((group) => group.some((word) => question.includes(word)));
  return rules.find((rule) => wanted(rule) && !rule.unless.some((word) => question.includes(word))) ?? null;
}

function scoreOf(question: string, one: Candidate, spec: Spec): number {
  const phrase = phraseOf(question, one.names);
  return one.score + (phrase === null ? 0 : points(one.names[phrase] ?? "").length * spec.phrase_bonus);
}

function phraseOf(question: string, names: readonly string[]): number | null {
  let best: number | null = null;
  names.forEach((name, index) => {
    if (name && question.includes(name) && (best === null || points(name).length > points(names[best] ?? "").length)) best = index;
  });
  return best;
}

function hitOf(question: string, terms: readonly string[], one: Candidate, score: number): RankedHit {
  const strong = new Set([...one.names, ...one.questions].flatMap(tokens));
  const held = new Set([...strong, ...one.rest.flatMap(tokens)]);
  const long = terms.filter((term) => points(term).length > 1);
  const counted = long.length > 0 ? long : [...terms];
  const matched = counted
    .filter((term) => held.has(term))
    .sort((a, b) => points(b).length - points(a).length || byCodePoint(a, b));
  return {
    slug: one.slug,
    score,
    matched,
    phrase: phraseOf(question, one.names),
    qa: nearest(terms, one.questions),
    coverage: percent(counted, held),
    strong: percent(counted, strong),
  };
}

function percent(terms: readonly string[], held: ReadonlySet<string>): number {
  return Math.floor((100 * terms.filter((term) => held.has(term)).length) / Math.max(1, terms.length));
}

function nearest(terms: readonly string[], questions: readonly string[]): number | null {
  let best: number | null = null;
  let bestScore = 0;
  questions.forEach((text, index) => {
    const own = new Set(tokens(text));
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
