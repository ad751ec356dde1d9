"""The content root: one hash of everything a release says, equal on every device that holds the same release.

PROTOCOL.md S12: for each table by name, each row by primary key, one line `["table",col,…]` of JSON; sha256 of all.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import NamedTuple

import apsw


class TableShape(NamedTuple):
    """A knowledge table: its name and the columns of its primary key, in key order."""

    name: str
    key: tuple[str, ...]


@cache
def shapes(schema: str) -> tuple[TableShape, ...]:
    """The tables of a schema by name."""
    db = apsw.Connection(":memory:")
    db.execute(schema)
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type='table' ORDER BY name")]
    found = []
    for name in names:
        columns = db.execute("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (name,))
        found.append(TableShape(name, tuple(column for (column,) in columns)))
    db.close()
    return tuple(found)


def content_root(db: apsw.Connection, schema: str) -> tuple[str, int]:
    """(sha256 hex, number of rows) over the knowledge tables of `db`."""
    digest, count = hashlib.sha256(), 0
    for table in shapes(schema):
        for row in db.execute(f"SELECT * FROM {table.name} ORDER BY {','.join(table.key)}"):  # noqa: S608
            digest.update(line(table.name, row))
            count += 1
    return digest.hexdigest(), count


def line(table: str, row: tuple[object, ...]) -> bytes:
    """One row as it is hashed: JSON without spaces, non-ASCII unescaped, ended by a line feed."""
    return json.dumps([table, *row], ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
