from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

import remote.cobrowse as cobrowse_filter
from app.desk import cobrowse, store
from remote import consent
from tests.app.desk.conftest import End, call, new
from tests.app.desk.test_media import refused
from tests.app.village import Village
from tests.wire import Wire

WORDS = Path(cobrowse_filter.__file__).with_name("cobrowse.words").read_bytes()
META = {"type": 4, "data": {"href": "http://x/#/records/NJ1", "width": 1366, "height": 768}, "timestamp": 1}
BODY = {"type": 2, "id": 2, "tagName": "body", "attributes": {"onload": "x"}, "childNodes": []}
WHOLE = {"type": 2, "data": {"node": {"type": 0, "id": 1, "childNodes": [BODY]}, "initialOffset": {}}, "timestamp": 2}


def typed(words: str, at: int = 3) -> dict[str, Any]:
    return {"type": 3, "data": {"source": 5, "id": 2, "text": words, "isChecked": False}, "timestamp": at}


class Recorder:
    """The village page's side of a stream."""

    def __init__(self, village: End, talk: str) -> None:
        self.village, self.talk, self.stream = village, talk, new()
        self.pack = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=WORDS)
        self.pieces: list[bytes] = []

    def open(self, was: str | None = None) -> None:
        self.village.send(type="page", talk=self.talk, stream=self.stream, was=was)
        assert self.village.until(lambda frame: frame.get("stream") == self.stream)[-1]["anew"] is False

    def tell(self, *events: Any, sent: bool = True) -> None:
        line = b"".join(json.dumps(event).encode() + b"\n" for event in events)
        number = len(self.pieces) + 1
        data = self.pack.compress(line) + self.pack.flush(zlib.Z_SYNC_FLUSH)
        self.pieces.append(b"\x01" + number.to_bytes(3, "big") + data)
        if sent:
            self.village.ws.send_binary(self.pieces[-1])
            assert self.receipt() == self.pieces[-1][:4]

    def receipt(self) -> bytes:
        while True:
            found = self.village.ws.recv()
            if isinstance(found, bytes):
                return found


@pytest.fixture
def talking(app: Flask, wire: Wire, desk: Callable[..., End]) -> tuple[End, End, str, Village]:
    """A village and an agent in an active talk."""
    device = Village(app)
    village, agent, talk = call(wire, device), desk(), new()
    village.send(type="open", client_id=talk)
    assert village.next("state")["talk"] == talk
    agent.send(type="claim", talk=talk)
    assert village.until(lambda frame: frame.get("state") == "active")
    return village, agent, talk, device


def allow(village: End, agent: End, talk: str, kind: str = "page") -> None:
    agent.send(type="ask", talk=talk, kind=kind)
    assert village.next("ask")["kind"] == kind
    village.send(type="consent", talk=talk, kind=kind, given=True)
    for end in (village, agent):
        assert end.until(lambda frame: frame["type"] == "consent" and frame["kind"] == kind)[-1]["given"] is True


def seen(village: End, agent: End, talk: str) -> Recorder:
    allow(village, agent, talk)
    page = Recorder(village, talk)
    page.open()
    page.tell(META, WHOLE)
    frame = agent.next("seen")
    assert frame["first"] == 0
    return page


def test_an_agent_sees_a_clean_page_after_consent(talking: tuple[End, End, str, Village]) -> None:
    village, agent, talk, _ = talking
    allow(village, agent, talk)
    page = Recorder(village, talk)
    page.open()
    page.tell(META, WHOLE)
    first, second = agent.next("seen")["events"]
    assert first["data"]["href"] == ""
    assert second["data"]["node"]["childNodes"][0]["attributes"] == {}
    page.tell(typed("和学花"))  # a page that forgot to mask: the second wall
    assert agent.next("seen")["events"][0]["data"]["text"] == cobrowse_filter.DOTS


