"""POST /sync: every verdict, every refusal; one bad event never holds up the others, and nothing is lost."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app import clock, ledger
from app.ledger import Entry
from app.places import store as places
from app.problems import Problem
from app.syncing import store
from sync import signatures
from tests.app.village import Village, enrol, issue, new_key


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


def entries(village: Village) -> list[Entry]:
    """What the ledger holds of a village, in order; the chain is whole."""
    with village.app.extensions["jjb_db"].read() as connection:
        assert ledger.verify(connection).ok
        return [entry for entry in ledger.read(connection, device=village.id) if entry.device_seq is not None]


def set_aside(village: Village) -> list[tuple[str, str]]:
    """(event id, reason) of everything in quarantine."""
    with village.app.extensions["jjb_db"].read() as connection:
        columns = (store.quarantine.c.event_id, store.quarantine.c.reason)
        return [tuple(row) for row in connection.execute(select(*columns).order_by(store.quarantine.c.received_at))]


def verdicts(reply: TestResponse) -> list[tuple[str, str | None]]:
    """(verdict, problem code) in order."""
    assert reply.status_code == 200, reply.get_data(as_text=True)
    return [(one["verdict"], one["problem"] and one["problem"]["code"]) for one in reply.json["verdicts"]]


def refused(reply: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem of a refused round, with a sentence and what to do."""
    assert (reply.status_code, reply.json["error"]["code"]) == (status, code)
    assert reply.json["error"]["message"]
    assert reply.json["error"]["next"]
    found: dict[str, Any] = reply.json["error"]
    return found


def send(village: Village, body: bytes, **headers: str) -> TestResponse:
    """A correctly signed request with any body."""
    signed = signatures.sign("POST", "/sync", body, village.key, village.id, int(time.time()), str(uuid.uuid4()))
    kind = headers.pop("content_type", "application/json")
    return village.app.test_client().post("/sync", data=body, headers={**signed, **headers}, content_type=kind)


def message(village: Village, *events: dict[str, Any], **change: Any) -> dict[str, Any]:
    state = {"app": "0.1.0", "waiting": len(events), "refused": 0, "clock": clock.now()}
    return {"proto": 1, "cursor": 0, "have": {"knowledge": 1}, "events": list(events), "state": state, **change}


# ---- verdicts ----


def test_events_enter_the_ledger_in_order_and_say_where(village: Village) -> None:
    sent = [village.question("身份证丢了"), village.case(1), village.question("低保")]
    reply = village.round(*sent)
    assert verdicts(reply) == [("accepted", None)] * 3
    found = entries(village)
    assert [entry.event_id for entry in found] == [event["id"] for event in sent]
    assert [one["ledger"] for one in reply.json["verdicts"]] == [entry.seq for entry in found]
    assert {(entry.service_point, entry.device, entry.actor) for entry in found} == {("hexie", village.id, village.id)}
    assert [entry.client_at for entry in found] == [event["at"] for event in sent]


def test_a_repeated_batch_gets_the_same_ledger_numbers(village: Village) -> None:
    sent = [village.question("身份证丢了"), village.case(1)]
    first = village.round(*sent)
    second = village.round(*sent)
    assert verdicts(second) == [("duplicate", None)] * 2
    assert [v["ledger"] for v in first.json["verdicts"]] == [v["ledger"] for v in second.json["verdicts"]]
    assert len(entries(village)) == 2


def test_personal_fields_are_sealed_before_they_reach_the_ledger(village: Village) -> None:
    event = village.case(1)
    village.round(event)
    (entry,) = entries(village)
    text = json.dumps(entry.body, ensure_ascii=False)
    assert "阿普山" not in text
    assert "11010519491231002X" not in text
    vault = village.app.extensions["jjb_vault"]
    with village.app.extensions["jjb_db"].read() as connection:
        assert vault.open(connection, event["subject"], entry.body["applicant"])["name"] == "阿普山"


