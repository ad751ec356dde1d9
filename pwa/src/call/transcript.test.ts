import { describe, expect, it } from "vitest";
import { type Message, type Pending, backOff, cursor, hear, unheard, waitInWords } from "./transcript";

const message = (seq: number, client_id = `c${seq}`): Message => ({
  type: "message", talk: "t", seq, author: "village", author_name: "村", kind: "text", body: `第${seq}句`, client_id, at: "2026-01-01T00:00:00.000Z",
});
const pending = (client_id: string): Pending => ({ client_id, talk: "t", kind: "text", text: "x", failed: null });

describe("a transcript", () => {
  it("is in order and whole whatever comes twice, late or in another order", () => {
    for (let round = 0; round < 200; round++) {
      const sent = Array.from({ length: 20 }, (_, n) => message(n + 1));
      const heard = [...sent, ...sent.filter(() => Math.random() < 0.3)].sort(() => Math.random() - 0.5);
      let transcript: Message[] = [];
      while (heard.length > 0) transcript = hear(transcript, heard.splice(0, 1 + Math.floor(Math.random() * 4)));
      expect(transcript).toEqual(sent);
      expect(cursor(transcript)).toBe(20);
    }
  });

  it("resumes from the start when nothing was heard", () => {
    expect(cursor([])).toBe(0);
  });
});

describe("messages on their way", () => {
  it("leave only when the centre shows them back", () => {
    const waiting = [pending("a"), pending("b")];
    expect(unheard(waiting, [message(1, "b")])).toEqual([pending("a")]);
    expect(unheard(waiting, [message(1, "other")])).toEqual(waiting);
  });
});

describe("trying again", () => {
  it("waits longer each time, never more than 15 s, and never in step with others", () => {
    expect(backOff(0, 1)).toBe(0.5);
    expect(backOff(20, 1)).toBe(15);
    expect(backOff(20, 0)).toBeLessThan(5);
  });
});

describe("a wait in words", () => {
  it("is honest when there is no figure", () => {
    expect(waitInWords(null)).toBe("要等多久说不准");
    expect(waitInWords(30)).toBe("大约不到 1 分钟");
    expect(waitInWords(150)).toBe("大约 3 分钟");
  });
});
