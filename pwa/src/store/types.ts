// What the village page may ask of its store. The store lives in one worker (pwa/src/store/worker.ts) that owns the
// on-device SQLite files; screens see only this file. Every promise may reject with a `Problem` (kit/problems.ts).

import type { FlowQuestion, Point } from "../guiding/rules";

export interface Device {
  id: string; // "d-…"
  letters: string; // two capitals, unique at the point; part of every case number
  point: { id: string; name: string; region: string; region_name: string }; // region: 12-digit code
}

export type LinkState = "online" | "weak" | "offline"; // weak: the last round took > 5 s or one of the last three failed

// Arithmetic, never a guess: `waiting` counts rows without a verdict of the centre.
export interface Status {
  link: LinkState;
  enrolled: Device | null;
  release: number | null; // knowledge release on this device; null before the first pack
  release_at: string | null; // issued_at of that release, ISO
  lingua: number | null; // release of the words for asking; null until they have arrived
  stale: boolean; // now > stale_after of the manifest
  waiting: number; // events not yet answered by the centre
  refused: number; // events the centre rejected: 需处理
  papers: PaperStatus;
  last_success: string | null; // ISO time of the last complete round
  answers_agree: boolean | null; // with the centre, on the releases held; null until both have been asked
  clock_skew_s: number | null; // device minus centre, seconds
  progress: { label: string; done: number; total: number } | null; // bytes of the pack under way
  syncing: boolean;
  problem: { code: string; message: string; next: string } | null; // last failure of syncing, null after a success
  persisted: boolean; // navigator.storage.persisted()
  quota: { used: number; free: number } | null; // bytes
  guide: Guide | null; // who is logged in
  shut: boolean; // what is personal waits for a guide to log in
  revoked: boolean; // the centre told this device to stop
  lapsed: boolean; // too long without the centre: what shows persons is locked until the next contact
  app: string; // version of the program
}

export interface Guide {
  id: string;
  name: string;
}

/** Who may log in on this device. */
export interface People {
  here: (Guide & { pin: boolean; wait_s: number; drafts: number })[]; // have logged in here, last first; no pin: by account once more
  others: Guide[]; // work at this point
  lock_minutes: number; // without a touch for so long, it locks
}

// Photos and papers of cases that the centre does not have yet.
export interface PaperStatus {
  waiting: number;
  bytes: number; // of those that wait
  arrived: number; // of these, at the centre already
  refused: number; // the centre will not have them: a person must look
  state: "idle" | "sending" | "paused" | "call"; // paused by the person; call: a call needs the link
}

// A recorded answer in a local language, or a sample form, of an item.
export interface Recording {
  kind: "voice" | "sample";
  language: string; // code, "" for a sample
  language_name: string;
  seconds: number;
  text: string; // what is said, or what the sample is
  sha256: string; // how its bytes are asked for
  bytes: number;
  type: string; // media type
  here: boolean; // its bytes are on this device
}

export interface MediaLanguage {
  code: string;
  name: string;
  local: boolean; // spoken where this device is
  chosen: boolean;
  files: number;
  bytes: number;
  here: number; // files of these on this device
  here_bytes: number;
}

export interface MediaStatus {
  release: number | null; // of the list of recordings; null before the first
  by_region: boolean; // nobody chose: the languages of the region
  paused: boolean;
  languages: MediaLanguage[];
  files: number; // here
  bytes: number;
  most: number; // bytes kept at most
  over: number; // files that found no room
  state: "idle" | "fetching" | "paused" | "call";
  progress: { label: string; done: number; total: number } | null;
}

export type Boot =
  | { state: "ready" } // enrolled, knowledge present
  | { state: "fresh" } // nothing here yet: show enrolment
  | { state: "empty" } // enrolled but no knowledge yet (first pack interrupted): show progress
  | { state: "lost"; missing: string[] } // the browser lost data: says exactly what ("知识库" | "待传记录" | "设备身份")
  | { state: "unsupported"; message: string; next: string }; // no OPFS / no secure context: which browser to use

export interface ItemRow {
  slug: string;
  name: string;
  domain: string;
  domain_name: string;
  department: string;
  project_type: string; // 即办件 | 承诺件 | 其他
  promised_limit: string;
  fee: string;
}

export interface Material {
  name: string;
  form: string;
  copies: number;
  necessity: string;
  source: string;
  why: string; // "" for the item's own list, else the situation that asks for it
  use?: string; // what it is for, in plain words; "" when nobody said
}

