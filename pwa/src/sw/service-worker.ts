/// <reference lib="webworker" />
// Keeps the village page on the device, so that it opens without the link. It stores the program only: never an answer
// of the centre, never business data (those live in SQLite, see store/).
//
// * A file is stored only with the integrity hash of the build, the right media type and from our own address. A captive
//   portal that answers every address with its log-in page therefore breaks the installation, not the program.
// * A new version waits until the page asks for it (updates.ts) or until the last window is closed.
// * Kill switch: put `kill-switch.js` of this folder in the place of dist/service-worker.js (README of pwa/).
import { addPlugins, cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] };

const TYPES: Record<string, RegExp> = {
  css: /^text\/css/,
  html: /^text\/html/,
  js: /^(text|application)\/javascript/,
  png: /^image\/png/,
  svg: /^image\/svg\+xml/,
  wasm: /^application\/wasm/,
  webmanifest: /^application\/(manifest\+)?json/,
};

/** True when the answer can be the file that was asked for. */
function genuine(url: string, response: Response): boolean {
  const suffix = new URL(url).pathname.split(".").pop() ?? "";
  const type = response.headers.get("Content-Type") ?? "";
  return response.status === 200 && !response.redirected && (TYPES[suffix]?.test(type) ?? false);
}

addPlugins([
  { cacheWillUpdate: async ({ request, response }) => (genuine(request.url, response) ? response : null) },
]);
cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST);

// Every address of the page is the one page; files and the desk are not.
registerRoute(
  new NavigationRoute(createHandlerBoundToURL("index.html"), {
    allowlist: [/^\/village\/[^.]*$/, /^\/village\/index\.html$/],
  }),
);

self.addEventListener("message", (event) => {
  if ((event.data as { type?: string } | null)?.type === "apply-update") void self.skipWaiting();
});
