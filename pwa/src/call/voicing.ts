// Voice beside the text of a talk. The agent's browser makes every offer, the village's answers; signals go over the socket
// of the talk, and the centre lets none pass without the village's consent. Both ends load this when voice is first meant.
import { reactive, readonly } from "vue";
import { START, TEXT, VOICE, WORDS, type Ladder, pinned, step } from "./ladder";
import { forWeakLink } from "./sdp";

type Frame = Record<string, unknown>;
interface Wire {
  side: "village" | "agent";
  send(frame: Frame): boolean;
  /** Leave a socket that does not answer and open another. */
  again(): void;
}
interface Body {
  round: number;
  description?: RTCSessionDescriptionInit;
  candidate?: RTCIceCandidateInit;
  rung?: number;
}

const ANSWER_MS = 2_500;
const CONNECT_MS = 6_000;

const state = reactive({
  talk: "",
  /** asking: we wait for the other end; asked: the other end waits for us; lost: it was on and is coming back. */
  phase: "off" as "off" | "asking" | "asked" | "joining" | "on" | "lost",
  muted: false,
  paused: false, // the link carries text only
  words: "",
  bytes: 0,
  rtt: null as number | null,
  textOnly: false,
  problem: "",
});
export const voice = readonly(state);

let wire: Wire | null = null;
let mic: MediaStream | null = null;
let peer: RTCPeerConnection | null = null;
let speaker: HTMLAudioElement | null = null;
let servers: RTCIceServer[] = [];
let round = 0;
let ladder: Ladder = START;
let theirs = VOICE;
let meter: ReturnType<typeof setInterval> | undefined;
let recovering = false;
let answered: (() => void) | null = null;
let turn = Promise.resolve(); // signals one after another

export function bind(to: Wire): void {
  wire = to;
}

/** The village allows voice, or answers an agent who asked; the agent takes up what the village allowed. */
export async function join(talk: string): Promise<void> {
  state.talk = talk;
  state.problem = "";
  const village = wire?.side === "village";
  const before = state.phase;
  state.phase = "joining";
  try {
    mic ??= await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
  } catch {
    state.phase = before === "asked" ? "asked" : "off";
    state.problem = "用不了麦克风：请看看插好没有、浏览器是否允许。文字一直可以用。";
    return;
  }
  if (village) wire?.send({ type: "consent", talk, kind: "voice", given: true });
  else offerAnew();
}

export function ask(talk: string): void {
  state.talk = talk;
  state.problem = "";
  if (wire?.send({ type: "ask", talk, kind: "voice" })) state.phase = "asking";
}

/** Hangs up the voice, or says no; the text goes on. */
export function stop(): void {
  wire?.send({ type: "consent", talk: state.talk, kind: "voice", given: false });
  close();
}

export function mute(): void {
  state.muted = !state.muted;
  for (const track of mic?.getAudioTracks() ?? []) track.enabled = !state.muted;
}

/** Either end may choose text only; it holds for both. */
export function pin(textOnly: boolean): void {
  ladder = pinned(ladder, textOnly ? TEXT : 0);
  if (!textOnly) ladder = { ...ladder, rung: VOICE, reason: "pinned" };
  state.textOnly = textOnly;
  settle();
}

/** The talk is over, or somebody else's. */
export function close(): void {
  clearInterval(meter);
  peer?.close();
  peer = null;
  for (const track of mic?.getTracks() ?? []) track.stop();
  mic = null;
  if (speaker) speaker.srcObject = null;
  ladder = START;
  theirs = VOICE;
  Object.assign(state, { phase: "off", muted: false, paused: false, words: "", bytes: 0, rtt: null, textOnly: false });
}

export function take(frame: Frame): void {
  const talk = String(frame.talk);
  if (frame.type === "ask") Object.assign(state, { talk, phase: "asked", problem: "" });
  else if (frame.type === "consent") consent(talk, frame);
  else if (talk !== state.talk) return;
  else if (frame.type === "relay") {
    servers = frame.servers as RTCIceServer[];
    answered?.();
  } else if (mic) {
    const body = JSON.parse(String(frame.body)) as Body;
    turn = turn.then(() => hear(body)).catch(() => undefined); // a signal of a connection that is gone
  }
}

