// Whether the centre may ring this computer: while something that was left waits for its call-back, the line stays open.
import { watch } from "vue";
import { store } from "../../store/client";
import { useStatus } from "../use";
import { expect } from "../../call/village";

const WAITS = new Set(["left", "taken", "rung"]);
const KEY = "jjb-expects"; // known also while the page is locked

/** Looks after each round, for the life of the page. */
export function watchWords(): void {
  const status = useStatus();
  watch(
    () => [status.value?.last_success, status.value?.link, status.value?.shut, status.value?.waiting] as const,
    async ([, link]) => {
      const device = status.value?.enrolled?.id;
      if (!device || link === "offline" || status.value?.revoked) return;
      const words = await store.leftWords().catch(() => null); // locked: as it was
      if (words) localStorage.setItem(KEY, words.some((one) => WAITS.has(one.state)) ? "yes" : "");
      expect(device, localStorage.getItem(KEY) === "yes");
    },
    { immediate: true },
  );
}
