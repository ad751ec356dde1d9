// 智能问答, the pure half of judging: how well each topic fits a question, in thousandths. Twin of `app/answering/model.py`.
import { type Lexicon, byCodePoint, grams, points, runs, sounds } from "./text";

const ONE = 1000;
const CHARACTERS = [1, 2];
const SYLLABLES = [1, 2];
export const GROUPS = ["~elsewhere", "~private", "~emergency"] as const;
const ZERO = 8;

export interface Topic {
  number: number;
  slug: string;
  bias: number;
  vector: readonly number[];
}

export function features(text: string, lexicon: Lexicon, known: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  for (const { kind, run } of runs(text)) {
    if (kind === "han") for (const gram of grams(points(run), CHARACTERS)) found.add("c" + gram);
    else found.add("l" + run);
  }
  for (const stretch of sounds(text, lexicon, known)) for (const gram of grams(stretch, SYLLABLES, " ")) found.add("s" + gram);
  return [...found].sort(byCodePoint);
}

// The whole square root rounded down, exact below 2^53.
export function isqrt(value: number): number {
  let root = Math.floor(Math.sqrt(value));
  while (root * root > value) root -= 1;
  while ((root + 1) * (root + 1) <= value) root += 1;
  return root;
}

export function meaning(words: readonly string[], vectors: ReadonlyMap<string, readonly [number, string]>): number[] {
  let total: number[] = [];
  for (const word of words) {
    const known = vectors.get(word);
    if (!known) continue;
    const [weight, digits] = known;
    if (total.length === 0) total = new Array<number>(digits.length).fill(0);
    for (let axis = 0; axis < digits.length; axis++) {
      total[axis] = (total[axis] ?? 0) + weight * (parseInt(digits.charAt(axis), 16) - ZERO);
    }
  }
  const length = isqrt(total.reduce((sum, value) => sum + value * value, 0));
  return length > 0 ? total.map((value) => Math.floor((value * ONE) / length)) : [];
}

export function scores(
  weights: readonly (readonly number[])[],
  direction: readonly number[],
  topics: readonly Topic[],
): Map<string, number> {
  const sums = new Float64Array(topics.reduce((most, topic) => Math.max(most, topic.number + 1), 0));
  for (const row of weights) {
    for (let at = 0; at < row.length - 1; at += 2) {
      const number = row[at] ?? 0;
      sums[number] = (sums[number] ?? 0) + (row[at + 1] ?? 0);
    }
  }
  const root = Math.max(ONE, isqrt(weights.length * ONE * ONE));
  return new Map(
    topics.map((topic) => {
      let product = 0;
      const axes = Math.min(direction.length, topic.vector.length);
      for (let axis = 0; axis < axes; axis++) product += (direction[axis] ?? 0) * (topic.vector[axis] ?? 0);
      return [topic.slug, topic.bias + Math.floor(((sums[topic.number] ?? 0) * ONE) / root) + Math.floor(product / ONE)];
    }),
  );
}
