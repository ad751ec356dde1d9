import { describe, expect, it } from "vitest";
import { Health } from "./health";
import { UNREAD } from "./stats";

const second = (at: number, rtt = 0.2, loss = 0) => ({ ...UNREAD, up: at * 1000, down: at * 2000, rtt, loss });

describe("what an end tells of its link", () => {
  it("tells a short call too, then every half minute in pieces of a quarter", () => {
    const health = new Health(0, 3);
    health.on(1.5);
    health.voice(2.25);
    health.voice(9);
    const told: number[] = [];
    for (let at = 2; at < 100; at++) {
      health.tick(at, second(at - 1));
      const samples = health.tell(at);
      if (samples.length === 0) continue;
      health.told(at);
      told.push(at);
      if (at < 10) expect(samples).toEqual([{ ago: 7, span: 7, rung: 3, reason: "start", rtt_ms: 200, loss: 0, up: 6000, down: 12000, connect_ms: 1500, voice_ms: 2250, drops: 0, backs: 0, back_ms: 0 }]);
      else expect(samples.map(({ span }) => span)).toEqual([15, 15]);
    }
    expect(told).toEqual([7, 37, 67, 97]);
  });

  it("begins a new piece where the rung changes, with its reason", () => {
    const health = new Health(0, 3);
    health.on(1);
    health.turn(4, 4, "narrow");
    health.turn(4, 4, "narrow");
    health.turn(9, 3, "better");
    const samples = health.tell(10, true);
    expect(samples.map(({ rung, reason, ago, span }) => [rung, reason, ago, span])).toEqual([[3, "start", 10, 4], [4, "narrow", 6, 5], [3, "better", 1, 1]]);
  });

  it("counts what was lost and how long it took to come back, and the bytes of both connections", () => {
    const health = new Health(0, 3);
    health.on(1);
    health.tick(2, second(10));
    health.cut(3);
    health.cut(4);
    health.on(22);
    health.back(23.5);
    health.tick(24, second(1));
    const samples = health.tell(25, true);
    const sum = (key: "drops" | "backs" | "up") => samples.reduce((all, one) => all + one[key], 0);
    expect([sum("drops"), sum("backs"), sum("up")]).toEqual([1, 1, 11_000]);
    expect(Math.max(...samples.map(({ back_ms }) => back_ms))).toBe(20_500);
  });

  it("keeps the newest pieces only while nobody can be told", () => {
    const health = new Health(0, 3);
    health.on(1);
    for (let at = 2; at < 2000; at++) health.tick(at, second(at));
    expect(health.tell(2000)).toHaveLength(20);
  });
});
