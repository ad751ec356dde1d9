// While somebody talks with the centre, papers of cases leave the link to the talk. A Web Lock says so to the store: it
// ends with the window, whatever happens to it.
import { CALL_LOCK } from "../store/tabs";

let release: (() => void) | null = null;

/** Says whether a talk runs in this window. */
export function holdLink(talking: boolean): void {
  if (!talking) {
    release?.();
    release = null;
  } else if (!release && "locks" in navigator) {
    const held = new Promise<void>((resolve) => (release = resolve));
    void navigator.locks.request(CALL_LOCK, { mode: "shared" }, () => held);
  }
}
