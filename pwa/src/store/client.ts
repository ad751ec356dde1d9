// The window's side of the store. The first window gets the Web Lock and starts the worker that owns the files; the
// others are served by it. When the owner closes, the lock passes to the next window, which opens the files and asks
// everybody to repeat what was not answered. A window that holds a lock is not put to sleep by the browser.
import { Problem, problem, type ProblemWire } from "../kit/problems";
import { CHANNEL, type Frame, LOCK } from "./tabs";
import type { Boot, Status, StoreApi } from "./types";

const PATIENCE_MS = 30_000; // without any sign of life of an owner; putting a large first pack in place keeps it busy
const MARK = "jjb-device";

interface Waiting {
  frame: Frame & { kind: "call" };
  resolve(value: unknown): void;
  reject(problem: Problem): void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const waiting = new Map<string, Waiting>();
const listeners = new Set<(status: Status) => void>();
let channel: BroadcastChannel | null = null;
let owner = "";

/** What this browser lacks, as the sentence to show; null when it has all we need. */
function unsupported(): (Boot & { state: "unsupported" }) | null {
  if (!globalThis.isSecureContext) {
    return {
      state: "unsupported",
      message: "这个地址不安全，浏览器不让网页在本机保存资料。",
      next: "请用 https 开头的地址打开就近办；在本机试用时用 http://localhost。",
    };
  }
  const has =
    typeof navigator.storage?.getDirectory === "function" &&
    "locks" in navigator &&
    typeof BroadcastChannel !== "undefined" &&
    typeof FileSystemFileHandle !== "undefined" &&
    "crypto" in globalThis &&
    typeof crypto.subtle === "object";
  if (has) return null;
  const { message, next } = problem("storage.unsupported");
  return { state: "unsupported", message, next };
}

// ---- the owner ----

let owning = false; // this window holds the lock
let worker: Worker | null = null;

function becomeOwnerInTurn(): void {
  void navigator.locks.request(LOCK, () => {
    owning = true;
    startWorker();
    return new Promise<never>(() => undefined); // held until this window closes
  });
}

function startWorker(): void {
  const started = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "jjb-store" });
  worker = started;
  started.addEventListener("message", () => (worker = null)); // it could not open the files and has closed itself
  started.addEventListener("error", (event) => {
    console.error("The store's worker failed:", event.message);
    started.terminate();
    worker = null;
    setTimeout(reviveWorker, 5_000); // so that sending goes on even if nobody touches the page
    const wire = problem("storage.closed").toWire();
    channel?.postMessage({ kind: "stuck", problem: wire } satisfies Frame);
    failAll(wire);
  });
}

/** After a failure the next call of any window tries anew. */
function reviveWorker(): void {
  if (owning && !worker) startWorker();
}

// ---- frames ----

function connect(): BroadcastChannel {
  if (channel) return channel;
  channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<Frame>) => take(data);
  becomeOwnerInTurn();
  channel.postMessage({ kind: "hello" } satisfies Frame);
  const poke = (): void => {
    if (document.visibilityState === "visible") channel?.postMessage({ kind: "poke" } satisfies Frame);
  };
  document.addEventListener("visibilitychange", poke);
  window.addEventListener("online", poke);
  return channel;
}

function take(frame: Frame): void {
  switch (frame.kind) {
    case "reply":
      return settle(frame.id, (call) => call.resolve(frame.value));
    case "failed":
      return settle(frame.id, (call) => call.reject(fromWire(frame.problem)));
    case "working":
      return clearTimeout(waiting.get(frame.id)?.timer);
    case "owner":
      return follow(frame.owner);
    case "stuck":
      return failAll(frame.problem);
    case "status":
      return tell(frame.status);
    case "call":
      return reviveWorker();
  }
}

function settle(id: string, how: (call: Waiting) => void): void {
  const call = waiting.get(id);
  if (!call) return;
  clearTimeout(call.timer);
  waiting.delete(id);
  how(call);
}

/** A new owner: what the old one did not answer is asked again, under the same ids. */
function follow(name: string): void {
  if (name === owner) return;
  owner = name;
  for (const call of waiting.values()) {
    channel?.postMessage(call.frame);
    losePatience(call);
  }
  tellLater();
}

function failAll(wire: ProblemWire): void {
  for (const id of [...waiting.keys()]) settle(id, (call) => call.reject(fromWire(wire)));
}

function losePatience(call: Waiting): void {
  clearTimeout(call.timer);
  call.timer = setTimeout(() => settle(call.frame.id, ({ reject }) => reject(problem("tab.silent"))), PATIENCE_MS);
}

const fromWire = ({ code, message, next }: ProblemWire): Problem => new Problem(code, message, next);

