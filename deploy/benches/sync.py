"""Sync on named bad links: our Python village and the real centre against PouchDB and express-pouchdb, in the same run.

Both clients go through the same relay (`_link.py`) on the same machine. PouchDB runs at batch 100 and at larger ones; the
peer's figure is always its **best** of all. Ours is the protocol with signatures, files and checks on disk; theirs is in memory
without any. In Chromium the village page keeps its connection open and builds a search index (about 1 s for 2,000 items);
PouchDB would keep its connections too, which saves it about one round trip per request.
"""

from __future__ import annotations

import copy
import os
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask

from app import create_app
from app.knowledge import publish, releases
from app.settings import Settings
from app.setup import setup
from datasets.build import SCHEMA
from datasets.rows import Document
from datasets.sources import read
from deploy.benches import Row, row
from deploy.benches._cost import Watch
from deploy.benches._link import LINKS, LOSSY, Count, Link, Shaped
from deploy.benches._pouch import BATCHES, Node, documents
from deploy.benches.pwa import synthetic
from sync.client import Village
from tests.journeys.centre import Centre

EVENTS = 200
CHANGED = 20
CUT_S = 5.0
GIVE_UP_S = 180
ENOUGH = 200
"""Items below which PouchDB takes all in one batch, whichever it is."""
STEPS = ("first", "nothing", "changed", "events")
WORDS = {
    "first": "first knowledge",
    "nothing": "nothing changed",
    "changed": f"{CHANGED} items changed",
    "events": f"{EVENTS} events up",
}
TARGETS = {
    "first": (0.5, 0.6),
    "nothing": (None, None),
    "changed": (0.25, 0.05),
    "events": (None, 0.1),
}
"""Time and bytes as parts of the peer's best."""


