// The link of this computer against the centre's echo (PROTOCOL.md T58): how long it takes to connect, how long a word is on its
// way, how many get lost, how much fits through. Six seconds.
import { Problem } from "../kit/problems";

/** Brings our offer to the centre and its answer back. */
export type Signal = (offer: string) => Promise<string>;
export interface Measured {
  connect_ms: number;
  rtt_ms: number | null;
  /** Of a hundred. */
  loss: number;
  kbps: number;
}

const CONNECT_MS = 8_000;
const PROBES = 60;
const EVERY_MS = 40;
const LATE_MS = 1_500;
const BURST_MS = 2_000;
const PIECE = new Uint8Array(1_100);
const AHEAD = 16; // pieces under way
const FULL = 1_500; // pieces at most: 1.6 MB each way on a fast link

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const middle = (values: number[]): number | null => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;

export const UNREACHED = (): Problem =>
  new Problem("test.unreached", "语音的通路没有接通，文字可以用。", "请告诉管理员：这台电脑和中心之间的 UDP 可能被防火墙挡住了；通话会试着走中转。");

/** Measures; Problem test.* | net.*. `signal` is called once. */
export async function measure(signal: Signal): Promise<Measured> {
  const pc = new RTCPeerConnection({ iceServers: [] });
  try {
    const probe = pc.createDataChannel("probe", { ordered: false, maxRetransmits: 0 });
    const burst = pc.createDataChannel("burst");
    const began = performance.now();
    await pc.setLocalDescription();
    await gathered(pc);
    await pc.setRemoteDescription({ type: "answer", sdp: await signal(pc.localDescription?.sdp ?? "") });
    await Promise.all([opened(probe), opened(burst)]);
    const connect_ms = Math.round(performance.now() - began);
    return { connect_ms, ...(await probed(probe)), kbps: await filled(burst) };
  } finally {
    pc.close();
  }
}

function gathered(pc: RTCPeerConnection): Promise<unknown> {
  const all = new Promise<void>((done) => {
    pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && done();
  });
  return Promise.race([all, pause(1_000)]);
}

function opened(channel: RTCDataChannel): Promise<void> {
  return new Promise((done, fail) => {
    const late = setTimeout(() => fail(UNREACHED()), CONNECT_MS);
    channel.onopen = () => {
      clearTimeout(late);
      done();
    };
    if (channel.readyState === "open") channel.onopen(new Event("open"));
  });
}

/** Words of the size of voice, each sent once. */
async function probed(channel: RTCDataChannel): Promise<Pick<Measured, "rtt_ms" | "loss">> {
  const sent = new Map<number, number>();
  const took: number[] = [];
  channel.binaryType = "arraybuffer";
  channel.onmessage = ({ data }) => {
    const n = new DataView(data as ArrayBuffer).getUint16(0);
    const at = sent.get(n);
    if (at !== undefined) took.push(performance.now() - at);
    sent.delete(n);
  };
  for (let n = 0; n < PROBES && channel.readyState === "open"; n++) {
    const word = new DataView(new ArrayBuffer(80));
    word.setUint16(0, n);
    sent.set(n, performance.now());
    channel.send(word.buffer);
    await pause(EVERY_MS);
  }
  const end = performance.now() + LATE_MS;
  while (sent.size > 0 && performance.now() < end) await pause(20);
  const rtt = middle(took);
  return { rtt_ms: rtt === null ? null : Math.round(rtt), loss: Math.round((100 * (PROBES - took.length)) / PROBES) };
}

/** As much as fits both ways at the same time, in kbit/s. */
async function filled(channel: RTCDataChannel): Promise<number> {
  const began = performance.now();
  let came = 0;
  let last = began;
  let sent = 0;
  const more = (): void => {
    if (channel.readyState === "open" && sent++ < FULL) channel.send(PIECE);
  };
  channel.onmessage = ({ data }) => {
    came += (data as ArrayBuffer).byteLength;
    last = performance.now();
    if (last - began < BURST_MS) more();
  };
  channel.binaryType = "arraybuffer";
  for (let n = 0; n < AHEAD; n++) more();
  await pause(BURST_MS);
  return Math.round((came * 8) / Math.max(1, last - began));
}

/** What that means for a call, in words. */
export function judged({ rtt_ms, loss, kbps }: Measured): { good: boolean; words: string } {
  if (rtt_ms === null || kbps < 20 || loss > 30) return { good: false, words: "线路很差：请先用文字，语音会断断续续" };
  if (kbps < 64 || loss > 10 || rtt_ms > 1_000) return { good: false, words: "线路勉强：可以试语音，画面先不要开" };
  if (kbps < 400 || loss > 3 || rtt_ms > 400) return { good: true, words: "线路一般：语音可以用，画面会小、会慢" };
  return { good: true, words: "线路好：语音和画面都可以用" };
}
