import { describe, expect, it } from "vitest";
import vectors from "../../../tests/vectors/tiles.json";
import { read } from "./tiles";

const bytes = (text: string): ArrayBuffer => Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer;
const text = (data: Uint8Array): string => btoa(String.fromCharCode(...data));

describe("a batch of tiles", () => {
  for (const row of vectors.batches)
    it(`reads ${row.name} as its twin does`, () => {
      const batch = read(bytes(row.bytes));
      expect([batch.number, batch.width, batch.height]).toEqual([row.number, row.width, row.height]);
      expect(batch.pieces.map((one) => [one.x, one.y, one.w, one.h, text(one.picture)])).toEqual(row.pieces);
    });
  for (const row of vectors.refused) it(`refuses: ${row.why}`, () => expect(() => read(bytes(row.bytes))).toThrow(row.why.split(":")[0]));
});
