"""How the links of talks were: the samples that either end told, and one line for each talk. Nothing of persons.

Samples go after `keep_link_days`; the line of a talk stays as a figure.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    and_,
    delete,
    exists,
    func,
    insert,
    select,
    true,
)

from app import clock
from app.db import metadata
from app.desk.store import talk
from app.problems import Problem
from remote import health, session

talk_sample = Table(
    "talk_sample",
    metadata,
    Column("talk", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("span_s", Integer, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rtt_ms", Integer),
    Column("loss", Integer, nullable=False),
    Column("up", Integer, nullable=False),
    Column("down", Integer, nullable=False),
    Column("connect_ms", Integer),
    Column("voice_ms", Integer),
    Column("drops", Integer, nullable=False),
    Column("backs", Integer, nullable=False),
    Column("back_ms", Integer, nullable=False),
    PrimaryKeyConstraint("talk", "side", "n"),
)
talk_link = Table(
    "talk_link",
    metadata,
    Column("talk", Text, primary_key=True),
    Column("point", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("best", Integer, nullable=False),
    Column("worst", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("connect_ms", Integer),
    Column("voice_ms", Integer),
    Column("drops", Integer, nullable=False),
    Column("backs", Integer, nullable=False),
    Column("back_ms", Integer, nullable=False),
    Column("rtt_ms", Integer),
    Column("loss", Integer, nullable=False),
    Column("up", Integer, nullable=False),
    Column("down", Integer, nullable=False),
    Column("seconds", Integer, nullable=False),
    Index("ix_talk_link_received_at", "received_at"),
)
LINKS = select(talk_link.c.received_at.label("seq"), talk_link.c.received_at.label("client_at"), *talk_link.c).subquery(
    "seen_link"
)
"""The lines as oversight lists them, the newest talk first."""
MORE = 2**31 - 1
"""What an INTEGER of PostgreSQL holds; a talk of two gigabytes says so many."""


def add(connection: Connection, found: Row[Any], side: str, client_id: str, samples: list[dict[str, Any]]) -> None:
    """Keep what an end told, once; `found` is locked. Problem talk.measured when the talk has enough."""
    mine = (talk_sample.c.talk == found.id, talk_sample.c.side == side)
    if connection.execute(select(talk_sample.c.n).where(*mine, talk_sample.c.client_id == client_id)).first():
        return
    held = int(connection.execute(select(func.count()).where(*mine)).scalar_one())
    if held + len(samples) > health.FULL:
        raise Problem("talk.measured")
    common = {"talk": found.id, "side": side, "client_id": client_id}
    rows = [{**common, "n": held + at, **one} for at, one in enumerate(samples, 1)]
    connection.execute(insert(talk_sample), rows)
    _sum_up(connection, found)


def _sum_up(connection: Connection, found: Row[Any]) -> None:
    line = health.whole(*(of_side(connection, found.id, side) for side in (session.VILLAGE, session.AGENT)))
    values = {name: getattr(line, name) for name in health.Whole.__dataclass_fields__ if name != "reasons"}
    values |= {"up": min(line.up, MORE), "down": min(line.down, MORE), "why": f" {' '.join(line.reasons)} "}
    own = {"talk": found.id, "point": found.point, "device": found.device, "received_at": found.opened_at}
    connection.execute(delete(talk_link).where(talk_link.c.talk == found.id))
    connection.execute(insert(talk_link).values(**own, **values))


def of_side(connection: Connection, talk_id: str, side: str) -> list[health.Sample]:
    """What one end told of a talk, in the order of time."""
    query = select(talk_sample).where(talk_sample.c.talk == talk_id, talk_sample.c.side == side)
    names = [name for name in health.Sample.__dataclass_fields__ if name != "at"]
    rows = connection.execute(query.order_by(talk_sample.c.at, talk_sample.c.n)).all()
    return [
        health.Sample(clock.parse(row.at).timestamp(), **{name: getattr(row, name) for name in names}) for row in rows
    ]


def line(connection: Connection, talk_id: str) -> Row[Any]:
    """What a talk came to, with how it stands; Problem('talk.missing')."""
    about = (talk.c.state, talk.c.item, talk.c.claimed_at, talk.c.ended_at, talk.c.outcome)
    query = select(talk_link, *about).join(talk, talk.c.id == talk_link.c.talk).where(talk_link.c.talk == talk_id)
    found = connection.execute(query).first()
    if found is None:
        raise Problem("talk.missing")
    return found


def matching(wanted: dict[str, str]) -> ColumnElement[bool]:
    """Lines that pass the filters of the list: worst (rung), reason, connect (at least so many seconds), drops (at least)."""
    parts: list[ColumnElement[bool]] = [true()]
    if wanted["worst"]:
        parts.append(LINKS.c.worst == int(wanted["worst"]))
    if wanted["reason"]:
        parts.append(LINKS.c.why.contains(f" {wanted['reason']} ", autoescape=True))
    if wanted["connect"]:
        parts.append(LINKS.c.connect_ms >= int(wanted["connect"]) * 1000)
    if wanted["drops"]:
        parts.append(LINKS.c.drops >= int(wanted["drops"]))
    return and_(*parts)


def over(connection: Connection, before: str) -> list[str]:
    """Talks that ended before a time and of which samples are kept."""
    kept = exists().where(talk_sample.c.talk == talk.c.id)
    query = select(talk.c.id).where(talk.c.state == session.ENDED, talk.c.ended_at < before, kept)
    return list(connection.execute(query.order_by(talk.c.ended_at)).scalars())


def forget(connection: Connection, subject: str) -> dict[str, int]:
    """Let the samples of a talk go."""
    gone = connection.execute(delete(talk_sample).where(talk_sample.c.talk == subject)).rowcount
    return {"links": 1} if gone else {}
