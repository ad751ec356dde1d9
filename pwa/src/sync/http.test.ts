import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { gzip, send, sendForJson, Watchdog } from "./http";

const ask = { method: "GET" as const, path: "/packs/x.pack" };
const silent: typeof fetch = (_, init) =>
  new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError"))));
const answers = (response: Response) => async (): Promise<Response> => response;

describe("a request", () => {
  test("to a line that swallows everything ends at its deadline", async () => {
    const watchdog = new Watchdog(30);
    await expect(send(ask, /octet/, watchdog, silent)).rejects.toMatchObject({ code: "net.slow" });
  });

  test("that keeps bringing bytes is not ended", async () => {
    const watchdog = new Watchdog(60);
    for (let n = 0; n < 4; n++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      watchdog.alive();
    }
    expect(watchdog.signal.aborted).toBe(false);
    watchdog.rest();
  });

  test("that is redirected met a portal, not the centre", async () => {
    const redirected = Object.defineProperty(Response.error(), "type", { value: "opaqueredirect" });
    await expect(sendForJson(ask, answers(redirected))).rejects.toMatchObject({ code: "net.portal" });
  });

  test.each([
    [new Response("<html>", { status: 511, headers: { "Content-Type": "text/html" } }), "net.portal", null],
    [new Response("busy", { status: 503, headers: { "Content-Type": "text/plain", "Retry-After": "7" } }), "net.centre", 7],
    [new Response('{"ok":false}', { status: 500, headers: { "Content-Type": "application/json" } }), "net.answer", null],
  ])("refused in a foreign form is named (%#)", async (response, code, retryAfterS) => {
    const found = await sendForJson(ask, answers(response)).catch((error: unknown) => error);
    expect(found).toMatchObject({ code });
    if (retryAfterS !== null) expect(found).toMatchObject({ details: { retryAfterS } });
  });

  test("refused by the centre carries the centre's own sentence and its patience", async () => {
    const error = { code: "request.rate", message: "操作太频繁了。", next: "请等一分钟再试。", status: 429, details: {} };
    const response = new Response(JSON.stringify({ ok: false, error }), {
      status: 429,
      headers: { "Content-Type": "application/json; charset=utf-8", "Retry-After": "60" },
    });
    await expect(sendForJson(ask, answers(response))).rejects.toMatchObject({
      code: "request.rate",
      message: "操作太频繁了。",
      details: { retryAfterS: 60, status: 429 },
    });
  });
});

test("a body is sent as gzip where the browser can, plain elsewhere", async () => {
  const plain = new TextEncoder().encode("就近办".repeat(500));
  const squeezed = await gzip(plain);
  expect(squeezed!.length).toBeLessThan(plain.length / 10);
  expect(new Uint8Array(gunzipSync(squeezed!))).toEqual(plain);
  const stream = globalThis.CompressionStream;
  try {
    Reflect.deleteProperty(globalThis, "CompressionStream");
    expect(await gzip(plain)).toBeNull();
  } finally {
    globalThis.CompressionStream = stream;
  }
});
