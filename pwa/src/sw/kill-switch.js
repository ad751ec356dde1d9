// Emergency exit: served in the place of service-worker.js it removes the stored program from every village that opens
// the page, and the page comes from the centre again. Cases, drafts and knowledge stay: they are not in these caches.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) await caches.delete(name);
      await self.registration.unregister();
      for (const window of await self.clients.matchAll({ type: "window" })) await window.navigate(window.url);
    })(),
  );
});
