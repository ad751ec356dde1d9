"""Settings, problems, the vault, the bus and the clock."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app import clock, events
from app.bus import Bus
from app.problems import PROBLEMS, Problem
from app.settings import Settings
from app.vault import Vault


def test_settings_come_from_the_environment() -> None:
    settings = Settings.from_environment({"JJB_DATA": "/x", "JJB_DEMO": "no", "JJB_STALE_DAYS": "3"})
    assert (settings.data, settings.demo, settings.stale_days) == (Path("/x"), False, 3)
    assert settings.store_url == "sqlite:////x/centre.db"


def test_database_url_is_understood_under_its_common_name() -> None:
    url = "postgresql+psycopg://x@y/z"
    assert Settings.from_environment({"DATABASE_URL": url}).store_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JJB_STALE_DAYS", "soon"),
        ("JJB_STALE_DAYS", "-1"),
        ("JJB_DEMO", "maybe"),
        ("JJB_SMALL_COUNT", "4"),
        ("JJB_SOCKET_LIMIT", "5000"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(Problem) as caught:
        Settings.from_environment({name: value})
    assert caught.value.code == "setting.value"
    assert name in caught.value.sentence
    assert value in caught.value.sentence


def test_every_problem_says_what_happened_and_what_to_do() -> None:
    for code, kind in PROBLEMS.items():
        assert kind.status >= 400, code
        assert kind.sentence.endswith("。"), code
        assert kind.next.endswith("。"), code
    assert list(PROBLEMS) == sorted(PROBLEMS)


def test_a_sealed_value_opens_again_and_is_not_readable_at_rest(app: Flask) -> None:
    vault: Vault = app.extensions["jjb_vault"]
    value = {"name": "木某某", "id_number": "533324189901010018"}
    with app.extensions["jjb_db"].write() as connection:
        sealed = vault.seal(connection, "case-1", value)
        assert "533324189901010018" not in sealed
        assert vault.open(connection, "case-1", sealed) == value


def test_a_sealed_value_cannot_be_moved_to_another_subject(app: Flask) -> None:
    vault: Vault = app.extensions["jjb_vault"]
    with app.extensions["jjb_db"].write() as connection:
        sealed = vault.seal(connection, "case-1", "x")
        vault.seal(connection, "case-2", "y")
        with pytest.raises(ValueError, match="case-2"):
            vault.open(connection, "case-2", sealed)


def test_forgetting_a_subject_makes_every_copy_unreadable(app: Flask) -> None:
    vault: Vault = app.extensions["jjb_vault"]
    with app.extensions["jjb_db"].write() as connection:
        sealed = vault.seal(connection, "case-1", "x")
        vault.forget(connection, "case-1")
        assert vault.open(connection, "case-1", sealed) is None


def test_keys_are_readable_by_the_owner_only(settings: Settings, app: Flask) -> None:
    for key in (settings.data / "keys").iterdir():
        assert key.stat().st_mode & 0o077 == 0, key.name


def test_the_bus_wakes_only_those_who_listen_and_forgets_them_after() -> None:
    bus = Bus()
    with bus.listen("a", "b") as mine, bus.listen("c") as other:
        bus.publish("b", 7)
        assert mine.get_nowait() == ("b", 7)
        assert other.empty()
    bus.publish("b", 8)
    assert mine.empty()


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1), max_value=datetime(2999, 1, 1)))
def test_written_times_read_back_and_sort_as_time(moment: datetime) -> None:
    text = clock.stamp(moment)
    assert abs(clock.parse(text) - moment) < timedelta(milliseconds=1)
    later = clock.stamp(moment + timedelta(milliseconds=1))
    assert text < later
    assert clock.stamp(moment.astimezone(timezone(timedelta(hours=8)))) == text


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        clock.parse("2026-01-01T00:00:00")


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("no.such", {}, "event.unknown"),
        ("rating.given", {"matter": "m", "level": 6, "rated_at": "2026-01-01T00:00:00.000Z"}, "event.field"),
        ("rating.given", {"matter": "m", "level": 1, "rated_at": "yesterday"}, "event.field"),
        ("rating.given", {"matter": "m", "level": 1, "rated_at": "2026-01-01T00:00:00.000Z", "x": 1}, "event.field"),
        ("rating.given", None, "event.field"),
        ("rating.given", {"matter": "长" * 101, "level": 1, "rated_at": "2026-01-01T00:00:00.000Z"}, "event.field"),
    ],
)
def test_an_event_that_nobody_planned_is_refused(name: str, body: object, code: str) -> None:
    with pytest.raises(Problem) as caught:
        events.check(name, body, "device")
    assert caught.value.code == code


def test_a_device_may_not_emit_what_only_the_centre_does() -> None:
    centre_only = [name for name, kind in events.EVENTS.items() if kind.source == "centre"]
    for name in centre_only:
        with pytest.raises(Problem):
            events.check(name, {}, "device")


def test_sqlite_is_in_wal_mode_and_safe_against_power_cuts(tmp_path: Path) -> None:
    from app.db import Database

    store = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()
    assert sqlite3.connect(tmp_path / "x.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)
