"""Reading what the other side wrote: the first wrong field is named, nothing is half believed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sync.messages import MessageError, decode_request
from sync.replies import read_enrol, read_failure, read_sync

REQUEST: dict[str, Any] = {
    "proto": 2,
    "cursor": 0,
    "have": {"knowledge": 1},
    "events": [
        {
            "id": "019ac9d6-0001-7000-8000-000000000001",
            "seq": 1,
            "name": "question.asked",
            "subject": "q1",
            "at": "2026-11-23T02:05:00.000Z",
            "body": {"text": "身份证丢了咋个办"},
        }
    ],
    "state": {
        "app": "0.1.0",
        "waiting": 1,
        "refused": 0,
        "disk_free": None,
        "disk_used": None,
        "clock": "2026-11-23T02:05:00.000Z",
        "browser": "x",
        "answers": {"knowledge": "0" * 64, "lingua": "", "digest": "1" * 64},
    },
    "key_letter": 0,
    "carried": {"resend": 0, "moved": None},
    "people": "0123456789ab",
}
REPLY: dict[str, Any] = {
    "proto": 1,
    "server_time": "2026-11-23T02:05:00.000Z",
    "verdicts": [{"id": "e", "verdict": "accepted", "ledger": 7, "problem": None}],
    "missing": [[2, 3]],
    "manifests": [{"manifest": "{}", "signature": "AA=="}],
    "packs": [{"sha256": "0" * 64, "data": "AAEC"}],
    "downlink": [{"cursor": 1, "kind": "case.progress", "body": {}}],
    "cursor": 1,
    "next_poll_s": 300,
    "device": {"revoked": False, "point": {"id": "hexie", "name": "和谐社区", "region": "533301001003"}},
}


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def test_a_request_is_read_as_sent() -> None:
    asked = decode_request(_bytes(REQUEST))
    assert asked.events[0].body == {"text": "身份证丢了咋个办"}
    assert msgspec.to_builtins(asked) == {**REQUEST, "word": ""}  # which came with version 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda r: r.pop("cursor"), "cursor"),
        (lambda r: r.update(cursor=-1), "$.cursor"),
        (lambda r: r.update(events={}), "$.events"),
        (lambda r: r.update(events=r["events"] * 201), "$.events"),
        (lambda r: r["events"][0].update(id="1"), "$.events[0].id"),
        (lambda r: r["events"][0].update(id="019ac9d6-0001-4000-8000-000000000001"), "$.events[0].id"),
        (lambda r: r["events"][0].update(seq=0), "$.events[0].seq"),
        (lambda r: r["events"][0].update(at="gestern"), "$.events[0].at"),
        (lambda r: r["events"][0].update(body=[]), "$.events[0].body"),
        (lambda r: r["events"][0].update(extra=1), "extra"),
        (lambda r: r["state"].pop("waiting"), "waiting"),
        (lambda r: r.update(have={"knowledge": "1"}), "$.have"),
    ],
)
def test_the_wrong_field_of_a_request_is_named(change: Callable[[Any], Any], field: str) -> None:
    broken = copy.deepcopy(REQUEST)
    change(broken)
    with pytest.raises(MessageError) as caught:
        decode_request(_bytes(broken))
    assert field in caught.value.field
    assert caught.value.proto is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"events":[]}', b"<html></html>"])
def test_what_is_not_a_request_is_refused(body: bytes) -> None:
    with pytest.raises(MessageError):
        decode_request(body)


def test_another_version_is_told_apart_from_a_broken_body() -> None:
    with pytest.raises(MessageError) as caught:
        decode_request(_bytes({"proto": 9, "new": "shape"}))
    assert caught.value.proto == 9


def test_a_reply_is_read_with_its_pack_as_bytes() -> None:
    reply = read_sync(_bytes({**REPLY, "later": "field"}))  # fields added later are passed over
    assert reply.packs[0].data == b"\x00\x01\x02"
    assert reply.missing == [(2, 3)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda r: r.pop("server_time"), "server_time"),
        (lambda r: r.pop("cursor"), "cursor"),
        (lambda r: r["verdicts"][0].update(verdict="fine"), "$.verdicts[0].verdict"),
        (lambda r: r["packs"][0].update(data="not base64!"), "$.packs[0].data"),
        (lambda r: r["packs"][0].update(sha256="../x"), "$.packs[0].sha256"),
        (lambda r: r["device"].update(revoked="no"), "$.device.revoked"),
        (lambda r: r.update(proto=9), "proto"),
    ],
)
def test_the_wrong_field_of_a_reply_is_named(change: Callable[[Any], Any], field: str) -> None:
    broken = copy.deepcopy(REPLY)
    change(broken)
    with pytest.raises(MessageError) as caught:
        read_sync(_bytes(broken))
    assert field in caught.value.field


def test_an_enrolment_without_release_keys_is_refused() -> None:
    point = REPLY["device"]["point"]
    reply = {
        "device": "d-abcdefgh",
        "letters": "AB",
        "point": point,
        "release_keys": {},
        "server_time": REPLY["server_time"],
    }
    with pytest.raises(MessageError) as caught:
        read_enrol(_bytes(reply))
    assert "release_keys" in caught.value.field


def test_a_problem_of_the_centre_is_read_and_a_page_is_not() -> None:
    error = {"code": "device.clock", "message": "。", "next": "。", "status": 401, "details": {"server_time": "x"}}
    assert read_failure(_bytes({"ok": False, "error": error})).details == {"server_time": "x"}
    with pytest.raises(MessageError):
        read_failure(b"<html>Log in to the Wi-Fi</html>")
