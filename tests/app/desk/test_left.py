"""Rung 5: what a village left when nobody took its call comes to the desk, is taken, called back and closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app import clock
from app.desk import keeping, seats
from app.keeping import Seen
from app.pages import BEIJING
from tests.app.desk.conftest import End, call, new
from tests.app.desk.test_doors import act
from tests.app.desk.test_life import ago, code, state_of
from tests.app.village import Village
from tests.conftest import LogIn
from tests.wire import Wire

WORDS = "王阿普的低保卡不见了，要补什么材料？"


def day(ahead: int = 1) -> str:
    return (clock.parse(clock.now()).astimezone(BEIJING) + timedelta(days=ahead)).date().isoformat()


def left(village: Village, **given: Any) -> dict[str, Any]:
    subject = given.pop("subject", None) or clock.new_id()
    body = {"text": WORDS, "item": "", "release": 1, "day": "", "part": "soon", "why": "offline", "language": ""}
    return village.event("message.left", subject, {**body, **given})


def verdict(village: Village, event: dict[str, Any]) -> tuple[str, str]:
    (one,) = village.round(event).json["verdicts"]
    return one["verdict"], (one["problem"] or {}).get("code", "")


def leave(village: Village, **given: Any) -> str:
    event = left(village, **given)
    assert verdict(village, event) == ("accepted", "")
    return str(event["subject"])


def told(village: Village) -> list[tuple[str, str, str]]:
    """(message, state, note) of what came down."""
    down = village.round().json["downlink"]
    return [(m["body"]["message"], m["body"]["state"], m["body"]["note"]) for m in down if m["kind"] == "message.moved"]


def listed(client: FlaskClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = state_of(client)["left"]
    return found


def test_a_message_is_listed_taken_closed_with_a_note_and_the_village_hears_each(app: Flask, log_in: LogIn) -> None:
    village, agent = Village(app), log_in("agent1")
    later, soon = leave(village, day=day(2), part="afternoon"), leave(village, item="id-card", why="unanswered")
    assert [one["id"] for one in listed(agent)][-1] == later
    assert {one["id"]: one["department"] != "" for one in listed(agent)} == {later: False, soon: True}
    found = agent.get(f"/api/desk/messages/{soon}").get_json()
    assert (found["text"], found["caller"]["point_name"]) == (WORDS, listed(agent)[0]["point_name"])

    assert act(agent, type="take_message", message=soon).status_code == 200
    assert code(act(log_in("agent2"), type="take_message", message=soon)) == "message.taken"
    assert code(act(agent, type="close_message", message=soon, note=" ")) == "message.note"
    assert act(agent, type="close_message", message=soon, note="请带户口簿来补办").status_code == 200
    assert [one["id"] for one in listed(agent)] == [later]
    assert told(village) == [(soon, "taken", ""), (soon, "closed", "请带户口簿来补办")]
    assert code(act(agent, type="take_message", message=soon)) == "message.closed"


def test_what_is_put_back_can_be_taken_by_another(app: Flask, log_in: LogIn) -> None:
    village, first, second = Village(app), log_in("agent1"), log_in("agent2")
    message = leave(village)
    act(first, type="take_message", message=message)
    assert code(act(second, type="put_back", message=message)) == "message.not_yours"
    assert act(first, type="put_back", message=message).status_code == 200
    assert listed(second)[0]["agent_name"] is None
    assert act(second, type="take_message", message=message).status_code == 200


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"text": ""}, "message.empty"),
        ({"text": "很" * 1001}, "event.field"),
        ({"day": "2020-01-01", "part": "morning"}, "message.slot"),
        ({"day": "2099-01-01", "part": "morning"}, "message.slot"),
        ({"day": "2026-02-31", "part": "morning"}, "message.slot"),
        ({"day": "", "part": "morning"}, "message.slot"),
        ({"part": "night"}, "event.field"),
        ({"why": "so"}, "event.field"),
        ({"item": "no-such-item"}, "message.item"),
        ({"subject": "../../etc"}, "event.field"),
        ({"agent": "agent1"}, "event.field"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_and_set_aside(app: Flask, given: dict[str, Any], problem: str) -> None:
    village = Village(app)
    assert verdict(village, left(village, **given)) == ("rejected", problem)
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        assert connection.execute(text("SELECT count(*) FROM quarantine")).scalar() == 1
        assert connection.execute(text("SELECT count(*) FROM message")).scalar() == 0


def test_an_id_counts_once_also_for_another_point(app: Flask) -> None:
    village, other = Village(app), Village(app, "dulongjiang")
    message = leave(village)
    assert verdict(other, left(other, subject=message)) == ("rejected", "message.known")


def test_only_agents_of_the_region_may_read_or_move_it(app: Flask, log_in: LogIn) -> None:
    message = leave(Village(app))
    officer = log_in("officer1")
    assert officer.get(f"/api/desk/messages/{message}").status_code == 403
    assert code(act(officer, type="take_message", message=message)) == "access.denied"
    assert listed(officer) == []
    agent = log_in("agent1")
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        connection.execute(text("UPDATE message SET region = '530102001001'"))  # far from here
    assert listed(agent) == []
    assert code(agent.get(f"/api/desk/messages/{message}")) in ("access.region", "request.missing")
    assert code(act(agent, type="take_message", message=message)) == "access.region"
    assert code(act(agent, type="take_message", message=clock.new_id())) == "message.missing"


def test_words_are_sealed_found_for_a_person_and_wiped_when_their_time_is_over(app: Flask, log_in: LogIn) -> None:
    village, agent = Village(app), log_in("agent1")
    number = "11010519491231002X"
    message = leave(village, text=f"{WORDS}{number}")
    act(agent, type="take_message", message=message)
    act(agent, type="close_message", message=message, note="王阿普来过了")
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        for table in ("message", "ledger", "downlink", "sync_event", "quarantine"):
            rows = str(connection.execute(text(f"SELECT * FROM {table}")).all())
            assert "王阿普" not in rows, table
        (held,) = keeping.seek(connection, Seen(number, ""))
        assert (held.subject, held.ended) == (message, True)
        assert keeping.over(connection, clock.later(days=1)) == [message]
        assert keeping.forget(connection, message) == {"left": 1}
        assert (keeping.forget(connection, message), keeping.over(connection, clock.later(days=1))) == ({}, [])
    assert agent.get(f"/api/desk/messages/{message}").get_json()["text"] is None


def rung(app: Flask, wire: Wire, agent: FlaskClient) -> tuple[Village, End, str, str]:
    """A message that was taken and is called back about: (village, its socket, message, talk)."""
    village = Village(app)
    message, end = leave(village, item="id-card"), call(wire, village)
    act(agent, type="take_message", message=message)
    assert act(agent, type="ring", message=message).status_code == 200
    state = end.next("state")
    assert (state["state"], state["agent_name"] != "") == ("ringing", True)
    return village, end, message, state["talk"]


def test_a_call_back_that_is_picked_up_becomes_a_talk_and_its_wrap_up_closes_the_message(
    app: Flask, wire: Wire, log_in: LogIn
) -> None:
    agent = log_in("agent1")
    village, end, message, talk = rung(app, wire, agent)
    assert code(act(agent, type="ring", message=message)) == "message.rung"
    end.send(type="pick_up", talk=talk)
    assert end.next("state")["state"] == "active"
    end.send(type="say", client_id=new(), talk=talk, text="喂")
    assert end.next("message")["body"] == "喂"
    assert [one["id"] for one in state_of(agent)["mine"]] == [talk]
    assert act(agent, type="end", talk=talk, outcome="solved", note="").status_code == 200
    assert end.until(lambda frame: frame.get("state") == "ended")
    assert (listed(agent), [state for _, state, _ in told(village)]) == ([], ["taken", "rung", "closed"])


def test_a_call_back_put_off_not_taken_or_not_settled_is_due_again(app: Flask, wire: Wire, log_in: LogIn) -> None:
    agent = log_in("agent1")
    _, end, message, talk = rung(app, wire, agent)
    end.send(type="later", talk=talk, minutes=30)
    assert end.next("state")["state"] == "ended"
    (found,) = listed(agent)
    assert (found["state"], found["tries"], found["due"]) == ("taken", 1, False)
    end.send(type="later", talk=talk, minutes=30)
    assert end.next("problem")["error"]["code"] == "talk.not_offered"

    act(agent, type="ring", message=message)
    silent = end.next("state")["talk"]
    ago(app, silent, 60, "offered_at")
    with app.app_context():
        seats.silence()
    assert end.until(lambda frame: frame.get("state") == "ended")
    assert listed(agent)[0]["tries"] == 2

    act(agent, type="ring", message=message)
    third = end.until(lambda frame: frame.get("state") == "ringing")[-1]["talk"]
    end.send(type="pick_up", talk=third)
    assert end.next("state")["state"] == "active"
    act(agent, type="end", talk=third, outcome="later", note="")
    assert (listed(agent)[0]["state"], listed(agent)[0]["due"], state_of(agent)["owed"]) == ("taken", False, [])


def test_nobody_rings_a_village_that_talks_or_without_having_taken_the_message(
    app: Flask, wire: Wire, log_in: LogIn
) -> None:
    agent, village = log_in("agent1"), Village(app)
    message, end = leave(village), call(wire, village)
    assert code(act(agent, type="ring", message=message)) == "message.not_yours"
    act(agent, type="take_message", message=message)
    assert code(act(log_in("agent2"), type="ring", message=message)) == "message.not_yours"
    end.send(type="open", client_id=new(), reason="问事")
    assert end.next("state")["state"] == "waiting"
    assert code(act(agent, type="ring", message=message)) == "message.busy"


def test_a_village_picks_up_only_what_rings_at_itself(app: Flask, wire: Wire, log_in: LogIn) -> None:
    agent = log_in("agent1")
    _, end, _, talk = rung(app, wire, agent)
    stranger = call(wire, Village(app, "dulongjiang"))
    for frame in ({"type": "pick_up"}, {"type": "later", "minutes": 10}):
        stranger.send(**frame, talk=talk)
        assert stranger.next("problem")["error"]["code"] == "talk.missing"
    end.send(type="later", talk=talk, minutes=5)
    assert end.next("problem")["error"]["code"] == "talk.frame"
    assert act(agent, type="end", talk=talk).status_code == 200  # the agent hangs up: a try
    assert (listed(agent)[0]["tries"], state_of(agent)["owed"]) == (1, [])
