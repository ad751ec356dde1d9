from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.places import store as places
from app.settings import Settings
from sync import signatures
from tests.app.village import Village, enrol, issue, new_key


def error(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json["error"]["code"]


def test_a_code_makes_a_computer_a_device_of_the_point(app: Flask) -> None:
    reply = enrol(app, issue(app), new_key())
    assert reply.status_code == 201
    assert reply.json["letters"] == "AA"
    assert reply.json["device"].startswith("d-")
    point = {"id": "hexie", "name": "大练地街道和谐社区", "region": "533301001003", "region_name": "和谐社区居委会"}
    assert reply.json["point"] == point
    assert len(reply.json["release_keys"]) == 1


def test_letters_are_never_used_again_even_after_a_device_was_stopped(app: Flask) -> None:
    first = Village(app)
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(
            text("UPDATE device SET revoked_at='2026-01-01T00:00:00.000Z' WHERE id=:id"), {"id": first.id}
        )
    assert (first.letters, Village(app).letters, Village(app, "dulongjiang").letters) == ("AA", "AB", "AA")


def test_two_villages_of_a_township_never_share_letters(app: Flask) -> None:
    neighbour = {"id": "jinxiu", "name": "锦秀社区", "region": "533301001002", "address": "", "hours": "", "phone": ""}
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        places.add_point(connection, neighbour, "centre")
    here, there = Village(app), Village(app, "jinxiu")
    assert (here.letters, there.letters) == ("AA", "AB")
    for village in (here, there):  # their first case of the day would have had one number
        assert village.round(village.case(1)).json["verdicts"][0]["verdict"] == "accepted"


def test_a_code_may_be_typed_as_people_type(app: Flask) -> None:
    code = issue(app)
    assert enrol(app, f" {code.lower().replace('-', ' ')} ", new_key()).status_code == 201


@pytest.mark.parametrize("code", ["", "ABCD-EFGH-JK", "' OR 1=1", "x" * 5000, "零一二三"])
def test_a_wrong_code_says_so(app: Flask, code: str) -> None:
    assert error(enrol(app, code, new_key())) == (404, "enrol.code_wrong")


def test_a_code_works_once(app: Flask) -> None:
    code = issue(app)
    assert enrol(app, code, new_key()).status_code == 201
    assert error(enrol(app, code, new_key())) == (409, "enrol.code_used")


def test_the_same_computer_gets_the_same_answer_when_its_first_was_lost(app: Flask) -> None:
    code, key = issue(app), new_key()
    first, second = enrol(app, code, key), enrol(app, code, key)
    assert second.status_code == 201
    assert (first.json["device"], first.json["letters"]) == (second.json["device"], second.json["letters"])


def test_a_late_code_is_expired(app: Flask) -> None:
    code = issue(app)
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(text("UPDATE enrol_code SET expires_at='2026-01-01T00:00:00.000Z'"))
    assert error(enrol(app, code, new_key())) == (410, "enrol.code_expired")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"code": 1}', b"\xff\xfe", b'{"code": "A", "public_key": 3}'])
def test_a_body_that_is_no_enrolment_burns_nothing(app: Flask, body: bytes) -> None:
    reply = app.test_client().post("/enrol", data=body, content_type="application/json")
    assert reply.status_code == 400


def test_a_bad_key_does_not_burn_the_code(app: Flask) -> None:
    code = issue(app)
    bad = {"kty": "RSA", "n": "x", "e": "AQAB"}
    assert error(enrol(app, code, new_key(), public_key=bad)) == (400, "enrol.key")
    assert enrol(app, code, new_key()).status_code == 201


def test_the_code_itself_is_kept_nowhere(app: Flask) -> None:
    code = issue(app).replace("-", "")
    with app.extensions["jjb_db"].read() as connection:
        kept = str(connection.execute(text("SELECT * FROM enrol_code")).all())
        noted = str(connection.execute(text("SELECT body FROM ledger")).all())
    assert code not in kept + noted


def test_guessing_codes_is_slowed_down(settings: Settings) -> None:
    app = create_app(replace(settings, enrol_limit="3 per minute"))
    tried = [error(enrol(app, "ABCD-EFGH-JK", new_key())) for _ in range(4)]
    assert tried == [(404, "enrol.code_wrong")] * 3 + [(429, "request.rate")]
    app.extensions["jjb_db"].close()


def test_a_signed_request_is_known_and_its_copy_is_not(app: Flask) -> None:
    village = Village(app)
    nonce = "11111111-1111-4111-8111-111111111111"
    assert village.round(nonce=nonce).status_code == 200
    assert error(village.round(nonce=nonce)) == (401, "device.replay")


def test_a_request_signed_by_another_key_is_refused(app: Flask) -> None:
    assert error(Village(app).round(key=new_key())) == (401, "device.signature")


def test_a_device_nobody_enrolled_is_unknown(app: Flask) -> None:
    village = Village(app)
    village.id = "d-aaaaaaaa"
    assert error(village.round()) == (401, "device.unknown")


@pytest.mark.parametrize("shift", [-301, 301])
def test_a_clock_that_is_off_is_told_the_time(app: Flask, shift: int) -> None:
    reply = Village(app).round(created=int(time.time()) + shift * 2)
    assert error(reply) == (401, "device.clock")
    assert reply.json["error"]["details"]["server_time"].endswith("Z")


def test_a_changed_body_does_not_fit_its_signature(app: Flask) -> None:
    village = Village(app)
    headers = signatures.sign("POST", "/sync", b"{}", village.key, village.id, int(time.time()), "n-1")
    reply = app.test_client().post("/sync", data=b"{ }", headers=headers, content_type="application/json")
    assert error(reply) == (401, "device.signature")


def test_without_a_signature_there_is_no_device(app: Flask) -> None:
    assert error(app.test_client().post("/sync", json={})) == (401, "device.signature")


@pytest.mark.parametrize("part", ["A" * 43, "_" * 43, "!" * 43])
def test_numbers_that_are_no_point_of_the_curve_are_no_key(app: Flask, part: str) -> None:
    key = {"kty": "EC", "crv": "P-256", "x": part, "y": part}
    assert error(enrol(app, issue(app), new_key(), public_key=key)) == (400, "enrol.key")
