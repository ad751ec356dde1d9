import { expect, test } from "vitest";
import { judged } from "./linktest";

test.each([
  [{ rtt_ms: 40, loss: 0, kbps: 2_000 }, "线路好", true],
  [{ rtt_ms: 300, loss: 2, kbps: 180 }, "线路一般", true],
  [{ rtt_ms: 300, loss: 5, kbps: 48 }, "线路勉强", false],
  [{ rtt_ms: 1_400, loss: 0, kbps: 900 }, "线路勉强", false],
  [{ rtt_ms: 900, loss: 2, kbps: 8 }, "线路很差", false],
  [{ rtt_ms: null, loss: 100, kbps: 0 }, "线路很差", false],
] as const)("%o is said as %s", (figures, words, good) => {
  const said = judged({ connect_ms: 100, ...figures });
  expect(said.words).toContain(words);
  expect(said.good).toBe(good);
});
