"""Projections that oversight counts and lists: one row for each question, case and rating, without personal data.

They are filled in the transaction that appends the event (`HANDLERS` in `app/__init__.py`). Days are days of arrival at
the centre (`received_at`), so that a figure of yesterday never changes; the device's own time is kept beside it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    RowMapping,
    Subquery,
    Table,
    Text,
    and_,
    case,
    func,
    insert,
    select,
    true,
)

from app.db import metadata
from app.ledger import Entry, ledger
from app.matters import matter_of
from app.oversight import rules

seen_question = Table(
    "seen_question",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("point", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("client_at", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("offered", Text, nullable=False),
    Column("picked", Text),
    Column("release", Integer, nullable=False),
    Index("ix_seen_question_received_at", "received_at"),
)
seen_case = Table(
    "seen_case",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("case_no", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("client_at", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("release", Integer, nullable=False),
    Index("ix_seen_case_received_at", "received_at"),
)
seen_rating = Table(
    "seen_rating",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("matter", Text, nullable=False, unique=True),
    Column("point", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("client_at", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Index("ix_seen_rating_received_at", "received_at"),
)
seen_talk = (
    select(
        ledger.c.seq,
        ledger.c.subject.label("talk"),
        ledger.c.service_point.label("point"),
        ledger.c.actor.label("device"),
        ledger.c.received_at,
        ledger.c.received_at.label("client_at"),
        ledger.c.body,
    )
    .where(ledger.c.name == "talk.opened")
    .subquery("seen_talk")
)
"""Calls are live: the centre itself appends them, so the ledger is read as it stands."""

Rows = Table | Subquery


def _common(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "point": entry.service_point or "",
        "device": entry.device or "",
        "received_at": entry.received_at,
        "client_at": entry.client_at or entry.received_at,
    }


def on_question_asked(connection: Connection, entry: Entry) -> None:
    """Project a question asked in a village."""
    body = entry.body
    row = {"text": body["text"], "decision": body["decision"], "picked": body["picked"], "release": body["release"]}
    connection.execute(insert(seen_question), {**_common(entry), **row, "offered": json.dumps(body["items"])})


def on_case_submitted(connection: Connection, entry: Entry) -> None:
    """Project a case handed in; nothing of the applicant."""
    body = entry.body
    row = {"case_no": body["case_no"], "item": body["item"], "release": body["release"]}
    connection.execute(insert(seen_case), {**_common(entry), **row})


def on_rating_given(connection: Connection, entry: Entry) -> None:
    """Project a rating: level and reasons, not the free text. A second one for the same matter does not count."""
    body = entry.body
    matter = matter_of(connection, entry)
    if connection.execute(select(seen_rating.c.seq).where(seen_rating.c.matter == matter)).first():
        return
    row = {"matter": matter, "level": body["level"], "reasons": json.dumps(body["reasons"], ensure_ascii=False)}
    connection.execute(insert(seen_rating), {**_common(entry), **row})


def figures(connection: Connection, points: Collection[str], start: str, end: str) -> dict[str, dict[str, int]]:
    """Counts of one span: {point: {questions, unanswered, cases, talks, ratings, bad}}; none: the point is absent."""
    found: dict[str, dict[str, int]] = {}
    for table, key, part, condition in (
        (seen_question, "questions", "unanswered", seen_question.c.decision == "handoff"),
        (seen_case, "cases", None, None),
        (seen_talk, "talks", None, None),
        (seen_rating, "ratings", "bad", seen_rating.c.level >= rules.BAD_LEVEL),
    ):
        columns = [table.c.point, func.count().label("all")]
        if condition is not None:
            columns.append(func.sum(case((condition, 1), else_=0)).label("part"))
        where = within(table, points, start, end)
        for row in connection.execute(select(*columns).where(where).group_by(table.c.point)):
            counts = found.setdefault(row.point, {})
            counts[key] = row.all
            if part:
                counts[part] = int(row.part)
    return found


def within(table: Rows, points: Collection[str], start: str, end: str) -> ColumnElement[bool]:
    """Rows of these points that arrived from `start` up to, not including, `end`."""
    return and_(table.c.point.in_(sorted(points)), table.c.received_at >= start, table.c.received_at < end)


def count(connection: Connection, table: Rows, where: ColumnElement[bool]) -> int:
    """How many rows a filter has."""
    return int(connection.execute(select(func.count()).select_from(table).where(where)).scalar_one())


def rows(
    connection: Connection, table: Rows, where: ColumnElement[bool], limit: int | None = None, offset: int = 0
) -> list[dict[str, Any]]:
    """Rows of a filter, newest first."""
    query = select(table).where(where).order_by(table.c.seq.desc()).offset(offset)
    if limit is not None:
        query = query.limit(limit)
    return [_plain(row) for row in connection.execute(query).mappings()]


def _plain(row: RowMapping) -> dict[str, Any]:
    """The row with its lists as lists again."""
    return {key: json.loads(value) if key in ("body", "offered", "reasons") else value for key, value in row.items()}


def matching(table: Rows, wanted: Mapping[str, str]) -> ColumnElement[bool]:
    """Rows that pass the filters of a list page; an empty filter lets all pass.

    decision, item: equal; level: one level or `bad`; q: a piece of the question or case number, taken literally.
    """
    parts: list[ColumnElement[bool]] = [true()]
    for key, value in wanted.items():
        if not value:
            continue
        if key == "q":
            searched = table.c.text if "text" in table.c else table.c.case_no
            parts.append(searched.contains(value, autoescape=True))
        elif key == "level" and value == "bad":
            parts.append(table.c.level >= rules.BAD_LEVEL)
        else:
            parts.append(table.c[key] == (int(value) if key == "level" else value))
    return and_(*parts)
