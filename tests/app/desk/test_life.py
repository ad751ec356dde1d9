"""Rings, holding, handing on, asking in, wrapping up: what agents and villages see of the life of a talk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from app import clock
from app.desk import seats, store
from tests.app.desk.conftest import End, call, new
from tests.app.desk.test_doors import act
from tests.app.village import Village
from tests.conftest import LogIn
from tests.wire import Wire


def state_of(client: FlaskClient) -> Any:
    return client.get("/api/desk/state").get_json()


def me(client: FlaskClient) -> str:
    return str(client.get("/api/desk/me").get_json()["id"])


def code(reply: Any) -> str:
    return str((reply.get_json().get("error") or {}).get("code", ""))


def opened(wire: Wire, app: Flask, **asked: Any) -> tuple[End, str]:
    village, talk = call(wire, Village(app)), new()
    village.send(type="open", client_id=talk, reason="问事", **asked)
    assert village.next("state")["talk"] == talk
    return village, talk


def here(client: FlaskClient, **seat: Any) -> FlaskClient:
    """A client at an open desk."""
    state_of(client)
    assert act(client, type="seat", **{"state": "free", **seat}).status_code == 200
    return client


def rung(client: FlaskClient) -> list[str]:
    mine = me(client)
    return [one["id"] for one in state_of(client)["queue"] if one["offered"] == mine]


def ago(app: Flask, talk: str, seconds: int, *columns: str) -> None:
    """Let a talk be older than it is, and let the centre look."""
    with app.app_context():
        with app.extensions["jjb_db"].write() as connection:
            values = {name: clock.later(seconds=-seconds) for name in columns}
            connection.execute(update(store.talk).where(store.talk.c.id == talk).values(values))
        seats.route()


def ledger(app: Flask, *names: str) -> list[str]:
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        rows = connection.execute(text("SELECT name FROM ledger ORDER BY seq")).scalars()
        return [name for name in rows if name in names]


def test_a_call_that_is_declined_or_rings_out_goes_to_the_next_and_begins_anew(
    app: Flask, wire: Wire, log_in: LogIn
) -> None:
    first, second = here(log_in("agent1")), here(log_in("agent2"), state="busy")
    village, talk = opened(wire, app)
    assert rung(first) == [talk]
    here(second)
    assert code(act(second, type="claim", talk=talk)) == "talk.offered"
    assert code(act(second, type="decline", talk=talk)) == "talk.not_offered"

    act(first, type="decline", talk=talk)
    assert (rung(first), rung(second)) == ([], [talk])

    ago(app, talk, 26, "offered_at")
    mine = next(one for one in state_of(second)["seats"] if one["me"])
    assert (rung(first), rung(second), mine["state"], mine["why"]) == ([], [], "break", "missed")

    ago(app, talk, 61, "offered_at")
    assert rung(first) == [talk]
    assert act(first, type="claim", talk=talk).status_code == 200
    assert village.until(lambda frame: frame.get("state") == "active")
    assert ledger(app, "talk.passed") == ["talk.passed"] * 2


def test_a_call_rings_at_who_speaks_the_language_and_at_nobody_in_another_region(
    app: Flask, wire: Wire, log_in: LogIn
) -> None:
    first, second = here(log_in("agent1")), here(log_in("agent2"), languages=["傈僳语"])
    _, talk = opened(wire, app, language="傈僳语")
    assert (rung(first), rung(second)) == ([], [talk])
    assert code(act(first, type="seat", state="free", languages=["世界语"])) == "talk.frame"


def test_a_call_is_for_the_department_of_its_item(app: Flask, wire: Wire, log_in: LogIn) -> None:
    here(log_in("agent1"))
    expert = here(log_in("agent2"), departments=["公安局"])
    _, talk = opened(wire, app, item="id-card")
    assert rung(expert) == [talk]


def test_a_talk_is_handed_on_with_a_note_to_a_person_and_to_a_department(app: Flask, wire: Wire, log_in: LogIn) -> None:
    first, second = here(log_in("agent1")), here(log_in("agent2"), state="break")
    village, talk = opened(wire, app)
    act(first, type="claim", talk=talk)
    move = {"type": "move", "talk": talk, "note": "要懂户口的人"}
    assert code(act(first, **move, client_id=new())) == "talk.frame"
    assert code(act(first, **move, client_id=new(), person="nobody")) == "talk.person"
    assert act(first, **move, client_id=new(), person=me(second)).status_code == 200
    assert rung(second) == []
    here(second)
    assert rung(second) == [talk]
    act(second, type="claim", talk=talk)
    assert "要懂户口的人" in str(second.get(f"/api/desk/talks/{talk}").get_json()["messages"])
    assert code(act(first, **move, client_id=new(), department="民政局")) == "talk.not_yours"
    assert act(second, **move, client_id=new(), department="民政局").status_code == 200
    assert rung(first) == [talk]
    village.send(type="ping")
    assert "要懂户口的人" not in str(village.until(lambda frame: frame["type"] == "pong"))


def test_the_village_sees_who_listens_and_may_send_them_away(
    app: Flask, wire: Wire, log_in: LogIn, desk: Callable[..., End]
) -> None:
    agent, lead = here(log_in("agent1")), log_in("lead")
    state_of(lead)
    village, talk = opened(wire, app)
    act(agent, type="claim", talk=talk)
    assert [one["id"] for one in state_of(lead)["running"]] == [talk]
    assert act(lead, type="enter", talk=talk, mode="listen").status_code == 200
    seen = village.until(lambda frame: bool(frame.get("others")))[-1]["others"]
    assert [(one["name"], one["mode"]) for one in seen] == [("坐席班长", "listen")]
    assert code(act(lead, type="say", talk=talk, client_id=new(), text="x")) == "talk.not_yours"
    assert act(lead, type="enter", talk=talk, mode="whisper").status_code == 200
    assert act(lead, type="say", talk=talk, client_id=new(), text="先问户口", kind="note").status_code == 200
    assert act(lead, type="enter", talk=talk, mode="join").status_code == 200
    assert act(lead, type="say", talk=talk, client_id=new(), text="我是班长").status_code == 200
    frames = village.until(lambda frame: frame.get("body") == "我是班长")
    assert "先问户口" not in str(frames)

    village.send(type="leave", talk=talk, person=seen[0]["person"])
    assert village.until(lambda frame: frame.get("others") == [])
    assert code(act(lead, type="enter", talk=talk, mode="listen")) == "talk.sent_away"
    assert code(act(agent, type="invite", talk=talk, person=me(lead))) == "talk.sent_away"
    assert ledger(app, "talk.entered", "talk.left") == ["talk.entered"] * 3 + ["talk.left"]


def test_an_expert_of_a_department_is_asked_in_and_nothing_else_is_open_to_him(
    app: Flask, wire: Wire, log_in: LogIn
) -> None:
    agent, expert = here(log_in("agent1")), log_in("officer2")
    assert state_of(expert)["queue"] == []
    village, talk = opened(wire, app)
    act(agent, type="claim", talk=talk)
    assert code(act(expert, type="enter", talk=talk, mode="join")) == "talk.uninvited"
    assert code(expert.get(f"/api/desk/talks/{talk}", headers={"Accept": "application/json"})) == "talk.not_yours"
    assert act(agent, type="invite", talk=talk, person=me(expert)).status_code == 200
    assert code(act(agent, type="invite", talk=talk, person=me(expert))) == "talk.inside"
    assert [one["id"] for one in state_of(expert)["inside"]] == [talk]
    assert code(act(expert, type="enter", talk=talk, mode="listen")) == "talk.uninvited"
    assert act(expert, type="enter", talk=talk, mode="join").status_code == 200
    assert act(expert, type="say", talk=talk, client_id=new(), text="请带户口簿").status_code == 200
    assert village.until(lambda frame: frame.get("body") == "请带户口簿")
    for frame in ({"type": "claim", "talk": talk}, {"type": "end", "talk": talk}, {"type": "seat", "state": "free"}):
        assert code(act(expert, **frame)) == "access.denied"
    assert act(expert, type="leave", talk=talk).status_code == 200
    assert code(act(expert, type="say", talk=talk, client_id=new(), text="x")) == "talk.not_yours"


def test_the_village_is_told_that_it_is_to_wait(app: Flask, wire: Wire, log_in: LogIn) -> None:
    agent = here(log_in("agent1"))
    village, talk = opened(wire, app)
    act(agent, type="claim", talk=talk)
    act(agent, type="hold", talk=talk, on=True)
    assert village.until(lambda frame: frame.get("held") is True)
    assert code(act(log_in("agent2"), type="hold", talk=talk, on=False)) == "talk.not_yours"
    act(agent, type="hold", talk=talk, on=False)
    assert village.until(lambda frame: frame.get("held") is False)


def test_nothing_rings_before_the_wrap_up_and_its_note_is_sealed(app: Flask, wire: Wire, log_in: LogIn) -> None:
    agent = here(log_in("agent1"))
    village, talk = opened(wire, app)
    act(agent, type="claim", talk=talk)
    assert code(act(agent, type="wrap", talk=talk, outcome="solved")) == "talk.open"
    village.send(type="end", talk=talk)
    assert village.until(lambda frame: frame.get("state") == "ended")
    assert [one["id"] for one in state_of(agent)["owed"]] == [talk]
    _, next_one = opened(wire, app)
    assert rung(agent) == []
    assert code(act(agent, type="wrap", talk=talk, outcome="nonsense")) == "talk.frame"
    assert act(agent, type="wrap", talk=talk, outcome="guided", note="和金花要再来").status_code == 200
    assert (rung(agent), state_of(agent)["owed"]) == ([next_one], [])
    assert code(act(agent, type="wrap", talk=talk, outcome="guided")) == "talk.wrapped"
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        rows = [str(connection.execute(text(f"SELECT * FROM {name}")).all()) for name in ("talk", "ledger")]
    assert all("和金花" not in row for row in rows)


@pytest.mark.parametrize("handled", [4, 5])
def test_the_wait_is_told_from_what_lately_was_or_not_at_all(
    app: Flask, wire: Wire, log_in: LogIn, handled: int
) -> None:
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        for _ in range(handled):
            village = {"point": "hexie", "point_name": "x", "region": "533301001003", "device": "d", "reason": ""}
            row = {"id": new(), **village, "release": 1, "state": "ended", "agent": "p", "last_seq": 0}
            times = {
                "opened_at": clock.later(hours=-1),
                "claimed_at": clock.later(seconds=-700),
                "ended_at": clock.later(seconds=-100),
            }
            connection.execute(store.talk.insert().values(**row, **times, wrapped_at=clock.now()))
    end = call(wire, Village(app))
    end.send(type="open", client_id=new())
    alone = end.next("state")
    assert (alone["staffed"], alone["usual_wait_s"]) == (False, None)
    here(log_in("agent1"), state="busy")
    other = call(wire, Village(app))
    other.send(type="open", client_id=new())
    state = other.next("state")
    found = state["usual_wait_s"]
    assert (state["staffed"], state["position"]) == (True, 2)
    assert found is None if handled < 5 else found > 0
