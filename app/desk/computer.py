"""A village's own computer beside a talk: its pairing code, who shows, who looks, what is allowed (remote/PROTOCOL.md, computer).

A room lives in this process only and holds no picture: what a helper sends goes to the one agent of the talk or nowhere. Every
message is checked against the talk and the guide's grant at its moment. `sock_computer.py` has the two sockets.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from flask import current_app
from msgspec import Meta
from sqlalchemy import Connection

from app.accounts.rules import Person, within
from app.bus import bus
from app.db import db
from app.desk import media, store
from app.desk.frames import Frame, Id
from app.places.guard import Device
from app.problems import Problem
from remote import consent, pairing, session
from remote.helper import inputs, tiles
from remote.helper.life import CONTROL, REASONS, VIEW

KINDS = {VIEW: "computer_view", CONTROL: "computer_control"}
"""Grants as the ledger names them."""
UNDER_WAY = 4
"""Batches that a helper may send before one is answered; a true one keeps to two."""
EVENTS_S, EVENTS_BURST = 150, 300
BYTES_S, BYTES_BURST = 1_500_000, 6_000_000
GUESSES_S, GUESSES = 20 / 300, 20
"""Wrong codes from one address."""
Send = Callable[[Any], None]


class Computer(Frame, tag="computer"):
    """A village asks for a code, for how it stands, or stops."""

    talk: Id
    do: Literal["code", "look", "stop"]


class Pair(Frame, tag="pair"):
    """A helper's first frame."""

    code: Annotated[str, Meta(max_length=20)]
    system: Annotated[str, Meta(max_length=20, pattern="^[A-Za-z]*$")] = ""


class Allow(Frame, tag="grant"):
    """The guide allows or takes back, in the helper's window."""

    kind: Literal["view", "control"]
    given: bool


class Paused(Frame, tag="paused"):
    """The guide is at it himself, or no longer."""

    on: bool


class Stopped(Frame, tag="stop"):
    """A helper ends."""

    reason: Annotated[str, Meta(max_length=20)]


class Ping(Frame, tag="ping"):
    """Still there."""


class Look(Frame, tag="look"):
    """An agent's first frame: which talk."""

    talk: Id


class Ask(Frame, tag="ask"):
    """An agent asks the guide to allow something."""

    kind: Literal["view", "control"]


class Ack(Frame, tag="ack"):
    """An agent's page has painted a batch."""

    n: Annotated[int, Meta(ge=1, le=2**32 - 1)]


class Input(Frame, tag="input"):
    """What an agent does; `n` only ever grows."""

    n: Annotated[int, Meta(ge=1, le=2**53)]
    events: list[Any]


class End(Frame, tag="stop"):
    """An agent stops."""


FromHelper = Allow | Paused | Stopped | Ping
FromAgent = Ask | Ack | Input | End | Ping


@dataclass
class Room:
    """One talk's computer."""

    talk: str
    device: str
    code: pairing.Code | None = None
    holder: str = ""
    """The agent it was paired with; nobody else sees or does anything."""
    helper: Send | None = None
    viewer: Send | None = None
    system: str = ""
    asked: str | None = None
    paused: bool = False
    over: str | None = None
    given: set[str] = field(default_factory=set)
    """Grants that were told to everybody."""
    last_batch: int = 0
    under_way: list[int] = field(default_factory=list)
    last_input: int = 0
    events: inputs.Bucket = field(default_factory=lambda: inputs.Bucket(EVENTS_S, EVENTS_BURST))
    bytes: inputs.Bucket = field(default_factory=lambda: inputs.Bucket(BYTES_S, BYTES_BURST))


