"""What either end tells of the link of a talk, and what oversight shows of it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update

from app import clock
from app.desk import measures, store
from app.places.guard import device_public
from app.retention import job
from tests.app.desk.conftest import End, new
from tests.app.desk.test_media import talking as talking
from tests.app.village import Village
from tests.conftest import LogIn

ONE: dict[str, Any] = {
    "ago": 20, "span": 15, "rung": 3, "reason": "start", "rtt_ms": 240, "loss": 12, "up": 40_000, "down": 50_000,
    "connect_ms": 2400, "voice_ms": 3100, "drops": 0, "backs": 0, "back_ms": 0,
}  # fmt: skip
FELL = {**ONE, "ago": 5, "span": 5, "rung": 4, "reason": "narrow", "connect_ms": None, "voice_ms": None, "drops": 1}


def rows(app: Flask, table: str = "talk_sample") -> list[Any]:
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        return list(connection.execute(text(f"SELECT * FROM {table}")).all())


def tell(end: End, talk: str, *samples: Any, client_id: str | None = None) -> dict[str, Any] | None:
    """What the centre says to samples; None when it kept them."""
    end.send(type="health", talk=talk, client_id=client_id or new(), samples=list(samples))
    end.send(type="ping")
    frames = end.until(lambda frame: frame["type"] == "pong")
    return next((frame["error"] for frame in frames if frame["type"] == "health"), None)


def test_both_ends_tell_and_what_is_told_twice_counts_once(app: Flask, talking: tuple[End, End, str]) -> None:
    village, agent, talk = talking
    told = new()
    for _ in range(2):
        assert tell(village, talk, ONE, FELL, client_id=told) is None
    assert tell(agent, talk, {**ONE, "connect_ms": 5200}) is None
    assert [(row.side, row.n, row.rung) for row in rows(app)] == [("village", 1, 3), ("village", 2, 4), ("agent", 1, 3)]
    (line,) = rows(app, "talk_link")
    assert (line.best, line.worst, line.why, line.connect_ms, line.drops, line.up) == (
        3,
        4,
        " narrow ",
        5200,
        1,
        80_000,
    )


BAD: list[Any] = [
    [],
    [ONE] * 21,
    [{**ONE, "rung": 5}],
    [{**ONE, "reason": "她的身份证"}],
    [{**ONE, "note": "张三"}],
    [{**ONE, "up": -1}],
    [{**ONE, "down": 2**31}],
    [{**ONE, "loss": 1001}],
    [{**ONE, "ago": 3601}],
    [{**ONE, "rtt_ms": "240"}],
    [{**ONE, "rtt_ms": 1e400}],
    ["x"],
    None,
]


def test_samples_that_say_more_or_other_than_a_link_are_refused_and_the_talk_goes_on(
    app: Flask, talking: tuple[End, End, str]
) -> None:
    village, _, talk = talking
    for samples in BAD:
        village.send(type="health", talk=talk, client_id=new(), samples=samples)
        refusal = village.until(lambda frame: frame["type"] == "health")[-1]
        assert refusal["error"]["code"] == "talk.frame", samples
    assert rows(app) == rows(app, "talk_link") == []
    village.send(type="say", client_id=new(), text="还在")
    assert village.next("message")["body"] == "还在"


def test_nobody_tells_of_a_talk_of_others(app: Flask, talking: tuple[End, End, str], desk: Any) -> None:
    village, _, talk = talking
    assert (tell(desk("agent2"), talk, ONE) or {})["code"] == "talk.not_yours"
    assert (tell(village, new(), ONE) or {})["code"] == "talk.missing"
    assert rows(app) == []


def test_a_talk_holds_so_many_samples_and_no_more(app: Flask, talking: tuple[End, End, str], monkeypatch: Any) -> None:
    monkeypatch.setattr("remote.health.FULL", 5)
    village, agent, talk = talking
    assert tell(village, talk, *[ONE] * 4) is None
    assert (tell(village, talk, ONE, ONE) or {})["code"] == "talk.measured"
    assert tell(village, talk, ONE) is None
    assert tell(agent, talk, ONE) is None
    assert len(rows(app)) == 6


def test_last_samples_may_come_late_but_not_for_ever(app: Flask, talking: tuple[End, End, str]) -> None:
    village, agent, talk = talking
    village.send(type="end", talk=talk)
    agent.until(lambda frame: frame["type"] == "desk" and not frame["mine"])
    assert tell(agent, talk, ONE) is None
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        connection.execute(update(store.talk).values(ended_at=clock.later(minutes=-3)))
    assert (tell(agent, talk, ONE) or {})["code"] == "talk.ended"
    assert len(rows(app)) == 1


def measured(app: Flask, village: Village, *samples: dict[str, Any]) -> str:
    """A talk that was taken, told of and ended; its id."""
    talk = new()
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        store.open_talk(connection, device_public(connection, village.id), talk, "", None, 1)
        store.claim(connection, talk, "p-1", "坐席一号")
        kept = {key: value for key, value in ONE.items() if key not in ("ago", "span")}
        told = [
            {"at": clock.later(seconds=10 * at), "span_s": 10, **kept, **one} for at, one in enumerate(samples or ({},))
        ]
        measures.add(connection, store.hold(connection, talk), "village", new(), told)
        store.end(connection, talk, "p-1", "p-1", "solved")
    return talk


@pytest.fixture
def two(app: Flask) -> tuple[str, str]:
    """A quick talk of hexie; one of dulongjiang that fell, was cut and took long to connect."""
    good = measured(app, Village(app))
    fell = {"rung": 4, "reason": "narrow", "drops": 2, "backs": 2, "back_ms": 4100}
    return good, measured(app, Village(app, "dulongjiang"), {"connect_ms": 12_000}, fell, {"reason": "better"})


FILTERS: dict[str, set[int]] = {
    "": {0, 1},
    "worst=4": {1},
    "worst=3": {0},
    "worst=0": set(),
    "reason=narrow": {1},
    "reason=better": {1},
    "reason=slow": set(),
    "connect=2": {0, 1},
    "connect=10": {1},
    "drops=1": {1},
    "drops=5": set(),
    "point=hexie": {0},
    "from=2020-01-01&to=2020-01-02": set(),
    "worst=4&drops=1&point=dulongjiang": {1},
}


def test_links_are_found_by_what_went_wrong(two: tuple[str, str], log_in: LogIn) -> None:
    client = log_in("manager")
    for asked, found in FILTERS.items():
        html = client.get(f"/oversight/links?{asked}").get_data(as_text=True)
        assert {at for at, talk in enumerate(two) if f"/oversight/links/{talk}" in html} == found, asked


def test_a_filter_that_does_not_exist_is_refused(log_in: LogIn) -> None:
    client = log_in("manager")
    for asked in ("worst=5", "reason=bad", "connect=x", "drops=-1", "point=nowhere", "from=gestern"):
        assert client.get(f"/oversight/links?{asked}").status_code == 400, asked


def test_a_talk_shows_its_changes_over_time(two: tuple[str, str], log_in: LogIn) -> None:
    client = log_in("inspector")
    html = client.get(f"/oversight/links/{two[1]}").get_data(as_text=True)
    for words in (
        "12.0 秒",
        "线路变窄、线路好转",
        "<strong>2 次</strong>，恢复 2 次，最久用了 4.1 秒",
        "<polyline",
        "已解决",
    ):
        assert words in html
    reply = client.get(f"/oversight/links/{two[1]}?csv=1")
    lines = list(csv.DictReader(io.StringIO(reply.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [line["档位"] for line in lines] == ["只有语音", "只有文字", "只有语音"]
    table = client.get("/oversight/links?csv=1").get_data(as_text=True)
    assert table.count("\n") == 3 and "只有语音 → 只有文字" in table


def test_links_are_for_those_who_oversee(two: tuple[str, str], log_in: LogIn) -> None:
    for who, status in {"lead": 200, "agent1": 403, "editor": 403}.items():
        client = log_in(who)
        for path in ("/oversight/links", f"/oversight/links/{two[0]}"):
            assert client.get(path).status_code == status, who


def test_an_unknown_talk_is_not_found(log_in: LogIn) -> None:
    assert log_in("manager").get(f"/oversight/links/{new()}").status_code == 404


def test_samples_go_when_their_time_is_over_and_the_line_stays(app: Flask, two: tuple[str, str], log_in: LogIn) -> None:
    with app.app_context():
        with app.extensions["jjb_db"].write() as connection:
            old = clock.later(days=-91)
            connection.execute(update(store.talk).where(store.talk.c.id == two[1]).values(ended_at=old))
        job.run("test", dry=False)
    assert {row.talk for row in rows(app)} == {two[0]}
    assert len(rows(app, "talk_link")) == 2
    html = log_in("manager").get(f"/oversight/links/{two[1]}").get_data(as_text=True)
    assert "逐段记录已到期删除" in html and "12.0 秒" in html
