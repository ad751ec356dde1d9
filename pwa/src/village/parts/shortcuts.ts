// Single-key shortcuts. They rest while somebody types or a dialog is open.
import { onBeforeUnmount, onMounted } from "vue";
import { useRouter } from "vue-router";
import { prefs } from "../prefs";
import { RAIL } from "./rail";

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Listens for the keys while the component lives; `?` calls `sheet`. */
export function useShortcuts(sheet: () => void): void {
  const router = useRouter();
  function pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || typing(event.target)) return;
    const go = event.key === "?" || event.key === "？" ? sheet : place(event.key);
    if (!go) return;
    event.preventDefault();
    go();
  }
  function place(key: string): (() => void) | undefined {
    if (!prefs.keys || document.querySelector("dialog:modal")) return undefined;
    const to = key === "/" ? "/ask" : RAIL.filter((entry) => !prefs.citizen || entry.open)[Number(key) - 1]?.to;
    return to === undefined ? undefined : () => void router.push(to);
  }
  onMounted(() => window.addEventListener("keydown", pressed));
  onBeforeUnmount(() => window.removeEventListener("keydown", pressed));
}
