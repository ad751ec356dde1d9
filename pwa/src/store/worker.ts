// The one owner of the on-device files. Only the window that holds the Web Lock starts it (client.ts), so that two
// windows never fight for the OPFS handles; it serves all windows over a BroadcastChannel.
/// <reference lib="webworker" />
import type { SAHPoolUtil, Sqlite3Static } from "@sqlite.org/sqlite-wasm";

import { asProblem, Problem, problem } from "../kit/problems";
import { openPart } from "../sync/parts";
import type { World } from "../sync/runner";
import { CHANGING, isCall } from "./calls";
import { Db } from "./db";
import { Field } from "./field";
import { IndexedIdentity } from "./identity";
import { Knowledge } from "./knowledge";
import { Lingua } from "./lingua";
import { CALL_LOCK, CHANNEL, type Frame } from "./tabs";
import { type Disk, Village } from "./village";

declare const __APP_VERSION__: string;
declare const self: DedicatedWorkerGlobalScope;

const TRIES = 60; // × 100 ms: the browser releases the handles of a closed window a little later
const STATUS_EVERY_MS = 120;
const QUOTA_EVERY_MS = 10_000; // the browser adds up all files to answer
const KEEP_ANSWERS = 200;


const channel = new BroadcastChannel(CHANNEL);
const owner = crypto.randomUUID();
const post = (frame: Frame): void => channel.postMessage(frame);

const CAPACITY = 12; // files and their journals
const POOL = {
  name: "jjb-pool",
  directory: "/jjb-files",
  initialCapacity: CAPACITY,
  forceReinitIfPreviouslyFailed: true,
  preserveOnInitFailure: true, // without it a pool that cannot be opened (a second owner) DELETES all its files
};

async function openPool(sqlite3: Sqlite3Static): Promise<SAHPoolUtil> {
  for (let attempt = 1; ; attempt++) {
    try {
      const pool = await sqlite3.installOpfsSAHPoolVfs(POOL);
      await pool.reserveMinimumCapacity(CAPACITY); // devices of before the media scope made fewer
      return pool;
    } catch (error) {
      // NoModificationAllowedError: the previous owner's handles are not released yet. Never fall back to memory.
      if (attempt >= TRIES) throw problem("storage.closed", { cause: String(error) });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Opens a database of the pool. */
function openDb(sqlite3: Sqlite3Static, pool: SAHPoolUtil, name: string): Db {
  const db = new Db(sqlite3, new pool.OpfsSAHPoolDb(name));
  // One owner, so no locking to and fro; FULL: a power cut must not take back what was shown as stored.
  db.run("PRAGMA locking_mode=exclusive; PRAGMA journal_mode=truncate; PRAGMA synchronous=full; PRAGMA temp_store=memory");
  return db;
}

/** The file of a scope; it only repeats what the centre signed, so a damaged one is fetched again. */
function openScope<S>(sqlite3: Sqlite3Static, pool: SAHPoolUtil, name: string, Scope: new (db: Db) => S): S {
  try {
    return new Scope(openDb(sqlite3, pool, name));
  } catch (error) {
    if (asProblem(error).code !== "storage.damaged") throw error;
    pool.unlink(name);
    return new Scope(openDb(sqlite3, pool, name));
  }
}

let quotaSeen: { at: number; value: Awaited<ReturnType<Disk["quota"]>> } | null = null;

const disk: Disk = {
  persisted: () => navigator.storage.persisted(),
  // Only windows may ask the browser; client.ts does it after enrolment.
  askToPersist: () => navigator.storage.persisted(),
  async quota() {
    if (quotaSeen && Date.now() - quotaSeen.at < QUOTA_EVERY_MS) return quotaSeen.value;
    const { usage, quota } = await navigator.storage.estimate();
    const value = usage === undefined || quota === undefined ? null : { used: usage, free: Math.max(0, quota - usage) };
    quotaSeen = { at: Date.now(), value };
    return value;
  },
};

let village: Village | null = null;
let statusTimer: ReturnType<typeof setTimeout> | undefined;

function tellStatus(): void {
  statusTimer ??= setTimeout(async () => {
    statusTimer = undefined;
    if (village) post({ kind: "status", status: await village.status() });
  }, STATUS_EVERY_MS);
}

const world: World = {
  app: __APP_VERSION__,
  browser: navigator.userAgent.slice(0, 200),
  now: () => Date.now(),
  random: () => Math.random(),
  onLine: () => navigator.onLine,
  disk: () => disk.quota(),
  openPart,
  fetcher: (input, init) => fetch(input, init),
  calling: async () => ((await navigator.locks.query()).held ?? []).some(({ name }) => name === CALL_LOCK),
  changed: tellStatus,
};

async function open(): Promise<Village> {
  const { default: sqlite3InitModule } = await import("@sqlite.org/sqlite-wasm");
  const sqlite3 = await sqlite3InitModule();
  const pool = await openPool(sqlite3);
  const field = new Field(openDb(sqlite3, pool, "/field.db"));
  const knowledge = openScope(sqlite3, pool, "/knowledge.db", Knowledge);
  const lingua = openScope(sqlite3, pool, "/lingua.db", Lingua);
  const { Media } = await import("./media"); // apart: nobody waits for it
  const media = openScope(sqlite3, pool, "/media.db", Media);
  const opened = new Village(world, disk, new IndexedIdentity(), knowledge, lingua, field, media);
  await opened.wake();
  return opened;
}

const answers = new Map<string, Promise<Frame>>();

/** The answer to a call; the same promise for the same id of a call that changes something. */
function answer(id: string, method: string, args: unknown[]): Promise<Frame> {
  const known = answers.get(id);
  if (known) return known;
  if (!CHANGING.has(method)) return carryOut(id, method, args);
  const made = carryOut(id, method, args);
  answers.set(id, made);
  if (answers.size > KEEP_ANSWERS) answers.delete(String(answers.keys().next().value));
  return made;
}

async function carryOut(id: string, method: string, args: unknown[]): Promise<Frame> {
  try {
    if (!village || !isCall(method)) throw problem("storage.closed");
    return { kind: "reply", id, value: await village.dispatch(id, method, args) };
  } catch (error) {
    if (!(error instanceof Problem)) console.error(method, error);
    return { kind: "failed", id, problem: asProblem(error).toWire() };
  }
}

channel.onmessage = ({ data }: MessageEvent<Frame>): void => {
  if (!village) return; // the windows ask again when we say that we are the owner
  if (data.kind === "hello") post({ kind: "owner", owner });
  if (data.kind === "poke") village.poke();
  if (data.kind !== "call") return;
  const { id, method, args } = data;
  post({ kind: "working", id });
  void answer(id, method, args).then(post);
};

self.addEventListener("online", () => village?.poke());
self.addEventListener("offline", tellStatus);

open().then(
  (opened) => {
    village = opened;
    post({ kind: "owner", owner });
  },
  (error: unknown) => {
    console.error("The store cannot be opened:", error);
    post({ kind: "stuck", problem: asProblem(error).toWire() });
    self.postMessage("stuck"); // to the window that started this worker: it may start another one
    self.close();
  },
);
