"""The doors of a village's computer, with a helper and an agent's page that are plain sockets."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import websocket
from flask import Flask
from sqlalchemy import text

from app.desk import store
from remote.helper.tiles import Batch, Piece, pack
from tests.app.desk.conftest import End, call, new
from tests.app.village import Village
from tests.conftest import LogIn
from tests.wire import Wire

PICTURE = pack(Batch(1, 640, 480, (Piece(0, 0, 64, 64, b"RIFF....WEBP"),)))


def numbered(number: int) -> bytes:
    return PICTURE[:1] + number.to_bytes(4, "big") + PICTURE[5:]


class Computer:
    """A talk with everybody who may have to do with its computer."""

    def __init__(self, app: Flask, wire: Wire, log_in: LogIn, village: End, agent: End, talk: str) -> None:
        self.app, self.wire, self.log_in = app, wire, log_in
        self.village, self.agent, self.talk = village, agent, talk

    def code(self) -> str:
        self.village.send(type="computer", talk=self.talk, do="code")
        frame = self.village.until(lambda one: one["type"] == "computer" and "code" in one)[-1]
        assert 290 <= frame["code_s"] <= 300
        return re.sub(r"\D", "", frame["code"])

    def helper(self, code: str | None = None) -> End:
        end = End(self.wire.url + "/ws/helper")
        end.send(type="pair", code=self.code() if code is None else code, system="Linux")
        return end

    def paired(self) -> End:
        end = self.helper()
        assert end.next("paired")["talk"] == self.talk
        return end

    def look(self, username: str = "agent1", talk: str = "", **options: Any) -> End:
        cookies = self.log_in(username)._cookies or {}
        header = "; ".join(f"{cookie.key}={cookie.value}" for cookie in cookies.values())
        end = End(self.wire.url + "/ws/desk/computer", cookie=header, **{"origin": self.wire.url, **options})
        end.send(type="look", talk=talk or self.talk)
        return end

    def both(self, *kinds: str) -> tuple[End, End]:
        """A paired helper that was allowed these, and the agent's page."""
        helper = self.paired()
        looks = self.look()
        assert looks.next("computer")["state"] == "paired"
        for kind in kinds:
            helper.send(type="grant", kind=kind, given=True)
            assert helper.next("granted")["given"]
            looks.until(lambda one, kind=kind: one.get("state") == kind)
        return helper, looks

    def ledger(self) -> str:
        with self.app.app_context(), self.app.extensions["jjb_db"].read() as connection:
            rows = connection.execute(
                text("SELECT name, body FROM ledger WHERE name LIKE 'talk.co%' ORDER BY seq")
            ).all()
        return str([tuple(row) for row in rows])


@pytest.fixture
def computer(app: Flask, wire: Wire, log_in: LogIn, desk: Callable[..., End]) -> Computer:
    village, agent, talk = call(wire, Village(app)), desk(), new()
    village.send(type="open", client_id=talk)
    assert village.next("state")["talk"] == talk
    agent.send(type="claim", talk=talk)
    assert village.until(lambda frame: frame.get("state") == "active")
    return Computer(app, wire, log_in, village, agent, talk)


def refused(end: End) -> str:
    return str(end.next("problem")["error"]["code"])


def silent(end: End) -> bool:
    """Whether nothing but problems and states comes within a moment."""
    end.ws.settimeout(0.3)
    try:
        while True:
            data = end.ws.recv()
            if isinstance(data, bytes) or json.loads(data)["type"] in ("input", "ack"):
                return False
    except websocket.WebSocketTimeoutException:
        return True
    finally:
        end.ws.settimeout(10)


def picture_at(end: End) -> bytes:
    while True:
        data = end.ws.recv()
        if isinstance(data, bytes):
            return data


def test_view_then_control_each_after_its_own_grant(computer: Computer) -> None:
    helper, looks = computer.both()
    # nothing was allowed: no picture passes, no hand moves
    helper.ws.send_binary(PICTURE)
    assert refused(helper) == "talk.consent"
    looks.send(type="input", n=1, events=[["move", 1, 1]])
    assert refused(looks) == "talk.consent"
    helper.send(type="grant", kind="control", given=True)
    assert refused(helper) == "computer.first"
    # view
    looks.send(type="ask", kind="view")
    assert helper.next("ask")["kind"] == "view"
    helper.send(type="grant", kind="view", given=True)
    assert (frame := helper.next("granted"))["for_s"] == 3600 and frame["kind"] == "view"
    assert looks.until(lambda one: one.get("state") == "view")
    helper.ws.send_binary(PICTURE)
    assert picture_at(looks) == PICTURE
    looks.send(type="ack", n=1)
    assert helper.next("ack")["n"] == 1
    looks.send(type="input", n=1, events=[["move", 1, 1]])
    assert refused(looks) == "talk.consent"
    assert helper.next("release")
    # control
    helper.send(type="grant", kind="control", given=True)
    assert helper.next("granted")["for_s"] == 600
    assert looks.until(lambda one: one.get("state") == "control")
    looks.send(type="input", n=1, events=[["move", 5, 6], ["down", "left"], ["text", "张三"]])
    assert helper.next("input")["events"] == [["move", 5, 6], ["down", "left"], ["text", "张三"]]
    # control back, view stays; then view
    helper.send(type="grant", kind="control", given=False)
    assert looks.until(lambda one: one.get("state") == "view")
    looks.send(type="input", n=2, events=[["up", "left"]])
    assert refused(looks) == "talk.consent"
    helper.send(type="grant", kind="view", given=False)
    assert looks.until(lambda one: one.get("state") == "paired")
    helper.ws.send_binary(numbered(2))
    assert refused(helper) == "talk.consent"
    audit = computer.ledger()
    assert "paired" in audit and audit.count("computer_view") == 2 and audit.count("computer_control") == 2
    assert "张三" not in audit and "left" not in audit


