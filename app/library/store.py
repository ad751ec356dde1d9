"""Texts of the library: every wording is kept, the newest is the one in use."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)

from app import clock, ledger
from app.db import metadata
from app.library.rules import Draft
from app.problems import Problem

text = Table(
    "library_text",
    metadata,
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("newest", Boolean, nullable=False),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("dated", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("withdrawn", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", Text, nullable=False),
    PrimaryKeyConstraint("id", "version"),
    Index("ix_library_text_newest", "newest", "at"),
    Index("ix_library_text_sha256", "sha256"),
)
_HEAD = [column for column in text.c if column.name != "body"]


def state(connection: Connection) -> str:
    """What changes with every change of any text."""
    row = connection.execute(select(func.count(), func.coalesce(func.max(text.c.at), "")).select_from(text)).one()
    return f"{row[0]}/{row[1]}"


def in_use(connection: Connection) -> list[tuple[str, int]]:
    """(id, version) of every text that may be found."""
    query = select(text.c.id, text.c.version).where(text.c.newest, text.c.withdrawn == "")
    return [(row.id, row.version) for row in connection.execute(query)]


def find(connection: Connection, text_id: str, version: int | None = None) -> Row[Any]:
    """A text in its newest or an earlier wording, or Problem('request.missing')."""
    chosen = text.c.newest if version is None else text.c.version == version
    found = connection.execute(select(text).where(text.c.id == text_id, chosen)).first()
    if found is None:
        raise Problem("request.missing")
    return found


def history(connection: Connection, text_id: str) -> list[Row[Any]]:
    """Every wording of a text without its body, newest first."""
    return list(connection.execute(select(*_HEAD).where(text.c.id == text_id).order_by(text.c.version.desc())))


def withdrawn(connection: Connection, most: int) -> list[Row[Any]]:
    """Texts that were withdrawn, newest first."""
    query = select(*_HEAD).where(text.c.newest, text.c.withdrawn != "").order_by(text.c.at.desc()).limit(most)
    return list(connection.execute(query))


def add(connection: Connection, draft: Draft, actor: str, actor_name: str) -> str:
    """Keep a new text; Problem('library.twice') when the very same wording is in use already."""
    ledger.hold(connection)
    text_id = clock.new_id()
    _refuse_twice(connection, draft.body, text_id)
    _write(connection, text_id, 1, asdict(draft), "", actor, actor_name)
    _note(connection, "library.added", text_id, actor, {"title": draft.title, "version": 1})
    return text_id


def change(connection: Connection, text_id: str, version: int, draft: Draft, actor: str, actor_name: str) -> int:
    """Keep a new wording; Problem('library.changed') when somebody saved since `version`, and nothing is overwritten."""
    ledger.hold(connection)
    current = find(connection, text_id)
    if current.version != version:
        raise Problem("library.changed", who=current.by_name)
    if current.withdrawn:
        raise Problem("library.withdrawn")
    if asdict(draft) == {name: getattr(current, name) for name in asdict(draft)}:
        return version
    _refuse_twice(connection, draft.body, text_id)
    _write(connection, text_id, version + 1, asdict(draft), "", actor, actor_name)
    _note(connection, "library.changed", text_id, actor, {"title": draft.title, "version": version + 1})
    return version + 1


def withdraw(connection: Connection, text_id: str, reason: str, actor: str, actor_name: str) -> None:
    """Take a text out of the search; it is kept and may come back."""
    ledger.hold(connection)
    current = find(connection, text_id)
    if current.withdrawn:
        raise Problem("library.withdrawn")
    _again(connection, current, reason, actor, actor_name)
    _note(connection, "library.withdrawn", text_id, actor, {"reason": reason})


def restore(connection: Connection, text_id: str, actor: str, actor_name: str) -> None:
    """Bring a withdrawn text back."""
    ledger.hold(connection)
    current = find(connection, text_id)
    if not current.withdrawn:
        return
    _refuse_twice(connection, current.body, text_id)
    _again(connection, current, "", actor, actor_name)
    _note(connection, "library.restored", text_id, actor, {})


def _again(connection: Connection, current: Row[Any], reason: str, actor: str, actor_name: str) -> None:
    values = {name: getattr(current, name) for name in Draft.__dataclass_fields__}
    _write(connection, current.id, current.version + 1, values, reason, actor, actor_name)


def _write(
    connection: Connection, text_id: str, version: int, values: dict[str, Any], reason: str, actor: str, name: str
) -> None:
    connection.execute(update(text).where(text.c.id == text_id, text.c.newest).values(newest=False))
    row = {
        "id": text_id, "version": version, "newest": True, "sha256": _hash(values["body"]), "withdrawn": reason,
        "by": actor, "by_name": name, "at": clock.now(),
    }  # fmt: skip
    connection.execute(insert(text).values(values | row))


def _refuse_twice(connection: Connection, body: str, text_id: str) -> None:
    same = (text.c.sha256 == _hash(body)) & (text.c.id != text_id) & text.c.newest & (text.c.withdrawn == "")
    found = connection.execute(select(text.c.title).where(same)).first()
    if found is not None:
        raise Problem("library.twice", title=found.title)


def _hash(body: str) -> str:
    """Of the wording: spaces and line ends do not make another text."""
    return hashlib.sha256("".join(body.split()).encode()).hexdigest()


def _note(connection: Connection, name: str, text_id: str, actor: str, body: dict[str, Any]) -> None:
    ledger.append(connection, ledger.Event(clock.new_id(), name, text_id, actor, clock.now(), body))
