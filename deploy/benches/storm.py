"""Power comes back to a valley: 340 service points with a month of work each return to the centre within a minute.

Every point is a whole village in Python (`sync.client`, as in the field: signed rounds, adaptive batches, waiting when the
centre says so); the centre is a process of its own, started as `deploy/up` does. All of it shares this machine over loopback, so the
villages' own work (signing, packing, their disks) slows the centre down, which it does not in the field. Acknowledged is a
village when the last of its events has a verdict; the time runs from its own return. The knowledge is the one they hold: what a
release costs is measured by `deploy/bench sync`.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from app import create_app, ledger
from app.places import store as places
from app.settings import Settings
from app.setup import setup
from datasets.build import SCHEMA
from datasets.sources import read
from deploy.benches import Row, percentile, row
from deploy.benches._cost import Watch
from sync.client import SCOPE, Village, stamp
from tests.journeys.centre import Centre

POINTS, DAYS = 340, 30
RETURN_S = 60.0
"""Within so long all of them come back."""
LIMIT_S = 60.0
GIVE_UP_S = 300.0
QUESTIONS, CASES, RATINGS, NOTICES = 5, 1, 1, 1
"""What a point does on each day: 240 events in 30 days."""
ASKED = ("身份证丢了咋个办", "低保要哪些材料", "娃娃上户口", "社保卡补办", "老人高龄补贴")
PERSON = {"name": "阿普山", "phone": "13800000000", "region": "", "address": ""}


@dataclass
class Returned:
    """What one point lived through; `late` is None when not all was acknowledged in time."""

    late: float | None = None
    rounds: int = 0
    refused: int = 0
    """Times it was told to come again later, or not let in."""


def run(quick: bool) -> list[Row]:
    """`quick`: 40 points instead of 340, back within 7 seconds."""
    count = 40 if quick else POINTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = create_app(Settings(data=folder / "centre"))
        setup(app, demo=True)
        centre = Centre(folder / "centre")
        centre.threads = app.extensions["jjb_settings"].request_threads
        centre.settings = {"JJB_ENROL_LIMIT": "100000 per minute"}
        centre.start()
        try:
            villages = _villages(app, centre, folder, count)
            sent = [_month(village) for village in villages]
            with Watch(centre.group) as watch:
                before = watch.before[1]
                began = time.monotonic()
                seen = _storm(villages, RETURN_S * count / POINTS)
                seconds = time.monotonic() - began
            lost, twice = _judge(app, villages, sent)
        finally:
            centre.kill()
            app.extensions["jjb_db"].close()
    return _rows(seen, sum(map(len, sent)), seconds, (before, watch.most, watch.cpu), lost, twice)


def _rows(
    seen: list[Returned], events: int, seconds: float, cost: tuple[float, float, float], lost: int, twice: int
) -> list[Row]:
    late = [one.late if one.late is not None else GIVE_UP_S for one in seen]
    before, most, cpu = cost
    return [
        row("points that return", [len(seen)], ""),
        row("events that waited", [events], ""),
        row("a point's return to its last verdict, p50", [percentile(late, 50)], "s"),
        row("a point's return to its last verdict, p95", [percentile(late, 95)], "s", at_most=LIMIT_S),
        row("a point's return to its last verdict, worst", [max(late)], "s"),
        row("points not done in time", [sum(one.late is None for one in seen)], "", at_most=0),
        row("events that are lost", [lost], "", at_most=0),
        row("events that are there twice, or a chain that is broken", [twice], "", at_most=0),
        row("events taken in a second, from the first return to the last verdict", [events / seconds], "1/s"),
        row("rounds of a point, worst", [max(one.rounds for one in seen)], ""),
        row("rounds that were sent away or failed", [sum(one.refused for one in seen)], ""),
        row("centre: memory before", [before], "MB"),
        row("centre: memory at most", [most], "MB", at_most=1_000),
        row("centre: CPU", [cpu], "s"),
        row("load of the machine after", [os.getloadavg()[0]], ""),
    ]


def _villages(app: Flask, centre: Centre, folder: Path, count: int) -> list[Village]:
    """Enrolled villages at points of their own, each with the knowledge in force as if it had fetched it a month ago."""
    regions = [one["code"] for one in read().regions if one["level"] in ("village", "township")]
    made: list[Village] = []
    for number in range(count):
        point, region = f"p{number}", regions[number % len(regions)]
        with app.app_context(), app.extensions["jjb_db"].write() as connection:
            values = {"id": point, "name": f"服务点{number}", "region": region, "address": "", "hours": "", "phone": ""}
            places.add_point(connection, values, "bench")
            code = places.issue_code(connection, point, 15, "bench")[0]
        village = Village(folder / f"v{number}", centre.url, SCHEMA)
        village.enrol(code)
        if made:
            shutil.copy(made[0].shelf.path, village.shelf.path)
            village.mailbox.put(release=made[0].release, root=made[0].mailbox.get("root"))
        else:
            village.sync()
            assert village.mailbox.get("release"), f"no {SCOPE} on the first village"
        made.append(village)
    return made


def _month(village: Village) -> set[str]:
    """The work of 30 days without a link, in the outbox; the ids of its events."""
    with village.mailbox.db:
        for day in range(DAYS):
            date = datetime.now(UTC) - timedelta(days=DAYS - day)
            village.world.now = date.timestamp
            _day(village, day, date)
    village.world.now = time.time
    return set(village.mailbox.verdicts())


def _day(village: Village, day: int, date: datetime) -> None:
    for number in range(QUESTIONS):
        asked = {"text": ASKED[number % len(ASKED)], "decision": "answer", "items": ["temp-id-card"], "release": 1}
        village.record("question.asked", f"q{day}-{number}", asked)
    notice = {"item": "temp-id-card", "release": 1, "situations": [], "number": f"G{day:04d}"}
    for _ in range(NOTICES):
        village.record("notice.printed", "temp-id-card", notice)
    for number in range(CASES):
        case_no = village.case_no(day * CASES + number + 1, date.strftime("%Y%m%d"))
        materials = [{"name": "户口簿", "have": True}]
        village.file_case(
            {"case_no": case_no, "item": "temp-id-card", "release": 1, "situations": [], "materials": materials}
            # nobody's number, and another one in every case, so that nobody looks like the same person twice
            | {"applicant": {**PERSON, "id_number": case_no[2:20]}, "proxy": None, "note": "急用"}
        )
        for _ in range(RATINGS):
            rating = {"matter": f"visit:{case_no}", "level": 1, "rated_at": stamp(date.timestamp()), "channel": "PC端"}
            village.record("rating.given", f"visit:{case_no}", rating)


def _storm(villages: list[Village], within_s: float) -> list[Returned]:
    chance = random.Random(1)  # noqa: S311 - the same returns at every run
    seen = [Returned() for _ in villages]
    began = time.monotonic()
    threads = [
        threading.Thread(target=_return, args=(village, one, began + chance.uniform(0, within_s)))
        for village, one in zip(villages, seen, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def _return(village: Village, seen: Returned, at: float) -> None:
    """A point comes back and goes on, as its page would, until nothing waits."""
    time.sleep(max(0.0, at - time.monotonic()))
    while time.monotonic() - at < GIVE_UP_S:
        outcome = village.round()
        seen.rounds += 1
        if village.mailbox.counts().waiting == 0:
            seen.late = time.monotonic() - at
            return
        if not outcome.ok:
            seen.refused += 1
            time.sleep(village.next_delay_s())


def _judge(app: Flask, villages: list[Village], sent: list[set[str]]) -> tuple[int, int]:
    """(events that are not in the ledger, or that a village believes refused; events too many, or 1 for a broken chain)."""
    table = ledger.ledger
    with app.extensions["jjb_db"].read() as connection:
        there = list(connection.execute(select(table.c.event_id).where(table.c.device_seq.is_not(None))).scalars())
        whole = ledger.verify(connection).ok
    wanted = set[str]().union(*sent)
    refused = sum(village.mailbox.counts().refused for village in villages)
    for village in villages:
        village.close()
    return len(wanted - set(there)) + refused, len(there) - len(set(there) & wanted) + (not whole)
