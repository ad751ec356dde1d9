import { describe, expect, it } from "vitest";
import type { Colleague, Summary } from "./api";
import { askable, standing, takers } from "./life";

const seat = (id: string, more: Partial<Colleague> = {}): Colleague => ({
  id, name: id, role: "agent", state: "free", why: "", load: 0, languages: [], departments: [], me: false, ...more,
});

describe("who is here", () => {
  const seats = [seat("me", { me: true }), seat("a", { load: 2 }), seat("b", { state: "off" }), seat("o", { role: "officer" })];
  it("hands a talk on to agents who are not away, and never to oneself", () => {
    expect(takers(seats).map((one) => one.id)).toEqual(["a"]);
  });
  it("asks nobody in twice, nor whom the village sent away", () => {
    const guests = [{ person: "a", name: "a", mode: "away" as const }];
    expect(askable(seats, { guests } as unknown as Summary).map((one) => one.id)).toEqual(["b", "o"]);
  });
  it("says how busy somebody is", () => {
    expect([standing(seat("a", { load: 2 })), standing(seat("o", { role: "officer" }))]).toEqual(["空闲，2 个通话", "在线"]);
  });
});