def test_nothing_is_taken_before_consent_and_nothing_stays_after(
    app: Flask, talking: tuple[End, End, str, Village]
) -> None:
    village, agent, talk, _ = talking
    village.send(type="page", talk=talk, stream=new())
    assert refused(village) == "page.consent"
    village.ws.send_binary(b"\x01\0\0\1abc")
    assert refused(village) == "page.consent"
    agent.send(type="see", talk=talk)
    assert refused(agent) == "page.consent"
    page = seen(village, agent, talk)
    village.send(type="consent", talk=talk, kind="page", given=False)
    assert agent.next("consent")["given"] is False
    assert app.extensions["jjb_pages"].seen == {}
    village.ws.send_binary(page.pieces[0])
    assert refused(village) == "page.consent"


def test_after_a_cut_the_same_window_begins_anew_and_the_picture_is_gone_meanwhile(
    app: Flask, wire: Wire, talking: tuple[End, End, str, Village]
) -> None:
    village, agent, talk, device = talking
    page = seen(village, agent, talk)
    village.ws.close()
    assert agent.next("away")["talk"] == talk
    assert app.extensions["jjb_pages"].seen[talk].events == []
    again = call(wire, device, talk)
    fresh = Recorder(again, talk)
    fresh.open(was=page.stream)
    fresh.tell(META, WHOLE)
    frame = agent.next("seen")
    assert [event["type"] for event in frame["events"]] == [4, 2]
    assert frame["stream"] == fresh.stream
    for number in (1, 7, 1):  # doubled or early: not taken, and the receipt says what is
        again.ws.send_binary(b"\x01" + number.to_bytes(3, "big") + b"abc")
        assert fresh.receipt() == b"\x01\0\0\x01"


def test_a_reload_ends_the_consent(app: Flask, wire: Wire, talking: tuple[End, End, str, Village]) -> None:
    village, agent, talk, device = talking
    seen(village, agent, talk)
    village.ws.close()
    again = call(wire, device, talk)
    again.send(type="page", talk=talk, stream=new())  # a window that nobody said yes in
    assert refused(again) == "page.consent"
    assert agent.next("consent")["given"] is False
    assert app.extensions["jjb_pages"].seen == {}
    assert not app.extensions["jjb_grants"].allows(talk, "page", "agent")


def test_a_page_that_stays_away_and_a_consent_that_ran_out_are_over(
    app: Flask, talking: tuple[End, End, str, Village], monkeypatch: pytest.MonkeyPatch
) -> None:
    village, agent, talk, _ = talking
    seen(village, agent, talk)
    village.ws.close()
    agent.next("away")
    with app.app_context():
        cobrowse.sweep()
        assert talk in app.extensions["jjb_pages"].seen
        monkeypatch.setattr(cobrowse, "GONE_S", -1.0)
        cobrowse.sweep()
    assert app.extensions["jjb_pages"].seen == {}
    assert agent.next("consent")["given"] is False


def test_an_hour_later_each_frame_is_refused_and_the_ledger_has_it(
    app: Flask, talking: tuple[End, End, str, Village], monkeypatch: pytest.MonkeyPatch
) -> None:
    village, agent, talk, _ = talking
    monkeypatch.setitem(consent.LONGEST_S, "page", 0)
    allow(village, agent, talk)
    for _ in range(3):
        village.send(type="page", talk=talk, stream=new())
        assert refused(village) == "page.consent"
        village.ws.send_binary(b"\x01\0\0\1abc")
        assert refused(village) == "page.consent"
        agent.send(type="see", talk=talk)
        assert refused(agent) == "page.consent"
    with app.extensions["jjb_db"].read() as connection:
        rows = connection.execute(text("SELECT actor, body FROM ledger WHERE name = 'talk.refused'")).all()
    assert len(rows) == 2  # once a minute for each end, not once a frame
    assert all("page" in str(row.body) for row in rows)


def test_an_agent_who_comes_back_gets_the_page_from_its_last_whole_picture(
    talking: tuple[End, End, str, Village], desk: Callable[..., End]
) -> None:
    village, agent, talk, _ = talking
    page = seen(village, agent, talk)
    page.tell(typed("••"))
    page.tell(META, WHOLE)
    page.tell(typed("••••"))
    again = desk()
    again.send(type="see", talk=talk)
    frame = again.next("seen")
    assert [event["type"] for event in frame["events"]] == [4, 2, 3]
    again.send(type="see", talk=talk, stream=frame["stream"], after=frame["first"] + 2)
    assert [event["data"].get("text") for event in again.next("seen")["events"]] == ["••••"]


