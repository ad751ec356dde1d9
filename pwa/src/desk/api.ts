// The desk's HTTP: JSON in and out, every failure a Problem with the centre's own sentence.
import { Problem } from "../kit/problems";
import type { Message } from "../call/transcript";

export interface Me {
  id: string;
  name: string;
  csrf: string;
  release: number;
  /** Key and words, in the order to be shown. */
  outcomes: [string, string][];
  /** Whether a model is connected that drafts replies. */
  drafts: boolean;
  roles: string[];
  languages: string[];
}

/** One sentence of a drafted reply and the published words that bear it. */
export interface Cited {
  text: string;
  quote: string;
  slug: string;
  name: string;
  part: string;
  label: string;
  release: number;
  verify: boolean;
}

/** A drafted reply: by a model, the published words as they are, or the fixed sentence on what is not ours. */
export interface DraftedReply {
  text: string;
  made: "model" | "verbatim" | "advice";
  sentences: Cited[];
  dropped: number;
}

export interface Summary {
  id: string;
  point: string;
  point_name: string;
  device: string;
  item: string | null;
  reason: string;
  release: number;
  state: string;
  last_seq: number;
  opened_at: string;
  claimed_at: string | null;
  agent_name: string | null;
  language: string;
  department: string;
  held: boolean;
  guests: Guest[];
  /** Whom it rings at, a person id. */
  offered: string | null;
  offered_name: string;
  offer_left_s: number | null;
  wanted_name: string;
}

export interface Guest {
  person: string;
  name: string;
  mode: "asked" | "listen" | "whisper" | "join" | "away";
}

/** Somebody whose desk is open. */
export interface Colleague {
  id: string;
  name: string;
  role: "agent" | "lead" | "officer";
  state: "free" | "busy" | "break" | "off";
  why: string;
  load: number;
  languages: string[];
  departments: string[];
  me: boolean;
}

/** What a village left when nobody took its call. */
export interface Letter {
  id: string;
  point: string;
  point_name: string;
  device: string;
  item: string;
  department: string;
  release: number;
  why: string;
  language: string;
  day: string;
  part: "soon" | "morning" | "afternoon";
  state: "left" | "taken" | "rung";
  agent: string | null;
  agent_name: string | null;
  tries: number;
  talk: string | null;
  due_from: string;
  due_until: string;
  left_at: string;
  received_at: string;
  due: boolean;
  late: boolean;
}

export interface DeskState {
  type: "desk";
  queue: Summary[];
  mine: Summary[];
  /** Talks of others that I am in, or was asked into. */
  inside: Summary[];
  /** For leads: what colleagues hold now. */
  running: Summary[];
  /** Ended talks of mine without a wrap-up. */
  owed: Summary[];
  /** Messages of villages, due ones first. */
  left: Letter[];
  present: string[];
  seats: Colleague[];
}

export interface Caller {
  name: string;
  point_name: string;
  last_contact: string | null;
  release: number | null;
  current_release: number;
  waiting: number | null;
  refused: number | null;
  clock_skew_s: number | null;
  app: string | null;
  past: { opened_at: string; item: string | null; outcome: string | null }[];
}

export interface TalkFull {
  talk: { id: string; state: string; item: string | null; reason: string; release: number; opened_at: string; last_seq: number; agent_name: string | null };
  messages: Message[];
  caller: Caller;
}

export interface FoundItem {
  slug: string;
  name: string;
  department: string;
  answer: { q: string; a: string } | null;
}

export interface ItemDocument {
  slug: string;
  name: string;
  department: string;
  promised_limit: string;
  fee: string;
  place: string;
  materials: { name: string; form: string; copies: number; necessity: string }[];
  steps: string[];
  qa: { q: string; a: string }[];
}

let csrf = "";

async function ask<T>(path: string, body?: unknown, signal = AbortSignal.timeout(20_000)): Promise<T> {
  let reply: Response;
  try {
    reply = await fetch(path, {
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json", "X-CSRFToken": csrf }) },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      signal,
    });
  } catch {
    throw new Problem("net.offline", "现在连不上中心。", "写的内容都还在，连上后会自动再试。");
  }
  const data = (await reply.json().catch(() => null)) as { error?: { code: string; message: string; next: string } } | null;
  if (reply.ok && data !== null) return data as T;
  const error = data?.error;
  throw new Problem(error?.code ?? "net.answer", error?.message ?? "中心的答复看不懂。", error?.next ?? "请刷新页面再试。");
}

export const api = {
  async me(): Promise<Me> {
    const me = await ask<Me>("/api/desk/me");
    csrf = me.csrf;
    return me;
  },
  state: () => ask<DeskState>("/api/desk/state"),
  testLink: (offer: string) => ask<{ answer: string }>("/api/desk/test", { type: "test", offer }),
  act: (frame: Record<string, unknown>) => ask<{ ok: boolean }>("/api/desk/act", frame),
  talk: (id: string, after: number) => ask<TalkFull>(`/api/desk/talks/${id}?after=${after}`),
  letter: (id: string) => ask<{ text: string | null; caller: Caller }>(`/api/desk/messages/${id}`),
  draftReply: (talk: string, signal: AbortSignal) => ask<DraftedReply>(`/api/desk/talks/${talk}/draft`, {}, signal),
  item: (slug: string) => ask<{ release: number; item: ItemDocument }>(`/api/desk/items/${encodeURIComponent(slug)}`),
  items: () => ask<Record<string, string>>("/api/desk/items"),
  find: (q: string) => ask<{ release: number; decision: string; advice: string; hits: FoundItem[] }>(`/api/ask?q=${encodeURIComponent(q)}`),
  replies: () => ask<{ id: string; text: string }[]>("/api/desk/replies"),
  addReply: (text: string) => ask<{ id: string; text: string }[]>("/api/desk/replies", { text }),
  dropReply: (id: string) => ask<{ id: string; text: string }[]>("/api/desk/replies", { drop: id }),
};
