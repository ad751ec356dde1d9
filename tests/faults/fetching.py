"""Faults on the way down: a first pack under cuts, a valley's link, damaged bytes, releases played again."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from functools import partial

import msgspec

from app.knowledge import releases
from sync import manifest, packs
from sync.wire import LinkError
from tests.faults.lab import Trial
from tests.wire import Wire


def pack_bytes(wire: Wire) -> int:
    """Bytes of packs that reached the client, without heads."""
    total = 0
    for passed in wire.connections:
        if passed.up.startswith(b"GET /packs/"):
            total += len(bytes(passed.down).partition(b"\r\n\r\n")[2])
    return total


def cut_again_and_again(trial: Trial) -> None:
    """F2: the first pack over 512 and 64 kbit/s, cut every 5 s (short: four times as fast, cut every quarter second)."""
    entry = _full(trial, releases.SCOPE)
    for kbit_s, every_s in ((512, 5.0), (64, 5.0)) if trial.long else ((2048, 0.25),):
        wire = trial.new_wire()
        device = trial.device(wire=wire)
        wire.shape(kbit_s=kbit_s)
        wire.reset = trial.chance.random() < 0.5
        over = threading.Event()
        cutter = threading.Thread(target=_cut, args=(wire, every_s, over))
        cutter.start()
        outcome = device.village.sync(attempts=50)
        over.set()
        cutter.join()
        trial.demand(outcome.ok and device.village.release > 0, f"did not finish: {outcome.error}", device)
        got = pack_bytes(wire)
        trial.demand(got <= 1.05 * entry.bytes, f"{got} bytes for a pack of {entry.bytes}", device)
        device.look()


def mountain_link(trial: Trial) -> None:
    """F3: enrolled, then 64 kbit/s, 1.2 s round trip, 10 % loss (short: a link 32 times as wide): usable within 90 s.

    Loss on the wire is a packet that comes a retransmission later; a kernel that loses for real would slow TCP further.
    """
    device = trial.device(silence_s=20)
    device.record(20)
    if trial.long:
        trial.wire.shape(kbit_s=64, round_trip_s=1.2, loss=0.1)
    else:
        trial.wire.shape(kbit_s=2048, round_trip_s=0.2, loss=0.1)
    began = time.monotonic()
    outcome = device.village.sync(attempts=20)
    passed = time.monotonic() - began
    trial.demand(outcome.ok and passed <= 90, f"usable after {passed:.0f} s: {outcome.error}", device)
    device.look()


def _cut(wire: Wire, every_s: float, over: threading.Event) -> None:
    while not over.wait(every_s):
        wire.cut()


def damaged(trial: Trial) -> None:
    """F7: one byte of a pack is flipped, or its end is missing: found by its chunk, and only that chunk comes again."""
    for scope in (releases.SCOPE, releases.LINGUA):
        entry, device = _full(trial, scope), trial.device()
        flipped = trial.wire.flip_down_at = trial.chance.randrange(1_000, entry.bytes)
        first = len(trial.wire.connections)
        fetch = partial(device.village.wire.get_from, f"/packs/{entry.sha256}.pack")
        data = device.village.shelf.download(entry).run(fetch)
        right = hashlib.sha256(data).hexdigest() == entry.sha256
        trial.demand(right, "a damaged pack was taken for whole", device)
        one, again = [bytes(passed.up) for passed in trial.wire.connections[first:]]
        head = len(bytes(trial.wire.connections[first].down).partition(b"\r\n\r\n")[0]) + 4
        chunk = (flipped - head) // packs.CHUNK * packs.CHUNK
        asked = f"Range: bytes={chunk}-".encode() in again if chunk else b"Range" not in again
        trial.demand(b"Range" not in one and asked, f"damage at {flipped}: asked {again[:200]!r}", device)
    device = trial.device()
    entry = _full(trial, releases.SCOPE)
    before = pack_bytes(trial.wire)
    trial.wire.cut_down_at = trial.chance.randrange(entry.bytes // 4, entry.bytes)
    trial.demand(device.village.sync(attempts=5).ok, "a missing end was not overcome", device)
    trial.wire.cut_down_at = None
    got = pack_bytes(trial.wire) - before
    trial.demand(got <= 1.05 * entry.bytes, f"{got} bytes for a pack of {entry.bytes}", device)
    device.look()
    # one byte of the answer to a round
    device.quiet()
    for _ in range(12 if trial.long else 4):
        device.record()
        trial.wire.flip_down_at = trial.chance.randrange(0, 900)
        with contextlib.suppress(LinkError):
            device.round()
        trial.wire.flip_down_at = None


def _full(trial: Trial, scope: str) -> manifest.PackEntry:
    with trial.lab.app.extensions["jjb_db"].read() as connection:
        newest = releases.newest(connection, scope)
    described = msgspec.json.decode(newest.manifest, type=manifest.Manifest)
    return next(entry for entry in described.packs if entry.start == 0)
