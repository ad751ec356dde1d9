"""The messages of `POST /sync` as typed structs; PROTOCOL.md says what each field means."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

PROTO = 3
BRIEF = 3
"""From this version on a round is written as `brief.py` says."""
ROWS = 2
"""The newest version that writes events one by one: what a stick carries, where bytes do not count."""
OLDEST = max(1, PROTO - 2)
"""The centre answers this version and the two before it."""
MOST_EVENTS = 200

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
Time = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$")]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Bytes = Annotated[int, Meta(ge=0, le=2**53)]
Short = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
"""PostgreSQL keeps no U+0000."""
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class MessageError(Exception):
    """A body is not what the protocol says; `field` names the place, `proto` is set when the version is unknown."""

    def __init__(self, field: str, proto: int | None = None) -> None:
        self.field = field
        self.proto = proto
        super().__init__(field)


class DeviceEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fact from the field."""

    id: Id
    seq: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    name: Short
    subject: Short
    at: Time
    body: dict[str, Any]


class AnswersWord(msgspec.Struct, frozen=True):
    """What a device answers to the questions of the check, as one hash, and the content roots of what it asked."""

    knowledge: Hash
    lingua: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
    """"" without lingua."""
    digest: Hash


class DeviceState(msgspec.Struct, frozen=True):
    """What a device says of itself; oversight shows it with its age."""

    app: Short
    waiting: Count
    refused: Count
    clock: Time
    browser: Short = ""
    disk_free: Bytes | None = None
    disk_used: Bytes | None = None
    answers: AnswersWord | None = None
    """None until the releases held were asked."""


class Moved(msgspec.Struct, frozen=True):
    """A device is at another point now: by which order, and its last event recorded at the point before."""

    order: Count
    after: Count


class Carried(msgspec.Struct, frozen=True):
    """Orders of the centre that a device has carried out (version 2)."""

    resend: Count = 0
    moved: Moved | None = None


class SyncRequest(msgspec.Struct, frozen=True):
    """One round, up. From version 2 on: `key_letter`, the serial of the key letter held, and `carried`."""

    proto: int
    cursor: Count
    have: dict[str, Count]
    events: Annotated[list[DeviceEvent], Meta(max_length=MOST_EVENTS)]
    state: DeviceState
    key_letter: Count = 0
    carried: Carried = Carried()
    people: Annotated[str, Meta(pattern=r"^([0-9a-f]{12})?\Z")] | None = None
    """Digest of the list of people held, "" for none; None from a program that has no log-in (S63)."""
    word: Annotated[str, Meta(pattern=r"^([0-9a-f]{12})?\Z")] = ""
    """Which of the centre's words on this device is held (version 3, S69); "" for none."""


def decode_request(body: bytes) -> SyncRequest:
    """Read the body of `POST /sync` in a version of rows; MessageError names the first field that is wrong."""
    proto = proto_of(body)
    if not OLDEST <= proto <= ROWS:
        raise MessageError("proto", proto)
    try:
        return checked(msgspec.json.decode(body, type=SyncRequest))
    except msgspec.DecodeError as error:
        raise MessageError(str(error)) from error


def proto_of(body: bytes) -> int:
    """The version that a body states; MessageError when it states none."""
    try:
        return msgspec.json.decode(body, type=_Version).proto
    except msgspec.DecodeError as error:
        raise MessageError(str(error)) from error


def checked(asked: SyncRequest) -> SyncRequest:
    """The request, its times looked up in the calendar; MessageError."""
    _must_be_time(asked.state.clock, "state.clock")
    for number, event in enumerate(asked.events):
        _must_be_time(event.at, f"events[{number}].at")
    return asked


def _must_be_time(text: str, field: str) -> None:
    """The pattern lets 2026-02-31 pass; the calendar does not."""
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise MessageError(field) from error


class _Version(msgspec.Struct):
    proto: int