def test_a_bad_event_is_rejected_with_its_reason_and_the_rest_enters(village: Village) -> None:
    wrong = village.question("x", decision="perhaps")
    strange = village.event("tea.served", "q", {})
    ours = village.event("case.progressed", "q", {})  # an event of the centre, not of a device
    extra = village.event("notice.printed", "q", {"item": "a", "release": 1, "situations": [], "note": "x"})
    huge = village.event("notice.printed", "q", {"item": "a", "release": 10**30, "situations": []})
    good = village.question("低保")
    reply = village.round(wrong, strange, ours, extra, huge, good)
    field, unknown = ("rejected", "event.field"), ("rejected", "event.unknown")
    assert verdicts(reply) == [field, unknown, unknown, field, field, ("accepted", None)]
    assert [entry.event_id for entry in entries(village)] == [good["id"]]
    assert len(set_aside(village)) == 5  # the centre keeps a copy of each
    assert "decision" in reply.json["verdicts"][0]["problem"]["message"]


def test_a_rejected_event_may_be_sent_again_and_is_judged_anew(village: Village, app: Flask) -> None:
    first = village.case(1)
    second = village.case(1)  # the same case number under another event id
    village.round(first)
    assert verdicts(village.round(second)) == [("rejected", "case.number")]
    assert verdicts(village.round(second)) == [("rejected", "case.number")]
    assert set_aside(village) == [(second["id"], "case.number")]  # one copy, however often it comes


def test_the_same_id_with_other_content_is_quarantined_and_the_first_stands(village: Village, app: Flask) -> None:
    event = village.question("低保")
    village.round(event)
    changed = {**event, "body": {**event["body"], "text": "高龄补贴"}}
    assert verdicts(village.round(changed)) == [("quarantined", "event.tampered")]
    stolen = Village(app, "dulongjiang")
    assert verdicts(stolen.round({**event, "seq": 1})) == [("quarantined", "event.tampered")]
    assert [entry.body["text"] for entry in entries(village)] == ["低保"]
    assert verdicts(village.round(event)) == [("duplicate", None)]


