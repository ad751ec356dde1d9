"""What the centre answers, as typed structs: read by a client that trusts nothing until it has the right shape."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from sync.keyring import SignedLetter
from sync.messages import BRIEF, MOST_EVENTS, OLDEST, PROTO, Count, Hash, MessageError, Time


class Trouble(msgspec.Struct, frozen=True):
    """A problem as people read it."""

    code: str
    message: str
    next: str


class Verdict(msgspec.Struct, frozen=True):
    """What became of one event."""

    id: str
    verdict: Literal["accepted", "duplicate", "rejected", "quarantined"]
    ledger: int | None = None
    problem: Trouble | None = None


class SignedManifest(msgspec.Struct, frozen=True):
    """The exact text of a manifest and its Ed25519 signature, base64."""

    manifest: str
    signature: str

    @property
    def scope(self) -> str:
        """Which scope an unproved manifest says it is of, "" when it cannot be read; only to keep it under that name."""
        try:
            return str(msgspec.json.decode(self.manifest)["scope"])
        except (msgspec.DecodeError, KeyError, TypeError):
            return ""


class InlinePack(msgspec.Struct, frozen=True):
    """A pack small enough to ride along; base64 on the wire."""

    sha256: Hash
    data: bytes


class Message(msgspec.Struct, frozen=True):
    """One numbered message from the centre to this service point."""

    cursor: Count
    kind: str
    body: dict[str, Any]


class Point(msgspec.Struct, frozen=True):
    """The service point a device belongs to; `region` is a 12-digit code."""

    id: str
    name: str
    region: Annotated[str, Meta(pattern=r"^\d{12}$")]
    region_name: str = ""


class Resend(msgspec.Struct, frozen=True):
    """Send again what was recorded from this number on; done once for each order."""

    order: Count
    start: Annotated[int, Meta(ge=1)] = msgspec.field(name="from")


class Move(msgspec.Struct, frozen=True):
    """Work at another point from now on, under these letters; done once for each order."""

    order: Count
    point: Point
    letters: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]


class DeviceWord(msgspec.Struct, frozen=True):
    """What the centre says of this device."""

    revoked: bool = False
    point: Point | None = None
    letters: str | None = None
    resend: Resend | None = None
    move: Move | None = None
    answers_agree: bool | None = None
    """Whether it answers as the centre does; None while that is not known."""
    lease_days: int | None = None
    """How long it may go without contact before it forgets and locks (S62); 0: for ever."""
    courier_key: str | None = None
    """The public key that outboxes on a USB stick are sealed to (S46)."""
    word: str | None = None
    """Which word this was, to be told in the next request (version 3, S69)."""


class SyncReply(msgspec.Struct, frozen=True):
    """One round, down. Version 3 leaves out what is empty; earlier ones say everything."""

    proto: int
    server_time: Time
    next_poll_s: Count
    device: DeviceWord
    verdicts: list[Verdict] = []
    taken: list[tuple[Count, Annotated[int, Meta(ge=1, le=MOST_EVENTS)], Count]] = []
    """Runs of accepted events: number of the first, how many, ledger number of the first (version 3)."""
    manifests: list[SignedManifest] = []
    packs: list[InlinePack] = []
    downlink: list[Message] = []
    cursor: Count = 0
    missing: list[tuple[Count, Count]] = []
    key_letters: list[SignedLetter] = []


class _Everything(msgspec.Struct):
    """What a reply of an earlier version never leaves out."""

    verdicts: Any
    manifests: Any
    packs: Any
    downlink: Any
    cursor: Any


class EnrolReply(msgspec.Struct, frozen=True):
    """Who a device is after enrolment."""

    device: Annotated[str, Meta(pattern=r"^[a-z0-9-]{3,64}$")]
    letters: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    point: Point
    release_keys: Annotated[dict[str, bytes], Meta(min_length=1)]
    server_time: Time
    root: bytes = b""
    """The offline root to pin; empty where the centre has none."""
    key_letters: list[SignedLetter] = []


class Failure(msgspec.Struct, frozen=True):
    """The inner part of the one JSON shape of an error."""

    code: str
    message: str
    next: str
    details: dict[str, Any] = {}


class _Wrapped(msgspec.Struct, frozen=True):
    error: Failure


Shape = TypeVar("Shape")


def read_sync(body: bytes) -> SyncReply:
    """The reply of POST /sync; MessageError names what is not as the protocol says."""
    reply = _read(body, SyncReply)
    if not OLDEST <= reply.proto <= PROTO:
        raise MessageError("proto", reply.proto)
    if reply.proto < BRIEF:
        _read(body, _Everything)
    return reply


def read_enrol(body: bytes) -> EnrolReply:
    """The reply of POST /enrol; MessageError as above."""
    return _read(body, EnrolReply)


def read_failure(body: bytes) -> Failure:
    """The problem that the centre answered with; MessageError when it is not in the centre's form."""
    return _read(body, _Wrapped).error


def _read(body: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        raise MessageError(str(error)) from error
