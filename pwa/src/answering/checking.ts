// Whether two places answer alike: the questions both ask themselves, and the one text of what they answer; pure. Nothing
// travels but its hash: the questions come out of the knowledge that both hold. Twin of `app/answering/checking.py`.
export const QUESTIONS = 200;
export const COUNT = "SELECT count(*) FROM (SELECT text FROM item_phrasing UNION SELECT text FROM elsewhere_phrasing)";
// Ways of asking that a knowledge release knows, each once, by code point.
export const CHOSEN = `
SELECT text FROM (
  SELECT text, row_number() OVER (ORDER BY text) - 1 AS place
  FROM (SELECT text FROM item_phrasing UNION SELECT text FROM elsewhere_phrasing)
) WHERE place IN (SELECT value FROM json_each(?)) ORDER BY place`;

// At most `most` places in a list of `count`, evenly through all of it.
export function stride(count: number, most = QUESTIONS): number[] {
  const taken = Math.min(most, count);
  return Array.from({ length: taken }, (_, number) => Math.floor((number * count) / taken));
}

// JSON with one form only: keys sorted, no spaces, characters as they are.
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(",")}}`;
}