class Rooms:
    """All rooms of this process, and who guessed at codes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.of: dict[str, Room] = {}
        self.guesses: dict[str, inputs.Bucket] = {}

    def room(self, found: Any) -> Room:
        """The room of a talk; rooms that nobody is in are forgotten."""
        with self.lock:
            now = time.monotonic()
            for talk, one in list(self.of.items()):
                live = one.helper or one.viewer or (one.code and one.code.open(now))
                if not live and talk != found.id:
                    del self.of[talk]
            return self.of.setdefault(found.id, Room(found.id, found.device))


def _rooms() -> Rooms:
    held: Rooms = current_app.extensions["jjb_computers"]
    return held


def _allows(room: Room, kind: str) -> bool:
    return media.grants().allows(room.talk, KINDS[kind], room.holder)


def _on() -> bool:
    return bool(current_app.extensions["jjb_settings"].computer_help)


def _must_be_on() -> None:
    if not _on():
        raise Problem("computer.off")


# ---- how it stands ----


def _state(room: Room) -> dict[str, Any]:
    state, now = "off", time.monotonic()
    if room.helper:
        state = "control" if _allows(room, CONTROL) else "view" if _allows(room, VIEW) else "paired"
    elif room.code and room.code.open(now):
        state = "code"
    elif room.code and room.code.locked():
        state = "locked"
    elif room.over:
        state = "stopped"
    return {
        "type": "computer",
        "talk": room.talk,
        "state": state,
        "asked": room.asked,
        "paused": room.paused,
        "system": room.system,
        "why": REASONS.get(room.over or "", "") if state == "stopped" else "",
        "left_s": {kind: media.grants().left_s(room.talk, KINDS[kind]) for kind in KINDS if room.helper},
    }


def _tell(room: Room) -> None:
    """Tell both ends how it stands; the code itself goes to the village alone."""
    state = _state(room)
    code = {}
    if state["state"] == "code" and room.code:
        code = {"code": room.code.words(), "code_s": int(room.code.expires - time.monotonic())}
    bus().publish(f"device:{room.device}", {**state, **code})
    if room.viewer:
        room.viewer(state)


def _watch(room: Room) -> None:
    """Tell the helper whether somebody looks."""
    room.under_way = []
    if room.helper:
        room.helper({"type": "watch", "on": room.viewer is not None})


def _note(found: Any, actor: str, what: str, reason: str) -> None:
    with db().write() as connection:
        store.note(connection, "talk.computer", found.id, actor, found.point, {"what": what, "reason": reason})


# ---- the village ----


def village_act(device: Device, frame: Computer) -> None:
    """Carry out a frame of a village's page."""
    if frame.do == "look" and not _on():
        return  # the page then offers nothing
    _must_be_on()
    with db().read() as connection:
        found = store.find(connection, frame.talk)
    if found.device != device.id:
        raise Problem("talk.missing")
    with _rooms().lock:
        room = _rooms().room(found)
        if frame.do == "stop":
            room.code = None
            if room.helper:
                stop(room, "village", device.id)
        elif frame.do == "code":
            _new_code(room, found)
        _tell(room)


def _new_code(room: Room, found: Any) -> None:
    if found.state == session.ENDED:
        raise Problem("talk.ended")
    if found.state != session.ACTIVE:
        raise Problem("talk.alone")
    if room.helper:
        raise Problem("computer.running")
    now, rooms = time.monotonic(), _rooms()
    taken = {one.code.room for one in rooms.of.values() if one.code and one.code.open(now) and one is not room}
    number = pairing.free_room(taken, secrets.randbelow(pairing.ROOMS))
    if number is None:
        raise Problem("computer.full")
    lives = current_app.extensions["jjb_settings"].computer_code_minutes * 60
    room.code = pairing.Code(number, secrets.randbelow(pairing.SECRETS), now + lives)


# ---- the helper ----


