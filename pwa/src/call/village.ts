// The village's end of a talk. One talk for the whole page: it goes on while the guide looks something up on another
// screen. Nothing is kept on the disk: the centre has every message as a row, and sends what is missing after a cursor.
import { computed, reactive, readonly, shallowRef } from "vue";
import { store } from "../store/client";
import { holdLink } from "./hold";
import { Line, type LineState } from "./line";
import { type Message, type Pending, type TalkState, cursor, hear, unheard } from "./transcript";

interface Talk {
  line: LineState;
  state: TalkState | null;
  transcript: Message[];
  pending: Pending[];
  problem: { message: string; next: string } | null;
  /** The centre sees a picture of this computer. */
  seen: boolean;
  /** How it stands with this computer (Computer.vue). */
  computer: unknown;
}

const talk = reactive<Talk>({ line: "closed", state: null, transcript: [], pending: [], problem: null, seen: false, computer: null });
let opening: Record<string, unknown> | null = null; // the open frame until the centre has shown a talk
let device = "";

const line = new Line({
  url: new URL("/ws/village", globalThis.location?.href ?? "http://localhost/").href,
  onFrame: (frame) => void take(frame),
  onBytes: (data) => watching?.receipt(data),
  onState: (state) => {
    talk.line = state === "live" ? "connecting" : state;
    watching?.down();
  },
});

/** Voice is loaded when it is first meant; imports resolve in the order asked for, so frames keep theirs. */
async function voicing(): Promise<typeof import("./voicing")> {
  const loaded = await import("./voicing");
  loaded.bind({ side: "village", send: (frame) => line.send(frame), live: () => talk.line === "live", again: () => line.renew(), onShow: (is) => (talk.seen = is.screen || is.camera !== null) });
  return loaded;
}
let expecting = false; // the centre shall be able to ring here
let voiced = false; // a media frame came: there is something to close

type Cobrowsing = typeof import("../cobrowse/village");
let watching: Cobrowsing | null = null;
/** What the shell shows on every screen while the page is seen by an agent. */
export const overlay = shallowRef<Cobrowsing["overlay"]["value"]>(null);

/** Seeing the page is loaded when an agent first asks for it. */
async function cobrowsing(frame: Record<string, unknown>): Promise<void> {
  watching ??= await import("../cobrowse/village");
  watching.bind({ send: (out) => line.send(out) });
  await watching.take(frame);
  overlay.value = watching.overlay.value;
}

async function take(frame: Record<string, unknown>): Promise<void> {
  if (frame.type === "challenge") {
    const signature = await store.sign(`jb-talk:${device}:${String(frame.nonce)}`);
    line.send({ type: "hello", device, signature, talk: talk.state?.talk ?? null, after: cursor(talk.transcript) });
  } else if (frame.type === "welcome") {
    if (frame.hours) localStorage.setItem("jjb-hours", String(frame.hours));
    talk.line = "live";
    // A centre that knows no talk of ours never got the open frame, or the talk ended before we had heard of it.
    if (opening) line.send(opening);
    else if (frame.talk === null) leave();
    for (const one of talk.pending) speak(one);
    watching?.live();
  } else if (frame.type === "state") {
    const state = frame as unknown as TalkState;
    const missed = talk.state?.state === "ringing" && state.state === "ended"; // put off, or nobody took it
    if (talk.state?.talk !== state.talk) talk.transcript = talk.transcript.filter((message) => message.talk === state.talk);
    talk.state = missed ? null : state;
    opening = null;
    holdLink(state.state === "active");
    if (state.state !== "active") watching?.close();
    if (voiced && state.state !== "active") void voicing().then((it) => it.close());
    if (state.state === "ended" && !expecting) line.close();
  } else if (frame.type === "message") {
    talk.transcript = hear(talk.transcript, [frame as unknown as Message]);
    talk.pending = unheard(talk.pending, talk.transcript);
  } else if (/^page/.test(`${frame.type}`) || /^page/.test(`${frame.kind}`)) {
    void cobrowsing(frame);
  } else if (["ask", "consent", "signal", "relay"].includes(String(frame.type))) {
    voiced = true;
    void voicing().then((it) => it.take(frame));
  } else if (frame.type === "computer") {
    talk.computer = frame;
  } else if (frame.type === "problem") {
    const error = frame.error as { code: string; message: string; next: string };
    if (error.code.startsWith("page.")) return watching?.refused(error.code);
    const mine = talk.pending.find((one) => one.client_id === frame.client_id);
    if (mine) mine.failed = error;
    else talk.problem = { message: error.message, next: error.next };
    if (voiced && (frame.error as { code: string }).code === "talk.consent") void voicing().then((it) => it.close());
  }
}

