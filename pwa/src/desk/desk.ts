// The state of the desk: queue, own talks, transcripts, drafts, what is still on its way. One socket carries all of it;
// when the centre has none to spare (1013) the desk asks every few seconds instead, with the same frames as POSTs.
import { computed, reactive, watch } from "vue";
import { Line, type LineState } from "../call/line";
import { type Message, type Pending, cursor, hear, unheard } from "../call/transcript";
import { bind, close, take as takeVoice, voice } from "../call/voicing";
import * as page from "../cobrowse/desk";
import type { SeatState } from "./life";
import { asProblem, type Problem } from "../kit/problems";
import { api, type Caller, type Colleague, type DeskState, type Letter, type Me, type Summary } from "./api";

const POLL_MS = 3000;
const DRAFTS = "jjb-desk-drafts"; // of this window only; gone when it closes

interface Desk {
  line: LineState;
  polling: boolean;
  me: Me | null;
  queue: Summary[];
  mine: Summary[];
  inside: Summary[];
  running: Summary[];
  owed: Summary[];
  left: Letter[];
  present: string[];
  seats: Colleague[];
  names: Record<string, string>;
  selected: string | null;
  /** The message that is read, a talk or this. */
  letter: string | null;
  transcripts: Record<string, Message[]>;
  callers: Record<string, Caller>;
  read: Record<string, number>;
  pending: Pending[];
  drafts: Record<string, string>;
  problem: { message: string; next: string } | null;
  login: boolean;
  sound: boolean;
}

export const desk = reactive<Desk>({
  line: "closed", polling: false, me: null, queue: [], mine: [], inside: [], running: [], owed: [], left: [], present: [], seats: [], names: {}, selected: null, letter: null, transcripts: {}, callers: {},
  read: {}, pending: [], drafts: JSON.parse(sessionStorage.getItem(DRAFTS) ?? "{}") as Record<string, string>, problem: null,
  login: false, sound: false,
});

watch(() => desk.drafts, (drafts) => sessionStorage.setItem(DRAFTS, JSON.stringify(drafts)), { deep: true });

const line = new Line({
  url: new URL("/ws/desk", location.href).href,
  onFrame: take,
  onState(state) {
    if (state === "refused") desk.login = true;
    desk.line = state;
    desk.polling = line.full;
  },
  onOpen() {
    desk.line = "live";
    desk.polling = false;
    for (const talk of [...desk.mine, ...desk.inside, ...desk.queue]) watchTalk(talk.id);
    for (const one of desk.pending) speak(one);
    page.live();
  },
});

const all = computed(() => [...desk.mine, ...desk.inside, ...desk.queue, ...desk.running]);
export const current = computed(() => all.value.find((talk) => talk.id === desk.selected) ?? null);
/** The message that is read. */
export const letter = computed(() => desk.left.find((one) => one.id === desk.letter) ?? null);
export const isMine = computed(() => desk.mine.some((talk) => talk.id === desk.selected));
/** Whether I may write: notes only when I whisper. */
export const mayWrite = computed(() => {
  if (isMine.value) return "all";
  const mode = current.value?.guests.find((one) => one.person === desk.me?.id)?.mode;
  return mode === "join" ? "all" : mode === "whisper" ? "note" : "";
});
export const mySeat = computed(() => desk.seats.find((one) => one.me) ?? null);
/** What rings here. */
export const ringing = computed(() => desk.queue.find((talk) => talk.offered !== null && talk.offered === desk.me?.id) ?? null);
export const transcript = computed(() => (desk.selected ? (desk.transcripts[desk.selected] ?? []) : []));
export const unread = (id: string): number =>
  (desk.transcripts[id] ?? []).filter((message) => message.author === "village" && message.seq > (desk.read[id] ?? 0)).length;