export interface Situation {
  pos: number;
  name: string;
  note: string;
  add: Material[];
  remove: string[]; // names of materials no longer needed
}

export interface Item extends ItemRow {
  code: string;
  task_type: string; // Chinese name
  levels: string[]; // Chinese names
  applicants: string;
  aliases: string[];
  conditions: string[];
  steps: string[];
  basis: string[];
  sources: string[];
  verify_fields: string[]; // "以窗口答复为准" for these
  verified_on: string | null;
  statutory_limit: string;
  place: string;
  result: string;
  cross_region: string;
  site_visits: number;
  site_visits_reason: string;
  materials: Material[];
  situations: Situation[];
  flow: FlowQuestion[]; // guided questions; empty: choose among the situations
  qa: { q: string; a: string }[];
  release: number;
}

// What a 一次性告知 notice gets from this device the moment it is made.
export interface Notice {
  number: string; // GZ, region, day, letters, counter of the day: made here, unique without the centre
  made_at: string;
  place: Point | null; // the nearest service point that handles the item, as the release tells
  here: Point | null; // this device's own point, where one may ask first
}

export interface Hit {
  slug: string;
  name: string;
  department: string;
  score: number; // integer, comparable within one answer
  matched: string[]; // terms of the question found in the item, longest first
  phrase: string; // the alias or question that matched best, "" when none
  answer: { q: string; a: string } | null; // the Q&A of the item nearest to the question
}

export interface Answer {
  id: string; // of the question; pass to `picked`
  text: string; // masked
  // one clear hit | up to three as buttons | not ours, advice says where | somebody else's data | nothing found: call the centre
  decision: "answer" | "clarify" | "redirect" | "refuse" | "handoff";
  hits: Hit[]; // best first, at most 3
  advice: string; // a sentence that goes first (110, 12345, 别人的信息不能代查 …), "" when there is none
  part: "" | "materials" | "time" | "fee" | "place"; // what of the item is asked for
  needs: number; // above 1: the sentence names several needs and the hits belong to different ones
  release: number;
  lingua: number | null; // release of the words it was judged with; null: by its words only
  ms: number;
}

export interface Applicant {
  name: string;
  id_number: string;
  phone: string;
  region: string; // code
  address: string;
}

export interface Proxy {
  name: string;
  id_number: string;
  phone: string;
  relation: string;
}

// With which right a proxy acts (app/handling/mandate.py).
export interface Mandate {
  way: "signed" | "paper"; // on the screen | a photographed paper, among the papers as 授权委托书
  item: string;
  powers: ("submit" | "amend" | "collect")[];
  since: string; // day, 2026-11-25
  until: string;
  principal_name: string;
  principal_id: string;
  principal_relation: string; // 本人, or what the guardian is to the child
  agent_name: string;
  agent_id: string;
  strokes: string; // the signature: "x,y x,y|…" on a pad 1000 wide and 400 high
  signed_at: string;
}

// A case being filled in. Kept encrypted on the device from the first keystroke; survives reload and power cut.
export interface Draft {
  id: string;
  item: string;
  item_name: string;
  release: number;
  situations: string[]; // names chosen
  materials: { name: string; have: boolean }[];
  applicant: Applicant;
  proxy: Proxy | null;
  mandate?: Mandate | null; // drafts from before 0.2 have none
  alone?: boolean; // 16 or 17 and acts without a guardian
  note: string;
  updated_at: string;
}

// A photo or a PDF put to a draft, and of the case it became.
export interface Paper {
  id: string;
  material: string; // of the draft's list; "" for something else
  kind: "image/jpeg" | "application/pdf";
  bytes: number;
  thumb: Uint8Array<ArrayBuffer>; // a small JPEG; empty for a PDF
  state: "held" | "waiting" | "sent" | "refused"; // with a draft | on its way | at the centre | the centre will not have it
  arrived: number; // bytes
  stopped?: boolean; // it waits, but a person stopped its upload
  here: boolean; // its bytes are on this device
  problem: string; // sentence, "" unless refused
}

export type SendState = "waiting" | "sent" | "refused"; // no verdict yet | accepted by the centre | rejected by it

