"""Reads the ledger for people: search, the time line of a device, how far a case has come. It never writes."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from app.ledger import Entry, ledger


@dataclass(frozen=True)
class Search:
    """What the audit page asks for; empty fields do not narrow."""

    name: str = ""
    subject: str = ""
    actor: str = ""
    start: str = ""
    end: str = ""
    points: frozenset[str] | None = None
    """Only entries of these points (and of `own`); None for the whole ledger."""
    own: str = ""


def _where(search: Search) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [true()]
    if search.name:
        parts.append(ledger.c.name == search.name)
    if search.subject:
        parts.append(ledger.c.subject.contains(search.subject, autoescape=True))
    if search.actor:
        parts.append(ledger.c.actor == search.actor)
    if search.start:
        parts.append(ledger.c.received_at >= search.start)
    if search.end:
        parts.append(ledger.c.received_at < search.end)
    if search.points is not None:
        parts.append(or_(ledger.c.service_point.in_(sorted(search.points)), ledger.c.actor == search.own))
    return and_(*parts)


def count(connection: Connection, search: Search) -> int:
    """How many entries a search finds."""
    return int(connection.execute(select(func.count()).select_from(ledger).where(_where(search))).scalar_one())


def entries(connection: Connection, search: Search, limit: int | None = None, offset: int = 0) -> list[Entry]:
    """Entries a search finds, newest first."""
    query = select(ledger).where(_where(search)).order_by(ledger.c.seq.desc()).offset(offset)
    return _entries(connection, query.limit(limit) if limit else query)


def _entries(connection: Connection, query: Any) -> list[Entry]:
    return [Entry(**{**row, "body": json.loads(row["body"])}) for row in connection.execute(query).mappings()]


def of_device(connection: Connection, device: str, limit: int, offset: int = 0) -> list[Entry]:
    """The time line of a device, newest first."""
    query = select(ledger).where(ledger.c.device == device).order_by(ledger.c.seq.desc())
    return _entries(connection, query.limit(limit).offset(offset))


def device_counts(connection: Connection, device: str) -> tuple[int, int, int]:
    """Entries of a device, those it numbered itself, and its highest number."""
    numbered = func.count(ledger.c.device_seq)
    row = connection.execute(
        select(func.count(), numbered, func.max(ledger.c.device_seq)).where(ledger.c.device == device)
    ).one()
    return int(row[0]), int(row[1]), int(row[2] or 0)


def progress_of(connection: Connection, case_nos: Collection[str]) -> dict[str, dict[str, Any]]:
    """The body of the last `case.progressed` of each case, by case number; cases without any are absent."""
    query = select(ledger.c.subject, ledger.c.body).where(
        ledger.c.name == "case.progressed", ledger.c.subject.in_(sorted(case_nos))
    )
    return {row.subject: json.loads(row.body) for row in connection.execute(query.order_by(ledger.c.seq))}


def talks(connection: Connection, ids: Collection[str]) -> dict[str, list[Entry]]:
    """What happened in each call, oldest first."""
    query = select(ledger).where(ledger.c.name.startswith("talk."), ledger.c.subject.in_(sorted(ids)))
    found: dict[str, list[Entry]] = {}
    for entry in _entries(connection, query.order_by(ledger.c.seq)):
        found.setdefault(entry.subject, []).append(entry)
    return found


def usernames(connection: Connection) -> dict[str, str]:
    """Log-in names by person id, as the ledger saw them added."""
    query = select(ledger.c.subject, ledger.c.body).where(ledger.c.name == "person.added").order_by(ledger.c.seq)
    return {row.subject: json.loads(row.body)["username"] for row in connection.execute(query)}


def names(connection: Connection) -> list[str]:
    """Names of the events that the ledger holds."""
    return list(connection.execute(select(ledger.c.name).distinct().order_by(ledger.c.name)).scalars())
