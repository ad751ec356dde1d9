"""Ratings and the 整改单 that low ones open: projections of `rating.given` and `rectification.moved`."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, Row, Table, Text, func, insert, select, update

from app import clock, ledger
from app.db import metadata
from app.ledger import Entry
from app.pages import beijing_day
from app.problems import Problem
from app.ratings import rules
from app.vault import vault
from datasets import workdays

rating = Table(
    "rating",
    metadata,
    Column("matter", Text, primary_key=True),
    Column("level", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("sealed_text", Text, nullable=False),
    Column("rated_at", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Index("ix_rating_point", "point", "received_at"),
)
rectification = Table(
    "rectification",
    metadata,
    Column("matter", Text, ForeignKey("rating.matter"), primary_key=True),
    Column("point", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
)


def on_rating_given(connection: Connection, entry: Entry) -> None:
    """Project a rating; Problem('rating.twice') for a second one of the same matter. A low one opens a 整改单."""
    body = entry.body
    if connection.execute(select(rating.c.matter).where(rating.c.matter == body["matter"])).first():
        raise Problem("rating.twice")
    connection.execute(
        insert(rating).values(
            matter=body["matter"],
            level=body["level"],
            reasons=json.dumps(body["reasons"], ensure_ascii=False),
            point=entry.service_point,
            device=entry.device or "",
            sealed_text=body["text"],
            rated_at=body["rated_at"],
            received_at=entry.received_at,
        )
    )
    if rules.is_low(body["level"]):
        days = current_app.extensions["jjb_settings"].rectify_days
        due = workdays.load().after(date.fromisoformat(beijing_day(entry.received_at)), days)
        connection.execute(
            insert(rectification).values(
                matter=body["matter"], point=entry.service_point, state="open", due=due.isoformat(), note="",
                changed_at=entry.received_at,
            )
        )  # fmt: skip


def ratings(
    connection: Connection, points: Collection[str], level: int | None, day: tuple[str, str] | None, limit: int
) -> list[Row[Any]]:
    """Ratings of these points, newest first."""
    query = select(rating).where(rating.c.point.in_(points)).order_by(rating.c.received_at.desc(), rating.c.matter)
    if level:
        query = query.where(rating.c.level == level)
    if day:
        query = query.where(rating.c.received_at >= day[0], rating.c.received_at < day[1])
    return list(connection.execute(query.limit(limit)))


def counts(connection: Connection, points: Collection[str]) -> dict[int, int]:
    """How many ratings of each level."""
    query = select(rating.c.level, func.count()).where(rating.c.point.in_(points)).group_by(rating.c.level)
    found = {int(level): int(count) for level, count in connection.execute(query)}
    return {level: found.get(level, 0) for level in rules.LEVELS}


def rectifications(connection: Connection, points: Collection[str]) -> list[Row[Any]]:
    """整改单 that are not closed, the most urgent first."""
    where = (rectification.c.point.in_(points), rectification.c.state != "closed")
    query = select(rectification, rating.c.level, rating.c.reasons, rating.c.sealed_text).join(rating).where(*where)
    return list(connection.execute(query.order_by(rectification.c.due)))


def move(connection: Connection, matter: str, target: str, note: str, actor: str) -> None:
    """Move a 整改单 on; Problem('rating.move') out of order or without a note."""
    found = connection.execute(select(rectification).where(rectification.c.matter == matter)).first()
    if found is None:
        raise Problem("request.missing")
    if target not in rules.NEXT[found.state] or not note:
        raise Problem("rating.move")
    now = clock.now()
    where = rectification.c.matter == matter
    connection.execute(update(rectification).where(where).values(state=target, note=note, changed_at=now))
    body = {"state": target}
    ledger.append(
        connection,
        ledger.Event(clock.new_id(), "rectification.moved", matter, actor, now, body, service_point=found.point),
    )


def open_text(connection: Connection, matter: str, reason: str, actor: str) -> str:
    """What a person wrote to a rating; who looked and why goes to the ledger first."""
    found = connection.execute(select(rating.c.sealed_text, rating.c.point).where(rating.c.matter == matter)).one()
    event = ledger.Event(
        clock.new_id(), "personal.unmasked", matter, actor, clock.now(), {"reason": reason}, service_point=found.point
    )
    ledger.append(connection, event)
    return str(vault().open(connection, matter, found.sealed_text) or "") if found.sealed_text else ""


def point_of(connection: Connection, matter: str) -> str:
    """The service point of a rated matter, or Problem('request.missing')."""
    found = connection.execute(select(rating.c.point).where(rating.c.matter == matter)).scalar()
    if found is None:
        raise Problem("request.missing")
    return str(found)
