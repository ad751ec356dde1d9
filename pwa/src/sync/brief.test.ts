import { expect, test } from "vitest";
import vectors from "../../../tests/vectors/brief.json";
import { shorten, whole } from "./brief";
import { readSyncReply, type SyncRequest } from "./messages";

test("requests are shortened as the centre's twin does", () => {
  for (const { rows, brief } of vectors.requests) expect(shorten(rows as unknown as SyncRequest)).toEqual(brief);
});

test("short replies say the same as long ones", () => {
  for (const { brief, sent, verdicts } of vectors.replies) {
    const reply = readSyncReply(whole(brief, sent));
    expect(reply.verdicts.map(({ id, verdict }) => ({ id, verdict }))).toEqual(verdicts);
    expect(reply.missing).toEqual([]);
  }
});

test("a reply that is not as it should be is refused", () => {
  const { brief } = vectors.replies[0]!;
  for (const spoilt of [{ taken: {} }, { taken: [5] }, { taken: [[1, 1e9, 1]] }, { verdicts: 1 }, { missing: null }]) {
    expect(() => readSyncReply(whole({ ...brief, ...spoilt }, []))).toThrow("中心");
  }
  expect(whole(null, [])).toBeNull();
  expect(whole({ proto: 2, verdicts: [] }, [])).toEqual({ proto: 2, verdicts: [] });
});