def test_five_wrong_codes_lock_the_code_and_a_right_one_works_once(computer: Computer) -> None:
    code = computer.code()
    wrong = code[:2] + f"{(int(code[2:]) + 1) % 10**6:06}"
    assert [refused(computer.helper(wrong)) for _ in range(5)] == ["computer.code"] * 4 + ["computer.locked"]
    assert computer.village.until(lambda one: one.get("state") == "locked")
    assert refused(computer.helper(code)) == "computer.code"
    assert refused(computer.helper("12")) == "computer.code"
    fresh = computer.code()
    helper = computer.helper(fresh)  # named, so that its line stays open
    assert helper.next("paired")
    assert refused(computer.helper(fresh)) == "computer.code"
    computer.village.send(type="computer", talk=computer.talk, do="code")
    assert refused(computer.village) == "computer.running"
    assert '"locked"' in computer.ledger()


def test_who_guesses_on_is_slowed_down(computer: Computer) -> None:
    answers = [refused(computer.helper("99999999")) for _ in range(22)]
    assert answers[:20] == ["computer.code"] * 20
    assert answers[-1] == "request.rate"


def test_a_code_is_no_good_after_its_time(computer: Computer) -> None:
    code = computer.code()
    rooms = computer.app.extensions["jjb_computers"]
    room = rooms.of[computer.talk]
    room.code = room.code.__class__(room.code.room, room.code.secret, time.monotonic() - 1)
    assert refused(computer.helper(code)) == "computer.code"


def test_only_the_agent_of_the_talk_gets_to_the_screen(computer: Computer) -> None:
    computer.both("view")
    assert refused(computer.look("agent2")) == "talk.not_yours"
    assert refused(computer.look("editor")) == "access.denied"
    assert refused(computer.look(origin="http://evil.example")) == "access.denied"
    assert refused(computer.look(talk=new())) == "talk.missing"
    bare = End(computer.wire.url + "/ws/desk/computer", origin=computer.wire.url)
    bare.send(type="look", talk=computer.talk)
    assert refused(bare) == "access.login"