function call<T>(method: keyof StoreApi, ...args: unknown[]): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const frame = { kind: "call", id: crypto.randomUUID(), method, args: plain(args) } as const;
    const entry: Waiting = { frame, resolve: resolve as (value: unknown) => void, reject, timer: undefined };
    waiting.set(frame.id, entry);
    connect().postMessage(frame);
    reviveWorker();
    losePatience(entry);
  });
}

/** Reactive proxies of the screens cannot be cloned into a message; bytes can. */
const plain = (args: unknown[]): unknown[] =>
  args.map((arg) => (arg instanceof Uint8Array ? arg : (JSON.parse(JSON.stringify(arg ?? null)) as unknown)));

// ---- status and mark ----

function tell(status: Status): void {
  remember(status);
  listeners.forEach((listener) => listener(status));
}

function tellLater(): void {
  if (listeners.size > 0) void store.status().then(tell, () => undefined);
}

function remember(status: Status): void {
  if (!status.enrolled) return;
  try {
    localStorage.setItem(MARK, JSON.stringify({ device: status.enrolled.id, release: status.release }));
  } catch {
    // without it only the warning about lost data is weaker
  }
}

function mark(): unknown {
  try {
    return JSON.parse(localStorage.getItem(MARK) ?? "null") as unknown;
  } catch {
    return null;
  }
}

// ---- the API ----

async function boot(): Promise<Boot> {
  const missing = unsupported();
  if (missing) return missing;
  const found = await call<Boot>("boot", mark());
  if (found.state === "ready" || found.state === "empty") tellLater();
  return found;
}

export const store: StoreApi = {
  boot,
  async enrol(code) {
    const device = await call<Awaited<ReturnType<StoreApi["enrol"]>>>("enrol", code);
    await navigator.storage.persist().catch(() => false); // granted silently, asked, or refused: status says which
    tellLater();
    return device;
  },
  status: () => call("status"),
  syncNow: () => call("syncNow"),
  items: (filter) => call("items", filter ?? {}),
  domains: () => call("domains"),
  item: (slug) => call("item", slug),
  regions: (parent) => call("regions", parent),
  ask: (text) => call("ask", text),
  picked: (id, slug) => call("picked", id, slug),
  newNotice: (slug) => call("newNotice", slug),
  noticePrinted: (slug, situations, number) => call("noticePrinted", slug, situations, number),
  drafts: () => call("drafts"),
  draft: (id) => call("draft", id),
  newDraft: (slug, situations) => call("newDraft", slug, situations),
  saveDraft: (draft) => call("saveDraft", draft),
  dropDraft: (id) => call("dropDraft", id),
  submit: (draft_id) => call("submit", draft_id),
  papers: (of) => call("papers", of),
  addPaper: (...paper) => call("addPaper", ...paper),
  dropPaper: (id) => call("dropPaper", id),
  putBackPaper: (id) => call("putBackPaper", id),
  swapPapers: (one, other) => call("swapPapers", one, other),
  paperData: (id, original) => call("paperData", id, original),
  resultData: (case_no, id) => call("resultData", case_no, id),
  retryPaper: (id) => call("retryPaper", id),
  dismissPaper: (id) => call("dismissPaper", id),
  stopPaper: (id, stopped) => call("stopPaper", id, stopped),
  pausePapers: (paused) => call("pausePapers", paused),
  readCard: (paper, centre) => call("readCard", paper, centre),
  recognition: (wish) => call("recognition", wish),
  rate: (rating) => call("rate", rating),
  records: () => call("records"),
  caseFull: (case_no) => call("caseFull", case_no),
  supplement: (case_no, supplement) => call("supplement", case_no, supplement),
  withdraw: (case_no, reason) => call("withdraw", case_no, reason),
  twins: (draft_id) => call("twins", draft_id),
  retryRefused: (id) => call("retryRefused", id),
  recordings: (item) => call("recordings", item),
  recording: (sha256) => call("recording", sha256),
  media: () => call("media"),
  chooseMedia: (languages, paused) => call("chooseMedia", languages, paused),
  people: () => call("people"),
  admit: (username, password) => call("admit", username, password),
  setPin: (pin) => call("setPin", pin),
  changePin: (before, pin) => call("changePin", before, pin),
  unlock: (id, pin) => call("unlock", id, pin),
  lock: () => call("lock"),
  touch: () => call("touch"),
  othersDrafts: () => call("othersDrafts"),
  stick: (file) => call("stick", file),
  leaveWord: (word) => call("leaveWord", word),
  leftWords: () => call("leftWords"),
  sign: (text) => call("sign", text),
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
