"""Runs, holds and the end of a subject: the two tables of retention, and the one place where a key of the vault goes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Index, Integer, Row, Table, Text, delete, insert, select, update

from app import clock, ledger
from app.db import metadata
from app.keeping import Holding, Seen, keeping
from app.retention import rules
from app.vault import vault

retention_run = Table(
    "retention_run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("dry", Boolean, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("counts", Text, nullable=False),
    Column("held", Integer, nullable=False),
    Index("ix_retention_run_started_at", "started_at"),
)
"""The report: what and how many, never whom. Without `ended_at` it was stopped midway; the next run goes on."""
retention_hold = Table(
    "retention_hold",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", Text, nullable=False),
)
"""What must not be wiped (a lawsuit, an audit), and why; the reason is sealed under the subject's key."""


def forget(connection: Connection, subject: str, kind: str, why: str, actor: str) -> dict[str, int]:
    """Wipe everything of a subject and its key, in the caller's transaction; {} when nothing was left to wipe."""
    counts: Counter[str] = Counter()
    for one in keeping().forgetters:
        counts.update(one(connection, subject))
    if not counts and not vault().knows(connection, subject):
        return {}
    vault().forget(connection, subject)
    connection.execute(delete(retention_hold).where(retention_hold.c.subject == subject))
    body = {"kind": kind, "why": why, "counts": dict(counts)}
    event = ledger.Event(clock.new_id(), "personal.forgotten", subject, actor, clock.now(), body)
    ledger.append(connection, event)
    return dict(counts)


def held(connection: Connection) -> dict[str, str]:
    """Every subject that must stay, with the reason in words: holds by hand, and what the slices say."""
    found = {subject: reason for one in keeping().holders for subject, reason in one(connection).items()}
    return found | dict.fromkeys(connection.execute(select(retention_hold.c.subject)).scalars(), rules.BY_HAND)


# ---- holds ----


def hold(connection: Connection, subject: str, reason: str, by: tuple[str, str], point: str) -> None:
    """Keep a subject from being wiped; the reason replaces an earlier one. `by`: id and name."""
    connection.execute(delete(retention_hold).where(retention_hold.c.subject == subject))
    sealed = vault().seal(connection, subject, reason)
    values = {"subject": subject, "reason": sealed, "by": by[0], "by_name": by[1], "at": clock.now()}
    connection.execute(insert(retention_hold).values(values))
    _note(connection, "retention.held", subject, sealed, by[0], point)


def release(connection: Connection, subject: str, reason: str, actor: str, point: str) -> bool:
    """Take a hold away; False when there is none."""
    gone = connection.execute(delete(retention_hold).where(retention_hold.c.subject == subject)).rowcount
    if gone:
        _note(connection, "retention.released", subject, vault().seal(connection, subject, reason), actor, point)
    return bool(gone)


def _note(connection: Connection, name: str, subject: str, reason: str, actor: str, point: str) -> None:
    event = ledger.Event(clock.new_id(), name, subject, actor, clock.now(), {"reason": reason}, service_point=point)
    ledger.append(connection, event)


def holds(connection: Connection) -> list[tuple[Row[Any], str]]:
    """Holds by hand with their reasons, the oldest first."""
    rows = connection.execute(select(retention_hold).order_by(retention_hold.c.at)).all()
    return [(row, str(vault().open(connection, row.subject, row.reason) or "")) for row in rows]


# ---- runs ----


def begin(connection: Connection, by: str, *, dry: bool) -> str:
    """Write down that a run starts; its id."""
    run = clock.new_id()
    values = {"id": run, "by": by, "dry": dry, "started_at": clock.now(), "counts": "{}", "held": 0}
    connection.execute(insert(retention_run).values(values))
    return run


def add(connection: Connection, run: str, counts: Mapping[str, int]) -> None:
    """Count what went, in the transaction in which it went."""
    kept = connection.execute(select(retention_run.c.counts).where(retention_run.c.id == run)).scalar_one()
    total = Counter(json.loads(kept))
    total.update(counts)
    connection.execute(update(retention_run).where(retention_run.c.id == run).values(counts=json.dumps(total)))


def end(connection: Connection, run: str, held_back: int) -> Row[Any]:
    """Write down that a run is through, and tell the ledger when it wiped anything."""
    values = {"ended_at": clock.now(), "held": held_back}
    connection.execute(update(retention_run).where(retention_run.c.id == run).values(values))
    found = connection.execute(select(retention_run).where(retention_run.c.id == run)).one()
    if found.counts != "{}" and not found.dry:
        body = {"counts": json.loads(found.counts), "held": held_back}
        ledger.append(connection, ledger.Event(clock.new_id(), "retention.ran", run, found.by, clock.now(), body))
    return found


def runs(connection: Connection, limit: int) -> list[Row[Any]]:
    """Reports, the newest first."""
    query = select(retention_run).order_by(retention_run.c.started_at.desc(), retention_run.c.id.desc())
    return list(connection.execute(query.limit(limit)))


def claim(connection: Connection, since: str, stopped: str) -> str | None:
    """Begin the run of this day; None when one began after `since` and is through, or may still be (began after `stopped`)."""
    ledger.hold(connection)
    real = ~retention_run.c.dry
    query = select(retention_run).where(real).order_by(retention_run.c.started_at.desc()).limit(1)
    last = connection.execute(query).first()
    if last is not None and last.started_at > since and (last.ended_at is not None or last.started_at > stopped):
        return None
    return begin(connection, "centre", dry=False)


# ---- one person ----


def seek(connection: Connection, number: str) -> list[Holding]:
    """What is kept of a person, without anything written down of the number."""
    who = Seen(number, vault().mark(number))
    return [one for seeker in keeping().seekers for one in seeker(connection, who)]


def told(connection: Connection, one: Holding) -> dict[str, Any]:
    """One thing kept of a person, whole."""
    more = [teller(connection, one.subject) for teller in keeping().tellers] if one.whole else []
    return {
        "种类": one.kind,
        "编号": one.subject,
        "身份": one.role,
        **one.data,
        **{k: v for d in more for k, v in d.items()},
    }


def requested(connection: Connection, act: str, reason: str, subjects: list[str], actor: str) -> None:
    """Tell the ledger who looked or deleted for a person, and why; of the person there is nothing in it."""
    request, now = clock.new_id(), clock.now()
    body = {"act": act, "reason": reason, "subjects": subjects}
    ledger.append(connection, ledger.Event(clock.new_id(), "personal.requested", request, actor, now, body))


def requests(connection: Connection, limit: int) -> list[ledger.Entry]:
    """What persons asked for, the newest first."""
    return list(ledger.read(connection, name="personal.requested"))[::-1][:limit]