export async function start(): Promise<void> {
  try {
    desk.me = await api.me();
    desk.names = await api.items();
    line.open();
    setInterval(() => void poll(), POLL_MS);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  const { code, message, next } = asProblem(error);
  if (code === "access.login") desk.login = true;
  desk.problem = { message, next };
}

function take(frame: Record<string, unknown>): void {
  if (frame.type === "desk") settle(frame as unknown as DeskState);
  else if (frame.type === "message") heard([frame as unknown as Message]);
  else if (["seen", "away", "page_hand", "page_did"].includes(String(frame.type)) || /^page/.test(`${frame.kind}`)) page.take(frame);
  else if (["consent", "signal", "relay"].includes(String(frame.type))) takeVoice(frame);
  else if (frame.type === "problem") {
    if ((frame.error as { code: string }).code === "talk.consent") close();
    const error = frame.error as { code: string; message: string; next: string };
    if (error.code.startsWith("page.")) return page.refused(error.code, `${error.message}${error.next}`);
    const mine = desk.pending.find((one) => one.client_id === frame.client_id);
    if (mine) mine.failed = error;
    else if (error.code === "access.login") desk.login = true;
    else desk.problem = { message: error.message, next: error.next };
  }
}

page.bind((frame) => line.send(frame));
bind({ side: "agent", send: (frame) => line.send(frame), live: () => desk.line === "live", again: () => line.renew() });

function settle(state: DeskState): void {
  const known = new Set([...desk.queue, ...desk.mine, ...desk.inside].map((talk) => talk.id));
  const rang = ringing.value?.id;
  Object.assign(desk, { queue: state.queue, mine: state.mine, inside: state.inside, running: state.running, owed: state.owed, left: state.left, present: state.present, seats: state.seats });
  if (ringing.value && ringing.value.id !== rang) ring();
  else if (mySeat.value?.state === "free" && state.queue.some((talk) => !known.has(talk.id) && talk.offered === null)) ring();
  if (state.inside.some((talk) => !known.has(talk.id))) ring();
  if (voice.phase !== "off" && !state.mine.some((talk) => talk.id === voice.talk)) close();
  page.keepOnly(state.mine.map((talk) => talk.id));
  for (const talk of [...state.mine, ...state.inside, ...state.queue]) if (!known.has(talk.id) || !(talk.id in desk.transcripts)) watchTalk(talk.id);
  const rung = state.mine.find((talk) => talk.id === letter.value?.talk);
  if (rung) void select(rung.id); // the village picked up
  if (desk.letter && !letter.value) desk.letter = null; // it is over
  if (desk.selected && !current.value) desk.selected = null; // ended, or taken by a colleague
  if (!desk.letter) desk.selected ??= desk.mine[0]?.id ?? null;
}

function watchTalk(id: string): void {
  desk.transcripts[id] ??= [];
  line.send({ type: "watch", talk: id, after: cursor(desk.transcripts[id] ?? []) });
}

function heard(messages: Message[]): void {
  for (const message of messages) {
    desk.transcripts[message.talk] = hear(desk.transcripts[message.talk] ?? [], [message]);
    if (message.author === "village" && message.talk !== desk.selected) ring();
  }
  desk.pending = unheard(desk.pending, messages);
  if (desk.selected && document.hasFocus()) markRead(desk.selected);
}

export function markRead(id: string): void {
  desk.read[id] = cursor(desk.transcripts[id] ?? []);
}

async function poll(): Promise<void> {
  if (!desk.polling || desk.line === "live") return;
  try {
    settle(await api.state());
    for (const talk of [...desk.mine, ...desk.inside.filter((one) => one.guests.some((guest) => guest.person === desk.me?.id && guest.mode !== "asked"))]) heard((await api.talk(talk.id, cursor(desk.transcripts[talk.id] ?? []))).messages);
    for (const one of desk.pending) if (!one.failed) await post(one);
  } catch (error) {
    fail(error);
  }
}

/** Opens a message in the place of a talk. */
export function read(id: string): void {
  [desk.letter, desk.selected] = [id, null];
}

export async function select(id: string): Promise<void> {
  desk.letter = null;
  desk.selected = id;
  markRead(id);
  const asked = current.value?.guests.some((one) => one.person === desk.me?.id && one.mode === "asked");
  if (asked || desk.running.some((one) => one.id === id && !one.guests.some((guest) => guest.person === desk.me?.id))) return; // not to be read before coming in
  try {
    const full = await api.talk(id, 0);
    heard(full.messages);
    desk.callers[id] = full.caller;
    markRead(id);
  } catch (error) {
    fail(error);
  }
}

async function act(frame: Record<string, unknown>): Promise<void> {
  desk.problem = null;
  if (desk.line === "live" && line.send(frame)) return;
  try {
    await api.act(frame);
  } catch (error) {
    fail(error);
  }
}

/** Take a talk; resolves when the centre has said whose it is now (the answer to a frame comes as a later frame, in no fixed order). */
export async function claim(id: string): Promise<void> {
  await act({ type: "claim", talk: id });
  await select(id);
  await new Promise<void>((resolve) => {
    const settled = computed(() => desk.problem !== null || desk.mine.some((talk) => talk.id === id));
    if (settled.value) return resolve();
    watch(settled, () => resolve(), { once: true });
  });
}

export const giveBack = (id: string, note: string): Promise<void> =>
  act({ type: "return", talk: id, note, client_id: crypto.randomUUID() });

export const end = (id: string, outcome: string, note: string): Promise<void> => act({ type: "end", talk: id, outcome, note });
export const decline = (id: string): Promise<void> => act({ type: "decline", talk: id });
export const hold = (id: string, on: boolean): Promise<void> => act({ type: "hold", talk: id, on });
export const handOn = (id: string, note: string, to: { person: string } | { department: string }): Promise<void> =>
  act({ type: "move", talk: id, note, client_id: crypto.randomUUID(), ...to });
export const invite = (id: string, person: string): Promise<void> => act({ type: "invite", talk: id, person });
export const leave = (id: string, person: string | null): Promise<void> => act({ type: "leave", talk: id, person });
export const wrapUp = (id: string, outcome: string, note: string): Promise<void> => act({ type: "wrap", talk: id, outcome, note });
export const takeLetter = (message: string): Promise<void> => act({ type: "take_message", message });
export const putBack = (message: string): Promise<void> => act({ type: "put_back", message });
export const callBack = (message: string): Promise<void> => act({ type: "ring", message });
export const closeLetter = (message: string, note: string): Promise<void> => act({ type: "close_message", message, note });
export const sit = (state: SeatState, languages?: string[], departments?: string[]): Promise<void> =>
  act({ type: "seat", state, ...(languages && { languages }), ...(departments && { departments }) });

/** Come into somebody else's talk, or change how; then its transcript may be read. */
export async function enter(id: string, mode: "listen" | "whisper" | "join"): Promise<void> {
  await act({ type: "enter", talk: id, mode });
  watchTalk(id);
  await select(id);
}

export function say(talk: string, text: string, kind: "text" | "note"): void {
  push({ client_id: crypto.randomUUID(), talk, kind, text, failed: null });
}

export function handCard(talk: string, slug: string): void {
  push({ client_id: crypto.randomUUID(), talk, kind: "card", text: slug, failed: null });
}

export function sayAgain(one: Pending): void {
  one.failed = null;
  speak(one);
}

function push(one: Pending): void {
  desk.pending.push(one);
  const kept = desk.pending.at(-1);
  if (kept) speak(kept);
}

function frameOf(one: Pending): Record<string, unknown> {
  const base = { client_id: one.client_id, talk: one.talk };
  return one.kind === "card" ? { type: "card", ...base, slug: one.text } : { type: "say", ...base, kind: one.kind, text: one.text };
}

function speak(one: Pending): void {
  if (!one.failed) line.send(frameOf(one));
}

async function post(one: Pending): Promise<void> {
  try {
    await api.act(frameOf(one));
  } catch (error) {
    const { message, next } = error as Problem;
    one.failed = { message, next };
  }
}

let audio: AudioContext | null = null;

/** Browsers allow sound only after a press: this is that press, and it sounds once so that the agent knows how loud. */
export function enableSound(on: boolean): void {
  desk.sound = on;
  if (!on) return;
  audio ??= new AudioContext();
  ring();
}

function ring(): void {
  if (!desk.sound || !audio) return;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.2, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.6);
  tone.frequency.value = 880;
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.6);
}
