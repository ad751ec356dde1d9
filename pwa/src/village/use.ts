// What screens share: the store's status as a ref, loading with its three faces, and the sentence of an error.
import { onScopeDispose, readonly, ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { asProblem } from "../kit/problems";
import { store } from "../store/client";
import type { Status } from "../store/types";

export interface Sentence {
  message: string;
  next: string;
}

export function sentenceOf(error: unknown): Sentence {
  const { message, next } = asProblem(error);
  return { message, next };
}

const latest = shallowRef<Status | null>(null);
store.subscribe((status) => {
  latest.value = status;
});

/** Status of the store, kept fresh for the whole life of the page. */
export function useStatus(): Readonly<ShallowRef<Status | null>> {
  if (!latest.value) {
    store.status().then(
      (status) => (latest.value = latest.value ?? status),
      () => undefined, // boot tells what is wrong; the strip then shows nothing rather than a guess
    );
  }
  return latest;
}

const ticking = ref(new Date());

/** The time, renewed every half minute, for "3 分钟前". */
export function useNow(): Readonly<Ref<Date>> {
  ticking.value = new Date();
  const timer = setInterval(() => (ticking.value = new Date()), 30_000);
  onScopeDispose(() => clearInterval(timer));
  return readonly(ticking) as Readonly<Ref<Date>>;
}

export interface Load<T> {
  value: ShallowRef<T | null>;
  problem: ShallowRef<Sentence | null>;
  busy: Ref<boolean>;
  again: () => Promise<void>;
}

/** Runs `work` now and whenever `again` is called; an older answer never overwrites a newer one. */
export function useLoad<T>(work: () => Promise<T>): Load<T> {
  const value = shallowRef<T | null>(null);
  const problem = shallowRef<Sentence | null>(null);
  const busy = ref(false);
  let round = 0;
  const again = async (): Promise<void> => {
    const mine = ++round;
    busy.value = true;
    try {
      const found = await work();
      if (mine !== round) return;
      value.value = found;
      problem.value = null;
    } catch (error) {
      if (mine === round) problem.value = sentenceOf(error);
    } finally {
      if (mine === round) busy.value = false;
    }
  };
  void again();
  return { value, problem, busy, again };
}

/** Guards one action: a second press while the first runs does nothing; an error becomes a sentence. */
export function useAction(): {
  busy: Ref<boolean>;
  problem: ShallowRef<Sentence | null>;
  run: (work: () => Promise<void>) => Promise<void>;
} {
  const busy = ref(false);
  const problem = shallowRef<Sentence | null>(null);
  const run = async (work: () => Promise<void>): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    problem.value = null;
    try {
      await work();
    } catch (error) {
      problem.value = sentenceOf(error);
    } finally {
      busy.value = false;
    }
  };
  return { busy, problem, run };
}

/** How many forms with unsaved typing are open; a new version is not offered meanwhile. */
export const openForms = ref(0);
