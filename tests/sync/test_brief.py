"""Version 3 of the wire; the vectors are run by vitest too. `python -m tests.sync.test_brief` writes them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.brief import read_request, shorten, shorten_reply, whole
from sync.messages import AnswersWord, Carried, DeviceEvent, DeviceState, MessageError, Moved, SyncRequest
from sync.replies import read_sync

VECTORS = Path(__file__).parents[1] / "vectors" / "brief.json"
AT = ("2026-11-23T02:05:00.000Z", "2026-11-23T02:05:00.417Z", "2026-11-22T02:05:00.000Z")
EVENTS = [
    DeviceEvent(f"019ac9d6-000{seq}-7000-8000-0000000000ff", seq, "question.asked", "q", at, {"text": "身份证丢了", "n": seq})
    for seq, at in zip((3, 4, 9), AT, strict=True)
]  # fmt: skip
STATE = DeviceState("0.1.0", 3, 0, AT[0], "Chromium 156", 1_000_000, 5)
POINT = {"id": "hexie", "name": "和谐社区", "region": "533301001003"}
DEVICE: dict[str, Any] = {
    "revoked": False, "answers_agree": None, "point": POINT, "courier_key": "BA19", "letters": "AA", "lease_days": 30,
    "move": None, "resend": None,
}  # fmt: skip
TIME = {"proto": 3, "server_time": AT[0], "next_poll_s": 300}


def requests() -> list[SyncRequest]:
    """With nothing to say, with events, and with all there can be."""
    quiet = DeviceState("0.1.0", 0, 0, AT[0], "Chromium 156")
    full = msgspec.structs.replace(STATE, answers=AnswersWord("a" * 64, "", "b" * 64))
    return [
        SyncRequest(3, 0, {"knowledge": 1}, [], quiet, people=""),
        SyncRequest(3, 7, {"knowledge": 1, "lingua": 0}, EVENTS, STATE, people="b" * 12, word="a" * 12),
        SyncRequest(3, 7, {"knowledge": 1}, EVENTS[:1], full, 2, Carried(4, Moved(5, 9)), "", "a" * 12),
    ]


def full_reply(asked: SyncRequest, *verdicts: tuple[str, int | None]) -> dict[str, Any]:
    """What the centre would say in version 2."""
    told = [
        {"id": event.id, "verdict": verdict, "ledger": ledger, "problem": None}
        for event, (verdict, ledger) in zip(asked.events, verdicts, strict=True)
    ]
    nothing: dict[str, Any] = {name: [] for name in ("missing", "manifests", "packs", "downlink", "key_letters")}
    return {**TIME, **nothing, "verdicts": told, "cursor": asked.cursor, "device": dict(DEVICE)}


def replies() -> list[tuple[list[DeviceEvent], dict[str, Any]]]:
    """Runs of numbers, a run that breaks, and one that was never sent."""
    asked = requests()[1]
    together = shorten_reply(full_reply(asked, ("accepted", 20), ("accepted", 21), ("duplicate", 4)), asked)
    apart = shorten_reply(full_reply(asked, ("accepted", 20), ("accepted", 25), ("accepted", 26)), asked)
    return [([], shorten_reply(full_reply(requests()[0]), requests()[0])), (EVENTS, together), (EVENTS, apart),
            (EVENTS[:1], together)]  # fmt: skip


def write() -> dict[str, Any]:
    """Both shapes side by side."""
    plain = msgspec.to_builtins
    said = [(whole(read_sync(msgspec.json.encode(brief)), sent), sent, brief) for sent, brief in replies()]
    return {
        "requests": [{"rows": plain(one), "brief": json.loads(shorten(one))} for one in requests()],
        "replies": [
            {
                "sent": [{"id": event.id, "seq": event.seq} for event in sent],
                "brief": brief,
                "verdicts": [{"id": one.id, "verdict": one.verdict} for one in reply.verdicts],
            }
            for reply, sent, brief in said
        ],
    }


def test_the_vectors_are_what_this_program_says() -> None:
    assert json.loads(VECTORS.read_text(encoding="utf-8")) == json.loads(json.dumps(write()))


def test_a_request_is_read_as_it_was_meant() -> None:
    for one in requests():
        assert read_request(shorten(one)) == one


@given(
    st.lists(
        st.tuples(st.uuids(version=4), st.integers(1, 2**31 - 1), st.datetimes(), st.text(max_size=5).filter(lambda t: "\0" not in t)),
        max_size=20,
    )
)  # fmt: skip
def test_no_event_is_changed_by_lying_in_columns(rows: list[tuple[Any, int, Any, str]]) -> None:
    events = [
        DeviceEvent(str(key)[:14] + "7" + str(key)[15:], seq, "n", name, at.isoformat(timespec="milliseconds") + "Z", {"t": name})
        for key, seq, at, name in rows
    ]  # fmt: skip
    asked = SyncRequest(3, 0, {}, events, STATE)
    assert read_request(shorten(asked)) == asked


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda e: e.update(ids=e["ids"][4:]), "events"),
        (lambda e: e.update(ids="?"), "events.ids"),
        (lambda e: e["seq"].pop(), "events"),
        (lambda e: e["seq"].__setitem__(0, 0), "events[0]"),
        (lambda e: e["at"].__setitem__(1, 2**62), "events.at"),
        (lambda e: e.update(at=["x"] * 3), "events.at"),
        (lambda e: e["name"].__setitem__(2, 5), "events.name"),
        (lambda e: e["body"].__setitem__(2, []), "events.body"),
        (lambda e: e.update(name=["n"] * 201), "events.name"),
    ],
)
def test_the_wrong_column_is_named(change: Callable[[Any], Any], field: str) -> None:
    broken = copy.deepcopy(json.loads(shorten(requests()[1])))
    change(broken["events"])
    with pytest.raises(MessageError) as caught:
        read_request(json.dumps(broken).encode())
    assert field in caught.value.field


def test_what_the_device_holds_is_told_once() -> None:
    asked = requests()[0]
    first = shorten_reply(full_reply(asked), asked)
    assert first["device"]["courier_key"] == "BA19"
    held = msgspec.structs.replace(asked, word=first["device"]["word"])
    assert shorten_reply(full_reply(held), held) == {**TIME, "device": {}}
    moved = {**full_reply(held), "device": {**DEVICE, "letters": "AB"}}
    assert shorten_reply(moved, held)["device"]["letters"] == "AB"
    stopped = {**full_reply(held), "device": {**DEVICE, "revoked": True, "answers_agree": False}}
    assert shorten_reply(stopped, held)["device"] == {"revoked": True, "answers_agree": False}


def test_taken_events_are_told_as_runs() -> None:
    (_, nothing), (sent, together), (_, apart), (less, _) = replies()
    assert "taken" not in nothing
    assert together["taken"] == [[3, 2, 20]]
    assert apart["taken"] == [[3, 1, 20], [4, 1, 25], [9, 1, 26]]
    read = whole(read_sync(msgspec.json.encode(together)), sent)
    assert [(one.id, one.verdict, one.ledger) for one in read.verdicts] == [
        (EVENTS[2].id, "duplicate", 4), (EVENTS[0].id, "accepted", 20), (EVENTS[1].id, "accepted", 21)
    ]  # fmt: skip
    answered = whole(
        read_sync(msgspec.json.encode(together)), less
    ).verdicts  # 4 was not sent: nobody takes it as taken
    assert EVENTS[1].id not in [one.id for one in answered]


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(write(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
