"""What an agent and a village may do in a talk, whichever door (socket or HTTP) the frame came through."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
from flask import current_app
from msgspec import Meta
from sqlalchemy import Connection

from app import clock
from app.accounts.rules import Person, within
from app.bus import bus
from app.db import db
from app.desk import backs, cobrowse, computer, control, health, left, life, media, seats, store
from app.desk.frames import Frame, Id, Plain
from app.handling.rules import department_of
from app.knowledge import releases
from app.places.guard import Device
from app.problems import Problem
from remote import session


class Open(Frame, tag="open"):
    client_id: Id
    reason: Annotated[str, Meta(max_length=200, pattern=Plain)] = ""
    item: Annotated[str, Meta(max_length=100, pattern=Plain)] | None = None
    release: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    language: Annotated[str, Meta(max_length=20, pattern=Plain)] = ""


class Say(Frame, tag="say"):
    client_id: Id
    text: str
    talk: Id | None = None
    kind: Literal["text", "note"] = "text"


class Card(Frame, tag="card"):
    client_id: Id
    talk: Id
    slug: Annotated[str, Meta(max_length=100)]


class Claim(Frame, tag="claim"):
    talk: Id


class GiveBack(Frame, tag="return"):
    talk: Id
    note: Annotated[str, Meta(max_length=500)] = ""
    client_id: Id | None = None


class End(Frame, tag="end"):
    talk: Id | None = None
    outcome: Annotated[str, Meta(max_length=20)] = "solved"
    note: life.Note = ""


class Watch(Frame, tag="watch"):
    talk: Id
    after: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class Ping(Frame, tag="ping"):
    pass


VillageFrame = (
    Open
    | Say
    | End
    | Ping
    | life.FromVillage
    | media.FromVillage
    | backs.FromVillage
    | computer.Computer
    | health.Health
)
AgentFrame = (
    Say
    | Card
    | Claim
    | GiveBack
    | End
    | Watch
    | Ping
    | life.FromAgent
    | media.FromAgent
    | cobrowse.FromAgent
    | control.Act
    | health.Health
    | backs.FromAgent
)
FOR_GUESTS = (Say, Card, Watch, Ping, *life.FOR_GUESTS)
"""What an officer may send: the machine lets him speak only where he was asked in."""


def read_frame(text: Any, kinds: Any) -> Any:
    """A frame from its JSON text, or Problem('talk.frame')."""
    try:
        return msgspec.json.decode(text, type=kinds)
    except (msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
        raise Problem("talk.frame", field=str(error)) from error


def village_act(device: Device, frame: VillageFrame) -> None:
    """Carry out a frame of a village; the answer comes through the bus like everybody else's."""
    if isinstance(frame, media.FromVillage):
        media.village_act(device, frame)
        if isinstance(frame, media.Consent):
            cobrowse.consented(frame)
            control.consented(frame)
        return
    if isinstance(frame, computer.Computer):
        computer.village_act(device, frame)
        return
    if isinstance(frame, health.Health):
        health.village_act(device, frame)
        return
    with db().write() as connection:
        if isinstance(frame, Open):
            found = _open(connection, device, frame)
        else:
            found = _of_village(connection, device, None if isinstance(frame, Ping) else frame.talk)
            if isinstance(frame, Say):
                store.say(connection, found.id, None, device.point_name, "text", frame.text, frame.client_id)
            elif isinstance(frame, backs.PickUp | backs.Later) or (
                isinstance(frame, End) and found.state == session.RINGING
            ):
                backs.village_act(connection, found, frame)
            elif isinstance(frame, End):
                store.end(connection, found.id, None, device.id, "village")
            elif isinstance(frame, life.Leave):
                life.village_act(connection, found, frame)
    if isinstance(frame, Say):
        _said(found)
        return
    seats.wake([found])
    seats.route()


def _open(connection: Connection, device: Device, frame: Open) -> Any:
    if frame.language and frame.language not in seats.LANGUAGES:
        raise Problem("talk.frame", field="language")
    department = _department(connection, frame.item) if frame.item else ""
    return store.open_talk(
        connection, device, frame.client_id, frame.reason, frame.item, frame.release,
        language=frame.language, department=department,
    )  # fmt: skip


def _department(connection: Connection, slug: str) -> str:
    """Who answers for an item, "" for one that the release in force does not have."""
    release = releases.in_force(connection)
    try:
        document = releases.document_of(releases.file_of(current_app.extensions["jjb_settings"], release.number), slug)
    except Problem:
        return ""
    return department_of(str(document["department"]))


def _of_village(connection: Connection, device: Device, wanted: str | None) -> Any:
    """The talk a village means: the one it names, so that a message sent again never slips into its next talk."""
    found = store.find(connection, wanted) if wanted else store.of_device(connection, device.id)
    if found is None:
        raise Problem("talk.ended")
    if found.device != device.id:
        raise Problem("talk.missing")
    return found


