"""A guide on a village computer: who gets its data key, and what its devices are told of people."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app import ledger
from app.accounts import store as accounts
from app.places import store as places
from sync import signatures
from tests.app.village import Village, new_key

PASSWORD = "jinzhong-3-qiao"


def add(app: Flask, username: str = "lurong", region: str = "533301001003", roles: tuple[str, ...] = ("guide",)) -> str:
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        return accounts.add_person(connection, username, "陆容", roles, region, "centre", PASSWORD)


def change(app: Flask, person: str, **given: Any) -> None:
    values = {"name": "陆容", "roles": ("guide",), "region": "533301001003", "active": True, "actor": "centre", **given}
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        accounts.change_person(connection, person, **values)


def login(village: Village, username: str = "lurong", password: str = PASSWORD, **given: Any) -> TestResponse:
    body = given.get("body", json.dumps({"username": username, "password": password}).encode())
    key = given.get("key", village.key)
    headers = signatures.sign("POST", "/guides/login", body, key, village.id, int(time.time()), str(uuid.uuid4()))
    return village.app.test_client().post("/guides/login", data=body, headers=headers, content_type="application/json")


def told(village: Village, digest: str = "") -> Any:
    body = json.dumps(
        {
            "proto": 2, "cursor": 0, "have": {"knowledge": 1}, "events": [], "people": digest,
            "state": {"app": "0", "waiting": 0, "refused": 0, "clock": "2026-11-25T01:00:00.000Z"},
        }
    ).encode()  # fmt: skip
    headers = signatures.sign("POST", "/sync", body, village.key, village.id, int(time.time()), str(uuid.uuid4()))
    reply = village.app.test_client().post("/sync", data=body, headers=headers, content_type="application/json")
    return reply.json["device"].get("people")


def code(reply: TestResponse) -> tuple[int, str]:
    return reply.status_code, reply.json["error"]["code"]


def test_every_guide_of_a_computer_gets_the_same_key_and_each_time_stands_in_the_audit(app: Flask) -> None:
    person, village, other = add(app), Village(app), Village(app)
    add(app, "hezhi", region="533301001000")
    replies = [login(village), login(village, "hezhi"), login(village), login(other)]
    keys = [reply.json["data_key"] for reply in replies]
    assert replies[0].json["guide"] == {"id": person, "name": "陆容"}
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert len(base64.b64decode(keys[0])) == 32
    assert replies[0].headers["Cache-Control"] == "no-store"
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        noted = [(one.subject, one.device) for one in ledger.read(connection, name="guide.admitted")]
        stored = [str(row) for row in connection.exec_driver_sql("SELECT * FROM device_key")]
    assert noted.count((person, village.id)) == 2
    assert not any(keys[0] in row for row in stored)


def test_who_is_refused_learns_why_and_gets_no_key(app: Flask) -> None:
    person, village = add(app), Village(app)
    add(app, "lookup", roles=("manager",))
    add(app, "faraway", region="533324204000")
    assert code(login(village, password="wrong password")) == (401, "login.wrong")
    assert code(login(village, "nobody")) == (401, "login.wrong")
    assert code(login(village, "lookup")) == (403, "guide.elsewhere")
    assert code(login(village, "faraway")) == (403, "guide.elsewhere")
    assert code(login(village, key=new_key())) == (401, "device.signature")
    for body in (b"[]", b'{"username":"lurong"}', b'{"username":1,"password":"x"}', b"{"):
        assert code(login(village, body=body)) == (400, "request.format")
    change(app, person, active=False)
    assert code(login(village)) == (403, "login.locked")


def test_a_stopped_computer_gets_no_key_and_the_centre_keeps_none_for_it(app: Flask) -> None:
    add(app)
    village = Village(app)
    assert login(village).status_code == 200
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        places.revoke(connection, village.id, "丢失", "centre")
    assert code(login(village)) == (403, "device.revoked")
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM device_key").scalar() == 0


def test_the_list_of_people_comes_when_it_changed_and_a_stopped_account_leaves_it(app: Flask) -> None:
    person, village = add(app), Village(app)
    first = told(village)
    assert {"id": person, "name": "陆容"} in first["people"]
    assert (first["lock_minutes"], first["pin_rounds"]) == (10, 600_000)
    assert told(village, first["digest"]) is None
    change(app, person, active=False)
    second = told(village, first["digest"])
    assert person not in {one["id"] for one in second["people"]}
    change(app, person, region="533324204000")
    assert told(village, second["digest"]) is None


def test_a_program_without_log_in_is_told_nothing_of_people(app: Flask) -> None:
    assert "people" not in Village(app).round().json["device"]
