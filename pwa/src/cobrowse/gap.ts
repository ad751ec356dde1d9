/** Stands where a word is filled in. */
export const GAP = "\0";

/** Words without the white space between lines. */
export const bare = (text: string): string => text.replace(/\s+/g, " ").trim();
