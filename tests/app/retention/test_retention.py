"""How long personal data stay: what goes when, what must stay, and that nobody can read it afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from app import __main__ as commands
from app import clock, ledger
from app.desk import store as desk
from app.handling import store as handling
from app.places.guard import device_public
from app.problems import Problem
from app.ratings import store as ratings
from app.retention import job, rules, store
from app.settings import Settings
from app.syncing import store as syncing
from app.vault import FORGOTTEN, vault
from tests.app.files.test_tus import PHOTO, create, file_case, name_of, patch
from tests.app.village import Village

LogIn = Callable[[str], FlaskClient]
NUMBER = "11010519491231002X"


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


def run(app: Flask, *, dry: bool = False) -> Any:
    """One run, as the server's own thread makes it."""
    with app.app_context():
        return job.run("centre", dry=dry)


def daily(app: Flask) -> Any:
    with app.app_context():
        return job.daily()


def post(client: FlaskClient, path: str, form: str = "/retention/", **data: Any) -> Any:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(form).get_data(as_text=True))
    assert found
    return client.post(path, data={"csrf_token": found[1], **data}, follow_redirects=True)


def bring(village: Village, case_no: str, data: bytes) -> None:
    """Bring a file of a case whole."""
    assert patch(village, create(village, case_no, data).headers["Location"], 0, data).status_code == 204


def decide(client: FlaskClient, case_no: str, result: str = "证号 云A-001") -> None:
    for step in (
        {"state": "accepted"},
        {"state": "done", "outcome": "granted", "result": result, "note": "请阿普山来领"},
    ):
        post(client, f"/handling/{case_no}/move", f"/handling/{case_no}", **step)


def ended(app: Flask, case_no: str, days: int) -> None:
    """Let a case have ended so many days ago."""
    with app.extensions["jjb_db"].write() as connection:
        where = handling.case_file.c.case_no == case_no
        connection.execute(update(handling.case_file).where(where).values(changed_at=clock.later(days=-days)))


def row(app: Flask, case_no: str) -> Any:
    with app.extensions["jjb_db"].read() as connection:
        return handling.one(connection, case_no)


def counts(found: Any) -> dict[str, int]:
    return dict(json.loads(found.counts))


def test_the_village_is_told_first_and_later_everything_goes(
    app: Flask, village: Village, log_in: LogIn, settings: Settings
) -> None:
    case_no = file_case(village, name_of(PHOTO))
    bring(village, case_no, PHOTO)
    decide(log_in("agent1"), case_no)
    assert counts(run(app)) == {}
    ended(app, case_no, 31)
    assert counts(run(app)) == {"village": 1}
    told = village.round().json["downlink"]
    assert [one["kind"] for one in told] == ["case.progress", "case.progress", "case.forget"]
    assert told[1]["body"]["note"] == "请阿普山来领"
    ended(app, case_no, 366)
    folders = list((settings.data / "files").iterdir())
    assert len(folders) == 1
    assert counts(run(app)) == {"cases": 1, "files": 1, "messages": 2}
    left = row(app, case_no)
    assert (left.person_mark, left.applicant_masked, left.sealed, left.result) == ("", FORGOTTEN, "{}", "")
    assert (left.item, left.state, left.point) == ("temp-id-card", "done", "hexie")
    assert [one["kind"] for one in village.round().json["downlink"]] == ["case.forget"]
    assert not list((settings.data / "files").iterdir())
    page = log_in("agent1").get(f"/handling/{case_no}").get_data(as_text=True)
    assert "已按规定删除" in page
    assert "阿普山" not in page
    assert post(log_in("agent1"), f"/handling/{case_no}/unmask", "/accounts/password", reason="核对").status_code == 410
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        assert ledger.verify(connection).ok
        assert not vault().knows(connection, case_no)