export interface RecordRow {
  kind: "case" | "supplement" | "withdrawal" | "rating" | "notice" | "question" | "message";
  id: string; // case number for cases
  title: string;
  at: string;
  send: SendState;
  problem: string; // sentence, "" unless refused
  progress: string; // cases: last state from the centre, "" when none
  papers: { waiting: number; refused: number }; // photos and papers of a case on their way, and not taken
  asked: "" | "returned" | "owed"; // cases: something must be brought
  rates: string; // cases: what may be rated now: the visit in which it was handed in, or the decided matter; "" once done
}

/** What is left for the centre when nobody takes a call. */
export interface Word {
  text: string;
  item: string; // "" for none
  release: number;
  day: string; // of the wished call-back; "" for as soon as possible
  part: "soon" | "morning" | "afternoon";
  why: "offline" | "unstaffed" | "waiting" | "unanswered" | "asked";
  language: string;
}

export interface LeftWord extends Pick<Word, "text" | "item" | "day" | "part"> {
  id: string;
  event: string;
  left_at: string;
  state: "waiting" | "refused" | "left" | "taken" | "rung" | "closed"; // the first two: how far it came up
  agent_name: string;
  tries: number; // how often the centre rang
  due_from: string;
  note: string; // of the centre, when it closed it without a call
  said_at: string;
  problem: string; // sentence, "" unless refused
}

export interface CaseFull extends Draft {
  case_no: string;
  submitted_at: string;
  send: SendState;
  progress: { state: string; note: string; at: string; missing: string[] }[];
  state: string; // code of the last state the centre told; "submitted" before it said anything
  missing: string[]; // returned: everything that is missing
  owed: string[]; // may follow later, by owed_due
  owed_due: string; // 2026-12-01, "" when nothing is owed
  due: string; // the centre's next step, "" when no term runs
  result: string; // of a case that is done
  follow: string; // secret of the receipt; "" for cases of earlier programs
  pending: "" | "supplement" | "withdraw"; // made here, the centre has not answered
  refusal: string; // sentence, when the centre refused the last of those
  may: { supplement: boolean; withdraw: boolean };
  documents: ResultDocument[]; // that the decision made
}

// A document that a decision made; its bytes stay at the centre until somebody comes for it.
export interface ResultDocument {
  id: string;
  name: string;
  number: string; // of the certificate, "" for none
  kind: string; // application/pdf | image/jpeg | "" for a number without a paper
  bytes: number;
  sha256: string;
  at: string;
  withdrawn: string; // why it was taken back, "" while it stands
}

// What is handed in after a case: the whole list of materials as it stands now, and corrected fields.
export interface Supplement {
  materials: { name: string; have: boolean }[];
  applicant: Applicant | null; // null: unchanged
  note: string;
}

export interface Rating {
  matter: string; // case number, or "" for a visit without a case
  level: 1 | 2 | 3 | 4 | 5; // 1 非常满意 … 5 非常不满意
  reasons: string[];
  text: string;
}

/** What came of one file on a USB stick. */
export interface StickDone {
  kind: "up" | "receipt" | "down";
  bytes: number;
  data: Uint8Array<ArrayBuffer> | null; // of an outbox
  events: number; // put in, or answered
  files: number;
  left: number; // papers that still wait
  refused: number;
  messages: number;
  changed: boolean; // another release of the knowledge is held now
  held: number;
  offered: number;
}

// What a photo of a card says: proposals, each for a person to confirm.
export interface CardReading {
  kind_name: string; // 居民身份证 …; "" when it is no card we know
  fields: CardField[];
  here: boolean; // read on this device; the photo did not leave it
}

/** What a person wants of the recognition pack (识别包). */
export type RecognitionWish = "offer" | "install" | "pause" | "go" | "remove";

/** The recognition pack on this device: with it cards are read here, without the link. */
export interface Recognition {
  state: "none" | "fetching" | "paused" | "here" | "old"; // old: of another version of the program, to be fetched anew
  bytes: number | null; // of the whole pack; null before the centre was asked
  done: number; // bytes that are here while it is fetched
  waits: "" | "call" | "round" | "link"; // why nothing comes at the moment
  problem: { code: string; message: string; next: string } | null; // what stopped the last go
}

export interface CardField {
  name: string; // name | sex | nation | birth | address | id_number | office | valid | uscc | company
  label: string;
  value: string;
  sure: number; // 0 to 1
  note: string; // what speaks against it
  box: [left: number, top: number, right: number, bottom: number] | null; // in parts of the photo
}

export interface StoreApi {
  boot(): Promise<Boot>;
  enrol(code: string): Promise<Device>; // registers the key, then starts the first download in the background
  status(): Promise<Status>;
  syncNow(): Promise<Status>;

