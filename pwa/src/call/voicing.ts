// Voice and pictures beside the text of a talk. The agent's browser starts each connection; after that either end may offer
// (peer.ts). Signals go over the socket of the talk, and the centre lets none pass without the village's consent. What the
// ends tell each other about rungs and pictures goes straight from browser to browser. Both load this when voice is first meant.
import { markRaw, reactive, readonly } from "vue";
import { NOTHING, asked as asks, believed, caps, type Shows } from "./caps";
import { FAULTS, loudly, microphone } from "./devices";
import { Problem } from "../kit/problems";
import { Health, type Why } from "./health";
import { START, TEXT, VOICE, WORDS, type Ladder, pinned, step } from "./ladder";
import { Peer, type Place, type Told } from "./peer";
import { isPointed, type Pointed } from "./pointing";
import { another, capture, faultOf, placeOf, type Source } from "./pictures";
import { type Meter, UNREAD, read } from "./stats";

type Frame = Record<string, unknown>;
interface Wire {
  side: "village" | "agent";
  send(frame: Frame): boolean;
  /** The socket is open and was answered. */
  live(): boolean;
  /** Leave a socket that does not answer and open another. */
  again(): void;
  /** The other end sees a picture of ours, or none any more. */
  onShow?(shows: Shows): void;
}
interface Body extends Told {
  round: number;
  says?: Says;
  /** Where the agent points in a picture of the village. */
  point?: Pointed;
  /** The village's line is proved live again: what it was sent meanwhile went nowhere. */
  back?: boolean;
}
/** What an end tells about itself; the latest one holds. */
interface Says {
  rung: number;
  pin: number;
  /** The rung its pictures go by. */
  sends: number;
  shows: Shows;
}
const SILENT: Says = { rung: VOICE, pin: 0, sends: VOICE, shows: NOTHING };
type Kind = "voice" | "camera" | "screen";
const KINDS = new Set<unknown>(["voice", "camera", "screen"]);

const CONNECT_MS = 6_000;
const LONGEST_MS = 20_000;
const LINE_MS = 10_000; // a new socket is tried at least so often: TCP itself asks ever more seldom
const HEARD_MS = 5_000;
const ESTIMATE_MS = 5_000; // a connection that just stands guesses low, which would cost the picture a minute

const state = reactive({
  talk: "",
  /** asking: we wait for the other end; asked: the other end waits for us; lost: it was on and is coming back. */
  phase: "off" as "off" | "asking" | "asked" | "joining" | "on" | "lost",
  muted: false,
  paused: false, // the link carries text only
  words: "",
  rung: VOICE, // what the call is at, to be shown
  sends: { mine: VOICE, theirs: VOICE }, // what the pictures of each end go by
  pin: 0,
  bytes: 0,
  rtt: null as number | null,
  problem: "",
  mine: { ...NOTHING } as Shows,
  theirs: { ...NOTHING } as Shows,
  /** Pictures that an agent asked for and nobody answered yet. */
  wanted: [] as Place[],
  /** Pictures that come in. */
  seen: { camera: null, screen: null } as Record<Place, MediaStream | null>,
  /** Our own pictures, to look at. */
  own: { camera: null, screen: null } as Record<Place, MediaStream | null>,
  /** What the agent pointed at last in a picture of ours. */
  pointed: null as Pointed | null,
});
export const voice = readonly(state) as typeof state;

let wire: Wire | null = null;
let mic: MediaStream | null = null;
let peer: Peer | null = null;
let speaker: HTMLAudioElement | null = null;
let servers: RTCIceServer[] = [];
let round = 0;
let ladder: Ladder = START;
let theirs: Says = SILENT;
let clock: ReturnType<typeof setInterval> | undefined;
let meter: Meter = UNREAD;
let stands = 0; // since when the connection does
let before = 0; // bytes of connections that were left
let health: Health | null = null;
let recovering = false;
let called = false; // the village said that it is back
let answered: (() => void) | null = null;
let turn = Promise.resolve(); // signals one after another
let ends: Partial<Record<Kind, ReturnType<typeof setTimeout>>> = {};

export function bind(to: Wire): void {
  wire = to;
}

/** The village allows voice, or answers an agent who asked; the agent takes up what the village allowed. */
export async function join(talk: string): Promise<void> {
  state.talk = talk;
  state.problem = "";
  const village = wire?.side === "village";
  const was = state.phase;
  state.phase = "joining";
  try {
    mic ??= await microphone();
    for (const track of mic.getAudioTracks()) track.onended = () => (state.problem = "麦克风断开了，对方听不到您。插好以后挂断语音，再接一次；文字一直可以用。");
  } catch (error) {
    state.phase = was === "asked" ? "asked" : "off";
    state.problem = error instanceof Problem ? `${error.message}${error.next}` : FAULTS.busy().message;
    return;
  }
  health = new Health(clockNow(), state.rung);
  if (village) consentTo("voice", true);
  else begin();
}

