"""The centre's end of a link test, met by a real second end."""

from __future__ import annotations

import asyncio
import time

import pytest
from aioice.ice import get_host_addresses
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from remote.media import echo

needs_a_network = pytest.mark.skipif(
    not get_host_addresses(use_ipv4=True, use_ipv6=True), reason="this machine has no address but loopback"
)


async def offering(kind: str = "data") -> RTCPeerConnection:
    caller = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    if kind == "data":
        caller.createDataChannel("probe", ordered=False, maxRetransmits=0)
    else:
        caller.addTransceiver(kind)
    await caller.setLocalDescription(await caller.createOffer())
    return caller


async def heard(centre: echo.Echo, message: str | bytes, wait_s: float) -> list[str | bytes]:
    caller = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    channel = caller.createDataChannel("probe")
    back: asyncio.Queue[str | bytes] = asyncio.Queue()
    channel.on("open", lambda: channel.send(message))
    channel.on("message", back.put_nowait)
    await caller.setLocalDescription(await caller.createOffer())
    answer = await asyncio.to_thread(centre.answer, caller.localDescription.sdp)
    await caller.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
    try:
        return [await asyncio.wait_for(back.get(), wait_s)]
    except TimeoutError:
        return []
    finally:
        await caller.close()


def until_idle(centre: echo.Echo) -> None:
    end = time.monotonic() + 20
    while centre.running and time.monotonic() < end:
        time.sleep(0.05)
    assert centre.running == 0


@needs_a_network
def test_what_a_village_says_comes_back_and_nothing_stays() -> None:
    centre = echo.Echo(lasts_s=6)
    assert asyncio.run(heard(centre, b"x" * 160, 10)) == [b"x" * 160]
    until_idle(centre)


@needs_a_network
def test_a_message_that_is_too_long_ends_the_test() -> None:
    centre = echo.Echo(lasts_s=6)
    assert asyncio.run(heard(centre, b"x" * (echo.LONGEST + 1), 1)) == []
    until_idle(centre)


@pytest.mark.parametrize(
    "offer", ["", "v=0", "m=application", "m=application 9 x\r\na=mid:0\r\n" * 2, "v=0\r\n" * 3000]
)
def test_what_is_no_offer_is_refused_and_leaves_nothing_open(offer: str) -> None:
    centre = echo.Echo()
    with pytest.raises(echo.Refused, match="offer"):
        centre.answer(offer)
    until_idle(centre)


def test_sound_and_pictures_are_refused() -> None:
    caller = asyncio.run(offering("audio"))
    with pytest.raises(echo.Refused, match="offer"):
        echo.Echo().answer(caller.localDescription.sdp)


def test_the_addresses_of_an_offer_are_not_called() -> None:
    offer = asyncio.run(offering()).localDescription.sdp
    named = offer + "a=candidate:9 1 udp 9 10.11.12.13 53 typ host\r\n"
    assert "10.11.12.13" not in echo.deaf(named)
    assert [line for line in echo.deaf(named).splitlines() if "candidate:" in line] == [echo.NOWHERE]


def test_a_ninth_test_waits_for_another_to_end() -> None:
    centre = echo.Echo(lasts_s=2)
    offer = asyncio.run(offering()).localDescription.sdp
    for _ in range(echo.MOST):
        centre.answer(offer)
    with pytest.raises(echo.Refused, match="busy"):
        centre.answer(offer)
    until_idle(centre)
    assert centre.answer(offer)