def test_a_handler_that_fails_costs_only_its_own_event(
    village: Village, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(connection: Any, entry: Entry) -> None:
        raise RuntimeError(f"secret of {entry.subject}")

    app.extensions["jjb_handlers"] = {**app.extensions["jjb_handlers"], "notice.printed": (broken,)}
    odd = village.event("notice.printed", "木某某", {"item": "a", "release": 1, "situations": []})
    good = village.question("低保")
    with caplog.at_level(logging.DEBUG):
        assert verdicts(village.round(odd, good)) == [("quarantined", "event.failed"), ("accepted", None)]
    assert set_aside(village) == [(odd["id"], "event.failed")]
    assert "木某某" not in caplog.text
    app.extensions["jjb_handlers"] = {**app.extensions["jjb_handlers"], "notice.printed": ()}
    assert verdicts(village.round(odd)) == [("accepted", None)]  # after the fault was mended


def test_when_the_database_fails_no_event_gets_a_verdict(village: Village, app: Flask) -> None:
    def full(connection: Any, entry: Entry) -> None:
        raise OperationalError("insert", {}, Exception("database or disk is full"))

    handlers = app.extensions["jjb_handlers"]
    app.extensions["jjb_handlers"] = {"notice.printed": (full,)}
    sent = [
        village.question("低保"),
        village.event("notice.printed", "q", {"item": "a", "release": 1, "situations": []}),
    ]
    reply = village.round(*sent)
    refused(reply, 503, "server.busy")
    assert reply.headers["Retry-After"]
    assert entries(village) == []
    app.extensions["jjb_handlers"] = handlers
    assert verdicts(village.round(*sent)) == [("accepted", None)] * 2


def test_the_same_batch_at_the_same_moment_enters_once(village: Village) -> None:
    sent = [village.question(f"问题 {number}") for number in range(20)]
    replies: list[TestResponse] = []
    threads = [threading.Thread(target=lambda: replies.append(village.round(*sent))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [entry.event_id for entry in entries(village)] == [event["id"] for event in sent]
    said = sorted(verdict for reply in replies for verdict, _ in verdicts(reply))
    assert said == ["accepted"] * 20 + ["duplicate"] * 100


def test_gaps_in_the_numbers_are_reported_until_they_close(village: Village) -> None:
    sent = [village.question(f"问题 {number}") for number in range(1, 8)]
    assert village.round(sent[2], sent[3], sent[6]).json["missing"] == [[1, 2], [5, 6]]
    assert village.round(sent[4]).json["missing"] == [[1, 2], [6, 6]]
    assert village.round(sent[0], sent[1], sent[5]).json["missing"] == []


# ---- down ----


def test_manifest_and_messages_come_only_when_they_are_news(village: Village, app: Flask) -> None:
    fresh = village.round(have=0).json
    assert json.loads(fresh["manifests"][0]["manifest"])["release"] == 1
    assert fresh["packs"] == []  # the full pack is too large to ride along
    assert village.round(have=1).json["manifests"] == []
    with app.extensions["jjb_db"].write() as connection:
        store.push(connection, "hexie", "bulletin", {"text": "通知"})
        store.push(connection, "dulongjiang", "bulletin", {"text": "别处"})
    reply = village.round().json
    assert [one["body"] for one in reply["downlink"]] == [{"text": "通知"}]
    assert reply["cursor"] == reply["downlink"][0]["cursor"]


def test_a_long_queue_of_messages_is_fetched_without_waiting(village: Village, app: Flask) -> None:
    with app.extensions["jjb_db"].write() as connection:
        for number in range(store.MESSAGES + 1):
            store.push(connection, "hexie", "bulletin", {"number": number})
    first = village.round().json
    assert (len(first["downlink"]), first["next_poll_s"]) == (store.MESSAGES, 0)
    second = send(village, json.dumps(message(village, cursor=first["cursor"])).encode()).json
    assert [one["body"]["number"] for one in second["downlink"]] == [store.MESSAGES]
    assert second["next_poll_s"] > 0


@pytest.mark.parametrize("odd", ["a\x00b", "\ud800", "x" * 5_000])
def test_odd_text_is_no_server_fault(village: Village, app: Flask, odd: str) -> None:
    assert enrol(app, issue(app), new_key(), browser=odd).status_code == 201
    event = village.question("低保")
    event["body"]["text"] = odd
    assert village.round(event).status_code in (200, 400)
    assert village.round(village.question("低保")).status_code == 200


def test_what_the_device_says_of_itself_is_kept_even_when_it_is_odd(village: Village, app: Flask) -> None:
    state = {"disk_free": 2**40, "clock": "9999-12-31T23:59:59.999Z", "waiting": 7}
    assert village.round(state=state).status_code == 200
    with app.extensions["jjb_db"].read() as connection:
        (row,) = [row for row in places.devices(connection) if row.id == village.id]
    assert (row.disk_free, row.waiting) == (2**40, 7)
    assert row.clock_skew_s > 10**9


# ---- refusals ----


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"events": {}}, "events"),
        ({"cursor": -1}, "cursor"),
        ({"cursor": 2**40}, "cursor"),
        ({"have": []}, "have"),
        ({"state": {}}, "state"),
        ({"events": [{"id": "1"}]}, "events[0]"),
    ],
)
def test_a_body_against_the_protocol_names_the_field_and_stores_nothing(
    village: Village, change: dict[str, Any], field: str
) -> None:
    reply = send(village, json.dumps({**message(village), **change}).encode())
    assert field in refused(reply, 400, "sync.format")["message"]
    assert entries(village) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda event: event.update(at="2026-02-31T00:00:00.000Z"),
        lambda event: event.update(subject="a\x00b"),
        lambda event: event.update(subject="x" * 201),
        lambda event: event.update(seq=2**40),
    ],
)
def test_one_malformed_event_refuses_the_request_as_a_whole(village: Village, spoil: Callable[[Any], None]) -> None:
    good, bad = village.question("低保"), village.question("低保")
    spoil(bad)
    refused(village.round(good, bad), 400, "sync.format")
    assert entries(village) == []
    assert verdicts(village.round(good)) == [("accepted", None)]


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"[1]", b"\xff\xfe\x00", b"null"])
def test_what_is_not_json_is_refused(village: Village, body: bytes) -> None:
    refused(send(village, body), 400, "sync.format")