def test_a_second_run_finds_nothing_and_a_late_event_is_still_a_duplicate(
    app: Flask, village: Village, log_in: LogIn
) -> None:
    event = village.case(1)
    village.round(event)
    decide(log_in("agent1"), event["subject"])
    ended(app, event["subject"], 400)
    assert counts(run(app))["cases"] == 1
    assert counts(run(app)) == {}
    assert village.round(event).json["verdicts"][0]["verdict"] == "duplicate"  # a device restored from an old disk
    with app.app_context(), app.extensions["jjb_db"].write() as connection:  # a paper form that came a year late
        entry = ratings.from_paper(connection, event["subject"], "hexie", 2, "2026-11-20", "谢谢阿普", "someone")
        ledger.project(connection, entry)
    assert counts(run(app)) == {"ratings": 1}
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        assert not vault().knows(connection, event["subject"])


def test_a_run_that_was_killed_is_gone_on_with(
    app: Flask, village: Village, log_in: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = log_in("agent1")
    for counter in (1, 2, 3):
        event = village.case(counter)
        village.round(event)
        decide(agent, event["subject"])
        ended(app, event["subject"], 400)
    real, seen = store.forget, []

    def dies(connection: Any, subject: str, *rest: Any) -> dict[str, int]:
        seen.append(subject)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(connection, subject, *rest)

    monkeypatch.setattr(store, "forget", dies)
    with pytest.raises(KeyboardInterrupt):
        run(app)
    monkeypatch.setattr(store, "forget", real)
    assert counts(run(app))["cases"] == 2
    with app.extensions["jjb_db"].read() as connection:
        second, first = store.runs(connection, 2)
        assert (first.ended_at, counts(first)["cases"]) == (None, 1)
        assert second.ended_at
    page = log_in("manager").get("/retention/").get_data(as_text=True)
    assert "正在做" in page
    with app.extensions["jjb_db"].write() as connection:
        long_ago = clock.later(hours=-3)
        connection.execute(
            update(store.retention_run).where(store.retention_run.c.id == first.id).values(started_at=long_ago)
        )
    assert "中途停了" in log_in("manager").get("/retention/").get_data(as_text=True)


def test_a_dry_run_counts_the_same_and_wipes_nothing(app: Flask, village: Village, log_in: LogIn) -> None:
    case_no = file_case(village, name_of(PHOTO))
    decide(log_in("agent1"), case_no)
    ended(app, case_no, 400)
    before = row(app, case_no)
    tried = counts(run(app, dry=True))
    assert row(app, case_no) == before
    assert tried == counts(run(app)) | {"village": 2}  # a try sees the two steps one by one


def test_what_is_not_over_stays_however_old(app: Flask, village: Village, log_in: LogIn) -> None:
    running, disputed, held = (village.case(counter) for counter in (1, 2, 3))
    village.round(running, disputed, held)
    agent, manager = log_in("agent1"), log_in("manager")
    for one in (disputed, held):
        decide(agent, one["subject"])
    village.round(village.rating(disputed["subject"], 5))
    answer = post(manager, "/retention/hold", subject=held["subject"].lower(), reason="行政复议，县法制办要用")
    assert "已设为保留" in answer.get_data(as_text=True)
    assert "县法制办" in answer.get_data(as_text=True)
    for one in (running, disputed, held):
        ended(app, one["subject"], 4000)
    found = run(app)
    assert counts(found) == {}
    assert found.held == 4  # of two matters the village's copy and the case itself; the third is not over
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(update(ratings.rectification).values(state="closed"))
    post(manager, "/retention/hold", subject=held["subject"], reason="复议已经终结", lift="1")
    assert counts(run(app))["cases"] == 2
    assert row(app, running["subject"]).sealed != "{}"


@pytest.mark.parametrize(
    ("subject", "reason", "word"),
    [
        ("NJ1", "行政复议要用", "25 位"),
        ("", "行政复议要用", "25 位"),
        ("CASE", "短", "4 到 200"),
        ("NJ53330100120261123AA0099", "行政复议要用", "没有办件"),
    ],
)
def test_a_hold_that_means_nothing_is_refused(
    village: Village, log_in: LogIn, subject: str, reason: str, word: str
) -> None:
    event = village.case(1)
    village.round(event)
    answer = post(
        log_in("manager"), "/retention/hold", subject=subject.replace("CASE", event["subject"]), reason=reason
    )
    assert answer.status_code == 422
    assert word in answer.get_data(as_text=True)


def test_words_of_calls_of_ratings_and_of_what_was_set_aside_go_too(app: Flask, village: Village) -> None:
    old = clock.later(days=-400)
    village.round(village.rating("visit:1", 2), village.event("nobody.knows", "x", {"name": "阿普山"}))
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        device = device_public(connection, village.id)
        desk.open_talk(connection, device, "t1", "想问低保", None, 1)
        desk.say(connection, "t1", None, "村里", "text", "我叫阿普山", "m1")
        desk.end(connection, "t1", None, village.id, "solved")
        connection.execute(update(desk.talk).values(ended_at=old))
        connection.execute(update(ratings.rating).values(received_at=old))
        connection.execute(update(syncing.quarantine).values(received_at=old))
    assert counts(run(app)) == {"ratings": 1, "talks": 1}  # nobody has looked at what was set aside
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(update(syncing.quarantine).values(settled_at=old, settled_by="x", settlement="已作废"))
    assert counts(run(app)) == {"quarantine": 1}
    with app.extensions["jjb_db"].read() as connection:
        assert connection.execute(text("SELECT count(*) FROM talk_message")).scalar_one() == 0
        assert connection.execute(select(desk.talk.c.reason, desk.talk.c.outcome)).one() == ("", "solved")
        assert connection.execute(select(ratings.rating.c.level, ratings.rating.c.sealed_text)).one() == (2, "")
        assert connection.execute(text("SELECT count(*) FROM vault_key")).scalar_one() == 0


def test_the_server_makes_one_run_a_day(app: Flask) -> None:
    assert daily(app) is not None
    assert daily(app) is None
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(update(store.retention_run).values(started_at=clock.later(hours=-21)))
    assert daily(app) is not None


def test_a_request_starts_the_run_when_it_is_time(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "LOOK_S", -1)
    started: list[Any] = []
    monkeypatch.setattr(job, "Thread", lambda **given: started.append(given) or _Still())
    from app import create_app

    again = create_app(settings)
    again.test_client().get("/healthz")
    again.test_client().get("/healthz")  # the first is still at it
    assert len(started) == 1
    started[0]["target"](*started[0]["args"])
    with again.extensions["jjb_db"].read() as connection:
        assert store.runs(connection, 5)[0].ended_at
    again.extensions["jjb_db"].close()


class _Still:
    def start(self) -> None:
        """Not yet."""


def test_the_command_says_what_it_did(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("JJB_DATA", str(settings.data))
    if settings.database_url:
        monkeypatch.setenv("JJB_DATABASE_URL", settings.database_url)
    assert commands.main(["retention", "--dry-run"]) == 0
    assert commands.main(["retention"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "试算，没有删除：没有到期的。保留不删 0 项。",
        "已清理：没有到期的。保留不删 0 项。",
    ]


def test_people_may_not_go_to_court_with_nothing(settings: Settings) -> None:
    with pytest.raises(Problem, match=r"setting\.value"):
        replace(settings, keep_case_days=90).checked()


def test_every_kind_has_its_period_its_rule_and_its_keeper(app: Flask, log_in: LogIn) -> None:
    assert set(app.extensions["jjb_keeping"].keepers) == set(rules.PERIODS)
    page = log_in("inspector").get("/retention/").get_data(as_text=True)
    assert all(period.source in page for period in rules.PERIODS.values())
    assert "现在清理" not in page
    assert log_in("agent1").get("/retention/").status_code == 403
    assert post(log_in("admin"), "/retention/run", dry="1").status_code == 200


def test_deleted_bytes_do_not_stay_in_the_file(app: Flask, village: Village, log_in: LogIn, settings: Settings) -> None:
    if settings.database_url:
        pytest.skip("PostgreSQL keeps its own files")
    event = village.case(1)
    village.round(event)
    with app.extensions["jjb_db"].read() as connection:
        wrapped = connection.execute(text("SELECT wrapped FROM vault_key")).scalar_one()
    decide(log_in("agent1"), event["subject"])
    ended(app, event["subject"], 400)
    run(app)
    for path in Path(settings.data).glob("centre.db*"):
        assert wrapped.encode() not in path.read_bytes(), path.name
