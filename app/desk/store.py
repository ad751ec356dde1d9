"""Talks between villages and the centre: every message is a numbered row before any socket carries it."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import (
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
    insert,
    select,
    update,
)

from app import clock, ledger
from app.db import metadata
from app.drafting import masking
from app.places.guard import Device
from app.problems import Problem
from app.vault import vault
from remote import session

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
    connection: Connection, device: Device, client_id: str, reason: str, item: str | None, release: int
) -> Row[Any]:
    """The open talk of a device; a new one, with `client_id` as its id, when it has none. Idempotent."""
    known = connection.execute(select(talk).where(talk.c.id == client_id)).first()
    current = known or of_device(connection, device.id)
    if current is not None:
        return current
    values = {
        "id": client_id, "point": device.point, "point_name": device.point_name, "region": device.region,
        "device": device.id, "item": item, "reason": masking.kept(reason), "release": release, "state": session.WAITING,
        "last_seq": 0, "opened_at": clock.now(),
    }  # fmt: skip
    connection.execute(insert(talk).values(values))
    _note(connection, "talk.opened", client_id, device.id, device.point, {"item": item or ""})
    return find(connection, client_id)


def find(connection: Connection, talk_id: str) -> Row[Any]:
    """One talk, or Problem('talk.missing')."""
    found = connection.execute(select(talk).where(talk.c.id == talk_id)).first()
    if found is None:
        raise Problem("talk.missing")
    return found


def _hold(connection: Connection, talk_id: str) -> Row[Any]:
    """The talk, locked until the transaction ends: two who write at once get two numbers (SQLite locks as a whole)."""
    found = connection.execute(select(talk).where(talk.c.id == talk_id).with_for_update()).first()
    if found is None:
        raise Problem("talk.missing")
    return found


def of_device(connection: Connection, device_id: str) -> Row[Any] | None:
    """The talk of a device that has not ended, if any."""
    query = select(talk).where(talk.c.device == device_id, talk.c.state != session.ENDED)
    return connection.execute(query.order_by(talk.c.opened_at.desc())).first()


def _machine(found: Row[Any]) -> session.Session:
    return session.Session(found.state, found.agent, found.last_seq)


def _step(found: Row[Any], signal: session.Signal) -> session.Session:
    after = session.step(_machine(found), signal)
    if isinstance(after, session.Refusal):
        raise Problem(f"talk.{after.reason}")
    return after


def claim(connection: Connection, talk_id: str, person: str, name: str) -> Row[Any]:
    """Take a waiting talk; one statement decides when two agents reach for it (Problem talk.taken)."""
    _step(find(connection, talk_id), session.Claim(person))
    values = {"state": session.ACTIVE, "agent": person, "agent_name": name, "claimed_at": clock.now()}
    free = (talk.c.id == talk_id, talk.c.agent.is_(None), talk.c.state == session.WAITING)
    taken = connection.execute(update(talk).where(*free).values(values))
    if taken.rowcount != 1:
        raise Problem("talk.taken")
    found = find(connection, talk_id)
    _note(connection, "talk.claimed", talk_id, person, found.point, {})
    return found


def give_back(connection: Connection, talk_id: str, person: str | None) -> Row[Any]:
    """Return a talk to the queue."""
    found = _hold(connection, talk_id)
    _step(found, session.GiveBack(person))
    values = {"state": session.WAITING, "agent": None, "agent_name": None}
    connection.execute(update(talk).where(talk.c.id == talk_id).values(values))
    _note(connection, "talk.returned", talk_id, person or "centre", found.point, {})
    return find(connection, talk_id)


def end(connection: Connection, talk_id: str, person: str | None, actor: str, outcome: str) -> Row[Any]:
    """End a talk; `person` is None when the village hangs up."""
    found = _hold(connection, talk_id)
    _step(found, session.End(person))
    values = {"state": session.ENDED, "ended_at": clock.now(), "outcome": outcome}
    connection.execute(update(talk).where(talk.c.id == talk_id).values(values))
    _note(connection, "talk.ended", talk_id, actor, found.point, {"outcome": outcome})
    return find(connection, talk_id)


def say(
    connection: Connection, talk_id: str, person: str | None, name: str, kind: str, text: str, client_id: str
) -> dict[str, Any]:
    """Add to the transcript and return the message; the same client_id again returns the first one, added once."""
    found = _hold(connection, talk_id)
    same = (talk_message.c.talk == talk_id, talk_message.c.client_id == client_id)
    known = connection.execute(select(talk_message).where(*same)).first()
    if known is not None:
        return _message(connection, known)
    after = _step(found, session.Say(person, kind, text))
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


def queue(connection: Connection, regions: Collection[str] | None = None) -> list[Row[Any]]:
    """Waiting talks, longest first."""
    return list(connection.execute(select(talk).where(talk.c.state == session.WAITING).order_by(talk.c.opened_at)))


def position(connection: Connection, talk_id: str) -> int:
    """Place in the queue from 1, 0 when not waiting."""
    return next((n for n, row in enumerate(queue(connection), 1) if row.id == talk_id), 0)


def held_by(connection: Connection, person: str) -> list[Row[Any]]:
    """Talks an agent holds, oldest first."""
    query = select(talk).where(talk.c.state == session.ACTIVE, talk.c.agent == person)
    return list(connection.execute(query.order_by(talk.c.claimed_at)))


def past(connection: Connection, point: str, limit: int = 5) -> list[Row[Any]]:
    """The last ended talks of a point."""
    query = select(talk).where(talk.c.point == point, talk.c.state == session.ENDED)
    return list(connection.execute(query.order_by(talk.c.ended_at.desc()).limit(limit)))


def usual_wait(connection: Connection) -> int | None:
    """Median seconds that the last 20 claimed talks waited; None before there are five: no wild guesses."""
    query = select(talk.c.opened_at, talk.c.claimed_at).where(talk.c.claimed_at.is_not(None))
    rows = connection.execute(query.order_by(talk.c.claimed_at.desc()).limit(20)).all()
    waits = sorted((clock.parse(row.claimed_at) - clock.parse(row.opened_at)).total_seconds() for row in rows)
    return int(waits[len(waits) // 2]) if len(waits) >= 5 else None


def be_present(connection: Connection, person: str, name: str) -> None:
    """An agent's desk is open right now."""
    values = {"name": name, "seen_at": clock.now()}
    if connection.execute(update(presence).where(presence.c.person == person).values(values)).rowcount == 0:
        connection.execute(insert(presence).values(person=person, **values))


