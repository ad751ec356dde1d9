"""The ledger: appended in order, chained, and honest about tampering."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from app import ledger
from app.clock import new_id, now
from app.db import Database


@pytest.fixture
def store(app: Flask) -> Database:
    found: Database = app.extensions["jjb_db"]
    return found


def fact(name: str = "test.happened", **fields: object) -> ledger.Event:
    base = {
        "event_id": new_id(),
        "name": name,
        "subject": "s",
        "actor": "centre",
        "received_at": now(),
        "body": {"字": 1},
    }
    return ledger.Event(**{**base, **fields})  # type: ignore[arg-type]


def test_appended_facts_come_back_in_order_and_verify(store: Database) -> None:
    with store.write() as connection:
        start = ledger.verify(connection).entries
        made = [ledger.append(connection, fact(subject=f"s{n}")) for n in range(5)]
    with store.read() as connection:
        assert list(ledger.read(connection, after=start)) == made
        verdict = ledger.verify(connection)
    assert verdict.ok
    assert (verdict.entries, verdict.head) == (start + 5, made[-1].hash)


def test_read_filters_by_column_and_limit(store: Database) -> None:
    with store.write() as connection:
        for n in range(4):
            ledger.append(connection, fact(name="test.even" if n % 2 == 0 else "test.odd"))
    with store.read() as connection:
        assert [entry.name for entry in ledger.read(connection, name="test.even")] == ["test.even"] * 2
        assert len(list(ledger.read(connection, limit=3))) == 3


def test_a_changed_row_breaks_the_chain_at_that_row(store: Database) -> None:
    with store.write() as connection:
        made = [ledger.append(connection, fact()) for _ in range(3)]
        connection.execute(update(ledger.ledger).where(ledger.ledger.c.seq == made[1].seq).values(body='{"字":2}'))
    with store.read() as connection:
        assert ledger.verify(connection).broken_at == made[1].seq


def test_a_removed_row_breaks_the_chain(store: Database) -> None:
    with store.write() as connection:
        made = [ledger.append(connection, fact()) for _ in range(3)]
        connection.execute(delete(ledger.ledger).where(ledger.ledger.c.seq == made[1].seq))
    with store.read() as connection:
        assert ledger.verify(connection).broken_at == made[2].seq


def test_the_same_event_id_is_refused_and_changes_nothing(store: Database) -> None:
    first = fact()
    with store.write() as connection:
        ledger.append(connection, first)
    with pytest.raises(IntegrityError), store.write() as connection:
        ledger.append(connection, fact(event_id=first.event_id))
    with store.read() as connection:
        assert ledger.verify(connection).ok


def test_writers_at_the_same_time_make_one_unbroken_chain(store: Database) -> None:
    with store.read() as connection:
        start = ledger.verify(connection).entries

    def write() -> None:
        for _ in range(10):
            with store.write() as connection:
                ledger.append(connection, fact())

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        verdict = ledger.verify(connection)
    assert verdict.ok
    assert verdict.entries == start + 40