def test_another_village_gets_no_code_and_no_state(app: Flask, wire: Wire, computer: Computer) -> None:
    other = call(wire, Village(app))
    for do in ("code", "look", "stop"):
        other.send(type="computer", talk=computer.talk, do=do)
        assert refused(other) == "talk.missing"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", "computer.frame"),
        (PICTURE[:-1], "computer.frame"),
        (PICTURE.replace(b"RIFF", b"<svg"), "computer.frame"),
        ("{", "talk.frame"),
        ('{"type":"grant","kind":"everything","given":true}', "talk.frame"),
        ('{"type":"input","n":1,"events":[]}', "talk.frame"),
        ("[" * 5000, "talk.frame"),
    ],
    ids=["empty", "cut", "svg", "no json", "unknown grant", "input", "deep"],
)
def test_forged_frames_of_a_helper_are_refused_and_the_line_lives(
    computer: Computer, message: str | bytes, code: str
) -> None:
    helper, looks = computer.both("view")
    helper.ws.send(message, 2 if isinstance(message, bytes) else 1)
    assert refused(helper) == code
    helper.ws.send_binary(PICTURE)
    assert picture_at(looks) == PICTURE


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "input", "n": 9, "events": [["key", "Meta", True]]}, "computer.event"),
        ({"type": "input", "n": 9, "events": [["key", "Pause", True]]}, "computer.event"),
        ({"type": "input", "n": 9, "events": [["run", "sh"]]}, "computer.event"),
        ({"type": "input", "n": 9, "events": [["move", 0, 0]] * 33}, "computer.event"),
        ({"type": "input", "n": 5, "events": [["move", 0, 0]]}, "computer.replay"),
        ({"type": "input", "n": 4, "events": [["move", 0, 0]]}, "computer.replay"),
        ({"type": "input", "n": -1, "events": [["move", 0, 0]]}, "talk.frame"),
        ({"type": "input", "n": 9, "events": "move"}, "talk.frame"),
        ({"type": "grant", "kind": "control", "given": True}, "talk.frame"),
        ({"type": "ack", "n": 7}, "computer.replay"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_forged_and_replayed_frames_of_an_agent_are_refused(
    computer: Computer, frame: dict[str, Any], code: str
) -> None:
    helper, looks = computer.both("view", "control")
    looks.send(type="input", n=5, events=[["down", "left"]])
    assert helper.next("input")["n"] == 5
    looks.send(**frame)
    assert refused(looks) == code
    assert silent(helper)
    looks.send(type="input", n=10, events=[["up", "left"]])
    assert helper.next("input")["n"] == 10


def test_a_flood_of_inputs_is_cut_and_everything_let_go(computer: Computer) -> None:
    helper, looks = computer.both("view", "control")
    for number in range(1, 15):
        looks.send(type="input", n=number, events=[["move", 1, number]] * 32)
    assert refused(looks) == "request.rate"
    assert helper.next("release")


def test_pictures_that_nobody_answers_or_that_come_again_are_refused(computer: Computer) -> None:
    helper, looks = computer.both("view")
    for number in (1, 2, 3, 4):
        helper.ws.send_binary(numbered(number))
    helper.ws.send_binary(numbered(5))
    assert refused(helper) == "request.rate"
    assert [picture_at(looks)[4] for _ in range(4)] == [1, 2, 3, 4]
    looks.send(type="ack", n=3)
    assert helper.next("ack")["n"] == 3
    helper.ws.send_binary(numbered(4))
    assert refused(helper) == "computer.replay"
    looks.send(type="ack", n=3)
    assert refused(looks) == "computer.replay"


def test_a_grant_lapses_at_the_centre_by_itself(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("remote.consent", fromlist=["x"]).LONGEST_S, "computer_control", 1)
    helper, looks = computer.both("view", "control")
    assert looks.until(lambda one: one.get("state") == "view")
    looks.send(type="input", n=1, events=[["move", 1, 1]])
    assert refused(looks) == "talk.consent"
    assert helper.until(lambda one: one.get("type") == "granted" and not one["given"])[-1]["kind"] == "control"
    assert computer.ledger().count("computer_control") == 2


@contextmanager
def stopped(helper: End, looks: End, reason: str, words: str) -> Iterator[None]:
    """Inside it the helper is ended; then it hears why, the agent reads why, and nothing passes any more."""
    yield
    if reason:
        assert helper.next("stop")["reason"] == reason
    shown = looks.until(lambda one: one.get("state") == "stopped" or one["type"] == "problem")[-1]
    assert words in shown.get("why", shown.get("error", {}).get("message", ""))
    looks.send(type="input", n=1, events=[["move", 1, 1]])
    assert refused(looks) in ("computer.none", "talk.ended", "talk.not_yours")


def test_each_side_stops_it_and_the_other_reads_why(computer: Computer) -> None:
    helper, looks = computer.both("view", "control")
    with stopped(helper, looks, "agent", "客服"):
        looks.send(type="stop")
    helper, looks = computer.both("view", "control")
    with stopped(helper, looks, "village", "通话页面"):
        computer.village.send(type="computer", talk=computer.talk, do="stop")
    helper, looks = computer.both("view", "control")
    with stopped(helper, looks, "", "停止键"):
        helper.send(type="stop", reason="hotkey")
    helper, looks = computer.both("view", "control")
    with stopped(helper, looks, "", "连接断了"):
        helper.ws.sock.close()
    audit = computer.ledger()
    assert all(f'"{reason}"' in audit for reason in ("agent", "village", "hotkey", "link"))


def test_it_ends_with_the_talk(computer: Computer) -> None:
    helper, looks = computer.both("view", "control")
    with stopped(helper, looks, "ended", "通话结束"):
        computer.village.send(type="end", talk=computer.talk)


def test_it_does_not_follow_the_talk_to_the_next_agent(app: Flask, computer: Computer) -> None:
    helper, looks = computer.both("view", "control")
    with stopped(helper, looks, "moved", "转给"):
        computer.agent.send(type="return", talk=computer.talk)
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        store.claim(connection, computer.talk, "next", "下一位")
    assert refused(computer.look()) == "talk.not_yours"


def test_a_second_view_of_the_agent_shuts_the_first_and_gets_everything_anew(computer: Computer) -> None:
    helper, looks = computer.both("view", "control")
    again = computer.look()
    assert again.next("computer")["state"] == "control"
    assert helper.next("watch")["on"]
    with pytest.raises((websocket.WebSocketConnectionClosedException, AssertionError)):
        looks.until(lambda one: False)
    again.ws.close()
    assert helper.until(lambda one: one["type"] == "watch" and not one["on"])


def test_an_administrator_may_switch_it_off(app: Flask, computer: Computer) -> None:
    from dataclasses import replace

    app.extensions["jjb_settings"] = replace(app.extensions["jjb_settings"], computer_help=False)
    computer.village.send(type="computer", talk=computer.talk, do="code")
    assert refused(computer.village) == "computer.off"
    assert refused(computer.look()) == "computer.off"
    assert refused(computer.helper("12345678")) == "computer.off"