const clockNow = (): number => performance.now() / 1000;

/** The centre hears now and then how the link is. Nobody is told when it will not: the talk is not about that. */
function report(all = false): void {
  const at = clockNow();
  const samples = health?.tell(at, all) ?? [];
  if (samples.length > 0 && wire?.send({ type: "health", talk: state.talk, client_id: crypto.randomUUID(), samples })) health?.told(at);
}

export function ask(talk: string): void {
  state.talk = talk;
  state.problem = "";
  if (wire?.send({ type: "ask", talk, kind: "voice" })) state.phase = "asking";
}

/** Hangs up the voice, or says no; the text goes on. */
export function stop(): void {
  consentTo("voice", false);
  close();
}

export function mute(): void {
  state.muted = !state.muted;
  for (const track of mic?.getAudioTracks() ?? []) track.enabled = !state.muted;
}

/** Either end may choose the most a call uses; the lower choice holds for both. */
export function pin(most: number): void {
  const freed = ladder.rung === TEXT && ladder.pin === TEXT && most < TEXT;
  ladder = pinned(ladder, most);
  if (freed) ladder = { ...ladder, rung: Math.max(VOICE, most), reason: "pinned" };
  state.pin = most;
  settle();
}

/** The agent asks for a picture of the village; only the village can give it. */
export function want(place: Place): void {
  state.problem = "";
  if (wire?.send({ type: "ask", talk: state.talk, kind: place }) && !state.wanted.includes(place)) state.wanted.push(place);
}

export function refuse(place: Place): void {
  state.wanted = state.wanted.filter((one) => one !== place);
  consentTo(place, false);
}

/** Shows a picture of this end, by a press. It goes out as soon as the link carries it. */
export async function show(source: Source): Promise<void> {
  const place = placeOf(source);
  state.problem = "";
  let track: MediaStreamTrack;
  try {
    if (place === "camera") drop("camera"); // two programs cannot hold one camera, nor can we twice
    track = await capture(source);
  } catch {
    state.problem = faultOf(source);
    return;
  }
  if (!peer) {
    track.stop();
    return;
  }
  drop(place);
  keep(place, track);
  state.mine = place === "camera" ? { ...state.mine, camera: source as "face" | "papers" } : { ...state.mine, screen: true };
  state.wanted = state.wanted.filter((one) => one !== place);
  if (wire?.side === "village") consentTo(place, true);
  settle();
}

export async function nextCamera(): Promise<void> {
  const track = state.own.camera?.getVideoTracks()[0];
  if (track) keep("camera", await another(track).catch(() => track));
  settle();
}

/** Stops a picture of this end. */
export function hide(place: Place): void {
  if (!state.own[place]) return;
  drop(place);
  if (wire?.side === "village") consentTo(place, false);
  settle();
}

/** The agent has seen enough: the village's picture stops. */
export function enough(place: Place): void {
  consentTo(place, false);
}

function keep(place: Place, track: MediaStreamTrack): void {
  track.onended = () => hide(place);
  state.own[place] = markRaw(new MediaStream([track]));
  void peer?.show(place, track);
}

function drop(place: Place): void {
  for (const track of state.own[place]?.getTracks() ?? []) {
    track.onended = null;
    track.stop();
  }
  state.own[place] = null;
  state.mine = place === "camera" ? { ...state.mine, camera: null } : { ...state.mine, screen: false };
  void peer?.show(place, null);
}

function consentTo(kind: Kind, given: boolean): void {
  wire?.send({ type: "consent", talk: state.talk, kind, given });
}

/** The talk is over, or somebody else's. */
export function close(): void {
  clearInterval(clock);
  if (peer) report(true);
  health = null;
  for (const end of Object.values(ends)) clearTimeout(end);
  ends = {};
  drop("camera");
  drop("screen");
  peer?.close();
  peer = null;
  for (const track of mic?.getTracks() ?? []) track.stop();
  mic = null;
  if (speaker) speaker.srcObject = null;
  ladder = START;
  theirs = SILENT;
  before = 0;
  Object.assign(state, { phase: "off", muted: false, paused: false, words: "", rung: VOICE, sends: { mine: VOICE, theirs: VOICE }, pin: 0, bytes: 0, rtt: null, wanted: [], pointed: null });
  Object.assign(state, { mine: { ...NOTHING }, theirs: { ...NOTHING }, seen: { camera: null, screen: null } });
  wire?.onShow?.(state.mine);
}

