"""A call between two real browsers that meet at a real coturn, the village's side over a link that can be harmed.

The village's socket and its media (TURN over TCP) share one link, as they do at a service point.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from deploy import relay
from tests.journeys.centre import Centre, free_port
from tests.journeys.guides import register
from tests.journeys.test_story import log_in
from tests.wire import Wire

MICROPHONE = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--allow-loopback-in-peer-connection",
)
COUNT = """
window.peers = [];
const Real = RTCPeerConnection;
window.RTCPeerConnection = class extends Real { constructor(...all) { super(...all); window.peers.push(this); } };
"""
RELAYED = """
window.peers = [];
const Real = RTCPeerConnection;
window.RTCPeerConnection = class extends Real {
  constructor(config) {
    const iceServers = config.iceServers.map((one) => ({ ...one, urls: [].concat(one.urls).map((url) => url.replace(/:\\d+[?]/, ":PORT?")) }));
    super({ ...config, iceServers, iceTransportPolicy: "relay" });
    window.peers.push(this);
  }
};
"""
HEARD = """async () => {
  let bytes = 0;
  for (const one of (await window.peers.at(-1).getStats()).values())
    if (one.type === "inbound-rtp" && one.kind === "audio") bytes += one.bytesReceived;
  return bytes;
}"""
SEEN = HEARD.replace('"audio"', '"video"')
PAIR = """async () => {
  const all = [...(await window.peers.at(-1).getStats()).values()];
  const pair = all.find((one) => one.type === "candidate-pair" && one.nominated);
  return all.find((one) => one.id === pair.localCandidateId).candidateType;
}"""
ON = re.compile("^语音通话中")


def hears(page: Page, timeout: float = 30_000) -> None:
    """Audio keeps arriving at a page."""
    _more(page, HEARD, 500, timeout)


def sees(page: Page, timeout: float = 30_000) -> None:
    """A picture keeps arriving at a page."""
    _more(page, SEEN, 100, timeout)


def _more(page: Page, count: str, least: int, timeout: float) -> None:
    before = page.evaluate(count)
    page.wait_for_function(
        f"async ([before, least]) => (await ({count})()) > before + least", arg=[before, least], timeout=timeout
    )


@contextmanager
def coturn(data: Path) -> Iterator[int]:
    """A real relay on loopback with the configuration that deploy/up gives it; its port."""
    port, low = free_port(), 50_000
    configuration = relay.configure(data, "127.0.0.1", port, low=low, high=low + 99)
    with (data / "relay.log").open("wb") as log:
        running = subprocess.Popen(relay.command(configuration), stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 15
        while relay.free("127.0.0.1", port):
            if running.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((data / "relay.log").read_text()[-2000:])
            time.sleep(0.05)
        yield port
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(data / "relay")


@dataclass
class Call:
    """An active talk, voice not asked for yet."""

    village: Page
    agent: Page
    link: Wire
    media: Wire

    def shape(self, kbit_s: float = 0.0, round_trip_s: float = 0.0, loss: float = 0.0) -> None:
        """What the village's link carries from now on."""
        self.link.shape(kbit_s, round_trip_s, loss)

    def outage(self, on: bool) -> None:
        """Nothing passes, and nobody is told."""
        self.link.swallow(*(("up", "down") if on else ()))

    def speak(self) -> None:
        """The agent asks for voice, the village takes it up."""
        self.agent.get_by_role("button", name="请求语音").click()
        self.village.get_by_role("button", name="接听").click()


@contextmanager
def weak_call(centre: Centre, open_browser: Callable[..., BrowserContext], port: int) -> Iterator[Call]:
    """A call through the relay at `port`; the centre is started anew with it."""
    with Wire(centre.port) as link, Wire(port) as media:
        media.lanes = link.lanes  # one radio
        centre.kill()
        centre.settings = {
            **centre.settings,
            "JJB_RELAY_URLS": f"turn:127.0.0.1:{media.port}?transport=tcp",
            "JJB_RELAY_SECRET": relay.secret_of(centre.data),
        }
        centre.start()
        village = open_browser("village", flags=MICROPHONE).pages[0]
        village.add_init_script(RELAYED.replace("PORT", str(media.port)))
        register(village, centre, link.url)
        expect(village.locator(".strip")).to_contain_text("知识第 1 版", timeout=30_000)
        village.goto(f"{link.url}/village/#/call")
        village.get_by_role("button", name="呼叫客服").click()
        expect(village.get_by_text("已经排上队")).to_be_visible()
        context = open_browser("agent", flags=MICROPHONE)
        context.add_init_script(RELAYED.replace("PORT", str(port)))
        agent = log_in(context, centre, "agent1")
        agent.goto(f"{centre.url}/desk/")
        agent.get_by_role("button", name="接起").first.click()
        yield Call(village, agent, link, media)
