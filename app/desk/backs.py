"""What agents do with the messages that villages left (remote/PROTOCOL.md, rung 5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta
from sqlalchemy import Connection, Row

from app import clock
from app.accounts.rules import Person, within
from app.bus import bus
from app.db import db
from app.desk import left, store
from app.desk.frames import Frame, Id, Plain
from app.places.guard import device_public
from app.problems import Problem
from remote import callback, session


class TakeMessage(Frame, tag="take_message"):
    """An agent takes a message on."""

    message: Id


class PutBack(Frame, tag="put_back"):
    """Its agent, or a lead, gives it back to all."""

    message: Id


class CloseMessage(Frame, tag="close_message"):
    """Its agent closes it without a call; the note goes to the village."""

    message: Id
    note: Annotated[str, Meta(max_length=500, pattern=Plain)]


class Ring(Frame, tag="ring"):
    """Its agent calls the village back."""

    message: Id


class PickUp(Frame, tag="pick_up"):
    """The village takes the centre's call."""

    talk: Id


class Later(Frame, tag="later"):
    """The village puts the centre's call off."""

    talk: Id
    minutes: Literal[10, 30, 60]


FromAgent = TakeMessage | PutBack | CloseMessage | Ring
FromVillage = PickUp | Later


def village_act(connection: Connection, found: Any, frame: Any) -> None:
    """The village picks up what the centre called, puts it off, or hangs up on it."""
    if isinstance(frame, PickUp):
        store.apply(connection, found.id, session.PickUp(), claimed_at=clock.now(), offered_at=None)
        store.note(connection, "talk.picked_up", found.id, found.device, found.point, {})
        return
    if found.state != session.RINGING:
        raise Problem("talk.not_offered")
    minutes = frame.minutes if isinstance(frame, Later) else callback.LATER_MINUTES[0]
    left.unanswered(connection, found, found.device, "later", minutes)


def agent_act(person: Person, frame: FromAgent) -> None:
    """Carry out what an agent or a lead does with a message."""
    with db().write() as connection:
        found = left.must_find(connection, frame.message)
        if not within(person.region, found.region):
            raise Problem("access.region")
        _DO[type(frame)](connection, person, found, frame)
    bus().publish(f"device:{found.device}")
    bus().publish("desk")


def _take(connection: Connection, person: Person, found: Row[Any], _frame: TakeMessage) -> None:
    left.move(connection, found, callback.Take(person.id), "taken", person.id, agent_name=person.name)


def _put_back(connection: Connection, person: Person, found: Row[Any], _frame: PutBack) -> None:
    left.move(connection, found, callback.PutBack(person.id, person.has("lead")), "put_back", person.id)


def _close(connection: Connection, person: Person, found: Row[Any], frame: CloseMessage) -> None:
    note = frame.note.strip()
    if not note:
        raise Problem("message.note")
    left.move(connection, found, callback.Close(person.id), "closed", person.id, note=note)


def _ring(connection: Connection, person: Person, found: Row[Any], _frame: Ring) -> None:
    after = callback.step(callback.Left(found.state, found.agent, found.tries), callback.Ring(person.id))
    if isinstance(after, callback.Refusal):
        raise Problem(f"message.{after.reason}")
    device = device_public(connection, found.device)
    if device.revoked:
        raise Problem("device.revoked")
    asked = {"language": found.language, "department": found.department}
    talk = store.ring(connection, device, found.item or None, found.release, person, **asked)
    left.move(connection, found, callback.Ring(person.id), "rung", person.id, talk=talk.id)


_DO: dict[type, Any] = {TakeMessage: _take, PutBack: _put_back, CloseMessage: _close, Ring: _ring}


def listed(connection: Connection, person: Person) -> list[dict[str, Any]]:
    """Open messages for the desk, due ones first; what they say is read one by one."""
    now = clock.now()
    return [
        {
            **{name: getattr(row, name) for name in SUMMARY},
            "due": row.due_from <= now,
            "late": row.due_until < now,
        }
        for row in left.open_ones(connection)
        if within(person.region, row.region)
    ]


SUMMARY = [
    "id", "point", "point_name", "device", "item", "department", "release", "why", "language", "day", "part", "state",
    "agent", "agent_name", "tries", "talk", "due_from", "due_until", "left_at", "received_at",
]  # fmt: skip