export function take(frame: Frame): void {
  const talk = String(frame.talk);
  if ("kind" in frame && !KINDS.has(frame.kind)) return;
  if (frame.type === "ask") wish(talk, frame.kind as Kind);
  else if (frame.type === "consent") consent(talk, frame.kind as Kind, frame);
  else if (talk !== state.talk) return;
  else if (frame.type === "relay") {
    servers = frame.servers as RTCIceServer[];
    answered?.();
  } else if (mic) {
    const body = JSON.parse(String(frame.body)) as Body;
    turn = turn.then(() => hear(body)).catch(() => undefined); // a signal of a connection that is gone
  }
}

function wish(talk: string, kind: Kind): void {
  if (kind === "voice") {
    if (["off", "asked"].includes(state.phase)) Object.assign(state, { talk, phase: "asked", problem: "" });
  } else if (talk === state.talk && peer && !state.own[kind] && !state.wanted.includes(kind)) state.wanted.push(kind);
}

function consent(talk: string, kind: Kind, frame: Frame): void {
  clearTimeout(ends[kind]);
  if (kind !== "voice") return consentToPicture(talk, kind, frame.given === true, Number(frame.for_s));
  if (!frame.given) {
    if (talk === state.talk) close();
    return;
  }
  servers = frame.servers as RTCIceServer[];
  // Nothing lasts longer than it was allowed for: the village's own page ends it.
  if (wire?.side === "village") ends.voice = setTimeout(stop, Number(frame.for_s) * 1000);
  if (wire?.side === "village") return; // the offer comes next
  const mine = state.phase === "asking" && state.talk === talk;
  Object.assign(state, { talk, phase: "asked", problem: "" });
  if (mine) void join(talk);
}

function consentToPicture(talk: string, place: Place, given: boolean, for_s: number): void {
  if (talk !== state.talk) return;
  if (wire?.side === "agent") {
    if (!given && state.wanted.includes(place)) state.problem = place === "screen" ? "村里没有同意共享屏幕。" : "村里没有同意打开摄像头。";
    state.wanted = state.wanted.filter((one) => one !== place);
  } else if (given) ends[place] = setTimeout(() => hide(place), for_s * 1000);
  else {
    drop(place);
    settle();
  }
}

function tell(body: Omit<Body, "round">): void {
  wire?.send({ type: "signal", talk: state.talk, body: JSON.stringify({ round, ...body }) });
}

function begin(): void {
  round += 1;
  connect();
}

function connect(): Peer {
  before = state.bytes;
  meter = UNREAD;
  peer?.close();
  const mine: Peer = new Peer(
    {
      polite: wire?.side === "village",
      servers,
      tell: (told) => mine === peer && tell(told),
      onState: (is) => mine === peer && onState(mine, is),
      onVoice: hearVoice,
      onPicture: (place, track) => (state.seen[place] = markRaw(new MediaStream([track]))),
      onData: (text) => mine === peer && heard(JSON.parse(text) as Partial<Body>),
      onDataOpen: () => mine === peer && settle(),
    },
    mic?.getAudioTracks() ?? [],
  );
  peer = mine;
  for (const place of ["camera", "screen"] as const) void mine.show(place, state.own[place]?.getVideoTracks()[0] ?? null);
  return mine;
}

function hearVoice(track: MediaStreamTrack): void {
  if (track.muted) track.onunmute = () => health?.voice(clockNow());
  else health?.voice(clockNow());
  speaker ??= new Audio();
  speaker.srcObject = new MediaStream([track]);
  void loudly(speaker);
  void speaker.play().catch(() => undefined);
}

function onState(mine: Peer, is: RTCPeerConnectionState): void {
  if (is === "connected") {
    health?.on(clockNow());
    if (!recovering) state.phase = "on";
    settle();
    clearInterval(clock);
    stands = performance.now();
    clock = setInterval(() => void measure(mine), 1000);
  } else if (["disconnected", "failed"].includes(is)) void recover();
}

async function hear(body: Body): Promise<void> {
  if (heard(body)) return;
  if (body.back && wire?.side === "agent") {
    called = true;
    if (!recovering) peer?.restart();
    return;
  }
  if (wire?.side === "village" && body.description?.type === "offer" && (body.round !== round || !peer)) {
    round = body.round;
    connect();
  }
  if (body.round === round) await peer?.hear(body);
  if (body.description) settle();
}

/** What the other end says of itself or points at; false for what builds the connection. */
function heard({ says, point }: Partial<Body>): boolean {
  if (says) heed(says);
  else if (wire?.side === "village" && isPointed(point)) state.pointed = point;
  return says !== undefined || point !== undefined;
}

/** The agent points in a picture of the village; what gets lost with the line is missed by nobody. */
export function pointAt(point: Pointed): void {
  if (peer && !peer.say(JSON.stringify({ point }))) tell({ point });
}

