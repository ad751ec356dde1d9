// What a press on 读取证件 sends, what of the answer is believed, and what is said when the link is away.
import { describe, expect, it } from "vitest";
import { readAtCentre } from "./centre";

const PHOTO = new Uint8Array([0xff, 0xd8, 0xff, 0xd9]);
const FIELD = { name: "name", label: "姓名", value: "测试丰", sure: 0.99, note: "", box: [0.1, 0.1, 0.3, 0.2] };
const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const way = (answer: () => Promise<Response> | Response, sent: Request[] = []): Parameters<typeof readAtCentre>[1] => ({
  signed: async (method, path, body) => ({ Signature: `${method} ${path} ${body.length}` }),
  fetcher: async (path, init) => {
    sent.push(new Request(`http://centre${String(path)}`, { ...init, signal: null }));
    return answer();
  },
});
const refused = (answer: () => Promise<Response> | Response): Promise<{ code: string; next: string }> =>
  readAtCentre(PHOTO, way(answer)).then(
    () => ({ code: "", next: "" }),
    (error: { code: string; next: string }) => error,
  );

describe("reading a card at the centre", () => {
  it("sends the photo once, signed, and takes the fields", async () => {
    const sent: Request[] = [];
    const found = await readAtCentre(PHOTO, way(() => json({ kind: "id-card", kind_name: "居民身份证", fields: [FIELD, { ...FIELD, box: null }] }), sent));
    expect(found).toEqual({ kind_name: "居民身份证", fields: [FIELD, { ...FIELD, box: null }] });
    expect(sent.map((one) => [one.method, new URL(one.url).pathname, one.headers.get("Signature"), one.headers.get("Content-Type")])).toEqual([["POST", "/reading", "POST /reading 4", "image/jpeg"]]);
  });

  it("says that the centre is away in words that fit, and passes on its own refusals", async () => {
    expect(await refused(() => Promise.reject(new TypeError("no link")))).toMatchObject({ code: "reading.away", next: expect.stringContaining("手工填写") });
    expect(await refused(() => new Response("<html>", { status: 502, headers: { "Content-Type": "text/html" } }))).toMatchObject({ code: "reading.away" });
    const busy = { error: { code: "reading.busy", message: "中心正忙着读别的证件。", next: "忙，请对照证件手工填写。" } };
    expect(await refused(() => json(busy, 503))).toMatchObject({ code: "reading.busy" });
  });

  it("believes nothing that is not whole", async () => {
    for (const fields of [null, "x", [{ ...FIELD, value: 3 }], [{ ...FIELD, box: [1, 2] }], [null]]) {
      expect(await refused(() => json({ kind_name: "居民身份证", fields }))).toMatchObject({ code: "reading.away" });
    }
  });
});
