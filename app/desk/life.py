"""The life of a talk beyond its messages: rings, holding, handing on, asking in, wrapping up (remote/PROTOCOL.md, life)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta
from sqlalchemy import Connection

from app import clock
from app.accounts.rules import Person, within
from app.bus import bus
from app.db import db
from app.desk import left, seats, store
from app.desk.frames import Frame, Id, Plain
from app.problems import Problem
from app.vault import vault
from remote import session

Person_ = Annotated[str, Meta(min_length=1, max_length=64, pattern=Plain)]
Words = Annotated[str, Meta(max_length=40, pattern=Plain)]
Note = Annotated[str, Meta(max_length=500, pattern=Plain)]


class Decline(Frame, tag="decline"):
    """An agent lets what rings go to the next."""

    talk: Id


class Seat(Frame, tag="seat"):
    """What an agent says of himself."""

    state: Literal["free", "busy", "break", "off"]
    languages: Annotated[list[Words], Meta(max_length=20)] | None = None
    departments: Annotated[list[Words], Meta(max_length=60)] | None = None


class Hold(Frame, tag="hold"):
    """An agent lets the village wait, or comes back."""

    talk: Id
    on: bool


class Move(Frame, tag="move"):
    """An agent hands a talk on, to a person or to a department."""

    talk: Id
    client_id: Id
    note: Annotated[str, Meta(min_length=1, max_length=500, pattern=Plain)]
    person: Person_ | None = None
    department: Words | None = None


class Invite(Frame, tag="invite"):
    """An agent asks somebody in."""

    talk: Id
    person: Person_


class Enter(Frame, tag="enter"):
    """Somebody who was asked, or a lead, comes in, or changes how."""

    talk: Id
    mode: Literal["listen", "whisper", "join"]


class Leave(Frame, tag="leave"):
    """A guest goes; the agent lets one go; the village sends one away."""

    talk: Id
    person: Person_ | None = None


class Wrap(Frame, tag="wrap"):
    """How a talk ended that the village, or a lost line, ended."""

    talk: Id
    outcome: Annotated[str, Meta(max_length=20)]
    note: Note = ""


FromVillage = Leave
FromAgent = Decline | Seat | Hold | Move | Invite | Enter | Leave | Wrap
FOR_GUESTS = (Enter, Leave)
"""What an officer may do at a desk: come in when asked, and go."""


def village_act(connection: Connection, found: Any, frame: FromVillage) -> None:
    """The village sends somebody away who follows its talk."""
    guest = frame.person or ""
    store.apply(connection, found.id, session.Leave(guest, None))
    store.note(connection, "talk.left", found.id, found.device, found.point, {"guest": guest, "sent_away": True})


def agent_act(person: Person, frame: FromAgent) -> None:
    """Carry out what an agent, a lead or somebody asked in does with a talk, or with his own seat."""
    if isinstance(frame, Seat):
        _seat(person, frame)
        return
    with db().write() as connection:
        found = store.find(connection, frame.talk)
        if not within(person.region, found.region):
            raise Problem("access.region")
        found = _DO[type(frame)](connection, person, found, frame) or found
    seats.wake([found])
    seats.route()


def _seat(person: Person, frame: Seat) -> None:
    with db().write() as connection:
        store.be_present(connection, person)
        row = seats.seats(connection)[person.id][1]
        languages = row.languages if frame.languages is None else frame.languages
        departments = row.departments if frame.departments is None else frame.departments
        if not set(languages) <= set(seats.LANGUAGES):
            raise Problem("talk.frame", field="languages")
        seats.set_seat(connection, person.id, frame.state, languages, departments)
    bus().publish("desk")
    seats.route()


def _decline(connection: Connection, person: Person, found: Any, _frame: Decline) -> None:
    seats.lapse(connection, found, declined_by=person.id)


def _hold(connection: Connection, person: Person, found: Any, frame: Hold) -> None:
    store.apply(connection, found.id, session.Hold(person.id, frame.on))
    store.note(connection, "talk.held", found.id, person.id, found.point, {"on": frame.on})


def _move(connection: Connection, person: Person, found: Any, frame: Move) -> Any:
    if (frame.person is None) == (frame.department is None):
        raise Problem("talk.frame", field="person, department")
    if frame.person is not None:
        _agent_here(connection, found, frame.person)
    if found.agent != person.id:
        raise Problem("talk.not_yours")
    store.say(connection, found.id, person.id, person.name, "note", frame.note, frame.client_id)
    moved = store.give_back(connection, found.id, person.id, frame.person)
    if frame.department is not None:
        store.set_department(connection, found.id, frame.department)
    to = {"person": frame.person or "", "department": frame.department or ""}
    store.note(connection, "talk.moved", found.id, person.id, found.point, to)
    return moved


def _agent_here(connection: Connection, found: Any, person: str) -> Any:
    """The row of somebody at a desk whose region holds the talk's; Problem talk.person."""
    row = seats.seats(connection).get(person)
    if row is None or row[0].role == "officer" or not within(row[0].region, found.region):
        raise Problem("talk.person")
    return row[0]


def _invite(connection: Connection, person: Person, found: Any, frame: Invite) -> None:
    row = seats.seats(connection).get(frame.person)
    if row is None or not within(row[0].region, found.region):
        raise Problem("talk.person")
    signal = session.Invite(person.id, frame.person)
    store.apply(connection, found.id, signal, names={frame.person: row[0].name})
    store.note(connection, "talk.invited", found.id, person.id, found.point, {"guest": frame.person})


def _enter(connection: Connection, person: Person, found: Any, frame: Enter) -> None:
    signal = session.Enter(person.id, frame.mode, person.has("lead"))
    store.apply(connection, found.id, signal, names={person.id: person.name})
    store.note(connection, "talk.entered", found.id, person.id, found.point, {"mode": frame.mode})


def _leave(connection: Connection, person: Person, found: Any, frame: Leave) -> None:
    guest = frame.person or person.id
    store.apply(connection, found.id, session.Leave(guest, person.id))
    store.note(connection, "talk.left", found.id, person.id, found.point, {"guest": guest, "sent_away": False})


def _wrap(connection: Connection, person: Person, found: Any, frame: Wrap) -> None:
    wrap_up(connection, found, person.id, frame.outcome, frame.note)


def wrap_up(connection: Connection, found: Any, person: str, outcome: str, note: str) -> None:
    """Write down how a talk ended; the note is sealed like its messages."""
    if outcome not in store.OUTCOMES:
        raise Problem("talk.frame", field="outcome")
    sealed = vault().seal(connection, found.id, note.strip()) if note.strip() else None
    store.apply(connection, found.id, session.Wrap(person), wrapped_at=clock.now(), outcome=outcome, wrap_note=sealed)
    store.note(connection, "talk.wrapped", found.id, person, found.point, {"outcome": outcome})
    left.settle(connection, found.id, person, over=outcome != "later")


_DO: dict[type, Any] = {
    Decline: _decline,
    Hold: _hold,
    Move: _move,
    Invite: _invite,
    Enter: _enter,
    Leave: _leave,
    Wrap: _wrap,
}