  items(filter?: { domain?: string; text?: string }): Promise<ItemRow[]>;
  domains(): Promise<{ code: string; name: string; count: number }[]>;
  item(slug: string): Promise<Item>; // rejects item.missing
  regions(parent: string): Promise<{ code: string; name: string }[]>;

  ask(text: string): Promise<Answer>; // stores question.asked when `picked` is told, or at the next question
  picked(id: string, slug: string | null): Promise<void>; // what the person opened; null: 都不是
  newNotice(slug: string): Promise<Notice>; // takes the next number
  noticePrinted(slug: string, situations: string[], number: string): Promise<void>;

  drafts(): Promise<Draft[]>;
  draft(id: string): Promise<Draft>;
  newDraft(slug: string, situations: string[]): Promise<Draft>;
  saveDraft(draft: Draft): Promise<void>;
  dropDraft(id: string): Promise<void>;
  submit(draft_id: string): Promise<{ case_no: string }>; // idempotent: a second call returns the same number

  papers(of: string): Promise<Paper[]>; // a draft's id or a case number
  /** Its id; rejects paper.*. `original`: the picture that the page was cut from, kept until the centre has the page. */
  addPaper(draft: string, material: string, data: Uint8Array<ArrayBuffer>, thumb: Uint8Array<ArrayBuffer>, original?: Uint8Array<ArrayBuffer>): Promise<string>;
  dropPaper(id: string): Promise<void>; // off the draft
  putBackPaper(id: string): Promise<void>; // undoes it, until the draft is handed in
  swapPapers(one: string, other: string): Promise<void>; // two of one draft change places
  paperData(id: string, original?: boolean): Promise<Uint8Array<ArrayBuffer> | null>; // null: at the centre, or no original
  resultData(case_no: string, id: string): Promise<Uint8Array<ArrayBuffer>>; // fetched from the centre; rejects result.gone, net.*
  retryPaper(id: string): Promise<void>; // a refused one once more
  dismissPaper(id: string): Promise<void>; // a refused one is given up
  stopPaper(id: string, stopped: boolean): Promise<void>; // the upload of one that waits: ended, or begun again
  pausePapers(paused: boolean): Promise<void>;

  readCard(paper: string, centre?: boolean): Promise<CardReading>; // here when the pack is, else (or when `centre`) the photo goes to the centre once; rejects reading.*
  recognition(wish?: RecognitionWish): Promise<Recognition>; // "offer": asks the centre for the size; rejects reading.pack, reading.space

  rate(rating: Rating): Promise<void>; // rejects rating.twice
  records(): Promise<RecordRow[]>;
  caseFull(case_no: string): Promise<CaseFull>;
  supplement(case_no: string, supplement: Supplement): Promise<void>; // rejects case.still
  withdraw(case_no: string, reason: string): Promise<void>; // rejects case.still
  twins(draft_id: string): Promise<string[]>; // open cases of this device with the same person and item
  retryRefused(id: string): Promise<void>; // puts a refused event back into the queue under the same id

  recordings(item: string): Promise<Recording[]>; // what there is for an item, and whether it is here
  recording(sha256: string): Promise<Uint8Array<ArrayBuffer> | null>; // its bytes; null: not here
  media(): Promise<MediaStatus>;
  chooseMedia(languages: string[] | null, paused: boolean): Promise<void>; // null: the languages of the region; []: none
  people(): Promise<People>;
  admit(username: string, password: string): Promise<Guide>; // by link, proved by the centre; setPin completes it
  setPin(pin: string): Promise<void>; // of who was admitted; rejects people.pin
  changePin(before: string, pin: string): Promise<void>; // of who is logged in
  unlock(id: string, pin: string): Promise<Guide>; // rejects people.wrong, people.wait, people.link
  lock(): Promise<void>;
  touch(): Promise<void>; // somebody is at the keyboard
  othersDrafts(): Promise<number>; // that wait for other guides

  stick(file: Uint8Array<ArrayBuffer> | null): Promise<StickDone>; // null: the outbox as a file; else a file of the centre
  leaveWord(word: Word): Promise<void>; // rejects draft.field
  leftWords(): Promise<LeftWord[]>;
  sign(text: string): Promise<string>; // base64 ECDSA P-256/SHA-256 (raw r||s) by the device key
  subscribe(listener: (status: Status) => void): () => void;
}
