// What both ends of a talk share: the frames they hear, and the one rule that keeps a transcript whole. Pure.
// Frames are those of remote/PROTOCOL.md.

export interface Card {
  slug: string;
  name: string;
  release: number;
}

export interface Message {
  type: "message";
  talk: string;
  seq: number;
  author: "village" | "agent" | "system";
  author_name: string;
  kind: "text" | "card" | "note";
  body: string | Card | null; // null: the talk was forgotten
  client_id: string;
  at: string;
}

export interface TalkState {
  type: "state";
  talk: string;
  state: "waiting" | "ringing" | "active" | "ended";
  agent_name: string | null;
  position: number; // in the queue from 1, 0 when not waiting
  usual_wait_s: number | null; // null: nobody can say
  staffed: boolean; // somebody on duty may come to take it
  rings: boolean; // at an agent, right now
  held: boolean; // the agent asked to wait a moment
  others: { person: string; name: string; mode: "listen" | "whisper" | "join" }[]; // who else follows this talk
  opened_at: string;
  last_seq: number;
}

/** A message on its way: shown at once, sent again until the centre shows it back under the same client_id. */
export interface Pending {
  client_id: string;
  talk: string | null;
  kind: "text" | "note" | "card";
  text: string; // of a card: the item's slug
  failed: { message: string; next: string } | null;
}

/** Adds what was heard: in order, each seq once, whatever was sent twice or came late. */
export function hear(transcript: readonly Message[], heard: readonly Message[]): Message[] {
  const bySeq = new Map([...transcript, ...heard].map((message) => [message.seq, message]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** The cursor to resume after: the last seq up to which nothing is missing for this end. */
export function cursor(transcript: readonly Message[]): number {
  return transcript.at(-1)?.seq ?? 0;
}

/** What is still on its way once these were heard. */
export function unheard(pending: readonly Pending[], heard: readonly Message[]): Pending[] {
  const arrived = new Set(heard.map((message) => message.client_id));
  return pending.filter((one) => !arrived.has(one.client_id));
}

/** Seconds to wait before the next try: doubling from half a second to 15, full jitter (`random` from 0 to 1). */
export function backOff(attempt: number, random: number): number {
  return Math.min(15, 0.5 * 2 ** attempt) * (0.25 + 0.75 * random);
}

/** A wait as people say it: "约 3 分钟"; "说不准" when the centre has no honest figure. */
export function waitInWords(seconds: number | null): string {
  if (seconds === null) return "要等多久说不准";
  return seconds < 60 ? "大约不到 1 分钟" : `大约 ${Math.ceil(seconds / 60)} 分钟`;
}