def test_another_protocol_version_is_told_apart(village: Village) -> None:
    found = refused(send(village, json.dumps(message(village, proto=9)).encode()), 400, "sync.proto")
    assert "3" in found["message"]


def test_gzip_is_read_and_a_bomb_is_not(village: Village, app: Flask) -> None:
    event = village.question("低保")
    plain = json.dumps(message(village, event)).encode()
    assert verdicts(send(village, gzip.compress(plain), **{"Content-Encoding": "gzip"})) == [("accepted", None)]
    limit = app.extensions["jjb_settings"].sync_body_limit
    bomb = gzip.compress(b" " * (limit * 50))
    assert len(bomb) < limit
    refused(send(village, bomb, **{"Content-Encoding": "gzip"}), 413, "request.size")
    for broken in (plain, gzip.compress(plain)[:-9], b"\x1f\x8b"):
        refused(send(village, broken, **{"Content-Encoding": "gzip"}), 400, "sync.format")
    refused(send(village, b" " * (limit + 1)), 413, "request.size")


def test_a_reply_is_squeezed_for_whoever_takes_gzip(village: Village) -> None:
    body = json.dumps(message(village, *(village.question(f"低保 {n}") for n in range(20)))).encode()
    plain = send(village, body)
    squeezed = send(village, body, **{"Accept-Encoding": "gzip"})
    assert (plain.content_encoding, squeezed.content_encoding) == (None, "gzip")
    assert len(squeezed.data) * 2 < len(plain.data)
    told = json.loads(gzip.decompress(squeezed.data))
    assert [one["verdict"] for one in told["verdicts"]] == ["duplicate"] * 20


def test_signature_refusals_each_have_their_own_problem(village: Village, app: Flask) -> None:
    client = app.test_client()
    refused(client.post("/sync", data=b"{}", content_type="application/json"), 401, "device.signature")
    refused(village.round(key=Village(app).key), 401, "device.signature")
    late = refused(village.round(created=int(time.time()) - 3600), 401, "device.clock")
    assert clock.parse(late["details"]["server_time"])
    nonce = str(uuid.uuid4())
    assert village.round(nonce=nonce).status_code == 200
    refused(village.round(nonce=nonce), 401, "device.replay")
    stranger = Village(app)
    stranger.id = "d-aaaaaaaa"
    refused(stranger.round(), 401, "device.unknown")


def test_events_of_a_revoked_device_are_kept_aside_sealed(village: Village, app: Flask) -> None:
    with app.extensions["jjb_db"].write() as connection:
        places.revoke(connection, village.id, "报废", "test")
    case = village.case(1)
    refused(village.round(case), 403, "device.revoked")
    refused(village.round(case), 403, "device.revoked")
    assert set_aside(village) == [(case["id"], "device.revoked")]
    assert entries(village) == []
    with app.extensions["jjb_db"].read() as connection:
        (row,) = connection.execute(select(store.quarantine))
        assert "阿普山" not in str(row)
        opened = app.extensions["jjb_vault"].open(connection, f"quarantine:{row.id}", row.sealed)
    assert opened["body"]["applicant"]["name"] == "阿普山"


def test_too_many_rounds_at_once_are_asked_to_come_again(
    village: Village, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = app.extensions["jjb_sync_gate"]
    monkeypatch.setattr("app.syncing.views.PATIENCE_S", 0.05)
    taken = 0
    while gate.acquire(blocking=False):
        taken += 1
    reply = village.round()
    refused(reply, 503, "server.busy")
    assert int(reply.headers["Retry-After"]) > 0
    for _ in range(taken):
        gate.release()
    assert village.round().status_code == 200


def test_no_log_line_holds_what_people_typed(village: Village, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        village.round(village.case(1), village.event("tea.served", "阿普山", {"applicant": "阿普山"}))
        send(village, '{"proto": 1, "note": "阿普山"}'.encode())
    assert "阿普山" not in caplog.text


def test_a_problem_has_a_row_for_each_verdict() -> None:
    for code in ("event.failed", "event.field", "event.tampered", "event.unknown", "server.busy"):
        assert Problem(code, field="x", name="x").sentence