@dataclass
class Seen:
    """Measurements of one side, by step."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[str, list[Count]] = field(default_factory=lambda: defaultdict(list))
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def note(self, step: str, seconds: float, count: Count) -> None:
        """One more measurement."""
        self.seconds[step].append(seconds)
        self.counts[step].append(count)


def run(quick: bool, link: str | None = None) -> list[Row]:
    """All rows of all links, or of one; `quick` runs each once instead of five times and leaves 10,000 items out."""
    times = 1 if quick else 5
    corpora = {"75 real": read().items, "2,000 hard": hard(2_000)}
    if not quick:
        corpora |= {"2,000 alike": synthetic(2_000), "10,000 alike": synthetic(10_000)}
    rows = [row("load of the machine before", [os.getloadavg()[0]], "")]
    for name in [link] if link else LINKS:
        for title, items in corpora.items():
            rows += _compare(name, title, items, times, quick)
    return rows + _lossy(times)


def hard(count: int) -> list[Document]:
    """Items whose prose is drawn at random from the real texts' words of two characters: hardly to be compressed."""
    chance = random.Random(1)  # noqa: S311 - the same texts at every run
    made = synthetic(count)
    text = "".join(line for item in read().items for line in [*item["steps"], *item["conditions"], item["result"]])
    pool = [text[at : at + 2] for at in range(0, len(text) - 1, 2)]

    def prose(line: str) -> str:
        return "".join(chance.choices(pool, k=max(1, len(line) // 2)))

    for item in made:
        for name in ("steps", "conditions", "legal_basis"):
            item[name] = [prose(line) for line in item[name]]
        for name in ("fee", "place", "result"):
            item[name] = prose(item[name])
        for pair in item["qa"]:
            pair["a"] = prose(pair["a"])
    return made


def edited(items: list[Document], run_no: int) -> list[Document]:
    """The same items, two fields of twenty of them changed, in another way at each run."""
    found = copy.copy(items)
    step = max(1, len(items) // CHANGED)
    for at in range(0, step * CHANGED, step):
        found[at] = {**items[at], "fee": f"{items[at]['fee']}（第{run_no}次调整）", "place": f"{run_no}号窗口"}
    return found


def event_body(number: int) -> dict[str, Any]:
    """What a village reports of one question."""
    asked = ("身份证丢了咋个办", "低保要哪些材料", "娃娃上户口", "社保卡补办", "老人高龄补贴")[number % 5]
    return {"text": f"{asked} {number}", "decision": "answer", "items": ["id-card"], "release": 1}


def _compare(name: str, title: str, items: list[Document], times: int, quick: bool) -> list[Row]:
    link = LINKS[name]
    with tempfile.TemporaryDirectory() as folder:
        ours, extra = _ours(link, Path(folder), items, times)
    batches = BATCHES[:1] if len(items) < ENOUGH else (100, 1000) if quick else BATCHES
    theirs = {batch: Seen() for batch in batches}
    with Node("server.js") as server, Node("client.js") as client:
        port = int(server.line())
        for batch, seen in theirs.items():
            for run_no in range(times):
                _theirs(link, (server.process.pid, port), client, items, batch, run_no, seen)
        cut = _cut_theirs(link, port, client, items, max(batches)) if len(items) > ENOUGH else None
    head = f"{name}, {title}"
    rows = [one for step in STEPS for one in _rows(f"{head}: {WORDS[step]}", step, ours, theirs)]
    rows += [row(f"{head}: {what}", values, unit, at_most=bound) for what, values, unit, bound in extra]
    best = min(theirs, key=lambda batch: sum(theirs[batch].seconds["first"]))
    peer = f"express-pouchdb, batch {best}"
    rows += [
        row(f"{head}: server CPU, first knowledge", ours.cpu, "s", None, peer, theirs[best].cpu),
        row(f"{head}: server memory at most", ours.memory, "MB", None, peer, theirs[best].memory),
    ]
    return rows + (cut or [])


def _rows(head: str, step: str, ours: Seen, theirs: dict[int, Seen]) -> list[Row]:
    """Time, bytes, connections and round trips of a step; the target is a part of the peer's best of this run."""
    best_time = min(theirs, key=lambda batch: sum(theirs[batch].seconds[step]))
    best_bytes = min(theirs, key=lambda batch: sum(one.both for one in theirs[batch].counts[step]))
    time_part, bytes_part = TARGETS[step]

    def bound(part: float | None, values: list[float]) -> float | None:
        return None if part is None else round(part * sorted(values)[len(values) // 2], 3)

    seconds = theirs[best_time].seconds[step]
    size = [one.both / 1000 for one in theirs[best_bytes].counts[step]]
    counts, peer = ours.counts[step], f"PouchDB, batch {best_time}"
    return [
        row(f"{head}, time", ours.seconds[step], "s", bound(time_part, seconds), peer, seconds),
        row(
            f"{head}, bytes both ways",
            [one.both / 1000 for one in counts],
            "kB",
            1.0 if step == "nothing" else bound(bytes_part, size),
            f"PouchDB, batch {best_bytes}",
            size,
        ),
        row(
            f"{head}, round trips",
            [one.trips for one in counts],
            "",
            1 if step == "nothing" else None,
            peer,
            [one.trips for one in theirs[best_time].counts[step]],
        ),
        row(
            f"{head}, connections",
            [one.connections for one in counts],
            "",
            None,
            peer,
            [one.connections for one in theirs[best_time].counts[step]],
        ),
    ]


@contextmanager
def running(folder: Path) -> Iterator[tuple[Flask, Centre]]:
    """The application (to publish with) and the centre as a process of its own on the same data."""
    app = create_app(Settings(data=folder))
    setup(app, demo=True)
    centre = Centre(folder)
    centre.threads = 128
    centre.settings = {"JJB_ENROL_LIMIT": "100000 per minute"}
    centre.start()
    try:
        yield app, centre
    finally:
        centre.kill()
        app.extensions["jjb_db"].close()


def release(app: Flask, items: list[Document]) -> None:
    """Issue these items as the next release."""
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        publish.publish(connection, app.extensions["jjb_settings"], items, "bench", "centre")


Extra = list[tuple[str, list[float], str, float | None]]


def _ours(link: Link, folder: Path, items: list[Document], times: int) -> tuple[Seen, Extra]:
    seen, cut_seconds, over, lingua = Seen(), [], [], []
    with running(folder / "centre") as (app, centre):
        if len(items) > ENOUGH:
            release(app, items)
        for run_no in range(times):
            with Shaped(link, centre.port) as way, Watch(centre.group) as watch:
                village = enrolled(centre, folder / f"v{run_no}", way.url)
                way.take()
                _step(seen, "first", way, village)
                assert next(iter(village.shelf.open().execute("SELECT count(*) FROM item")))[0] == len(items)
            seen.cpu.append(watch.cpu)
            seen.memory.append(watch.most)
            with Shaped(link, centre.port) as way:
                village = Village(folder / f"v{run_no}", way.url, SCHEMA)
                _step(seen, "nothing", way, village)
                release(app, edited(items, run_no + 1))
                _step(seen, "changed", way, village)
                for number in range(EVENTS):
                    village.record("question.asked", "q", event_body(number))
                _step(seen, "events", way, village)
                if len(items) < ENOUGH:
                    lingua.append(_lingua(app, village))
                village.close()
            seconds, size = _cut_ours(link, centre, folder / f"cut{run_no}")
            cut_seconds.append(seconds)
            over.append((size / seen.counts["first"][-1].down - 1) * 100)
    extra: Extra = [
        (f"cut every {CUT_S:.0f} s, first knowledge, time", cut_seconds, "s", None),
        (f"cut every {CUT_S:.0f} s, bytes more than uncut", over, "%", 2),
    ]
    if lingua:
        extra.append(("words and vectors (lingua) after it, time", lingua, "s", None))
    return seen, extra


def enrolled(centre: Centre, folder: Path, url: str) -> Village:
    """A village with its identity; enrolment goes over the link too."""
    village = Village(folder, url, SCHEMA)
    village.enrol(centre.run("enrol-code", "hexie").split()[0])
    return village


def _step(seen: Seen, step: str, way: Shaped, village: Village) -> None:
    started = time.monotonic()
    outcome = village.sync(attempts=3)
    seconds = time.monotonic() - started
    if outcome.error:
        raise outcome.error
    time.sleep(0.1)
    seen.note(step, seconds, way.take())


def _lingua(app: Flask, village: Village) -> float:
    """Seconds to fetch the other scope, as the village page does after the knowledge."""
    with app.extensions["jjb_db"].read() as connection:
        newest = releases.newest(connection, releases.LINGUA)
    way = newest.pack_from(0) if newest else None
    assert way
    started = time.monotonic()
    size = sum(len(piece) for piece in village.wire.get_from(f"/packs/{way[0]}.pack", 0))
    assert size == way[1]
    return time.monotonic() - started


def _cut_ours(link: Link, centre: Centre, folder: Path) -> tuple[float, int]:
    """Seconds and bytes down until the knowledge is there, the link cut by the clock; enrolled before."""
    enrolled(centre, folder, centre.url).close()
    with Shaped(link, centre.port, CUT_S) as way:
        village = Village(folder, way.url, SCHEMA)
        started = time.monotonic()
        while not village.release and time.monotonic() - started < GIVE_UP_S:
            if not village.round().ok:
                time.sleep(0.3)
        seconds = time.monotonic() - started
        held = village.release
        village.close()
        time.sleep(link.trip_s)
        return (seconds if held else float("inf")), way.take().down


def _theirs(
    link: Link, server: tuple[int, int], client: Node, items: list[Document], batch: int, run_no: int, seen: Seen
) -> None:
    """The same steps by PouchDB, each run with a database of its own."""
    group, port = server
    base, name = f"/db/b{batch}r{run_no}n{len(items)}", f"c{batch}r{run_no}n{len(items)}"
    near = f"http://127.0.0.1:{port}{base}"
    client.ask("seed", url=near, docs=documents(items))
    with Shaped(link, port) as way:
        order = {"url": way.url + base, "name": name, "batch": batch}
        with Watch(group) as watch:
            answer = client.ask("down", **order)
        assert answer.docs == len(items)
        seen.cpu.append(watch.cpu)
        seen.memory.append(watch.most)
        seen.note("first", answer.seconds, _settled(way))
        seen.note("nothing", client.ask("down", **order).seconds, _settled(way))
        changed = [one for one, before in zip(edited(items, run_no + 1), items, strict=True) if one is not before]
        client.ask("seed", url=near, docs=documents(changed))
        seen.note("changed", client.ask("down", **order).seconds, _settled(way))
        docs = [
            {"_id": f"q{n:04d}", "name": "question.asked", "at": "2026-11-25T10:00:00.000Z", "body": event_body(n)}
            for n in range(EVENTS)
        ]
        # A store of its own, so that only the events are compared.
        up = {"url": way.url + base + "up", "name": name + "up", "batch": batch, "docs": docs}
        client.ask("seed", url=near + "up", docs=[])
        seen.note("events", client.ask("up", **up).seconds, _settled(way))


def _settled(way: Shaped) -> Count:
    time.sleep(0.1)
    return way.take()


def _cut_theirs(link: Link, port: int, client: Node, items: list[Document], batch: int) -> list[Row]:
    base = f"/db/b{batch}r0n{len(items)}"
    with Shaped(link, port, CUT_S) as way:
        order = {"url": way.url + base, "name": f"cut{batch}", "batch": batch, "want": len(items)}
        answer = client.ask("cut", **order, seconds=GIVE_UP_S)
        count = way.take()
    what = f"PouchDB cut every {CUT_S:.0f} s (batch {batch}, {answer.seconds:.0f} s, {count.down / 1000:.0f} kB)"
    return [row(f"{what}: items held of {len(items)}", [answer.docs], "items")]


def _lossy(times: int) -> list[Row]:
    """From enrolment to the first answer at 64 kbit/s, 1.2 s round trip, 10 % loss (a stand-in, see `_link.py`)."""
    spent = []
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "centre") as (_, centre):
        for run_no in range(times):
            code = centre.run("enrol-code", "hexie").split()[0]
            with Shaped(LOSSY, centre.port) as way:
                village = Village(Path(folder) / f"v{run_no}", way.url, SCHEMA)
                started = time.monotonic()
                village.enrol(code)
                while not village.release and time.monotonic() - started < GIVE_UP_S:
                    village.sync()
                spent.append(time.monotonic() - started)
                village.close()
    return [row("64 kbit/s, 1.2 s, 10 % loss (USERSPACE STAND-IN): enrolment to knowledge", spent, "s", at_most=90)]