def pair(frame: Pair, address: str, send: Send) -> tuple[Room, Any]:
    """Bind a helper to the talk whose code it shows: (room, the talk)."""
    _must_be_on()
    rooms, now = _rooms(), time.monotonic()
    with rooms.lock:
        rooms.guesses = {key: one for key, one in rooms.guesses.items() if not one.full(now)}
        guesses = rooms.guesses.setdefault(address, inputs.Bucket(GUESSES_S, GUESSES))
        if not guesses.take(1, now):
            raise Problem("request.rate")
        typed = pairing.read(frame.code)
        room = _room_of(typed[0], now) if typed else None
        if room is None or room.code is None or typed is None:
            raise Problem("computer.code")
        room.code, right = pairing.try_code(room.code, typed[1], now)
        with db().read() as connection:
            found = store.find(connection, room.talk)
        if not right:
            if room.code.locked():
                _note(found, room.device, "locked", "")
                _tell(room)
                raise Problem("computer.locked")
            raise Problem("computer.code")
        if found.state != session.ACTIVE:
            raise Problem("talk.alone")
        guesses.take(-1, now)
        room.holder, room.helper, room.system = str(found.agent), send, frame.system
        room.asked, room.paused, room.over, room.given = None, False, None, set()
        room.last_batch = room.last_input = 0
        _note(found, room.device, "paired", frame.system)
        send({
            "type": "paired", "talk": found.id, "point_name": found.point_name, "agent_name": found.agent_name or "",
        })  # fmt: skip
        _watch(room)
        _tell(room)
        return room, found


def _room_of(number: int, now: float) -> Room | None:
    """The room that an open code stands in."""
    for room in _rooms().of.values():
        if room.code and room.code.room == number and room.code.open(now):
            return room
    return None


def check(room: Room) -> Any:
    """The talk as it is now; ends the helper when it ended or changed hands. Also notes grants whose time is over."""
    with db().read() as connection:
        found = store.find(connection, room.talk)
    with _rooms().lock:
        if room.helper and found.state == session.ENDED:
            stop(room, "ended", room.device)
        elif room.helper and (found.state != session.ACTIVE or found.agent != room.holder):
            stop(room, "moved", room.device)
        lapsed = {kind for kind in room.given if not _allows(room, kind)}
        if lapsed:
            room.given -= lapsed
            with db().write() as connection:
                for kind in sorted(lapsed):
                    store.note_consent(connection, found, room.device, KINDS[kind], given=False)
            if room.helper:
                for kind in sorted(lapsed):
                    room.helper({"type": "granted", "kind": kind, "given": False, "for_s": 0})
            _tell(room)
    return found


def helper_act(room: Room, send: Send, frame: FromHelper) -> None:
    """Carry out a frame of a helper."""
    found = check(room)
    with _rooms().lock:
        if room.helper is not send:
            return  # stopped meanwhile
        if isinstance(frame, Ping):
            send({"type": "pong"})
        elif isinstance(frame, Stopped):
            stop(room, frame.reason if frame.reason in REASONS else "window", room.device)
        elif isinstance(frame, Paused):
            room.paused = frame.on
            _tell(room)
        elif frame.given:
            _give(room, found, frame.kind)
        else:
            room.asked = None
            _take_back(room, found, frame.kind, room.device)
            _tell(room)


def _give(room: Room, found: Any, kind: str) -> None:
    if kind == CONTROL and not _allows(room, VIEW):
        raise Problem("computer.first")
    grant = media.grants().give(room.talk, KINDS[kind], room.holder)
    room.given.add(kind)
    room.asked = None
    with db().write() as connection:
        store.note_consent(connection, found, room.device, KINDS[kind], given=True)
    if room.helper:
        room.helper({"type": "granted", "kind": kind, "given": True, "for_s": round(grant.expires - grant.given_at)})
    _tell(room)


def _take_back(room: Room, found: Any, kind: str, actor: str) -> None:
    """Control ends with the view."""
    for one in consent.ENDS_WITH.get(KINDS[kind], (KINDS[kind],)):
        if media.grants().revoke(room.talk, one):
            with db().write() as connection:
                store.note_consent(connection, found, actor, one, given=False)
    room.given = {one for one in room.given if _allows(room, one)}
    if room.helper:
        room.helper({"type": "granted", "kind": kind, "given": False, "for_s": 0})