function speak(one: Pending): void {
  // With its talk, so that a message sent again after the end does not slip into the next talk. Before the centre has
  // shown the talk its id is the open frame's own.
  const id = one.talk ?? talk.state?.talk ?? opening?.client_id;
  if (!one.failed && id) line.send({ type: "say", client_id: one.client_id, talk: id, text: one.text });
}

function leave(): void {
  if (!talk.state || talk.state.state !== "ended") talk.state = null;
  holdLink(false);
  watching?.close();
  if (voiced) void voicing().then((it) => it.close());
  if (!expecting) line.close();
}

/** When the centre calls back, as it last said; "" before it ever did. */
export const hours = (): string => localStorage.getItem("jjb-hours") ?? "";

/** Finds a talk that is still open, e.g. after a reload. */
export function rejoin(deviceId: string): void {
  if (talk.line === "closed" || talk.line === "refused") {
    device = deviceId;
    if (talk.state?.state === "ended") return;
    line.open();
  }
}

/** The centre may ring this computer: the line stays open, and is opened. */
export function expect(deviceId: string, on: boolean): void {
  device = deviceId;
  expecting = on;
  if (on) line.open();
  else if (talk.line === "live" && (!talk.state || talk.state.state === "ended") && !opening) line.close();
}

/** Takes what the centre rings, or puts it off by so many minutes. */
export function answer(minutes: number | null): void {
  const id = talk.state?.talk;
  if (id) line.send(minutes === null ? { type: "pick_up", talk: id } : { type: "later", talk: id, minutes });
}

/** Calls the centre; pressing twice calls once, since the device has one open talk. */
export function call(deviceId: string, reason: string, item: string | null, release: number, language: string): void {
  device = deviceId;
  talk.problem = null;
  talk.state = null;
  talk.transcript = [];
  talk.pending = [];
  opening = { type: "open", client_id: crypto.randomUUID(), reason, item, release, language };
  if (talk.line === "live") line.send(opening);
  else line.open();
}

export function say(text: string): void {
  const one: Pending = { client_id: crypto.randomUUID(), talk: talk.state?.talk ?? null, kind: "text", text, failed: null };
  talk.pending.push(one);
  speak(one);
}

/** Sends a message that was refused once more. */
export function sayAgain(clientId: string): void {
  const one = talk.pending.find((pending) => pending.client_id === clientId);
  if (!one) return;
  one.failed = null;
  speak(one);
}

/** Sends somebody away who follows this talk. */
export function sendAway(person: string): void {
  if (talk.state) line.send({ type: "leave", talk: talk.state.talk, person });
}

/** Sends a frame of a part that is loaded later. */
export const frame = (it: Record<string, unknown>): boolean => line.send(it);

export function hangUp(): void {
  opening = null;
  if (!talk.state || !line.send({ type: "end", talk: talk.state.talk })) leave();
}

/** The voice bar, bound to this line. */
export async function voiceBar(): Promise<typeof import("./Voice.vue")> {
  await voicing();
  return import("./Voice.vue");
}

/** Stops every picture of this computer, from whatever screen. */
export function unseen(): void {
  void voicing().then(({ hide }) => (["screen", "camera"] as const).forEach(hide));
}

export const current = readonly(talk);
export const calling = computed(() => opening !== null && talk.state === null);
/** A talk that goes on: the rail may show it. */
export const underWay = computed(() => talk.state !== null && talk.state.state !== "ended");
/** The centre rings. */
export const rings = computed(() => talk.state?.state === "ringing");
