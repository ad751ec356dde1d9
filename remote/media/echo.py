"""The other end of a link test: a data channel of the centre that sends back what it hears, for a little while.

It opens no way into anything: it calls nobody (only who reaches it is answered), takes no sound and no picture, keeps nothing.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import re
import threading
from typing import Any

MOST = 8
"""Tests at one time; the next waits for one to end."""
LASTS_S = 25
ANSWER_S = 5
LONGEST = 1200
ENOUGH = 4000
"""Messages that one test may send."""
NOWHERE = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host"
"""An address of the documentation range. Without any candidate the library gives up before the first packet comes in."""


class Refused(Exception):
    """`busy`: too many tests at once; `offer`: not the offer of a link test."""


class Echo:
    """Answers offers; one thread with a loop of its own, begun by the first."""

    def __init__(self, lasts_s: float = LASTS_S) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lasts_s = lasts_s
        self._running = 0

    @property
    def running(self) -> int:
        """Tests at this moment."""
        return self._running

    def answer(self, offer: str) -> str:
        """The answer to an offer with a data channel and nothing else; Refused."""
        offer = deaf(offer)
        with self._lock:
            if self._running >= MOST:
                raise Refused("busy")
            self._running += 1
            loop = self._loop = self._loop or _begin()
        done: concurrent.futures.Future[str] = concurrent.futures.Future()
        asyncio.run_coroutine_threadsafe(self._one(offer, done), loop)
        try:
            return done.result(ANSWER_S)
        except Exception as error:
            raise Refused("offer") from error

    async def _one(self, offer: str, done: concurrent.futures.Future[str]) -> None:
        try:
            await asyncio.wait_for(_talk(offer, done), self._lasts_s)
        except Exception as error:
            with contextlib.suppress(concurrent.futures.InvalidStateError):
                done.set_exception(error)
        finally:
            with self._lock:
                self._running -= 1


async def _talk(offer: str, done: concurrent.futures.Future[str]) -> None:
    from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription  # heavy

    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    over = asyncio.Event()
    heard = 0

    @connection.on("datachannel")
    def opened(channel: Any) -> None:
        @channel.on("message")  # type: ignore[untyped-decorator]
        def back(message: str | bytes) -> None:
            nonlocal heard
            heard += 1
            if len(message) > LONGEST or heard > ENOUGH:
                over.set()
            else:
                channel.send(message)

    @connection.on("connectionstatechange")
    def changed() -> None:
        if connection.connectionState in ("closed", "failed"):
            over.set()

    try:
        await connection.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        done.set_result(connection.localDescription.sdp)
        await over.wait()
    finally:
        await connection.close()


def deaf(offer: str) -> str:
    """The offer without the addresses it names: the centre sends nothing to a place that somebody only wrote down."""
    lines = offer.replace("\r\n", "\n").split("\n")
    if [line.split(" ")[0] for line in lines if line.startswith("m=")] != ["m=application"]:
        raise Refused("offer")
    kept = [line for line in lines if line and not re.match(r"a=(candidate|end-of-candidates|remote-candidates)", line)]
    return "\r\n".join([*kept, NOWHERE, "a=end-of-candidates", ""])


def _begin() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="link tests", daemon=True).start()
    return loop
