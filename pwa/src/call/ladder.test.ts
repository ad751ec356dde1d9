import { describe, expect, it } from "vitest";
import vectors from "../../../tests/vectors/ladder.json";
import { START, WORDS, pinned, step } from "./ladder";

type Segment = [number, number | null, number, number | null, number];

describe("the ladder", () => {
  it("says and does what its twin says and does, on every trace", () => {
    expect(WORDS).toEqual(vectors.words);
    for (const trace of vectors.traces) {
      let ladder = START;
      let at = 0;
      const changes: unknown[] = [];
      for (const [seconds, rtt, loss, kbps, backlog] of trace.segments as Segment[]) {
        for (let second = 0; second < seconds; second++, at++) {
          const after = step(ladder, { at, rtt, loss, kbps, backlog }, trace.top);
          if (after.rung !== ladder.rung) changes.push([at, after.rung, after.reason]);
          ladder = after;
        }
      }
      expect(changes, trace.name).toEqual(trace.changes);
    }
  });

  it("obeys a pin at once, and never climbs above it", () => {
    let ladder = pinned(START, 4);
    expect(ladder.rung).toBe(4);
    for (let at = 0; at < 200; at++) ladder = step(ladder, { at, rtt: 0.05, loss: 0, kbps: 5000, backlog: 0 });
    expect(ladder.rung).toBe(4);
  });
});
