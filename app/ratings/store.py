"""Ratings and the 整改单 that low ones open: projections of `rating.given` and `rectification.moved`."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, Row, Table, Text, func, insert, select, update

from app import clock, events, ledger
from app.db import metadata
from app.ledger import Entry
from app.matters import matter_of
from app.pages import beijing_day, day_bounds
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
    Column("contact_due", Text, nullable=False, server_default=""),
    Column("disputed_by", Text, nullable=False, server_default=""),
    Column("again", Integer),
)
"""`note` was filled by programs before 0.2; what is said stands sealed in the ledger. `again` is the level of the re-rating at the call-back (0: would or could not); the first rating is never changed."""


def on_rating_given(connection: Connection, entry: Entry) -> None:
    """Project a rating; Problem('rating.twice') for a second one of the same matter. A low one opens a 整改单."""
    body, matter = entry.body, matter_of(connection, entry)
    if connection.execute(select(rating.c.matter).where(rating.c.matter == matter)).first():
        raise Problem("rating.twice")
    connection.execute(
        insert(rating).values(
            matter=matter,
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
        settings = current_app.extensions["jjb_settings"]
        connection.execute(
            insert(rectification).values(
                matter=matter, point=entry.service_point, state="open", note="", changed_at=entry.received_at,
                due=_due(entry.received_at, settings.rectify_days),
                contact_due=_due(entry.received_at, settings.contact_days),
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


def rectifications(connection: Connection, points: Collection[str], *, ended: bool = False) -> list[Row[Any]]:
    """整改单 that are not ended, the most urgent first; or the ended ones, the newest first."""
    over = rectification.c.state.in_(rules.ENDED)
    where = (rectification.c.point.in_(points), over if ended else ~over)
    query = select(rectification, rating.c.level, rating.c.reasons, rating.c.sealed_text).join(rating).where(*where)
    order = rectification.c.changed_at.desc() if ended else rectification.c.due
    return list(connection.execute(query.order_by(order, rectification.c.matter).limit(SHOWN if ended else FILE_ROWS)))


SHOWN = 50
FILE_ROWS = 10_000


def dismissed(connection: Connection, points: Collection[str]) -> int:
    """How many low ratings a second person found not to count; they stay in the list, marked."""
    where = (rectification.c.point.in_(points), rectification.c.state == "dismissed")
    return int(connection.execute(select(func.count()).select_from(rectification).where(*where)).scalar_one())


def act(connection: Connection, matter: str, done: rules.Act, actor: str) -> str:
    """Do one act on a 整改单 and return its new state; Problem('rating.move') when it may not be."""
    found = connection.execute(select(rectification).where(rectification.c.matter == matter)).first()
    if found is None:
        raise Problem("request.missing")
    fault = rules.act_fault(found.state, done, actor, found.disputed_by)
    if fault:
        raise Problem("rating.move", reason=fault)
    now, state = clock.now(), rules.state_after(done)
    values: dict[str, Any] = {"state": state, "changed_at": now}
    if done.name == "contact" and done.complex:
        settings = current_app.extensions["jjb_settings"]
        values["due"] = _due(str(_received(connection, matter)), settings.rectify_complex_days)
    if done.name == "dispute":
        values["disputed_by"] = actor
    if done.name == "close":
        values["again"] = done.again
    connection.execute(update(rectification).where(rectification.c.matter == matter).values(values))
    note = vault().seal(connection, _owner(matter), done.note)
    body = {"state": state, "act": done.name, "note": note, "again": done.again}
    ledger.append(
        connection,
        ledger.Event(clock.new_id(), "rectification.moved", matter, actor, now, body, service_point=found.point),
    )
    return state


def _received(connection: Connection, matter: str) -> str:
    return str(connection.execute(select(rating.c.received_at).where(rating.c.matter == matter)).scalar_one())


def _due(received_at: str, working_days: int) -> str:
    return workdays.load().after(date.fromisoformat(beijing_day(received_at)), working_days).isoformat()


def past(connection: Connection, matter: str) -> list[Entry]:
    """What was done on a 整改单, oldest first; of a visit also what was done while it stood under its case (migration 0010)."""
    case_no = matter.removeprefix(events.VISIT)
    given = ledger.read(connection, subject=case_no, name="rating.given")
    decided = next((entry.seq for entry in given if matter_of(connection, entry) == case_no), None)
    under_case = list(ledger.read(connection, subject=case_no, name="rectification.moved"))
    if matter == case_no:
        return [entry for entry in under_case if decided is None or entry.seq > decided]
    own = ledger.read(connection, subject=matter, name="rectification.moved")
    return [*(entry for entry in under_case if decided is None or entry.seq < decided), *own]


def note_of(connection: Connection, entry: Entry) -> str:
    """What was written to an act; entries from before 0.2 have none."""
    sealed = entry.body.get("note")
    return str(vault().open(connection, _owner(entry.subject), sealed) or "（已按规定删除）") if sealed else ""


def _owner(matter: str) -> str:
    return events.owner({"matter": matter}, matter)


def from_paper(connection: Connection, matter: str, point: str, level: int, day: str, text: str, actor: str) -> Entry:
    """A rating that came on a paper form: `rated_at` is the day on the paper, the ledger knows when it was entered."""
    written = day_bounds(day)[0]
    body = {
        "matter": matter,
        "level": level,
        "rated_at": written,
        "reasons": [],
        "text": vault().seal(connection, matter, text) if text else "",
        "channel": "纸质",
    }
    event = ledger.Event(
        clock.new_id(),
        "rating.given",
        matter,
        actor,
        clock.now(),
        body,
        service_point=point,
        client_at=written,
    )
    return ledger.append(connection, event)


def point_of_case(connection: Connection, case_no: str) -> str | None:
    """The service point that filed a case, None when there is no such case."""
    found = next(iter(ledger.read(connection, limit=1, subject=case_no, name="case.submitted")), None)
    return found.service_point if found else None


def open_text(connection: Connection, matter: str, reason: str, actor: str) -> str:
    """What a person wrote to a rating; who looked and why goes to the ledger first."""
    found = connection.execute(select(rating.c.sealed_text, rating.c.point).where(rating.c.matter == matter)).one()
    event = ledger.Event(
        clock.new_id(), "personal.unmasked", matter, actor, clock.now(), {"reason": reason}, service_point=found.point
    )
    ledger.append(connection, event)
    return str(vault().open(connection, _owner(matter), found.sealed_text) or "") if found.sealed_text else ""


def point_of(connection: Connection, matter: str) -> str:
    """The service point of a rated matter, or Problem('request.missing')."""
    found = connection.execute(select(rating.c.point).where(rating.c.matter == matter)).scalar()
    if found is None:
        raise Problem("request.missing")
    return str(found)