def stop(room: Room, reason: str, actor: str) -> None:
    """End a helper, and its line: nothing passes from here on."""
    with _rooms().lock:
        helper, room.helper = room.helper, None
        if helper is None:
            return
        with db().read() as connection:
            found = store.find(connection, room.talk)
        _take_back(room, found, VIEW, actor)
        room.over, room.paused, room.asked, room.given = reason, False, None, set()
        _note(found, actor, "stopped", reason)
        helper({"type": "stop", "reason": reason})
        _tell(room)


def picture(room: Room, send: Send, data: bytes) -> None:
    """Pass a batch on to the one who looks; kept nowhere."""
    check(room)
    with _rooms().lock:
        if room.helper is not send:
            return
        if not _allows(room, VIEW):
            raise Problem("talk.consent")
        try:
            batch = tiles.read(data)
        except tiles.Malformed as error:
            raise Problem("computer.frame", field=str(error)) from error
        if batch.number <= room.last_batch:
            raise Problem("computer.replay")
        if len(room.under_way) >= UNDER_WAY or not room.bytes.take(len(data), time.monotonic()):
            raise Problem("request.rate")
        room.last_batch = batch.number
        if room.viewer:
            room.under_way.append(batch.number)
            room.viewer(data)


# ---- the agent ----


def look(connection: Connection, person: Person, frame: Look, send: Send) -> Room:
    """An agent opens the view of his own talk; an earlier one of his is shut."""
    _must_be_on()
    found = _own(connection, person, frame.talk)
    with _rooms().lock:
        room = _rooms().room(found)
        if room.viewer:
            room.viewer(None)
        room.viewer = send
        _watch(room)
        send({**_state(room), "n": room.last_input})
        return room


def _own(connection: Connection, person: Person, talk: str) -> Any:
    found = store.find(connection, talk)
    if not within(person.region, found.region):
        raise Problem("access.region")
    if found.state == session.ENDED:
        raise Problem("talk.ended")
    if found.state != session.ACTIVE or found.agent != person.id:
        raise Problem("talk.not_yours")
    return found


def agent_act(connection: Connection, person: Person, room: Room, frame: FromAgent) -> None:
    """Carry out a frame of the agent who looks; a refused input lets everything go that he held."""
    found = _own(connection, person, room.talk)
    with _rooms().lock:
        if isinstance(frame, Ping):
            if room.viewer:
                room.viewer({"type": "pong"})
        elif isinstance(frame, Ask):
            room.asked = frame.kind
            if room.helper:
                room.helper({"type": "ask", "kind": frame.kind})
            _tell(room)
        elif room.helper is None or room.holder != person.id:
            raise Problem("computer.none")
        elif isinstance(frame, Ack):
            if frame.n not in room.under_way:
                raise Problem("computer.replay")
            room.under_way = [one for one in room.under_way if one > frame.n]
            room.helper({"type": "ack", "n": frame.n})
        elif isinstance(frame, End):
            stop(room, "agent", person.id)
        else:
            try:
                _input(room, frame)
            except Problem:
                room.helper({"type": "release"})
                raise
    del found


def _input(room: Room, frame: Input) -> None:
    if frame.n <= room.last_input:
        raise Problem("computer.replay")
    if not _allows(room, CONTROL) or not _allows(room, VIEW):
        raise Problem("talk.consent")
    try:
        events = inputs.read(frame.events)
    except inputs.Unwanted as error:
        raise Problem("computer.event", event=str(error)) from error
    if not room.events.take(len(events), time.monotonic()):
        raise Problem("request.rate")
    room.last_input = frame.n
    assert room.helper
    room.helper({"type": "input", "n": frame.n, "events": events})


def leave(room: Room, send: Send) -> None:
    """A socket is gone: the helper's ends everything, the agent's lets go and stops the pictures."""
    with _rooms().lock:
        if room.helper is send:
            stop(room, "link", room.device)
        elif room.viewer is send:
            room.viewer = None
            if room.helper:
                room.helper({"type": "release"})
            _watch(room)
