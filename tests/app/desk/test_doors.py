"""The desk's HTTP doors, its socket budget, and sockets of people whose log-in has ended."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
import websocket
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.accounts import store as accounts
from app.settings import Settings
from tests.app.desk.conftest import End, call, new, running
from tests.app.village import Village
from tests.conftest import LogIn
from tests.wire import Wire


def act(client: FlaskClient, **frame: Any) -> Any:
    csrf = client.get("/api/desk/me").get_json()["csrf"]
    return client.post(
        "/api/desk/act", data=json.dumps(frame), headers={"X-CSRFToken": csrf, "Accept": "application/json"}
    )


def talk_of(app: Flask, wire: Wire) -> tuple[End, str]:
    end, talk = call(wire, Village(app)), new()
    end.send(type="open", client_id=talk, reason="问事", item="id-card")
    end.next("state")
    return end, talk


def test_a_desk_without_a_socket_does_all_by_asking(app: Flask, wire: Wire, log_in: LogIn) -> None:
    village, talk = talk_of(app, wire)
    agent = log_in("agent1")
    assert [row["id"] for row in agent.get("/api/desk/state").get_json()["queue"]] == [talk]
    assert act(agent, type="claim", talk=talk).get_json() == {"ok": True}
    assert act(agent, type="say", talk=talk, client_id=new(), text="您好").status_code == 200
    assert village.next("message")["body"] == "您好"
    assert act(agent, type="card", talk=talk, client_id=new(), slug="id-card").status_code == 200
    assert village.next("message")["body"] == {"slug": "id-card", "name": "居民身份证申领、换领、补领", "release": 1}
    found = agent.get(f"/api/desk/talks/{talk}").get_json()
    assert [message["seq"] for message in found["messages"]] == [1, 2]
    assert found["caller"]["current_release"] == 1
    assert agent.get(f"/api/desk/talks/{talk}?after=1").get_json()["messages"][0]["seq"] == 2
    assert act(agent, type="end", talk=talk, outcome="guided").status_code == 200
    assert agent.get("/api/desk/state").get_json()["mine"] == []


@pytest.mark.parametrize(
    ("frame", "status", "code"),
    [
        ({"type": "claim", "talk": "0" * 36}, 404, "talk.missing"),
        ({"type": "dance"}, 400, "talk.frame"),
        ({"type": "say", "client_id": "x", "text": "y"}, 400, "talk.frame"),
    ],
)
def test_a_frame_that_makes_no_sense_is_answered_in_words(
    log_in: LogIn, frame: dict[str, Any], status: int, code: str
) -> None:
    reply = act(log_in("agent1"), **frame)
    assert (reply.status_code, reply.get_json()["error"]["code"]) == (status, code)


def test_another_agents_talk_is_closed_to_me_and_open_to_the_lead(app: Flask, wire: Wire, log_in: LogIn) -> None:
    _, talk = talk_of(app, wire)
    assert act(log_in("agent1"), type="claim", talk=talk).status_code == 200
    other = log_in("agent2")
    assert act(other, type="claim", talk=talk).get_json()["error"]["code"] == "talk.taken"
    assert act(other, type="say", talk=talk, client_id=new(), text="x").get_json()["error"]["code"] == "talk.not_yours"
    refused = other.get(f"/api/desk/talks/{talk}", headers={"Accept": "application/json"})
    assert refused.get_json()["error"]["code"] == "talk.not_yours"
    assert log_in("lead").get(f"/api/desk/talks/{talk}").status_code == 200


def test_canned_replies_are_ones_own(log_in: LogIn) -> None:
    mine = log_in("agent1")
    csrf = {"X-CSRFToken": mine.get("/api/desk/me").get_json()["csrf"]}
    kept = mine.post("/api/desk/replies", json={"text": "请稍等"}, headers=csrf).get_json()
    assert [one["text"] for one in kept] == ["请稍等"]
    assert log_in("agent2").get("/api/desk/replies").get_json() == []
    assert mine.post("/api/desk/replies", json={"text": " "}, headers=csrf).status_code == 400
    assert mine.post("/api/desk/replies", json={"drop": kept[0]["id"]}, headers=csrf).get_json() == []


def test_a_person_locked_meanwhile_loses_the_open_socket(app: Flask, desk: Callable[..., End]) -> None:
    agent = desk()
    agent.next("desk")
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        found = next(one for one in accounts.people(connection, "") if one["username"] == "agent1")
        accounts.change_person(connection, found["id"], found["name"], ["agent"], found["region"], False, "centre")
    agent.send(type="ping")
    with pytest.raises((AssertionError, websocket.WebSocketException)):
        agent.next("pong")


def test_sockets_beyond_the_budget_are_sent_away_politely(settings: Settings) -> None:
    app = create_app(dataclasses.replace(settings, socket_limit=1))
    with running(app) as relay:
        first = call(relay, Village(app))
        second = websocket.create_connection(relay.url.replace("http", "ws", 1) + "/ws/village", timeout=10)
        opcode, data = second.recv_data()
        assert (opcode, data[:2]) == (websocket.ABNF.OPCODE_CLOSE, (1013).to_bytes(2, "big"))
        first.ws.close()
    app.extensions["jjb_db"].close()


def test_the_desk_comes_in_the_chosen_type_size(log_in: LogIn) -> None:
    agent = log_in("agent1")
    if agent.get("/desk/").status_code == 503:
        pytest.skip("the desk is not built: ./deploy/up --setup-only")
    assert "data-size" not in agent.get("/desk/").get_data(as_text=True)
    agent.get("/size?next=/desk/")
    assert '<html data-size="l"' in agent.get("/desk/").get_data(as_text=True)
