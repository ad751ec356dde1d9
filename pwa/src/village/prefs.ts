// How this page looks to whoever sits before it: kept on the device, holds nothing about any person.
import { reactive, watchEffect } from "vue";

export type TypeSize = "m" | "l" | "xl";

interface Prefs {
  citizen: boolean; // 群众大字版: large type, no personal records
  size: TypeSize;
  keys: boolean; // single-key shortcuts
  roll: boolean; // notices go to an 80 mm receipt printer instead of A4
}

const PLACE = "jjb-look";

function remembered(): Prefs {
  const plain: Prefs = { citizen: false, size: "m", keys: true, roll: false };
  try {
    return { ...plain, ...(JSON.parse(localStorage.getItem(PLACE) ?? "{}") as Partial<Prefs>) };
  } catch {
    return plain; // a locked or damaged storage must not keep the page shut
  }
}

export const prefs = reactive<Prefs>(remembered());

/** The size in force: the citizen view is never smaller than 大. */
export function sizeInForce(): TypeSize {
  return prefs.citizen && prefs.size === "m" ? "l" : prefs.size;
}

/** Puts the look on <html> and remembers it. */
export function followPrefs(): void {
  watchEffect(() => {
    document.documentElement.dataset.size = sizeInForce();
    try {
      localStorage.setItem(PLACE, JSON.stringify(prefs));
    } catch {
      // without storage the choice lasts until the page closes
    }
  });
}
