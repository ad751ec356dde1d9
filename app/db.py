"""The central store: one SQLAlchemy engine on SQLite (WAL) or PostgreSQL, and its transactions.

Every slice declares its tables on `metadata` in its own `store.py` and changes them by a revision in `app/migrations`.
Times are text in the form of `app.clock`, so that both engines compare them alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, cast

from flask import current_app
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


WRITER_WAIT_S = 30
"""How long a writer waits for those before it; the same in this process and beside others."""


class Database:
    """An engine and the two kinds of transaction the product uses."""

    def __init__(self, url: str) -> None:
        self.engine = (
            _sqlite_engine(url) if url.startswith("sqlite") else create_engine(url, pool_size=20, max_overflow=40)
        )
        self._turn = Lock()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write; commits at the end, rolls back on any exception."""
        with self._alone(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A turn among the writers of this process, on SQLite.

        SQLite itself lets a writer look again after up to 100 ms: with dozens of them, most of the time nobody writes.
        Who gets no turn goes on and hears from SQLite that the database is locked.
        """
        mine = self.is_sqlite and self._turn.acquire(timeout=WRITER_WAIT_S)
        try:
            yield
        finally:
            if mine:
                self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent look that never waits for a writer."""
        with self.engine.connect().execution_options(jjb_read=True) as connection, connection.begin():
            yield connection

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def scrub(self, *tables: str) -> None:
        """Take what deleted rows left out of the files: SQLite's log is written back, PostgreSQL vacuums these tables."""
        raw = self.engine.raw_connection()
        try:
            if self.is_sqlite:
                cursor = raw.cursor()
                cursor.execute(
                    "PRAGMA busy_timeout=2000"
                )  # a reader that stays does not hold us up: the next run does it
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                cursor.execute("PRAGMA busy_timeout=30000")
            else:
                raw.driver_connection.autocommit = True  # type: ignore[union-attr]
                raw.cursor().execute(f"VACUUM {', '.join(tables)}")
                raw.driver_connection.autocommit = False  # type: ignore[union-attr]
        finally:
            raw.close()

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _sqlite_engine(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: we say BEGIN below.
        raw.isolation_level = None
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")  # a receipt is a promise: it must survive a power cut
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute("PRAGMA busy_timeout=30000")
        raw.execute("PRAGMA secure_delete=ON")  # what was deleted, a key above all, must not stay in free pages

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE: a writer waits at the start instead of failing at its first write.
        read_only = connection.get_execution_options().get("jjb_read")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def db() -> Database:
    """The database of the running application."""
    return cast(Database, current_app.extensions["jjb_db"])
