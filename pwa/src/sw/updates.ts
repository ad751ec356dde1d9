// New versions are offered, never forced: the page shows "有新版本" and the person decides when.

const SCRIPT = "/village/service-worker.js";
const SCOPE = "/village/";
const LOOK_EVERY_MS = 60 * 60 * 1000;

const listeners = new Set<() => void>();
let registration: ServiceWorkerRegistration | undefined;
let offered = false;

function offer(): void {
  if (registration?.waiting && navigator.serviceWorker.controller) {
    offered = true;
    listeners.forEach((listener) => listener());
  }
}

function watch(found: ServiceWorkerRegistration): void {
  registration = found;
  offer();
  found.addEventListener("updatefound", () => found.installing?.addEventListener("statechange", offer));
  setInterval(() => void found.update().catch(() => undefined), LOOK_EVERY_MS); // offline: ask again in an hour
}

export const updates = {
  /** Registers the service worker; without one (old browser, http) the page still works while the link does. */
  async start(): Promise<void> {
    if (!("serviceWorker" in navigator)) return;
    // A second window of this page must not go on with files that the new version has cleared away.
    const controlled = navigator.serviceWorker.controller !== null;
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (controlled) location.reload(); // drafts are stored at every keystroke, see StoreApi.saveDraft
    });
    try {
      watch(await navigator.serviceWorker.register(SCRIPT, { scope: SCOPE, updateViaCache: "none" }));
    } catch (error) {
      console.warn("The program cannot be kept on this device for use without the link:", error);
    }
  },

  /** Calls back when a new version lies ready (at once when it already does). */
  onOffer(listener: () => void): () => void {
    listeners.add(listener);
    if (offered) listener();
    return () => listeners.delete(listener);
  },

  /** Switches to the new version; the page reloads by itself. */
  apply(): void {
    registration?.waiting?.postMessage({ type: "apply-update" });
  },
};
