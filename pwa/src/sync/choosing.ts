// Which files of a media release this device keeps. Pure; twin of sync/choosing.py, same vectors (media.json).

export const ROOM = 64 * 1024 * 1024; // bytes of media kept at most
const SPARE = 64 * 1024 * 1024; // bytes of the disk that media leave free

export type Spoken = readonly [code: string, regions: string]; // beginnings of region codes, separated by spaces
export type Medium = readonly [language: string, sha256: string, bytes: number]; // "" for one that needs no language

export interface Plan {
  fetch: string[]; // in this order
  drop: string[];
  over: number; // files that found no room, and their bytes
  overBytes: number;
}

/** Codes of the languages of a 12-digit region. */
export const spoken = (languages: readonly Spoken[], region: string): string[] =>
  languages.filter(([, regions]) => regions.split(" ").some((one) => one !== "" && region.startsWith(one))).map(([code]) => code);

/** The languages to keep: what the person chose (none of them: nothing), else what the region speaks. */
export const chosen = (languages: readonly Spoken[], region: string, choice: readonly string[] | null): string[] =>
  choice === null ? spoken(languages, region) : languages.map(([code]) => code).filter((code) => choice.includes(code));

/** Bytes that media may take: a share of its own, and never the last of a disk. `held`: what they take now. */
export const room = (held: number, free: number | null, most = ROOM): number =>
  free === null ? most : Math.max(0, Math.min(most, held + free - SPARE));

/** What to fetch and what to forget: by language in their order, then what needs none; the small ones first. */
export function plan(media: readonly Medium[], languages: readonly string[], held: ReadonlyMap<string, number>, most: number): Plan {
  const ranks = new Map(languages.map((code, place) => [code, place]));
  if (languages.length > 0) ranks.set("", languages.length);
  const best = new Map<string, { rank: number; bytes: number }>();
  for (const [language, sha256, bytes] of media) {
    const rank = ranks.get(language);
    const known = best.get(sha256);
    if (rank !== undefined && (!known || rank < known.rank)) best.set(sha256, { rank, bytes });
  }
  const order = [...best].sort(([a, one], [b, other]) => one.rank - other.rank || one.bytes - other.bytes || (a < b ? -1 : 1));
  const kept = new Set<string>();
  const left: Plan = { fetch: [], drop: [], over: 0, overBytes: 0 };
  for (const [sha256, { bytes }] of order) {
    if (bytes <= most) {
      kept.add(sha256);
      most -= bytes;
      if (!held.has(sha256)) left.fetch.push(sha256);
    } else {
      left.over += 1;
      left.overBytes += bytes;
    }
  }
  left.drop = [...held.keys()].filter((sha256) => !kept.has(sha256)).sort();
  return left;
}
