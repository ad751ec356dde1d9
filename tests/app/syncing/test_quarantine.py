"""The page of events that did not enter: why and from where, never what; taken in after all, or discarded."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import ledger
from app.places import store as places
from app.syncing import store
from tests.app.village import Village

LogIn = Callable[[str], FlaskClient]
PAGE = "/syncing/quarantine"


@pytest.fixture
def revoked(app: Flask) -> Village:
    """A device that was stopped while it still held a case."""
    village = Village(app)
    with app.extensions["jjb_db"].write() as connection:
        places.revoke(connection, village.id, "报废", "test")
    assert village.round(village.case(1)).status_code == 403
    return village


def settle(client: FlaskClient, **data: str) -> Any:
    page = client.get(PAGE).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    ids = re.findall(r'name="id" value="([^"]+)"', page)
    return client.post(PAGE, data={"csrf_token": token[1], "id": ids[0] if ids else "", **data}, follow_redirects=True)


def names(app: Flask) -> list[str]:
    with app.extensions["jjb_db"].read() as connection:
        return [entry.name for entry in ledger.read(connection) if entry.name in ("case.submitted", "sync.settled")]


def test_the_page_says_why_and_from_where_but_not_what(revoked: Village, log_in: LogIn) -> None:
    revoked.round(revoked.event("tea.served", "q", {}))
    page = log_in("manager").get(PAGE).get_data(as_text=True)
    assert "这台设备已被停用" in page
    assert "大练地街道和谐社区" in page
    assert "办件提交" in page
    assert "阿普山" not in page
    assert "{" not in page.split("<table")[1].split("</table>")[0]


def test_an_event_can_be_taken_in_after_all(revoked: Village, app: Flask, log_in: LogIn) -> None:
    page = settle(log_in("admin"), act="accept", reason="设备被误停")
    assert "已进账" in page.get_data(as_text=True)
    assert "没有未进账的记录" in page.get_data(as_text=True)
    assert names(app) == ["sync.settled", "case.submitted"]
    with app.extensions["jjb_db"].read() as connection:
        (entry,) = ledger.read(connection, name="case.submitted")
        assert ledger.verify(connection).ok
    assert (entry.device, entry.service_point, entry.device_seq) == (revoked.id, "hexie", 1)


def test_an_event_that_still_cannot_be_taken_stays_where_it_was(app: Flask, log_in: LogIn) -> None:
    village = Village(app)
    village.round(village.event("tea.served", "q", {}))
    admin = log_in("admin")
    assert settle(admin, act="accept", reason="再试").status_code == 422
    assert "中心不认识这种记录" in admin.get(PAGE).get_data(as_text=True)
    assert names(app) == []


def test_the_second_of_two_different_contents_cannot_enter(app: Flask, log_in: LogIn) -> None:
    village = Village(app)
    event = village.question("低保")
    village.round(event)
    village.round({**event, "body": {**event["body"], "text": "高龄补贴"}})
    reply = settle(log_in("admin"), act="accept", reason="再试")
    assert reply.status_code == 409
    assert reply.json["error"]["code"] == "sync.entered"


def test_an_event_can_be_discarded_with_a_reason_only(revoked: Village, app: Flask, log_in: LogIn) -> None:
    admin = log_in("admin")
    assert settle(admin, act="discard", reason=" ").status_code == 400
    assert settle(admin, act="burn", reason="x").status_code == 400
    assert "已作废" in settle(admin, act="discard", reason="重复").get_data(as_text=True)
    assert names(app) == ["sync.settled"]
    with app.extensions["jjb_db"].read() as connection:
        assert store.count_open(connection) == 0
    assert settle(log_in("admin"), act="discard", reason="重复", id="gone").status_code == 404


def test_a_manager_looks_and_only_the_admin_settles(revoked: Village, log_in: LogIn) -> None:
    manager = log_in("manager")
    assert 'name="act"' not in manager.get(PAGE).get_data(as_text=True)
    assert settle(manager, act="discard", reason="x").status_code == 403
    assert log_in("guide1").get(PAGE).status_code == 403
