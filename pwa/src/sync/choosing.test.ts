import { describe, expect, test } from "vitest";
import vectors from "../../../tests/vectors/media.json";
import { chosen, type Medium, plan, room, type Spoken } from "./choosing";

const languages = vectors.languages as unknown as Spoken[];
const media = vectors.media as unknown as Medium[];

describe("the Python twin says the same:", () => {
  test.each(vectors.chosen)("chosen %#", ({ region, choice, out }) => expect(chosen(languages, region, choice)).toEqual(out));
  test.each(vectors.rooms)("room %#", ({ held, free, out }) => expect(room(held, free)).toBe(out));
  test.each(vectors.plans)("plan %#", ({ languages: codes, held, most, out }) => {
    const found = plan(media, codes, new Map(Object.entries(held as Record<string, number>)), most);
    expect([found.fetch, found.drop, found.over, found.overBytes]).toEqual(out);
  });
});
