"""The doors of the link test: who may use them, and what they refuse."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.desk import probe
from remote.media import echo
from tests.app.desk.conftest import call
from tests.app.village import Village
from tests.conftest import LogIn
from tests.remote.media.test_echo import offering
from tests.wire import Wire


def post(client: FlaskClient, **frame: Any) -> Any:
    csrf = client.get("/api/desk/me").get_json()["csrf"]
    return client.post("/api/desk/test", data=json.dumps(frame), headers={"X-CSRFToken": csrf})


def test_either_end_may_test_its_link_and_its_line_lives_on(app: Flask, wire: Wire, log_in: LogIn) -> None:
    offer = asyncio.run(offering()).localDescription.sdp
    village = call(wire, Village(app))
    village.send(type="test", offer="v=0")
    assert village.next("problem")["error"]["code"] == "test.offer"
    village.send(type="test", offer=offer)
    assert "a=fingerprint" in village.next("test")["answer"]
    agent = log_in("agent1")
    assert "a=fingerprint" in post(agent, type="test", offer=offer).get_json()["answer"]


@pytest.mark.parametrize("offer", ["", "v=0", "x" * 20_000, 7])
def test_a_desk_is_told_what_was_wrong(log_in: LogIn, offer: Any) -> None:
    reply = post(log_in("agent1"), type="test", offer=offer)
    assert reply.status_code == 400
    assert reply.get_json()["error"]["code"] in ("test.offer", "talk.frame")


def test_a_stranger_and_somebody_without_a_desk_are_refused(client: FlaskClient, log_in: LogIn) -> None:
    assert client.post("/api/desk/test", json={"offer": "v=0"}).status_code in (302, 400, 401)
    editor = log_in("editor")
    assert editor.post("/api/desk/test", json={"offer": "v=0"}).status_code in (400, 403)


def test_when_all_are_busy_a_further_one_is_asked_to_wait(app: Flask, log_in: LogIn) -> None:
    full = echo.Echo()
    full._running = echo.MOST
    app.extensions["jjb_echo"] = full
    offer = asyncio.run(offering()).localDescription.sdp
    reply = post(log_in("agent1"), type="test", offer=offer)
    assert (reply.status_code, reply.get_json()["error"]["code"]) == (503, "test.busy")
    assert probe.LinkTest.__struct_config__.tag == "test"
