"""Faults of the link itself: partitions one way, silence, a stranger that answers, clocks that are wrong."""

from __future__ import annotations

import threading
import time

import sync.wire
from sync.wire import LinkError, Refused
from tests.faults.lab import POINTS, Trial
from tests.wire import Way, Wire

SPLITS: list[tuple[Way, ...]] = [("up",), ("down",), ("up", "down")]


def partitions(trial: Trial) -> None:
    """F4: every device loses one direction or both, again and again, while people ask and a release is issued."""
    count, seconds, longest = (20, 40.0, 10.0) if trial.long else (6, 2.5, 0.8)
    devices = []
    for number in range(count):
        devices.append(trial.device(POINTS[number % 2], wire=trial.new_wire(), silence_s=5.0 if trial.long else 0.4))
    for device in devices:
        device.live(ask=0.2 if trial.long else 0.5)
    over = time.monotonic() + seconds
    storms = [
        threading.Thread(target=_storm, args=(trial, device.wire, number, over, longest))
        for number, device in enumerate(devices)
    ]
    for storm in storms:
        storm.start()
    if trial.long:
        trial.lab.publish()
    for point in POINTS:
        trial.lab.tell(point, "通知")
    for storm in storms:
        storm.join()


def _storm(trial: Trial, wire: Wire, number: int, over: float, longest: float) -> None:
    import random

    chance = random.Random(f"{trial.fault}/{trial.seed}/{number}")
    while time.monotonic() < over:
        wire.swallow(*chance.choice(SPLITS))
        time.sleep(chance.uniform(0, longest))
        wire.swallow()
        time.sleep(chance.uniform(0, longest / 2))


def silence(trial: Trial) -> None:
    """F5: a socket that stays open and says nothing is given up in time, wherever the silence begins."""
    trial.demand(sync.wire.SILENCE_S <= 20, f"the client waits {sync.wire.SILENCE_S} s")
    limit = sync.wire.SILENCE_S if trial.long else 0.5
    device, wire = trial.device(silence_s=limit), trial.wire
    device.quiet()
    for ways in SPLITS:
        device.record(2)
        wire.swallow(*ways)
        began = time.monotonic()
        outcome = device.round()
        passed = time.monotonic() - began
        wire.swallow()
        # when only the way up is silent, the centre may be the first to give up, and that is heard
        slow = isinstance(outcome.error, LinkError) and ("down" not in ways or outcome.error.kind == "slow")
        trial.demand(slow and passed < limit + 5, f"gave up after {passed:.1f} s with {outcome.error}", device)
        trial.demand(device.round().ok, "no round after the silence", device)


PORTALS = [
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 511 Network Authentication Required\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}',
    b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\nwrong",
    b"HTTP/1.0 200 OK\r\n\r\n<html>no end",
]


def portal(trial: Trial) -> None:
    """F6: a login page answers in the centre's place, at every address: nothing of it is believed or kept."""
    device, wire = trial.device(), trial.wire
    stands = trial.device()
    device.quiet()
    for answer in trial.chance.sample(PORTALS, len(PORTALS)):
        device.record()
        wire.portal = answer
        for one in (device, stands):
            error = one.round().error
            known = isinstance(error, LinkError) or (isinstance(error, Refused) and error.code.startswith("net."))
            trial.demand(known, f"took {answer[:40]!r} for the centre: {error}", one)
            trial.demand(one.village.status().link != "online", "shows online behind a login page", one)
        wire.portal = None
    # and in the middle of a download
    wire.cut_down_at = 8_000
    stands.round()
    wire.cut_down_at, wire.portal = None, PORTALS[4]
    stands.round()
    wire.portal = None


def wrong_clock(trial: Trial) -> None:
    """F14: clocks three hours ahead, two years behind, and one that jumps: order and counts do not care."""
    jump = [0.0]
    shifts = [3 * 3600.0, -2 * 365 * 86400.0, trial.chance.uniform(-9e6, 9e6)]
    devices = [trial.device(now=lambda shift=shift: time.time() + shift + jump[0]) for shift in shifts]
    for step in (0.0, 86400.0, -86400.0 * 30):
        jump[0] = step
        for device in devices:
            device.record(2)
            trial.demand(device.round().ok, f"a clock {step:.0f} s off stopped a round", device)
    for device, shift in zip(devices, shifts, strict=True):
        measured = device.village.status().clock_offset_s
        trial.demand(
            abs(measured - shift - jump[0]) < 5, f"measured {measured:.0f} s, it is {shift + jump[0]:.0f}", device
        )
