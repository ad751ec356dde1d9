// The calls of StoreApi as they cross windows.
import type { Boot, StoreApi } from "./types";

/** What the page remembers of this device in localStorage, to notice when the browser lost the rest. */
export interface Mark {
  device: string;
  release: number | null;
}

/** The API as it crosses windows: without listeners; `boot` takes the page's mark. */
export type Calls = Omit<StoreApi, "subscribe" | "boot"> & { boot(mark: Mark | null): Promise<Boot> };

const METHODS = new Set<string>([
  "boot", "enrol", "status", "syncNow", "items", "domains", "item", "regions", "ask", "picked", "newNotice", "noticePrinted",
  "drafts", "draft", "newDraft", "saveDraft", "dropDraft", "submit", "rate", "records", "caseFull", "supplement", "withdraw", "twins", "retryRefused", "leaveWord", "leftWords", "sign",
  "papers", "addPaper", "dropPaper", "putBackPaper", "swapPapers", "paperData", "resultData", "retryPaper", "dismissPaper", "stopPaper", "pausePapers", "readCard", "recognition", "stick",
  "recordings", "recording", "media", "chooseMedia",
  "people", "admit", "setPin", "changePin", "unlock", "lock", "touch", "othersDrafts",
] satisfies (keyof Calls)[]); // prettier-ignore

/** Whether a name that arrived in a message is one of the calls. */
export const isCall = (name: string): name is keyof Calls => METHODS.has(name);

/** Calls that change something: carried out one after the other, and answered the same when asked again. */
export const CHANGING: ReadonlySet<string> = new Set(["ask", "picked", "newNotice", "noticePrinted", "newDraft", "saveDraft", "dropDraft", "submit", "supplement", "withdraw", "rate", "retryRefused", "leaveWord", "enrol", "addPaper", "dropPaper", "putBackPaper", "swapPapers", "retryPaper", "dismissPaper", "stopPaper", "pausePapers", "stick", "admit", "setPin", "changePin", "unlock", "lock"]);

/** Calls about persons: only for a guide who is logged in. */
export const PERSONAL: ReadonlySet<string> = new Set(["drafts", "draft", "newDraft", "saveDraft", "dropDraft", "submit", "papers", "addPaper", "dropPaper", "putBackPaper", "swapPapers", "paperData", "resultData", "readCard", "stopPaper", "retryPaper", "dismissPaper", "records", "caseFull", "supplement", "withdraw", "twins", "retryRefused", "leaveWord", "leftWords", "othersDrafts"]);
