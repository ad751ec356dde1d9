"""The ledger: the append-only, hash-chained table of everything that happened, and the only channel between slices.

`append` runs in the caller's transaction, next to the projection it changes, so both commit or neither does.
Order is `seq` alone; device clocks are recorded, never trusted. `hash` covers the row and the hash before it, so that a
changed, removed or inserted row breaks `verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import Column, Connection, Index, Integer, Table, Text, insert, select, text

from app.db import metadata

GENESIS = "0" * 64
ADVISORY_LOCK = 7_318_001  # any number that nothing else in the database uses

ledger = Table(
    "ledger",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("service_point", Text),
    Column("actor", Text, nullable=False),
    Column("device", Text),
    Column("device_seq", Integer),
    Column("client_at", Text),
    Column("received_at", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_ledger_name", "name", "seq"),
    Index("ix_ledger_subject", "subject", "seq"),
    Index("ix_ledger_device", "device", "device_seq"),
)


LAST = select(ledger.c.seq, ledger.c.hash).order_by(ledger.c.seq.desc()).limit(1)
INSERT = insert(ledger)
COVERED = tuple(column.name for column in ledger.c if column.name != "hash")
"""Made once: SQLAlchemy spends more time on making a statement than SQLite on running it, and these run for each event."""


@dataclass(frozen=True)
class Event:
    """A fact to append. `actor` is a person id, a device id or `centre`; `body` holds no open personal data."""

    event_id: str
    name: str
    subject: str
    actor: str
    received_at: str
    body: dict[str, Any]
    service_point: str | None = None
    device: str | None = None
    device_seq: int | None = None
    client_at: str | None = None


@dataclass(frozen=True)
class Entry(Event):
    """A fact that stands in the ledger."""

    seq: int = 0
    prev_hash: str = GENESIS
    hash: str = ""


def hold(connection: Connection) -> None:
    """Make the caller's transaction the only writer until it ends: SQLite's is already, PostgreSQL needs a lock.

    `append` does it by itself; call it first when something must be looked at before the entry is written.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def append(connection: Connection, event: Event) -> Entry:
    """Append one event in the caller's transaction and return it with its place in the chain.

    Writers are one at a time: SQLite's own write lock, or an advisory lock on PostgreSQL, held until commit.
    Raises sqlalchemy's IntegrityError when the event id already stands in the ledger.
    """
    hold(connection)
    last = connection.execute(LAST).first()
    seq, prev_hash = (last.seq + 1, last.hash) if last else (1, GENESIS)
    row = {**vars(event), "body": _canonical(event.body), "seq": seq, "prev_hash": prev_hash}
    row["hash"] = _digest(row)
    connection.execute(INSERT, row)
    return Entry(**{**row, "body": event.body})


def project(connection: Connection, entry: Entry) -> None:
    """Let the slices that follow an event take it into their tables, in the caller's transaction (`HANDLERS`)."""
    for handler in current_app.extensions["jjb_handlers"].get(entry.name, ()):
        handler(connection, entry)


def read(connection: Connection, after: int = 0, limit: int | None = None, **equal: Any) -> Iterator[Entry]:
    """Entries after `seq`, oldest first; keyword arguments filter by column, e.g. `name="case.submitted"`."""
    query = select(ledger).where(ledger.c.seq > after).order_by(ledger.c.seq)
    for column, value in equal.items():
        query = query.where(ledger.c[column] == value)
    for row in connection.execute(query.limit(limit) if limit else query).mappings():
        yield Entry(**{**row, "body": json.loads(row["body"])})


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: entries read, and the seq of the first one that does not fit (None when all do)."""

    entries: int
    broken_at: int | None
    head: str

    @property
    def ok(self) -> bool:
        return self.broken_at is None


def verify(connection: Connection) -> Verdict:
    """Walk the whole chain and recompute every hash."""
    seq, prev_hash = 0, GENESIS
    for row in connection.execute(select(ledger).order_by(ledger.c.seq)).mappings():
        seq += 1
        if row["seq"] != seq or row["prev_hash"] != prev_hash or row["hash"] != _digest(row):
            return Verdict(seq, row["seq"], prev_hash)
        prev_hash = row["hash"]
    return Verdict(seq, None, prev_hash)


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _digest(row: Any) -> str:
    covered = {name: row[name] for name in COVERED}
    return hashlib.sha256(_canonical(covered).encode()).hexdigest()