def present(connection: Connection, away_s: int) -> dict[str, str]:
    """Agents seen within `away_s` seconds, id to name."""
    since = clock.stamp(clock.parse(clock.now()) - timedelta(seconds=away_s))
    return {row.person: row.name for row in connection.execute(select(presence).where(presence.c.seen_at > since))}


def lost(connection: Connection, away_s: int) -> list[Row[Any]]:
    """Talks held by an agent who was not seen for `away_s` seconds."""
    here = present(connection, away_s)
    active = connection.execute(select(talk).where(talk.c.state == session.ACTIVE))
    return [row for row in active if row.agent not in here]


def return_lost(connection: Connection, away_s: int) -> list[str]:
    """Give talks of agents who vanished back to the queue; returns their ids."""
    returned = []
    for row in lost(connection, away_s):
        # Since it was read another round may have returned it, or its agent ended it.
        if _hold(connection, row.id).agent == row.agent:
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
    _note(connection, "talk.consent", found.id, actor, found.point, {"kind": kind, "given": given})


def _note(connection: Connection, name: str, talk_id: str, actor: str, point: str, body: dict[str, Any]) -> None:
    ledger.append(
        connection, ledger.Event(clock.new_id(), name, talk_id, actor, clock.now(), body, service_point=point)
    )
