"""What a broken or hostile page can do to a socket: it is refused with a reason, and the talk goes on."""

from __future__ import annotations

import base64
import json
import logging
import random
from collections.abc import Callable
from typing import Any

import pytest
import websocket
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.desk import media, service, sock
from app.problems import Problem
from sync import signatures
from tests.app.desk.conftest import End, call, new
from tests.app.desk.test_media import allow, refused, talking
from tests.app.desk.test_sockets import held, opened
from tests.app.village import Village
from tests.wire import Wire

__all__ = ["talking"]


def closed(end: End) -> int:
    """The code with which the centre closes a socket."""
    while True:
        opcode, data = end.ws.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(data[:2], "big")


def test_who_sends_too_much_hears_why_and_then_has_to_come_back(
    app: Flask, wire: Wire, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sock, "FLOOD", 50)
    village = Village(app)
    end, talk = opened(wire, village)
    with caplog.at_level(logging.WARNING, logger="app"):
        for _ in range(sock.PER_MINUTE - 1):  # the talk was opened with one
            end.send(type="ping")
        late = new()
        end.send(type="say", client_id=late, text="说多了")
        problem = end.next("problem")
        assert (problem["error"]["code"], problem["client_id"]) == ("request.rate", late)
        with pytest.raises(OSError):
            for _ in range(5_000):
                end.send(type="ping")
            assert closed(end) == sock.POLICY
            raise ConnectionResetError
    warned = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert warned == [f"a socket sends too much: device:{village.id}"]
    again = call(wire, village, talk)
    again.send(type="say", client_id=late, text="说多了")
    assert again.next("message")["client_id"] == late
    assert len(held(app, talk)) == 1


def test_a_frame_too_large_ends_the_line_and_not_the_talk(app: Flask, wire: Wire) -> None:
    village = Village(app)
    end, talk = opened(wire, village)
    end.ws.send(json.dumps({"type": "say", "client_id": new(), "text": "x" * 70_000}))
    assert closed(end) == 1009
    again = call(wire, village, talk)
    again.send(type="say", client_id=new(), text="还在")
    assert again.next("message")["body"] == "还在"


def test_bytes_that_are_no_text_are_answered(app: Flask, wire: Wire) -> None:
    end, _ = opened(wire, Village(app))
    for junk in (b"", b"\xff\xfe", b"\x00" * 1000, bytes(random.Random(1).randbytes(4000))):
        end.ws.send_binary(junk)
        assert refused(end) in ("talk.frame", "page.stream")


def test_a_hello_is_worth_nothing_on_another_line(app: Flask, wire: Wire) -> None:
    village = Village(app)
    first = End(wire.url + "/ws/village")
    nonce = first.next("challenge")["nonce"]
    raw = signatures.sign_text(f"jb-talk:{village.id}:{nonce}", village.key)
    hello = {
        "type": "hello",
        "device": village.id,
        "signature": base64.b64encode(raw).decode(),
        "talk": None,
        "after": 0,
    }
    first.send(**hello)
    assert first.next("welcome")
    second = End(wire.url + "/ws/village")
    second.send(**hello)
    assert refused(second) == "device.signature"
    assert closed(second) == 4001


def test_a_consent_heard_late_or_twice_gives_nothing_back(talking: tuple[End, End, str]) -> None:
    village, agent, talk = talking
    allow(village, agent, talk)
    agent.send(type="signal", talk=talk, body='{"n":1}')
    assert village.next("signal")
    # the village takes it back while the agent is in the middle of something
    village.send(type="consent", talk=talk, kind="voice", given=False)
    for frame in ({"type": "signal", "talk": talk, "body": '{"n":1}'}, {"type": "relay", "talk": talk}):
        agent.next("consent") if frame["type"] == "signal" else None
        agent.send(**frame)
        assert refused(agent) == "talk.consent"
    # what the agent once received, sent back as if it were the village's
    agent.send(type="consent", talk=talk, kind="voice", given=True)
    assert refused(agent) == "talk.consent"
    agent.send(type="say", talk=talk, client_id=new(), text="那就写字")
    assert village.next("message")["body"] == "那就写字"


def test_a_consent_is_over_when_its_time_is(talking: tuple[End, End, str], monkeypatch: pytest.MonkeyPatch) -> None:
    village, agent, talk = talking
    allow(village, agent, talk)
    later = media.time.monotonic() + 3_601
    monkeypatch.setattr(media.time, "monotonic", lambda: later)
    for end in (village, agent):
        end.send(type="signal", talk=talk, body="{}")
        assert refused(end) == "talk.consent"


def test_an_agent_who_has_not_the_talk_reaches_nobody_in_it(
    talking: tuple[End, End, str], desk: Callable[..., End]
) -> None:
    village, agent, talk = talking
    allow(village, agent, talk)
    other = desk("agent2")
    for frame in ({"type": "signal", "body": "{}"}, {"type": "relay"}, {"type": "ask", "kind": "camera"}):
        other.send(talk=talk, **frame)
        assert refused(other) == "talk.not_yours"
    agent.send(type="signal", talk=talk, body='{"mine":1}')
    assert village.next("signal")["body"] == '{"mine":1}'


junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KINDS = [
    "say",
    "open",
    "end",
    "leave",
    "consent",
    "signal",
    "relay",
    "claim",
    "move",
    "invite",
    "enter",
    "wrap",
    "seat",
]
FIELDS = ["talk", "client_id", "text", "kind", "given", "body", "person", "mode", "note", "state", "languages", "after"]


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), junk | st.just(new()), max_size=6))
def test_whatever_a_frame_holds_it_is_read_or_refused(kind: str, fields: dict[str, Any]) -> None:
    for frames in (service.VillageFrame, service.AgentFrame):
        try:
            service.read_frame(json.dumps({"type": kind, **fields}), frames)
        except Problem as problem:
            assert problem.code in ("talk.frame", "talk.long", "talk.empty")