def test_a_broken_piece_ends_its_stream_with_a_reason_and_the_talk_lives_on(
    talking: tuple[End, End, str, Village],
) -> None:
    village, agent, talk, _ = talking
    was = seen(village, agent, talk).stream
    for data in (b"\x01\0\0\2\xff\xff\xff", b"\x07", b"\x01\0\0\2"):
        village.ws.send_binary(data)
        assert refused(village) == "page.stream"
    page = Recorder(village, talk)
    page.open(was)
    page.tell(META, WHOLE)
    assert len(agent.next("seen")["events"]) == 2
    village.send(type="say", client_id=new(), text="还在")
    agent.send(type="watch", talk=talk)
    assert agent.next("message")["body"] == "还在"


def test_nobody_else_sees_a_page_or_shows_one(
    app: Flask, wire: Wire, talking: tuple[End, End, str, Village], desk: Callable[..., End]
) -> None:
    village, agent, talk, _ = talking
    seen(village, agent, talk)
    other = desk("agent2")
    other.send(type="see", talk=talk)
    assert refused(other) in ("talk.not_yours", "access.region")
    stranger = call(wire, Village(app, "dulongjiang"))
    stranger.send(type="page", talk=talk, stream=new())
    assert refused(stranger) == "talk.missing"
    agent.send(type="return", talk=talk)
    assert village.until(lambda frame: frame.get("state") == "waiting")
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        store.claim(connection, talk, store.find(connection, talk).offered or "next", "下一位")
    village.send(type="page", talk=talk, stream=new())
    assert refused(village) == "page.consent"
    assert app.extensions["jjb_pages"].seen == {}


def test_an_agent_points_and_the_village_sees_where(talking: tuple[End, End, str, Village]) -> None:
    village, agent, talk, _ = talking
    agent.send(type="page_point", talk=talk, kind="spot", node=2, path=[500, 500])
    assert refused(agent) == "page.consent"
    seen(village, agent, talk)
    for kind, path in (("spot", [500, 500]), ("frame", []), ("line", [0, 0, 900, -20, 2000, 400]), ("clear", [])):
        agent.send(type="page_point", talk=talk, kind=kind, node=2, path=path)
        told = village.next("page_point")
        assert (told["kind"], told["node"], told["path"]) == (kind, 2, path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "spot", "path": []},
        {"kind": "spot", "path": [1, 2, 3]},
        {"kind": "spot", "path": [1, 2001]},
        {"kind": "spot", "path": [1, "2"]},
        {"kind": "spot", "path": [1, 2], "node": 0},
        {"kind": "frame", "path": [1, 2]},
        {"kind": "line", "path": [1, 2]},
        {"kind": "line", "path": [1] * 242},
        {"kind": "click", "path": [1, 2]},
        {"kind": "spot", "path": [1, 2], "script": "alert(1)"},
    ],
)
def test_nonsense_of_a_pointer_is_refused_and_the_talk_goes_on(
    talking: tuple[End, End, str, Village], wrong: dict[str, Any]
) -> None:
    village, agent, talk, _ = talking
    seen(village, agent, talk)
    agent.send(**{"type": "page_point", "talk": talk, "node": 2} | wrong)
    assert refused(agent) == "talk.frame"
    agent.send(type="page_point", talk=talk, kind="spot", node=7, path=[1, 2])
    assert village.next("page_point")["node"] == 7


def test_nobody_else_points(talking: tuple[End, End, str, Village], desk: Callable[..., End]) -> None:
    village, agent, talk, _ = talking
    seen(village, agent, talk)
    other = desk("agent2")
    other.send(type="page_point", talk=talk, kind="frame", node=2)
    assert refused(other) == "talk.not_yours"
    village.send(type="page_point", talk=talk, kind="frame", node=2)
    assert refused(village) == "talk.frame"
