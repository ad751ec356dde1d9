// The village's way to the centre for a link test: a line of its own for one question.
import { Problem } from "../kit/problems";
import { store } from "../store/client";

const WAIT_MS = 8_000;

/** Brings our offer to the centre, proved by the device's key, and its answer back; Problem test.* | net.offline. */
export async function viaVillage(offer: string): Promise<string> {
  const device = (await store.status()).enrolled?.id;
  if (!device) throw new Problem("test.unknown", "这台电脑还没有登记。", "请先登记，再测线路。");
  const url = new URL("/ws/village", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const ws = new WebSocket(url);
  try {
    return await new Promise<string>((done, fail) => {
      const offline = (): void => fail(new Problem("net.offline", "现在连不上中心。", "请看看网线和 WiFi，连上后再测。"));
      setTimeout(offline, WAIT_MS);
      ws.onerror = ws.onclose = offline;
      ws.onmessage = async ({ data }) => {
        const frame = JSON.parse(String(data)) as { type: string; nonce?: string; answer?: string; error?: { code: string; message: string; next: string } };
        if (frame.type === "challenge") ws.send(JSON.stringify({ type: "hello", device, signature: await store.sign(`jb-talk:${device}:${frame.nonce ?? ""}`), talk: null, after: 0 }));
        else if (frame.type === "welcome") ws.send(JSON.stringify({ type: "test", offer }));
        else if (frame.type === "test") done(frame.answer ?? "");
        else if (frame.type === "problem" && frame.error) fail(new Problem(frame.error.code, frame.error.message, frame.error.next));
      };
    });
  } finally {
    ws.onclose = null;
    ws.close();
  }
}
