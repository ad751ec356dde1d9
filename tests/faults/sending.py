"""Faults on the way up: cuts in a round, requests that come twice or late, a centre killed or full, a valley that returns."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, text

from app import ledger
from sync.wire import LinkError, Refused
from tests.faults.lab import Device, Trial


def cut_in_a_round(trial: Trial) -> None:
    """F1: a cut in every class of byte of `POST /sync`, from before the first to after the commit."""
    device, wire, chance = trial.device(), trial.wire, trial.chance
    device.quiet()
    device.record(2)
    device.round()
    passed = wire.connections[-1]
    head, up, down = passed.up.index(b"\r\n\r\n"), len(passed.up), len(passed.down)
    answer = passed.down.index(b"\r\n\r\n")
    classes = [
        ("up", 0), ("up", chance.randrange(1, head)), ("up", head + chance.randrange(4)),
        ("up", chance.randrange(head + 4, up - 1)), ("up", up - 1),
        ("down", 0), ("down", chance.randrange(1, answer)), ("down", answer + 4),
        ("down", chance.randrange(answer + 5, down - 1)), ("down", down - 1),
    ]  # fmt: skip
    chance.shuffle(classes)
    for way, at in classes:
        device.record(chance.randint(1, 3), text="路上断" * chance.randint(1, 60))
        wire.reset = chance.random() < 0.5
        setattr(wire, f"cut_{way}_at", at)
        outcome = device.round()
        setattr(wire, f"cut_{way}_at", None)
        early = at <= (head if way == "up" else answer + 4)  # whatever the size of this round
        trial.demand(not early or isinstance(outcome.error, LinkError), f"a cut at {way} {at} was not noticed", device)
    wire.down()
    device.record()
    device.round()


def twice_and_late(trial: Trial) -> None:
    """F8: each request a second time, old requests after new ones, one batch from two windows at the same moment."""
    device, wire = trial.device(), trial.wire
    device.quiet()
    wire.twice = True
    for _ in range(3):
        device.record(2)
        device.round()
    wire.settle()
    wire.twice = False
    trial.demand(all(b"device.replay" in one for one in wire.echoes), "a copy of a request was taken", device)
    wire.late = held = []
    for _ in range(4):
        device.record(2)
        device.round()
    wire.late = None
    device.round()
    trial.chance.shuffle(held)
    wire.echoes.clear()
    wire.deliver(held)
    trial.demand(all(b" 200 " in one[:20] for one in wire.echoes), "a late request was not answered", device)
    wire.late = pair = []
    device.record(5)
    device.round()
    device.round()
    wire.late = None
    windows = [threading.Thread(target=wire.deliver, args=([request],)) for request in pair]
    for window in windows:
        window.start()
    for window in windows:
        window.join(30)


def centre_killed(trial: Trial) -> None:
    """F11: kill -9 of the centre while villages send; the disk as it was at that moment is whole and has every verdict."""
    centre = trial.lab.centre
    devices = [trial.device() for _ in range(8 if trial.long else 3)]
    for device in devices:
        device.village.batch = 1  # many small rounds, so that the kill falls anywhere in one
        device.record(60)
        device.live()
    for kill in range(4 if trial.long else 1):
        time.sleep(trial.chance.uniform(0.1, 0.6))
        before = [event for device in devices for event in device.answered()]
        centre.freeze()
        copy = trial.folder / f"image-{kill}"
        copy.mkdir()
        for file in trial.lab.data.glob("centre.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, copy)
        centre.kill()
        centre.start()
        _judge_image(trial, copy / "centre.db", before)


def _judge_image(trial: Trial, path: Path, before: list[str]) -> None:
    with closing(sqlite3.connect(path)) as db:
        trial.demand(db.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the disk image is broken")
        there = {event for (event,) in db.execute("SELECT event_id FROM ledger")}
    trial.demand(set(before) <= there, f"{len(set(before) - there)} answered events are not on the disk")
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        trial.demand(ledger.verify(connection).ok, "the hash chain of the disk image is broken")
        connection.execute(text("SELECT 1"))
    engine.dispose()


def centre_full(trial: Trial) -> None:
    """F12: the centre's disk is full: no verdict, a time to come again, and everything arrives when there is room."""
    disk = trial.lab.disk
    devices = [trial.device() for _ in range(3)]
    for device in devices:
        device.quiet()
    disk.fill()
    refusals: list[Refused] = []
    try:
        for _ in range(60):  # a log of SQLite that was once long has room in it
            for device in devices:
                device.record(20, text="满" * 480)
                error = device.round().error
                refusals += [error] if isinstance(error, Refused) else []
            if len(refusals) >= 6:
                break
    finally:
        disk.free()
    trial.demand(bool(refusals), "the disk was not full enough to prove anything")
    for one in refusals:
        trial.demand(one.code == "server.busy" and one.retry_after_s is not None, f"said {one}")


def valley_returns(trial: Trial) -> None:
    """F18: power comes back to a valley: all villages at once, each with a month of work.

    At most 20 devices here; `deploy/bench storm` does it with every point of a prefecture.
    """
    centre, count = trial.lab.centre, 20 if trial.long else 4
    devices = [trial.device(silence_s=20) for _ in range(count)]
    for device in devices:
        device.record(600 if trial.long else 40)
    before = centre.memory()
    done: dict[str, float] = {}
    began = time.monotonic()
    threads = [threading.Thread(target=_return, args=(trial, device, done, began)) for device in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    late = sorted(done.get(device.id, 999.0) for device in devices)[int(0.95 * (count - 1))]
    trial.demand(late <= 60, f"the 95th percentile had to wait {late:.0f} s")
    grown = centre.memory() - before
    trial.demand(grown < 200 * 2**20, f"the centre grew by {grown / 2**20:.0f} MiB")


def _return(trial: Trial, device: Device, done: dict[str, float], began: float) -> None:
    while device.village.status().waiting and time.monotonic() - began < 90:
        error = device.round().error
        if isinstance(error, Refused) and (error.status >= 500 or error.status == 429):
            trial.demand(error.retry_after_s is not None, f"{error.status} without Retry-After", device)
            time.sleep(min(1.0, error.retry_after_s or 1.0))
    done[device.id] = time.monotonic() - began
