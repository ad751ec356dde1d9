// A reply drafted by the centre's model, one at a time for each talk. It goes into the message box and nowhere else; what was
// in the box stays, and one press takes the draft out again.
import { markRaw, reactive } from "vue";
import { asProblem } from "../kit/problems";
import { api, type DraftedReply } from "./api";
import { desk } from "./desk";

/** The centre gives up long before. */
const PATIENCE_MS = 150_000;
const LATE = "late";

export type Drafting =
  | { state: "busy"; since: number; stop: AbortController }
  | { state: "failed"; problem: { message: string; next: string } }
  | { state: "done"; reply: DraftedReply; before: string; after: string };

/** By talk; no entry when nothing was asked for. */
export const drafting = reactive<Record<string, Drafting>>({});

/** The box with a draft in it: what the agent has typed goes first. */
export const fill = (box: string, text: string): string => (box.trim() === "" ? text : `${box.trimEnd()}\n${text}`);

/** Ask for a draft; true when it is in the box. A second press while one is on its way does nothing. */
export async function draftReply(talk: string): Promise<boolean> {
  if (drafting[talk]?.state === "busy") return false;
  const stop = markRaw(new AbortController());
  const timer = setTimeout(() => stop.abort(LATE), PATIENCE_MS);
  drafting[talk] = { state: "busy", since: Date.now(), stop };
  try {
    const reply = await api.draftReply(talk, stop.signal);
    if (stop.signal.aborted) return false;
    const before = desk.drafts[talk] ?? "";
    const after = fill(before, reply.text);
    desk.drafts[talk] = after;
    drafting[talk] = { state: "done", reply, before, after };
    return true;
  } catch (error) {
    if (stop.signal.aborted && stop.signal.reason !== LATE) return false;
    const { code, message, next } = asProblem(error);
    if (code === "access.login") desk.login = true;
    drafting[talk] = { state: "failed", problem: { message, next } };
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Stop waiting, or put away what is shown; the box stays as it is. */
export function dismiss(talk: string): void {
  const found = drafting[talk];
  delete drafting[talk];
  if (found?.state === "busy") found.stop.abort();
}

/** Take the draft out of the box again, as long as nobody has edited it. */
export function undo(talk: string): void {
  const found = drafting[talk];
  if (found?.state === "done" && desk.drafts[talk] === found.after) desk.drafts[talk] = found.before;
  dismiss(talk);
}