def agent_act(person: Person, frame: AgentFrame) -> None:
    """Carry out a frame of an agent."""
    if not person.has("agent", "lead") and not isinstance(frame, FOR_GUESTS):
        raise Problem("access.denied")
    if isinstance(frame, Ping | Watch):
        return
    if isinstance(frame, media.FromAgent):
        media.agent_act(person, frame)
        if isinstance(frame, media.Consent):
            cobrowse.consented(frame)
            control.consented(frame)
        return
    if isinstance(frame, cobrowse.FromAgent):
        cobrowse.agent_act(person, frame)
        if isinstance(frame, cobrowse.See):
            control.tell_again(frame.talk)
        return
    if isinstance(frame, control.Act):
        control.agent_act(person, frame)
        return
    if isinstance(frame, health.Health):
        health.agent_act(person, frame)
        return
    if isinstance(frame, backs.FromAgent):
        backs.agent_act(person, frame)
        return
    if isinstance(frame, life.FromAgent):
        life.agent_act(person, frame)
        return
    if frame.talk is None:
        raise Problem("talk.frame", field="talk")
    with db().write() as connection:
        found = store.find(connection, frame.talk)
        if not within(person.region, found.region):
            raise Problem("access.region")
        if isinstance(frame, Say | Card):
            _speak(connection, person, frame)
        elif isinstance(frame, Claim):
            store.claim(connection, frame.talk, person.id, person.name)
        elif isinstance(frame, GiveBack):
            if frame.note.strip() and frame.client_id:
                store.say(connection, frame.talk, person.id, person.name, "note", frame.note, frame.client_id)
            store.give_back(connection, frame.talk, person.id)
        else:
            _end(connection, person, found, frame)
    if isinstance(frame, Say | Card):
        _said(found)
        return
    seats.wake([found])
    seats.route()


def _end(connection: Connection, person: Person, found: Any, frame: End) -> None:
    if found.state == session.RINGING and found.agent == person.id:  # nobody took it: there is nothing to wrap up
        left.unanswered(connection, found, person.id, "silent")
        return
    outcome = frame.outcome if frame.outcome in store.OUTCOMES else "solved"
    ended = store.end(connection, found.id, person.id, person.id, outcome)
    life.wrap_up(connection, ended, person.id, outcome, frame.note)


def _speak(connection: Connection, person: Person, frame: Say | Card) -> None:
    assert frame.talk is not None
    if isinstance(frame, Card):
        text = json.dumps(_card(connection, frame.slug), ensure_ascii=False)
        store.say(connection, frame.talk, person.id, person.name, "card", text, frame.client_id)
    else:
        store.say(connection, frame.talk, person.id, person.name, frame.kind, frame.text, frame.client_id)


def _card(connection: Connection, slug: str) -> dict[str, Any]:
    release = releases.in_force(connection)
    document = releases.document_of(releases.file_of(current_app.extensions["jjb_settings"], release.number), slug)
    return {"slug": slug, "name": document["name"], "release": release.number}


def _said(found: Any) -> None:
    """A message is new: the village hears it, and the desks that watch this talk."""
    bus().publish(f"device:{found.device}")
    bus().publish("said", found.id)


def village_state(connection: Connection, talk_id: str) -> dict[str, Any]:
    """What the village shows of its talk."""
    found = store.find(connection, talk_id)
    position = store.position(connection, talk_id) if found.state == session.WAITING else 0
    wait, staffed = seats.wait_of(connection, found, position) if position else (None, True)
    return {
        "type": "state",
        "talk": found.id,
        "state": found.state,
        "agent_name": found.agent_name,
        "position": position,
        "usual_wait_s": wait,
        "staffed": staffed,
        "rings": found.offered is not None,
        "held": bool(found.held),
        "others": [one for one in json.loads(found.guests) if session.shown_to_village(one["mode"])],
        "opened_at": found.opened_at,
        "last_seq": found.last_seq,
    }


def may_follow(person: Person, found: Any) -> bool:
    """Whether somebody at a desk may read a talk: its agent, who is in it, a lead; what waits, any agent."""
    if found.agent == person.id or person.has("lead"):
        return True
    if store.machine(found).mode(person.id) in session.MODES:
        return True
    return found.agent is None and person.has("agent")


def desk_state(connection: Connection, person: Person) -> dict[str, Any]:
    """The queue, the agent's own talks, those he follows or was asked into, and what he has still to wrap up."""
    here = seats.names(connection, person)
    known = {one["id"]: one["name"] for one in here}
    agent = person.has("agent", "lead")
    queue = store.queue(connection) if agent else []
    active = store.under_way(connection)
    inside = [row for row in active if store.machine(row).mode(person.id) in (session.ASKED, *session.MODES)]
    return {
        "type": "desk",
        "queue": [_summary(row, known) for row in queue if within(person.region, row.region)],
        "mine": [_summary(row, known) for row in store.held_by(connection, person.id)],
        "inside": [_summary(row, known) for row in inside],
        "running": [_summary(row, known) for row in active if person.has("lead") and _theirs(person, row)],
        "owed": [_summary(row, known) for row in seats.owed(connection, person.id)],
        "left": backs.listed(connection, person) if agent else [],
        "present": sorted(known.values()),
        "seats": here,
    }


def _theirs(person: Person, row: Any) -> bool:
    return row.agent != person.id and within(person.region, row.region)


SUMMARY = [
    "id",
    "point",
    "point_name",
    "device",
    "item",
    "reason",
    "release",
    "state",
    "last_seq",
    "opened_at",
    "claimed_at",
    "agent_name",
    "language",
    "department",
]


def _summary(row: Any, known: dict[str, str]) -> dict[str, Any]:
    left = None
    if row.offered:
        offer_s = current_app.extensions["jjb_settings"].offer_s
        left = max(0, round(offer_s - seats.ages(row.offered_at, clock.parse(clock.now()))))
    return {
        **{name: getattr(row, name) for name in SUMMARY},
        "held": bool(row.held),
        "guests": json.loads(row.guests),
        "offered": row.offered,
        "offered_name": known.get(row.offered or "", ""),
        "offer_left_s": left,
        "wanted_name": known.get(row.wanted or "", ""),
    }