function consent(talk: string, frame: Frame): void {
  if (!frame.given) {
    if (talk === state.talk) close();
    return;
  }
  servers = frame.servers as RTCIceServer[];
  if (wire?.side === "village") return; // the offer comes next
  const asked = state.phase === "asking" && state.talk === talk;
  Object.assign(state, { talk, phase: "asked", problem: "" });
  if (asked) void join(talk);
}

function tell(body: Omit<Body, "round">): void {
  wire?.send({ type: "signal", talk: state.talk, body: JSON.stringify({ round, ...body }) });
}

function offerAnew(): void {
  round += 1;
  const mine = connect();
  mine.onnegotiationneeded = async () => {
    await mine.setLocalDescription();
    tell({ description: mine.localDescription ?? undefined });
  };
}

function connect(): RTCPeerConnection {
  peer?.close();
  const mine = new RTCPeerConnection({ iceServers: servers });
  peer = mine;
  for (const track of mic?.getAudioTracks() ?? []) mine.addTrack(track);
  mine.onicecandidate = ({ candidate }) => candidate && tell({ candidate: candidate.toJSON() });
  mine.ontrack = ({ track }) => {
    speaker ??= new Audio();
    speaker.srcObject = new MediaStream([track]);
    void speaker.play().catch(() => undefined);
  };
  mine.onconnectionstatechange = () => {
    if (mine !== peer) return;
    if (mine.connectionState === "connected") {
      state.phase = "on";
      settle();
      clearInterval(meter);
      meter = setInterval(() => void measure(mine), 1000);
    } else if (["disconnected", "failed"].includes(mine.connectionState)) void recover();
  };
  return mine;
}

async function hear(body: Body): Promise<void> {
  if (body.rung !== undefined) {
    theirs = body.rung;
    settle(false);
    return;
  }
  if (body.description?.type === "offer") {
    if (body.round !== round || !peer) connect();
    round = body.round;
  }
  if (!peer || body.round !== round) return;
  if (body.candidate) await peer.addIceCandidate(body.candidate);
  if (!body.description) return;
  await peer.setRemoteDescription({ type: body.description.type, sdp: forWeakLink(body.description.sdp ?? "") });
  if (body.description.type !== "offer") return;
  await peer.setLocalDescription();
  tell({ description: peer.localDescription ?? undefined });
}

/** Signalling is proved live before anything is built on it; the agent's end builds, the village's answers. */
async function recover(): Promise<void> {
  if (recovering) return;
  recovering = true;
  state.phase = "lost";
  while (mic && !connected()) {
    if (!(await proved())) wire?.again();
    else if (wire?.side === "agent") offerAnew();
    for (let waited = 0; waited < CONNECT_MS && mic && !connected(); waited += 250) await pause(250);
  }
  recovering = false;
}

const connected = (): boolean => peer?.connectionState === "connected";

function proved(): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ANSWER_MS);
    answered = () => {
      clearTimeout(timer);
      resolve(true);
    };
    wire?.send({ type: "relay", talk: state.talk });
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(mine: RTCPeerConnection): Promise<void> {
  if (mine !== peer || mine.connectionState !== "connected") return;
  let loss = 0;
  let bytes = 0;
  for (const one of (await mine.getStats()).values() as Iterable<Record<string, unknown>>) {
    if (one.type === "candidate-pair" && one.nominated) {
      bytes += Number(one.bytesSent ?? 0) + Number(one.bytesReceived ?? 0);
      state.rtt = typeof one.currentRoundTripTime === "number" ? one.currentRoundTripTime : null;
    } else if (one.type === "remote-inbound-rtp") loss = Number(one.fractionLost ?? 0);
  }
  state.bytes = bytes;
  // A sender that rests reports the loss of its last second of voice for ever.
  const sample = { at: performance.now() / 1000, rtt: state.rtt, loss: state.paused ? 0 : loss, kbps: null, backlog: 0 };
  const before = ladder.rung;
  ladder = step(ladder, sample, VOICE);
  if (ladder.rung !== before) settle();
}

function settle(say = true): void {
  const paused = Math.max(ladder.rung, theirs) >= TEXT;
  if (paused !== state.paused) state.words = ladder.rung >= TEXT || !paused ? WORDS[ladder.reason] : "对方那边线路不好，或选了只用文字。";
  state.paused = paused;
  for (const sender of peer?.getSenders() ?? []) {
    const set = sender.getParameters();
    for (const one of set.encodings) one.active = !paused;
    void sender.setParameters(set).catch(() => undefined);
  }
  if (say) tell({ rung: ladder.rung });
}
