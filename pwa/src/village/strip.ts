// Receipt paper of 80 mm: the strip is one page as long as what stands on it. @page cannot be said for one element only,
// so it comes and goes with the screen; not as a <style>, which the page's content security policy forbids.
import { nextTick, onBeforeUnmount, onMounted, watch, type Ref } from "vue";
import { prefs } from "./prefs";

const MM = 25.4 / 96; // a CSS pixel in millimetres
const SPARE = 6; // millimetres: print rounds otherwise than the screen, and a second page would be a second cut

/** Keeps the paper's size at the sheet's while a screen is open; `printing` runs before each print. */
export function useStrip(sheet: Readonly<Ref<HTMLElement | null>>, content: () => unknown, printing: () => void = () => undefined): void {
  const page = new CSSStyleSheet();
  const fit = (): void => {
    const strip = prefs.roll && sheet.value ? sheet.value.getBoundingClientRect().height * MM + SPARE : 0;
    page.replaceSync(strip > 0 ? `@page { size: 80mm ${Math.ceil(strip)}mm; margin: 0; }` : "");
  };
  const before = (): void => {
    fit();
    printing();
  };
  watch([() => prefs.roll, () => prefs.size, () => prefs.citizen, content], () => nextTick(fit), { flush: "post", immediate: true });
  onMounted(() => {
    document.adoptedStyleSheets.push(page);
    window.addEventListener("beforeprint", before);
  });
  onBeforeUnmount(() => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== page);
    window.removeEventListener("beforeprint", before);
  });
}
