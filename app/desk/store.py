"""Talks between villages and the centre: every message is a numbered row before any socket carries it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    UniqueConstraint,
    delete,
    false,
    insert,
    select,
    update,
)

from app import clock, ledger
from app.accounts.rules import Person
from app.db import metadata
from app.drafting import masking
from app.places.guard import Device
from app.problems import Problem
from app.vault import vault
from remote import routing, session

talk = Table(
    "talk",
    metadata,
    Column("id", Text, primary_key=True),
    Column("point", Text, nullable=False),
    Column("point_name", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("item", Text),
    Column("reason", Text, nullable=False),
    Column("release", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("agent", Text),
    Column("agent_name", Text),
    Column("last_seq", Integer, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("claimed_at", Text),
    Column("ended_at", Text),
    Column("outcome", Text),
    Column("wiped_at", Text),
    Column("language", Text, nullable=False, server_default=""),
    Column("department", Text, nullable=False, server_default=""),
    Column("queued_at", Text),
    Column("offered", Text),
    Column("offered_at", Text),
    Column("passed", Text, nullable=False, server_default="[]"),
    Column("wanted", Text),
    Column("held", Boolean, nullable=False, server_default=false()),
    Column("guests", Text, nullable=False, server_default="[]"),
    Column("wrapped_at", Text),
    Column("wrap_note", Text),
    Index("ix_talk_agent", "agent", "state", "ended_at"),
    Index("ix_talk_state", "state", "opened_at"),
    Index("ix_talk_device", "device", "opened_at"),
)
talk_message = Table(
    "talk_message",
    metadata,
    Column("talk", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("at", Text, nullable=False),
    PrimaryKeyConstraint("talk", "seq"),
    UniqueConstraint("talk", "client_id"),
)
presence = Table(
    "presence",
    metadata,
    Column("person", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Column("region", Text, nullable=False, server_default=""),
    Column("role", Text, nullable=False, server_default="agent"),
    Column("state", Text, nullable=False, server_default="free"),
    Column("why", Text, nullable=False, server_default=""),
    Column("languages", Text, nullable=False, server_default="[]"),
    Column("departments", Text, nullable=False, server_default="[]"),
)
canned = Table(
    "canned_reply",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("text", Text, nullable=False),
)

OUTCOMES = {"solved": "已解决", "guided": "已告知怎么办", "later": "稍后回复", "dropped": "无人应答或误呼"}


def open_talk(
    connection: Connection, device: Device, client_id: str, reason: str, item: str | None, release: int, **asked: str
) -> Row[Any]:
    """The open talk of a device; a new one, with `client_id` as its id, when it has none. Idempotent.

    `asked` is the language and the department that it is for.
    """
    known = connection.execute(select(talk).where(talk.c.id == client_id)).first()
    current = known or of_device(connection, device.id)
    if current is not None:
        return current
    now = clock.now()
    values = {
        "id": client_id, "point": device.point, "point_name": device.point_name, "region": device.region,
        "device": device.id, "item": item, "reason": masking.kept(reason), "release": release, "state": session.WAITING,
        "last_seq": 0, "opened_at": now, "queued_at": now, **asked,
    }  # fmt: skip
    connection.execute(insert(talk).values(values))
    note(connection, "talk.opened", client_id, device.id, device.point, {"item": item or ""})
    return find(connection, client_id)


def ring(
    connection: Connection, device: Device, item: str | None, release: int, agent: Person, **asked: str
) -> Row[Any]:
    """A talk that the centre begins: it rings at the village until that picks up. Problem message.busy."""
    if of_device(connection, device.id) is not None:
        raise Problem("message.busy")
    now, talk_id = clock.now(), clock.new_id()
    values = {
        "id": talk_id, "point": device.point, "point_name": device.point_name, "region": device.region,
        "device": device.id, "item": item, "reason": "回电", "release": release, "state": session.RINGING,
        "agent": agent.id, "agent_name": agent.name, "last_seq": 0, "opened_at": now, "offered_at": now, **asked,
    }  # fmt: skip
    connection.execute(insert(talk).values(values))
    note(connection, "talk.rung", talk_id, agent.id, device.point, {})
    return find(connection, talk_id)


def rung_out(connection: Connection, ring_s: int) -> list[Row[Any]]:
    """Calls of the centre that nobody took within `ring_s` seconds."""
    since = clock.later(seconds=-ring_s)
    query = select(talk).where(talk.c.state == session.RINGING, talk.c.offered_at < since)
    return list(connection.execute(query))


def find(connection: Connection, talk_id: str) -> Row[Any]:
    """One talk, or Problem('talk.missing')."""
    found = connection.execute(select(talk).where(talk.c.id == talk_id)).first()
    if found is None:
        raise Problem("talk.missing")
    return found


def hold(connection: Connection, talk_id: str) -> Row[Any]:
    """The talk, locked until the transaction ends: two who write at once get two numbers (SQLite locks as a whole)."""
    found = connection.execute(select(talk).where(talk.c.id == talk_id).with_for_update()).first()
    if found is None:
        raise Problem("talk.missing")
    return found


def of_device(connection: Connection, device_id: str) -> Row[Any] | None:
    """The talk of a device that has not ended, if any."""
    query = select(talk).where(talk.c.device == device_id, talk.c.state != session.ENDED)
    return connection.execute(query.order_by(talk.c.opened_at.desc())).first()


def machine(found: Row[Any]) -> session.Session:
    """A row as the machine sees it."""
    return session.Session(
        found.state,
        found.agent,
        found.last_seq,
        found.offered,
        tuple(json.loads(found.passed)),
        found.wanted,
        bool(found.held),
        tuple((one["person"], one["mode"]) for one in json.loads(found.guests)),
        found.wrapped_at is not None,
    )


def step(found: Row[Any], signal: session.Signal) -> session.Session:
    """The machine after a signal, or why it may not happen as a Problem."""
    after = session.step(machine(found), signal)
    if isinstance(after, session.Refusal):
        raise Problem(f"talk.{after.reason}")
    return after


def apply(connection: Connection, talk_id: str, signal: session.Signal, **also: Any) -> Row[Any]:
    """Carry a signal out on a locked row; `also` are columns that the machine does not know."""
    found = hold(connection, talk_id)
    after = step(found, signal)
    names = {one["person"]: one["name"] for one in json.loads(found.guests)} | also.pop("names", {})
    guests = [{"person": person, "mode": mode, "name": names.get(person, "")} for person, mode in after.guests]
    values = {
        "state": after.state, "agent": after.agent, "offered": after.offered, "wanted": after.wanted,
        "held": after.held, "passed": json.dumps(after.passed), "guests": json.dumps(guests, ensure_ascii=False), **also,
    }  # fmt: skip
    connection.execute(update(talk).where(talk.c.id == talk_id).values(values))
    return find(connection, talk_id)


def claim(connection: Connection, talk_id: str, person: str, name: str) -> Row[Any]:
    """Take a waiting talk; the lock on its row decides when two agents reach for it (Problem talk.taken)."""
    found = apply(connection, talk_id, session.Claim(person), agent_name=name, claimed_at=clock.now(), offered_at=None)
    note(connection, "talk.claimed", talk_id, person, found.point, {})
    return found


def give_back(connection: Connection, talk_id: str, person: str | None, to: str | None = None) -> Row[Any]:
    """Return a talk to the queue, or hand it on to a person."""
    found = apply(connection, talk_id, session.GiveBack(person, to), agent_name=None, queued_at=clock.now())
    note(connection, "talk.returned", talk_id, person or "centre", found.point, {})
    return found


def end(connection: Connection, talk_id: str, person: str | None, actor: str, outcome: str) -> Row[Any]:
    """End a talk; `person` is None when the village hangs up."""
    found = apply(connection, talk_id, session.End(person), ended_at=clock.now(), outcome=outcome, offered_at=None)
    note(connection, "talk.ended", talk_id, actor, found.point, {"outcome": outcome})
    return found


def say(
    connection: Connection, talk_id: str, person: str | None, name: str, kind: str, text: str, client_id: str
) -> dict[str, Any]:
    """Add to the transcript and return the message; the same client_id again returns the first one, added once."""
    found = hold(connection, talk_id)
    same = (talk_message.c.talk == talk_id, talk_message.c.client_id == client_id)
    known = connection.execute(select(talk_message).where(*same)).first()
    if known is not None:
        return _message(connection, known)
    after = step(found, session.Say(person, kind, text))
    connection.execute(update(talk).where(talk.c.id == talk_id).values(last_seq=after.last_seq))
    values = {
        "talk": talk_id,
        "seq": after.last_seq,
        "author": session.VILLAGE if person is None else session.AGENT,
        "author_name": name,
        "kind": kind,
        "sealed": vault().seal(connection, talk_id, text),
        "client_id": client_id,
        "at": clock.now(),
    }
    connection.execute(insert(talk_message).values(values))
    return _message(connection, connection.execute(select(talk_message).where(*same)).one())


def messages(connection: Connection, talk_id: str, after: int, village: bool) -> list[dict[str, Any]]:
    """The transcript after a cursor; the village does not get notes."""
    query = select(talk_message).where(talk_message.c.talk == talk_id, talk_message.c.seq > after)
    rows = connection.execute(query.order_by(talk_message.c.seq))
    return [_message(connection, row) for row in rows if not village or session.heard_by_village(row.kind)]


def _message(connection: Connection, row: Row[Any]) -> dict[str, Any]:
    text = vault().open(connection, row.talk, row.sealed)
    body = json.loads(text) if row.kind == "card" and text else text
    return {
        "type": "message", "talk": row.talk, "seq": row.seq, "author": row.author, "author_name": row.author_name,
        "kind": row.kind, "body": body, "client_id": row.client_id, "at": row.at,
    }  # fmt: skip


def queue(connection: Connection) -> list[Row[Any]]:
    """Waiting talks, longest first."""
    return list(connection.execute(select(talk).where(talk.c.state == session.WAITING).order_by(talk.c.opened_at)))


def position(connection: Connection, talk_id: str) -> int:
    """Place in the queue from 1, 0 when not waiting."""
    return next((n for n, row in enumerate(queue(connection), 1) if row.id == talk_id), 0)


def held_by(connection: Connection, person: str) -> list[Row[Any]]:
    """Talks an agent holds, oldest first."""
    query = select(talk).where(talk.c.state == session.ACTIVE, talk.c.agent == person)
    return list(connection.execute(query.order_by(talk.c.claimed_at)))


def under_way(connection: Connection) -> list[Row[Any]]:
    """Talks that somebody holds, oldest first."""
    return list(connection.execute(select(talk).where(talk.c.state == session.ACTIVE).order_by(talk.c.claimed_at)))


def set_department(connection: Connection, talk_id: str, department: str) -> None:
    """Whom a talk is for."""
    connection.execute(update(talk).where(talk.c.id == talk_id).values(department=department))


def past(connection: Connection, point: str, limit: int = 5) -> list[Row[Any]]:
    """The last ended talks of a point."""
    query = select(talk).where(talk.c.point == point, talk.c.state == session.ENDED)
    return list(connection.execute(query.order_by(talk.c.ended_at.desc()).limit(limit)))


def handled(connection: Connection) -> list[float]:
    """Seconds that the last 20 talks of the last week took, from taking to the end."""
    since = clock.later(days=-7)
    query = select(talk.c.claimed_at, talk.c.ended_at).where(
        talk.c.state == session.ENDED, talk.c.claimed_at.is_not(None), talk.c.ended_at > since
    )
    rows = connection.execute(query.order_by(talk.c.ended_at.desc()).limit(20)).all()
    return [(clock.parse(row.ended_at) - clock.parse(row.claimed_at)).total_seconds() for row in rows]


def be_present(connection: Connection, person: Person) -> None:
    """A desk is open right now. Officers are there to be asked in; nothing rings at them."""
    role = "lead" if person.has("lead") else "agent" if person.has("agent") else "officer"
    values = {"name": person.name, "seen_at": clock.now(), "region": person.region, "role": role}
    if connection.execute(update(presence).where(presence.c.person == person.id).values(values)).rowcount == 0:
        state = routing.FREE if role != "officer" else routing.BREAK
        connection.execute(insert(presence).values(person=person.id, state=state, **values))


def present(connection: Connection, away_s: int) -> list[Row[Any]]:
    """Whose desk was seen within `away_s` seconds, by name."""
    since = clock.stamp(clock.parse(clock.now()) - timedelta(seconds=away_s))
    return list(connection.execute(select(presence).where(presence.c.seen_at > since).order_by(presence.c.name)))


def lost(connection: Connection, away_s: int) -> list[Row[Any]]:
    """Talks held by an agent who was not seen for `away_s` seconds."""
    here = {row.person for row in present(connection, away_s)}
    active = connection.execute(select(talk).where(talk.c.state == session.ACTIVE))
    return [row for row in active if row.agent not in here]


def return_lost(connection: Connection, away_s: int) -> list[str]:
    """Give talks of agents who vanished back to the queue; returns their ids."""
    returned = []
    for row in lost(connection, away_s):
        # Since it was read another round may have returned it, or its agent ended it.
        if hold(connection, row.id).agent == row.agent:
            with suppress(Problem):
                give_back(connection, row.id, None)
                returned.append(row.id)
    return returned


def replies(connection: Connection, person: str) -> list[Row[Any]]:
    """An agent's own canned replies."""
    return list(connection.execute(select(canned).where(canned.c.person == person).order_by(canned.c.id)))


def add_reply(connection: Connection, person: str, text: str) -> None:
    """Keep a canned reply."""
    connection.execute(insert(canned).values(id=clock.new_id(), person=person, text=text))


def drop_reply(connection: Connection, person: str, reply_id: str) -> None:
    """Forget a canned reply."""
    connection.execute(delete(canned).where(canned.c.id == reply_id, canned.c.person == person))


def note_consent(connection: Connection, found: Row[Any], actor: str, kind: str, *, given: bool) -> None:
    """Write into the ledger that the village allowed something, or that somebody stopped it."""
    note(connection, "talk.consent", found.id, actor, found.point, {"kind": kind, "given": given})


def note(connection: Connection, name: str, talk_id: str, actor: str, point: str, body: dict[str, Any]) -> None:
    ledger.append(
        connection, ledger.Event(clock.new_id(), name, talk_id, actor, clock.now(), body, service_point=point)
    )
