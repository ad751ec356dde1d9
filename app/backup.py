"""Backups in which deleting means deleting: the database without the keys of the vault, and the newest key book beside it.

Whatever is personal stands sealed in the database; its key stands in `vault_key` alone. A backup of the database leaves
that table empty, the key book holds it, and a new key book takes the place of the one before. So an old database opens
with today's keys only, and what was deleted since has none.
"""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

from sqlalchemy import insert, select

from app.db import Database
from app.problems import Problem
from app.vault import vault_key

BOOK, COPY = "keybook.json", "centre.db"


def write(database: Database, folder: Path) -> list[Path]:
    """Write both into a folder, each in the place of the one before; PostgreSQL's own tool copies its tables."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [_copy(database, folder)] if database.is_sqlite else []
        return [*written, _book(database, folder)]
    except OSError as error:
        raise Problem("backup.file", file=str(folder), reason=error.strerror or "写不进去") from error


def _copy(database: Database, folder: Path) -> Path:
    aside = folder / f"{COPY}.new"
    aside.unlink(missing_ok=True)
    source = sqlite3.connect(str(database.engine.url.database))
    try:
        source.execute("VACUUM INTO ?", (str(aside),))
    finally:
        source.close()
    made = sqlite3.connect(aside, isolation_level=None)
    try:
        made.execute("DELETE FROM vault_key")
        made.execute("VACUUM")
    finally:
        made.close()
    return aside.replace(folder / COPY)


def _book(database: Database, folder: Path) -> Path:
    with database.read() as connection:
        keys = {row.subject: row.wrapped for row in connection.execute(select(vault_key))}
    aside = folder / f"{BOOK}.new"
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(keys, file)
        file.flush()
        os.fsync(file.fileno())
    return aside.replace(folder / BOOK)


def take_keys(database: Database, book: Path) -> int:
    """Put the keys of a book into a restored database; how many it did not have."""
    try:
        keys = json.loads(book.read_text(encoding="utf-8"))
        if not isinstance(keys, dict) or not all(isinstance(one, str) for one in keys.values()):
            raise ValueError("not a key book")
    except (OSError, ValueError) as error:
        raise Problem("backup.file", file=str(book), reason="不是密钥本") from error
    with database.write() as connection:
        known = set(connection.execute(select(vault_key.c.subject)).scalars())
        rows = [{"subject": subject, "wrapped": wrapped} for subject, wrapped in keys.items() if subject not in known]
        if rows:
            connection.execute(insert(vault_key), rows)
    return len(rows)
