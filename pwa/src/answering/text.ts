// 智能问答, the pure half of reading: a question to plain text, words, sounds and features. Twin of `app/answering/text.py`,
// sentence by sentence. Lengths and positions are code points, as Python counts.

export interface Char {
  plain: string;
  sound: string;
}

export interface Lexicon {
  rewrites: ReadonlyMap<string, string>;
  chars: ReadonlyMap<string, Char>;
  costs: ReadonlyMap<string, number>;
}

export const UNKNOWN = 20_000_000;
const LONGEST = 500;
const INVISIBLE = new Set("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff");
const SPACES = new Set(
  "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007" +
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
);

export const points = (text: string): string[] => Array.from(text);

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

// By code units, which is by code points but for surrogates: they stand for what comes after U+FFFF.
export const byCodePoint = (a: string, b: string): number => {
  const shorter = Math.min(a.length, b.length);
  for (let n = 0; n < shorter; n++) {
    const left = a.charCodeAt(n);
    const right = b.charCodeAt(n);
    if (left === right) continue;
    return isSurrogate(left) === isSurrogate(right) ? left - right : isSurrogate(left) ? 1 : -1;
  }
  return a.length - b.length;
};

export function normalise(text: string, chars: ReadonlyMap<string, Char>): string {
  const out: string[] = [];
  for (let char of text) {
    if (INVISIBLE.has(char) || (char >= "\ud800" && char <= "\udfff" && char.length === 1)) continue;
    if (char >= "\uff01" && char <= "\uff5e" && char.length === 1) char = String.fromCharCode(char.charCodeAt(0) - 0xfee0);
    if (SPACES.has(char)) {
      if (out.length > 0 && out[out.length - 1] !== " ") out.push(" ");
    } else if (char >= "A" && char <= "Z") {
      out.push(char.toLowerCase());
    } else {
      out.push(chars.get(char)?.plain ?? char);
    }
  }
  return out.slice(0, LONGEST).join("").replace(/ +$/, "");
}

export function longestOf(words: Iterable<string>): number {
  let longest = 0;
  for (const word of words) longest = Math.max(longest, points(word).length);
  return longest;
}

// For each character that begins a word: the characters of the longest such word.
export function reaches(words: Iterable<string>): Map<string, number> {
  const found = new Map<string, number>();
  for (const word of words) {
    const chars = points(word);
    const first = chars[0] ?? "";
    found.set(first, Math.max(chars.length, found.get(first) ?? 0));
  }
  return found;
}

export function rewrite(text: string, table: ReadonlyMap<string, string>, reach: ReadonlyMap<string, number> = reaches(table.keys())): string {
  const chars = points(text);
  let out = "";
  let at = 0;
  outer: while (at < chars.length) {
    for (let length = Math.min(reach.get(chars[at] ?? "") ?? 0, chars.length - at); length > 0; length--) {
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

export const isHan = (char: string): boolean =>
  char.length === 1 && ((char >= "\u4e00" && char <= "\u9fff") || (char >= "\u3400" && char <= "\u4dbf"));
export const isLatin = (char: string): boolean => /^[A-Za-z0-9]$/.test(char);

export interface Run {
  kind: "han" | "latin";
  run: string;
}

export function runs(text: string): Run[] {
  const found: Run[] = [];
  let kind: Run["kind"] | "" = "";
  let run = "";
  for (const char of text + " ") {
    const now = isHan(char) ? "han" : isLatin(char) ? "latin" : "";
    if (now !== kind && run !== "" && kind !== "") {
      found.push({ kind, run });
      run = "";
    }
    kind = now;
    if (now !== "") run += char;
  }
  return found;
}

export function segment(text: string, lexicon: Lexicon): string[] {
  const longest = Math.max(1, longestOf(lexicon.costs.keys()));
  return runs(text).flatMap(({ kind, run }) => (kind === "han" ? cut(run, lexicon, longest) : [run]));
}

function cut(run: string, lexicon: Lexicon, longest: number): string[] {
  const chars = points(run);
  const cost = new Array<number>(chars.length + 1).fill(0);
  const next = new Array<number>(chars.length + 1).fill(0);
  for (let at = chars.length - 1; at >= 0; at--) {
    let best = (cost[at + 1] ?? 0) + (lexicon.costs.get(chars[at] ?? "") ?? UNKNOWN);
    let to = at + 1;
    for (let end = at + 2; end <= Math.min(chars.length, at + longest); end++) {
      const own = lexicon.costs.get(chars.slice(at, end).join(""));
      if (own !== undefined && own + (cost[end] ?? 0) <= best) {
        best = own + (cost[end] ?? 0);
        to = end;
      }
    }
    cost[at] = best;
    next[at] = to;
  }
  const out: string[] = [];
  for (let at = 0; at < chars.length; at = next[at] ?? chars.length) out.push(chars.slice(at, next[at]).join(""));
  return out;
}

export function fold(sound: string): string {
  let out = sound.replaceAll("ü", "v");
  if (["zh", "ch", "sh"].includes(out.slice(0, 2))) out = out.slice(0, 1) + out.slice(2);
  if (out.startsWith("l")) out = "n" + out.slice(1);
  return out.endsWith("ng") ? out.slice(0, -1) : out;
}

export function syllables(run: string, known: ReadonlySet<string>): string[] {
  const ahead = new Array<string[] | null>(run.length + 1).fill(null);
  ahead[run.length] = [];
  for (let at = run.length - 1; at >= 0; at--) {
    for (let end = Math.min(run.length, at + 6); end > at; end--) {
      const rest = ahead[end];
      if (!rest || !known.has(run.slice(at, end))) continue;
      const best = ahead[at];
      if (!best || rest.length + 1 < best.length) ahead[at] = [run.slice(at, end), ...rest];
    }
  }
  return ahead[0] ?? [];
}

export function sounds(text: string, lexicon: Lexicon, known: ReadonlySet<string>): string[][] {
  const out: string[][] = [[]];
  for (const { kind, run } of runs(text)) {
    const heard = kind === "han" ? points(run).flatMap((char) => lexicon.chars.get(char)?.sound ?? []) : syllables(run, known);
    if (heard.length === 0) out.push([]);
    out[out.length - 1]?.push(...heard.filter((sound) => sound !== "").map(fold));
  }
  return out.filter((stretch) => stretch.length > 0);
}

export function grams(units: readonly string[], sizes: readonly number[], joint = ""): string[] {
  return sizes.flatMap((size) =>
    Array.from({ length: Math.max(0, units.length - size + 1) }, (_, at) => units.slice(at, at + size).join(joint)),
  );
}
