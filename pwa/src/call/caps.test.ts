import { describe, expect, it } from "vitest";
import { asked, believed, caps, heldBack, NOTHING, type Shows } from "./caps";
import { NEED } from "./ladder";

const ALL: Shows[] = [NOTHING, { camera: "face", screen: true }, { camera: "papers", screen: true }, { camera: "papers", screen: false }, { camera: "face", screen: false }];

describe("what pictures may cost", () => {
  it("fits the link that the rung needs, voice included, whatever is shown", () => {
    for (const shows of ALL)
      for (const rung of [0, 1, 2, 3, 4]) expect(asked(rung, caps(rung, shows)), `${rung} ${JSON.stringify(shows)}`).toBeLessThanOrEqual(NEED[rung] ?? 0);
  });

  it("grows with the link and never shows what nobody shows", () => {
    for (const shows of ALL)
      for (const rung of [1, 2, 3, 4]) expect(asked(rung, caps(rung, shows))).toBeLessThanOrEqual(asked(rung - 1, caps(rung - 1, shows)));
    expect(caps(0, NOTHING)).toEqual({ camera: null, screen: null });
  });

  it("keeps no picture on voice and text, the screen before papers, and faces for better links", () => {
    for (const shows of ALL) expect(caps(3, shows)).toEqual({ camera: null, screen: null });
    expect(heldBack(3, { camera: "papers", screen: false })).toBe(true);
    expect(heldBack(2, { camera: "papers", screen: false })).toBe(false);
    expect(caps(2, { camera: "papers", screen: true }).camera).toBeNull();
    expect(caps(2, { camera: "face", screen: false }).camera).toBeNull();
    expect(heldBack(4, NOTHING)).toBe(false);
  });
});

describe("the browser's estimate", () => {
  it("is the link's own only below what we ask, or where it reaches the next rung", () => {
    expect(believed(null, 3, 24)).toBeNull();
    expect(believed(20, 3, 24)).toBe(20);
    expect(believed(60, 3, 24)).toBeNull();
    expect(believed(300, 3, 24)).toBe(300);
    expect(believed(300, 2, 84)).toBeNull();
    expect(believed(50, 2, 84)).toBe(50);
  });
});
