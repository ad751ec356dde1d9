"""What an agent and a village may do in a talk, whichever door (socket or HTTP) the frame came through."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
from flask import current_app
from msgspec import Meta
from sqlalchemy import Connection

from app.accounts.rules import Person, within
from app.bus import bus
from app.db import db
from app.desk import media, store
from app.desk.frames import Frame, Id, Plain
from app.knowledge import releases
from app.places.guard import Device
from app.problems import Problem


class Open(Frame, tag="open"):
    client_id: Id
    reason: Annotated[str, Meta(max_length=200, pattern=Plain)] = ""
    item: Annotated[str, Meta(max_length=100, pattern=Plain)] | None = None
    release: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


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


class Watch(Frame, tag="watch"):
    talk: Id
    after: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class Ping(Frame, tag="ping"):
    pass


VillageFrame = Open | Say | End | Ping | media.FromVillage
AgentFrame = Say | Card | Claim | GiveBack | End | Watch | Ping | media.FromAgent


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
        return
    with db().write() as connection:
        if isinstance(frame, Open):
            found = store.open_talk(connection, device, frame.client_id, frame.reason, frame.item, frame.release)
        else:
            found = _of_village(connection, device, frame.talk if isinstance(frame, Say | End) else None)
            if isinstance(frame, Say):
                store.say(connection, found.id, None, device.point_name, "text", frame.text, frame.client_id)
            elif isinstance(frame, End):
                store.end(connection, found.id, None, device.id, "village")
    _wake(found.id)


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
    if isinstance(frame, Ping | Watch):
        return
    if isinstance(frame, media.FromAgent):
        media.agent_act(person, frame)
        return
    if frame.talk is None:
        raise Problem("talk.frame", field="talk")
    with db().write() as connection:
        found = store.find(connection, frame.talk)
        if not within(person.region, found.region):
            raise Problem("access.region")
        if isinstance(frame, Claim):
            store.claim(connection, frame.talk, person.id, person.name)
        elif isinstance(frame, GiveBack):
            if frame.note.strip() and frame.client_id:
                store.say(connection, frame.talk, person.id, person.name, "note", frame.note, frame.client_id)
            store.give_back(connection, frame.talk, person.id)
        elif isinstance(frame, End):
            outcome = frame.outcome if frame.outcome in store.OUTCOMES else "solved"
            store.end(connection, frame.talk, person.id, person.id, outcome)
        elif isinstance(frame, Card):
            text = json.dumps(_card(connection, frame.slug), ensure_ascii=False)
            store.say(connection, frame.talk, person.id, person.name, "card", text, frame.client_id)
        else:
            store.say(connection, frame.talk, person.id, person.name, frame.kind, frame.text, frame.client_id)
    _wake(frame.talk)


def _card(connection: Connection, slug: str) -> dict[str, Any]:
    release = releases.in_force(connection)
    document = releases.document_of(releases.file_of(current_app.extensions["jjb_settings"], release.number), slug)
    return {"slug": slug, "name": document["name"], "release": release.number}


def return_lost() -> None:
    """Give the talks of agents who vanished back to the queue; writes only when there are any."""
    away = current_app.extensions["jjb_settings"].agent_away_s
    with db().read() as connection:
        if not store.lost(connection, away):
            return
    with db().write() as connection:
        returned = store.return_lost(connection, away)
    for talk_id in returned:
        _wake(talk_id)


def _wake(talk_id: str) -> None:
    bus().publish("desk")
    bus().publish(f"talk:{talk_id}")


def village_state(connection: Connection, talk_id: str) -> dict[str, Any]:
    """What the village shows of its talk."""
    found = store.find(connection, talk_id)
    return {
        "type": "state",
        "talk": found.id,
        "state": found.state,
        "agent_name": found.agent_name,
        "position": store.position(connection, talk_id),
        "usual_wait_s": store.usual_wait(connection),
        "opened_at": found.opened_at,
        "last_seq": found.last_seq,
    }


def desk_state(connection: Connection, person: Person) -> dict[str, Any]:
    """The queue and the agent's own talks, cut to the agent's region."""
    away = current_app.extensions["jjb_settings"].agent_away_s
    waiting = [_summary(row) for row in store.queue(connection) if within(person.region, row.region)]
    mine = [_summary(row) for row in store.held_by(connection, person.id)]
    colleagues = sorted(store.present(connection, away).values())
    wait = store.usual_wait(connection)
    return {"type": "desk", "queue": waiting, "mine": mine, "present": colleagues, "usual_wait_s": wait}


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
]


def _summary(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SUMMARY}
