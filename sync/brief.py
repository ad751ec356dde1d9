"""Version 3 of the wire: the same round in fewer bytes (PROTOCOL.md S67 to S69). Twin of pwa/src/sync/brief.ts.

Events lie in columns, so that what repeats stands together; what is empty or was told before is left out; verdicts that
only say "taken" are runs of numbers. Everything else of the program knows only the shapes of `messages` and `replies`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sync.messages import (
    BRIEF,
    MOST_EVENTS,
    AnswersWord,
    Bytes,
    Carried,
    Count,
    DeviceEvent,
    DeviceState,
    MessageError,
    Short,
    SyncRequest,
    Time,
    checked,
    decode_request,
    proto_of,
)
from sync.replies import SyncReply, Verdict

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STANDING = ("point", "courier_key", "letters", "lease_days")
"""What a reply says of the device again and again; told only when the device does not hold it."""
EMPTY = ("verdicts", "missing", "manifests", "packs", "downlink", "key_letters")

Steps = Annotated[list[int], Meta(max_length=MOST_EVENTS)]


class Columns(msgspec.Struct, frozen=True):
    """Events side by side; of `seq` and `at` (unix ms) the first stands whole, then what each adds to the one before."""

    ids: str
    """base64 of 16 bytes each."""
    seq: Steps
    at: Steps
    name: Annotated[list[Short], Meta(max_length=MOST_EVENTS)]
    subject: Annotated[list[Short], Meta(max_length=MOST_EVENTS)]
    body: Annotated[list[dict[str, Any]], Meta(max_length=MOST_EVENTS)]


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """DeviceState, nothing said of what is nothing."""

    app: Short
    clock: Time
    waiting: Count = 0
    refused: Count = 0
    browser: Short = ""
    disk_free: Bytes | None = None
    disk_used: Bytes | None = None
    answers: AnswersWord | None = None


class Brief(msgspec.Struct, frozen=True, omit_defaults=True):
    """SyncRequest, likewise."""

    proto: int
    have: dict[str, Count]
    state: State
    cursor: Count = 0
    events: Columns | None = None
    key_letter: Count = 0
    carried: Carried | None = None
    people: Annotated[str, Meta(pattern=r"^([0-9a-f]{12})?\Z")] | None = None
    word: Annotated[str, Meta(pattern=r"^([0-9a-f]{12})?\Z")] = ""


def shorten(asked: SyncRequest) -> bytes:
    """The body of a request of this version."""
    state = State(**{name: getattr(asked.state, name) for name in State.__struct_fields__})
    return msgspec.json.encode(
        Brief(
            asked.proto,
            asked.have,
            state,
            asked.cursor,
            _columns(asked.events) if asked.events else None,
            asked.key_letter,
            asked.carried if asked.carried != Carried() else None,
            asked.people,
            asked.word,
        )
    )


def read_request(body: bytes) -> SyncRequest:
    """The body of `POST /sync` in whichever version it is; MessageError names the first field that is wrong."""
    if proto_of(body) != BRIEF:
        return decode_request(body)
    try:
        told = msgspec.json.decode(body, type=Brief)
    except msgspec.DecodeError as error:
        raise MessageError(str(error)) from error
    state = DeviceState(**{name: getattr(told.state, name) for name in State.__struct_fields__})
    events = _rows(told.events) if told.events else []
    held = (told.key_letter, told.carried or Carried(), told.people, told.word)
    return checked(SyncRequest(told.proto, told.cursor, told.have, events, state, *held))


def _columns(events: Sequence[DeviceEvent]) -> Columns:
    return Columns(
        base64.b64encode(b"".join(uuid.UUID(one.id).bytes for one in events)).decode(),
        _steps([one.seq for one in events]),
        _steps([_millis(one.at) for one in events]),
        [one.name for one in events],
        [one.subject for one in events],
        [one.body for one in events],
    )


def _rows(told: Columns) -> list[DeviceEvent]:
    try:
        ids = base64.b64decode(told.ids, validate=True)
    except binascii.Error as error:
        raise MessageError("events.ids") from error
    columns = (told.seq, told.at, told.name, told.subject, told.body)
    if any(len(column) * 16 != len(ids) for column in columns):
        raise MessageError("events")
    rows = []
    for number, (seq, at, name, subject, body) in enumerate(
        zip(accumulate(told.seq), accumulate(told.at), told.name, told.subject, told.body, strict=True)
    ):
        row = {
            "id": str(uuid.UUID(bytes=ids[16 * number : 16 * number + 16])),
            "seq": seq,
            "name": name,
            "subject": subject,
            "at": _stamp(at),
            "body": body,
        }
        try:
            rows.append(msgspec.convert(row, DeviceEvent))
        except msgspec.ValidationError as error:
            raise MessageError(f"events[{number}] {error}") from error
    return rows


def _steps(numbers: Sequence[int]) -> list[int]:
    return [*numbers[:1], *(after - before for before, after in pairwise(numbers))]


def _millis(at: str) -> int:
    return (datetime.fromisoformat(at) - EPOCH) // timedelta(milliseconds=1)


def _stamp(millis: int) -> str:
    try:
        moment = EPOCH + timedelta(milliseconds=millis)
    except OverflowError as error:
        raise MessageError("events.at") from error
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ---- replies ----


def shorten_reply(reply: Mapping[str, Any], asked: SyncRequest) -> dict[str, Any]:
    """A full reply to what was asked, in this version."""
    runs: list[list[int]] = []
    spoken = []
    for event, verdict in zip(asked.events, reply["verdicts"], strict=True):
        if verdict["verdict"] != "accepted":
            spoken.append({name: value for name, value in verdict.items() if value is not None})
        elif runs and _goes_on(runs[-1], event.seq, verdict["ledger"]):
            runs[-1][1] += 1
        else:
            runs.append([event.seq, 1, verdict["ledger"]])
    device = reply["device"]
    standing = {name: device[name] for name in STANDING if name in device}
    word = {name: value for name, value in device.items() if name not in STANDING and value is not None}
    if not word["revoked"]:
        del word["revoked"]
    mark = _mark(standing)
    if mark != asked.word:
        word |= {**standing, "word": mark}
    brief = {**reply, "verdicts": spoken, "device": word, "taken": runs}
    for name in (*EMPTY, "taken"):
        if not brief.get(name):
            brief.pop(name, None)
    if brief["cursor"] == asked.cursor:
        del brief["cursor"]
    return brief


def _goes_on(run: list[int], seq: int, ledger: int) -> bool:
    return run[0] + run[1] == seq and run[2] + run[1] == ledger


def _mark(standing: Mapping[str, Any]) -> str:
    """Which of these words a device holds; only the centre makes and reads it."""
    text = json.dumps(standing, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def whole(reply: SyncReply, sent: Iterable[DeviceEvent]) -> SyncReply:
    """The reply with one verdict for each event that was sent; a number that was not is passed over."""
    ids = {event.seq: event.id for event in sent}
    taken = [
        Verdict(ids[seq + at], "accepted", ledger + at)
        for seq, count, ledger in reply.taken
        for at in range(count)
        if seq + at in ids
    ]
    return msgspec.structs.replace(reply, verdicts=[*reply.verdicts, *taken], taken=[])