function heed(says: Says): void {
  theirs = says;
  state.theirs = says.shows;
  const was = state.sends.mine;
  settle(false);
  if (state.sends.mine !== was) settle();
}

/** Signalling is proved live before anything is built on it; the village then says that it is back. The agent's end first mends
 * the connection that is there; one that nothing comes out of, however connected it says it is, is left for a new one. Each wait
 * is longer than the last: on a choked link a try takes what the text needs. */
async function recover(): Promise<void> {
  if (recovering) return;
  recovering = true;
  state.phase = "lost";
  health?.cut(clockNow());
  let wait = CONNECT_MS;
  for (let tries = 0; mic && !(await flows()); wait = called ? CONNECT_MS : Math.min(wait * 1.5, LONGEST_MS)) {
    called = false;
    if (!(await proved(wait * 0.4))) {
      wire?.again();
      await until(() => wire?.live() === true, Math.min(wait, LINE_MS));
      continue;
    }
    if (wire?.side === "village") tell({ back: true });
    else if (tries++ === 0) peer?.restart();
    else begin();
    await until(() => peer?.connected === true || called, wait);
  }
  recovering = false;
  if (mic && peer?.connected) {
    state.phase = "on";
    health?.back(clockNow());
  }
  settle();
}

async function until(is: () => boolean, ms: number): Promise<void> {
  for (let waited = 0; waited < ms && mic && !is(); waited += 100) await pause(100);
}

/** Whether the connection stands and something of the other end comes out of it. */
async function flows(): Promise<boolean> {
  const mine = peer;
  if (!mine?.connected) return false;
  const { packets } = await read(mine.pc, UNREAD);
  for (let waited = 0; waited < HEARD_MS && mine === peer && mine.connected; waited += 250) {
    await pause(250);
    // An end whose link carries text only sends no voice that could be waited for.
    if (theirs.rung >= TEXT || (await read(mine.pc, UNREAD)).packets > packets) return true;
  }
  return false;
}

function proved(ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    answered = () => {
      clearTimeout(timer);
      resolve(true);
    };
    wire?.send({ type: "relay", talk: state.talk });
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(mine: Peer): Promise<void> {
  if (mine !== peer || !mine.connected) return;
  const last = meter;
  const now = await read(mine.pc, last);
  if (mine !== peer) return;
  meter = now;
  if (meter.bytes < last.bytes) before += last.bytes; // it goes another way now, counted from nothing
  state.bytes = before + meter.bytes;
  state.rtt = meter.rtt;
  const ask = asks(state.sends.mine, caps(state.sends.mine, state.mine));
  // A sender that rests reports the loss of its last second of voice for ever.
  const loss = state.paused ? 0 : meter.loss;
  const kbps = performance.now() - stands < ESTIMATE_MS ? null : believed(meter.kbps, ladder.rung, ask);
  const was = ladder.rung;
  ladder = step(ladder, { at: clockNow(), rtt: meter.rtt, loss, kbps, backlog: state.paused ? 0 : meter.backlog });
  if (ladder.rung !== was) settle();
  health?.tick(clockNow(), { ...meter, loss });
  report();
}

/** Each end's pictures go by its own link, since that is the one they load, and by what either chose. Where one end is down to
 * text, both are: voice goes both ways or not at all. */
function settle(say = true): void {
  const text = Math.max(ladder.rung, theirs.rung) >= TEXT;
  const sends = text ? TEXT : Math.max(ladder.rung, theirs.pin);
  state.sends = { mine: sends, theirs: theirs.sends };
  const shown = [any(state.mine) ? sends : -1, any(state.theirs) ? theirs.sends : -1];
  const rung = text ? TEXT : Math.max(...shown) >= 0 ? Math.max(...shown) : Math.max(ladder.rung, theirs.rung);
  if (rung !== state.rung) {
    const why: Why = rung === ladder.rung ? ladder.reason : rung < state.rung ? "better" : "other";
    state.words = why === "other" ? "对方那边线路不好，或选了少用流量。" : WORDS[why];
    health?.turn(clockNow(), rung, why);
  }
  state.rung = rung;
  state.paused = text;
  const may = caps(sends, state.mine);
  const due = [may, caps(theirs.sends, state.theirs)].some((one) => one.camera !== null || one.screen !== null);
  if (due && wire?.side === "agent" && peer?.connected) peer.openPlaces();
  void peer?.limit(!text, may);
  wire?.onShow?.(state.mine);
  const says: Says = { rung: ladder.rung, pin: ladder.pin, sends, shows: state.mine };
  if (say && peer && !peer.say(JSON.stringify({ says }))) tell({ says });
}

const any = (shows: Shows): boolean => shows.camera !== null || shows.screen;
