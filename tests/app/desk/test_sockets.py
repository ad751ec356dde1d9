from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import websocket
from flask import Flask
from sqlalchemy import text

from app.desk import store
from app.problems import Problem
from tests.app.desk.conftest import End, call, new
from tests.app.village import Village
from tests.wire import Wire


def opened(wire: Wire, village: Village) -> tuple[End, str]:
    end, talk = call(wire, village), new()
    end.send(type="open", client_id=talk, reason="身份证丢了")
    assert end.next("state")["talk"] == talk
    return end, talk


def held(app: Flask, talk: str) -> list[dict[str, Any]]:
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        return store.messages(connection, talk, 0, village=False)


def test_a_village_and_an_agent_talk(app: Flask, wire: Wire, desk: Callable[..., End]) -> None:
    village, talk = opened(wire, Village(app))
    agent = desk()
    queue = agent.until(lambda frame: frame["type"] == "desk" and frame["queue"] != [])[-1]["queue"]
    assert [row["id"] for row in queue] == [talk]
    agent.send(type="claim", talk=talk)
    agent.send(type="watch", talk=talk)
    agent.send(type="say", talk=talk, client_id=new(), text="先去派出所挂失")
    agent.send(type="say", talk=talk, client_id=new(), text="老人说不清日期", kind="note")
    assert village.next("message")["body"] == "先去派出所挂失"
    heard = agent.until(lambda frame: frame.get("kind") == "note")
    village.send(type="say", client_id=new(), text="好")
    heard += agent.until(lambda frame: frame.get("body") == "好")
    assert [frame["kind"] for frame in heard if frame["type"] == "message"] == ["text", "note", "text"]
    agent.send(type="end", talk=talk)
    frames = village.until(lambda frame: frame.get("state") == "ended")
    assert "老人说不清日期" not in str(frames)


def test_a_cut_line_loses_and_doubles_nothing(app: Flask, wire: Wire) -> None:
    device = Village(app)
    end, talk = opened(wire, device)
    said = [(new(), f"第{number}句") for number in range(12)]
    seen: dict[int, str] = {}
    for number, (client_id, words) in enumerate(said):
        end.send(type="say", talk=talk, client_id=client_id, text=words)
        if number % 3 == 2:
            wire.cut()  # whether the centre took it is unknown: say it again on a new line
            end = call(wire, device, talk, max(seen, default=0))
            for again in said[: number + 1]:
                end.send(type="say", talk=talk, client_id=again[0], text=again[1])
        wanted = number + 1
        for frame in end.until(lambda frame, n=wanted: frame.get("last_seq") == n or frame.get("seq") == n):  # type: ignore[misc]
            if frame["type"] == "message":
                assert frame["seq"] not in seen
                seen[frame["seq"]] = frame["body"]
    assert [message["body"] for message in held(app, talk)] == [words for _, words in said]


def test_a_message_sent_again_after_the_end_is_not_refused_but_a_new_one_is(app: Flask, wire: Wire) -> None:
    end, talk = opened(wire, Village(app))
    client_id = new()
    end.send(type="say", talk=talk, client_id=client_id, text="谢谢")
    end.send(type="end", talk=talk)
    end.send(type="say", talk=talk, client_id=client_id, text="谢谢")
    end.send(type="say", talk=talk, client_id=new(), text="还有一句")
    frames = end.until(lambda frame: frame["type"] == "problem")
    assert frames[-1]["error"]["code"] == "talk.ended"
    assert len(held(app, talk)) == 1


