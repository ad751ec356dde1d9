from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.desk import store
from app.problems import Problem
from app.settings import Settings
from tests.app.desk.conftest import End, call, new
from tests.app.village import Village
from tests.wire import Wire


@pytest.fixture
def talking(app: Flask, wire: Wire, desk: Callable[..., End]) -> tuple[End, End, str]:
    """A village and an agent in an active talk."""
    village, agent, talk = call(wire, Village(app)), desk(), new()
    village.send(type="open", client_id=talk)
    assert village.next("state")["talk"] == talk
    agent.send(type="claim", talk=talk)
    assert village.until(lambda frame: frame.get("state") == "active")
    return village, agent, talk


def allow(village: End, agent: End, talk: str) -> None:
    village.send(type="consent", talk=talk, kind="voice", given=True)
    for end in (village, agent):
        frame = end.next("consent")
        assert (frame["given"], frame["for_s"]) == (True, 3600)


def refused(end: End) -> str:
    return str(end.next("problem")["error"]["code"])


def test_an_agent_asks_the_village_allows_and_signals_pass_both_ways(app: Flask, talking: tuple[End, End, str]) -> None:
    village, agent, talk = talking
    agent.send(type="ask", talk=talk, kind="voice")
    assert village.next("ask")["kind"] == "voice"
    allow(village, agent, talk)
    agent.send(type="signal", talk=talk, body='{"offer":1}')
    assert village.next("signal")["body"] == '{"offer":1}'
    village.send(type="signal", talk=talk, body='{"answer":1}')
    assert agent.next("signal")["body"] == '{"answer":1}'
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        rows = str(connection.execute(text("SELECT * FROM ledger WHERE name = 'talk.consent'")).all())
    assert '"given": true' in rows or '"given":true' in rows
    assert "offer" not in rows


@pytest.mark.parametrize("who", ["village", "agent"])
def test_nothing_passes_before_consent_and_nothing_after_either_end_stopped(
    talking: tuple[End, End, str], who: str
) -> None:
    village, agent, talk = talking
    for end in (village, agent):
        end.send(type="signal", talk=talk, body="{}")
        assert refused(end) == "talk.consent"
        end.send(type="relay", talk=talk)
        assert refused(end) == "talk.consent"
    allow(village, agent, talk)
    {"village": village, "agent": agent}[who].send(type="consent", talk=talk, kind="voice", given=False)
    for end in (village, agent):
        assert end.next("consent")["given"] is False
        end.send(type="signal", talk=talk, body="{}")
        assert refused(end) == "talk.consent"


@pytest.mark.parametrize("kind", ["voice", "camera", "screen"])
def test_an_agent_allows_himself_nothing(talking: tuple[End, End, str], kind: str) -> None:
    _, agent, talk = talking
    agent.send(type="consent", talk=talk, kind=kind, given=True)
    assert refused(agent) == "talk.consent"


def test_pictures_stand_beside_an_allowed_voice_and_end_with_it(talking: tuple[End, End, str]) -> None:
    village, agent, talk = talking
    agent.send(type="ask", talk=talk, kind="screen")
    assert refused(agent) == "talk.consent"
    village.send(type="consent", talk=talk, kind="camera", given=True)
    assert refused(village) == "talk.consent"
    allow(village, agent, talk)
    agent.send(type="ask", talk=talk, kind="screen")
    assert village.next("ask")["kind"] == "screen"
    for kind in ("screen", "camera"):
        village.send(type="consent", talk=talk, kind=kind, given=True)
        for end in (village, agent):
            frame = end.next("consent")
            assert (frame["kind"], frame["given"], frame["for_s"]) == (kind, True, 3600)
    agent.send(type="consent", talk=talk, kind="camera", given=False)
    for end in (village, agent):
        frame = end.next("consent")
        assert (frame["kind"], frame["given"]) == ("camera", False)
    village.send(type="consent", talk=talk, kind="voice", given=False)
    for end in (village, agent):
        ended = [end.next("consent") for _ in range(2)]
        assert [(one["kind"], one["given"]) for one in ended] == [("voice", False), ("screen", False)]


def test_a_consent_does_not_follow_the_talk_to_the_next_agent(app: Flask, talking: tuple[End, End, str]) -> None:
    village, agent, talk = talking
    allow(village, agent, talk)
    agent.send(type="return", talk=talk)
    assert village.until(lambda frame: frame.get("state") == "waiting")
    village.send(type="signal", talk=talk, body="{}")
    assert refused(village) == "talk.alone"
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        store.claim(connection, talk, "next", "下一位")
    village.send(type="signal", talk=talk, body="{}")
    assert refused(village) == "talk.consent"


def test_nobody_else_joins(app: Flask, wire: Wire, talking: tuple[End, End, str], desk: Callable[..., End]) -> None:
    village, agent, talk = talking
    allow(village, agent, talk)
    other = desk("agent2")
    other.send(type="signal", talk=talk, body="{}")
    assert refused(other) in ("talk.not_yours", "access.region")
    stranger = call(wire, Village(app, "dulongjiang"))
    stranger.send(type="consent", talk=talk, kind="voice", given=False)
    assert refused(stranger) == "talk.missing"


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "signal", "body": "x" * 20_000},
        {"type": "signal", "body": 7},
        {"type": "consent", "kind": "kidney", "given": True},
        {"type": "consent", "kind": "voice", "given": "yes"},
        {"type": "relay", "more": 1},
    ],
    ids=lambda frame: f"{frame['type']}-{sorted(frame)}",
)
def test_a_frame_that_is_none_is_refused_and_the_talk_goes_on(
    talking: tuple[End, End, str], frame: dict[str, Any]
) -> None:
    village, agent, talk = talking
    village.send(talk=talk, **frame)
    assert refused(village) == "talk.frame"
    allow(village, agent, talk)


def test_after_the_end_there_is_no_voice(talking: tuple[End, End, str]) -> None:
    village, agent, talk = talking
    allow(village, agent, talk)
    village.send(type="end", talk=talk)
    village.send(type="signal", talk=talk, body="{}")
    assert refused(village) == "talk.ended"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("JJB_RELAY_URLS", {"JJB_RELAY_URLS": "http://relay"}),
        ("JJB_RELAY_SECRET", {"JJB_RELAY_URLS": "turn:relay:3478", "JJB_RELAY_SECRET": "short"}),
    ],
)
def test_a_relay_that_cannot_work_is_refused_at_the_start(name: str, values: dict[str, str]) -> None:
    with pytest.raises(Problem) as refusal:
        Settings.from_environment(values)
    assert refusal.value.details["name"] == name
    assert "short" not in str(refusal.value)
