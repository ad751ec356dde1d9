// Saving a form as it is typed: soon after the last key, at once when the page hides or the screen closes.
import { onBeforeUnmount, ref, type Ref } from "vue";

const PAUSE_MS = 400;

export interface Autosave {
  pending: Ref<boolean>; // typed but not yet stored
  saved: Ref<string | null>; // ISO time of the last success
  failed: Ref<unknown>; // the last failure, null after a success
  touch: () => void;
  flush: () => Promise<void>;
}

/** `save` stores the whole form; saves never overlap, and what was typed meanwhile is saved after. */
export function useAutosave(save: () => Promise<void>): Autosave {
  const pending = ref(false);
  const saved = ref<string | null>(null);
  const failed = ref<unknown>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> = Promise.resolve();

  const once = async (): Promise<void> => {
    if (!pending.value) return;
    pending.value = false;
    try {
      await save();
      saved.value = new Date().toISOString();
      failed.value = null;
    } catch (error) {
      pending.value = true;
      failed.value = error;
    }
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    running = running.then(once);
    return running;
  };
  const touch = (): void => {
    pending.value = true;
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), PAUSE_MS);
  };
  const hidden = (): void => {
    if (document.visibilityState === "hidden") void flush();
  };
  document.addEventListener("visibilitychange", hidden);
  window.addEventListener("pagehide", hidden);
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", hidden);
    window.removeEventListener("pagehide", hidden);
    void flush();
  });
  return { pending, saved, failed, touch, flush };
}