def test_a_talk_whose_opening_never_arrived_does_not_lock_the_village_out(app: Flask, wire: Wire) -> None:
    device = Village(app)
    with pytest.raises(AssertionError):
        call(wire, device, new())  # welcomed, but with no talk
    assert call(wire, device)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "talk.frame"),
        ("[" * 50_000, "talk.frame"),
        ('{"type":"dance"}', "talk.frame"),
        ('{"type":"say","client_id":"%s","text":""}', "talk.empty"),
        ('{"type":"say","client_id":"%s","text":"' + "字" * 4001 + '"}', "talk.long"),
        ('{"type":"say","client_id":"%s","text":"x","kind":"card"}', "talk.frame"),
        ('{"type":"say","client_id":"%s","text":"x","talk":"00000000-0000-0000-0000-000000000000"}', "talk.missing"),
        ('{"type":"open","client_id":"%s","reason":"\\u0000"}', "talk.frame"),
    ],
)
def test_a_bad_frame_is_answered_and_the_line_lives(app: Flask, wire: Wire, frame: str, code: str) -> None:
    end, _ = opened(wire, Village(app))
    end.ws.send(frame.replace("%s", new()))
    assert end.next("problem")["error"]["code"] == code
    end.send(type="ping")
    assert end.next("pong")


def test_a_village_speaks_only_in_talks_of_its_own(app: Flask, wire: Wire) -> None:
    _, theirs = opened(wire, Village(app))
    mine, _ = opened(wire, Village(app, "dulongjiang"))
    mine.send(type="say", client_id=new(), text="x", talk=theirs)
    assert mine.next("problem")["error"]["code"] == "talk.missing"
    assert held(app, theirs) == []


def test_a_false_signature_is_refused(app: Flask, wire: Wire) -> None:
    real, other = Village(app), Village(app)
    other.id = real.id
    with pytest.raises((AssertionError, websocket.WebSocketException)):
        call(wire, other)


def test_a_desk_needs_an_agent_and_its_own_origin(wire: Wire, desk: Callable[..., End]) -> None:
    end = End(wire.url + "/ws/desk", origin=wire.url)
    assert end.next("problem")["error"]["code"] == "access.login"
    assert desk("editor").next("problem")["error"]["code"] == "access.denied"
    foreign = End(wire.url + "/ws/desk", origin="http://evil.example")
    assert foreign.ws.recv_data()[1][:2] == (4003).to_bytes(2, "big")


def test_two_agents_reach_for_one_talk_and_one_has_it(app: Flask, wire: Wire) -> None:
    _, talk = opened(wire, Village(app))

    def claim(person: str) -> str:
        with app.app_context(), app.extensions["jjb_db"].write() as connection:
            try:
                return str(store.claim(connection, talk, person, person).agent)
            except Problem as problem:
                return problem.code

    with ThreadPoolExecutor(8) as pool:
        results = sorted(pool.map(claim, [f"p{n}" for n in range(8)]))
    assert results.count("talk.taken") == 7


def test_two_who_write_at_once_get_two_numbers(app: Flask, wire: Wire) -> None:
    _, talk = opened(wire, Village(app))
    ids = [new() for _ in range(10)] * 2

    def say(client_id: str) -> int:
        with app.app_context(), app.extensions["jjb_db"].write() as connection:
            return int(store.say(connection, talk, None, "村", "text", client_id, client_id)["seq"])

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(say, ids))
    assert sorted(set(numbers)) == list(range(1, 11))
    assert [message["seq"] for message in held(app, talk)] == list(range(1, 11))


def test_an_agent_who_vanished_gives_the_talk_back(app: Flask, wire: Wire) -> None:
    village, talk = opened(wire, Village(app))
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        store.claim(connection, talk, "gone", "走了的人")
    app.extensions["jjb_bus"].publish("desk")
    assert village.until(lambda frame: frame.get("state") == "active")
    village.send(type="ping")
    assert village.until(lambda frame: frame.get("state") == "waiting" and frame["position"] == 1)


def test_texts_are_sealed_and_the_ledger_holds_none(app: Flask, wire: Wire) -> None:
    end, talk = opened(wire, Village(app))
    end.send(type="say", talk=talk, client_id=new(), text="我叫和金花")
    end.next("message")
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        rows = [str(connection.execute(text(f"SELECT * FROM {name}")).all()) for name in ("talk_message", "ledger")]
        assert all("和金花" not in row for row in rows)
        assert "talk.opened" in rows[1]
        app.extensions["jjb_vault"].forget(connection, talk)
    assert [message["body"] for message in held(app, talk)] == [None]
