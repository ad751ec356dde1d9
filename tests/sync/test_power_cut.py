"""The centre as a real process, killed in the middle of its work again and again: nothing lost, nothing doubled."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from app import create_app, ledger
from app.places import store as places
from app.settings import Settings
from datasets.build import SCHEMA
from sync.client import Village, World
from tests.journeys.centre import Centre

VILLAGES, EVENTS, KILLS = 6, 40, 4


def test_a_centre_killed_while_villages_send_loses_and_doubles_nothing(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JJB_ENROL_LIMIT", "1000 per minute")
    data = tmp_path / "data"
    shutil.copytree(sqlite_template, data)
    app = create_app(Settings(data=data))
    with app.extensions["jjb_db"].write() as connection:
        codes = [places.issue_code(connection, "hexie", 15, "test")[0] for _ in range(VILLAGES)]
    centre = Centre(data)
    centre.start()
    villages = []
    for number, code in enumerate(codes):
        world = World(sleep=lambda seconds: time.sleep(min(seconds, 0.2)))
        village = Village(tmp_path / f"v{number}", centre.url, SCHEMA, world)
        village.enrol(code)
        village.batch = 1  # many small rounds, so that kills fall everywhere in them
        for event in range(EVENTS):
            body = {"text": f"问题 {event}", "decision": "handoff", "items": [], "release": 1}
            village.record("question.asked", "q", body)
        villages.append(village)
    threads = [threading.Thread(target=village.sync, kwargs={"attempts": 500}) for village in villages]
    for thread in threads:
        thread.start()
    for kill in range(KILLS):
        time.sleep(0.15 + 0.1 * kill)
        if kill == 0:
            assert any(village.mailbox.counts().waiting for village in villages), "killed too late to prove anything"
        centre.kill()
        centre.start()
    for thread in threads:
        thread.join(120)
    centre.kill()
    with app.extensions["jjb_db"].read() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert ledger.verify(connection).ok
        taken = Counter(entry.event_id for entry in ledger.read(connection, name="question.asked"))
    sent = [event for village in villages for event in village.mailbox.verdicts()]
    assert taken == Counter(sent)
    assert all(village.status().waiting == village.status().refused == 0 for village in villages)
    assert {village.release for village in villages} == {1}
    app.extensions["jjb_db"].close()
    for village in villages:
        village.close()
