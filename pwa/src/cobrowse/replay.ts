// The frame in which an agent sees a village page. A document of its own with a policy of its own (no network, no forms, no
// pictures but ours); in it the picture is built inside rrweb's frame, which is sandboxed without scripts. The desk and this
// frame speak by messages: events in, the size of the page out.
import { Replayer } from "@rrweb/replay";
import "@rrweb/replay/dist/style.css";

import kit from "../kit/kit.css?inline";
import village from "../village/village.css?inline";
import "./replay.css";
import type { FromFrame, ToFrame } from "./messages";

const stage = document.getElementById("stage") as HTMLElement;
const glass = Object.assign(document.createElement("div"), { className: "glass" }); // over the picture: nothing in it is ever pressed
let replayer: Replayer | null = null;
let size = { width: 1366, height: 768 };
let scale = 1;

const say = (message: FromFrame): void => parent.postMessage(message, location.origin);

globalThis.addEventListener("message", (event: MessageEvent<ToFrame>) => {
  if (event.source !== parent || event.origin !== location.origin) return;
  const { events, reset } = event.data;
  if (reset || (events && events.length > 0 && !replayer)) startAnew();
  for (const one of events ?? []) show(one);
});

function startAnew(): void {
  replayer?.destroy();
  stage.replaceChildren();
  replayer = new Replayer([], {
    root: stage,
    liveMode: true,
    mouseTail: false,
    showWarning: false,
    showDebug: false,
    triggerFocus: false,
    pauseAnimation: false,
    useVirtualDom: false,
    UNSAFE_replayCanvas: false,
  });
  replayer.on("fullsnapshot-rebuilded", dress);
  replayer.startLive(Date.now());
  stage.append(glass);
}

function show(event: { type: number; data: Record<string, unknown> }): void {
  const source = event.type === 3 ? event.data.source : null;
  if (event.type === 4 || source === 4) {
    size = { width: Number(event.data.width), height: Number(event.data.height) };
    fit();
    say({ type: "size", ...size });
  }
  // Shown as it comes: the clock of the village has no part in it.
  replayer?.addEvent({ ...event, timestamp: Date.now() } as Parameters<Replayer["addEvent"]>[0]);
}

/** The village's own style sheets, brought by this program and not by the page that is seen. */
function dress(): void {
  const inner = replayer?.iframe.contentDocument;
  if (!inner) return;
  const style = inner.createElement("style");
  style.textContent = `${kit}\n${village}\n[data-secret]{background:repeating-linear-gradient(135deg,#0002 0 6px,#0000 6px 12px)!important}:is(div,span)[rr_width]{display:block;background:#8884;border-radius:6px}*{animation:none!important;transition:none!important}`;
  (inner.head ?? inner.documentElement).append(style);
}

function fit(): void {
  scale = stage.clientWidth / size.width;
  stage.style.setProperty("--scale", String(scale));
  stage.style.height = `${size.height * scale}px`;
}
globalThis.addEventListener("resize", fit);

say({ type: "ready" });
