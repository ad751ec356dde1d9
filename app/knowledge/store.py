"""Editions: item documents on their way from an editor's draft to a release."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, Row, Table, Text, insert, select, update

from app import clock, ledger
from app.db import metadata
from app.knowledge import publish, releases, rules
from app.problems import Problem
from app.settings import Settings
from datasets.rows import Document

edition = Table(
    "edition",
    metadata,
    Column("id", Text, primary_key=True),
    Column("item", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("base_release", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("reviewer_name", Text),
    Column("note", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("release", Integer),
    Column("created_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Index("ix_edition_item", "item", "created_at"),
)


def editions(
    connection: Connection, state: str | None = None, item: str | None = None, author: str | None = None
) -> list[Row[Any]]:
    """Editions filtered by column, newest first."""
    query = select(edition).order_by(edition.c.changed_at.desc(), edition.c.id)
    for column, value in ((edition.c.state, state), (edition.c.item, item), (edition.c.author, author)):
        if value is not None:
            query = query.where(column == value)
    return list(connection.execute(query))


def find(connection: Connection, edition_id: str) -> Row[Any]:
    """One edition, or Problem('request.missing')."""
    found = connection.execute(select(edition).where(edition.c.id == edition_id)).first()
    if found is None:
        raise Problem("request.missing")
    return found


def open_edition(connection: Connection, item: str) -> Row[Any] | None:
    """The edition of an item that is still on its way, if any."""
    return next((one for one in editions(connection, item=item) if one.state in rules.OPEN), None)


def save(
    connection: Connection, document: Document, base_release: int, version: int, actor: str, actor_name: str
) -> tuple[str, int]:
    """Keep a draft of an item; returns (edition id, its new version).

    `version` is the one the editor started from (0: no edition yet): when somebody saved in between, or another
    person's edition is on its way, Problem('knowledge.changed') and nothing is overwritten.
    """
    slug, now = str(document["slug"]), clock.now()
    text = json.dumps(document, ensure_ascii=False)
    current = open_edition(connection, slug)
    if current is None:
        if version:
            raise Problem("knowledge.changed", who="")
        new_id = clock.new_id()
        values = {
            "id": new_id, "item": slug, "document": text, "base_release": base_release, "version": 1, "state": "draft",
            "author": actor, "author_name": actor_name, "note": "", "reason": "", "created_at": now, "changed_at": now,
        }  # fmt: skip
        connection.execute(insert(edition).values(values))
        _ledger(connection, "knowledge.drafted", slug, actor, {"edition": new_id})
        return new_id, 1
    if current.version != version or current.author != actor:
        raise Problem("knowledge.changed", who=current.author_name)
    _act(connection, current, "save", actor, "")
    values = {"document": text, "version": version + 1}
    connection.execute(update(edition).where(edition.c.id == current.id).values(values))
    return str(current.id), version + 1


def act(connection: Connection, edition_id: str, name: str, actor: str, actor_name: str, note: str = "") -> Row[Any]:
    """submit, withdraw, approve or reject an edition; the Problem of `rules.act` when it may not be."""
    found = find(connection, edition_id)
    _act(connection, found, name, actor, note)
    values: dict[str, Any] = {}
    if name == "submit":
        values["note"] = note
    if name in ("approve", "reject"):
        values |= {"reviewer_name": actor_name, "reason": note}
    if values:
        connection.execute(update(edition).where(edition.c.id == edition_id).values(values))
    done = {"submit": "submitted", "withdraw": "withdrawn", "approve": "approved", "reject": "rejected"}[name]
    _ledger(connection, f"knowledge.{done}", found.item, actor, {"edition": edition_id})
    return found


def _act(connection: Connection, found: Row[Any], name: str, actor: str, note: str) -> None:
    target = rules.act(name, found.state, found.author, actor, note)
    if isinstance(target, rules.Refusal):
        raise Problem(target.code, **target.details)
    values = {"state": target, "changed_at": clock.now()}
    connection.execute(update(edition).where(edition.c.id == found.id).values(values))


def candidate(connection: Connection, settings: Settings) -> tuple[list[str], list[Document]]:
    """(approved editions, documents of the next release): what is in force with every approved edition in place of its item."""
    approved = editions(connection, state="approved")
    if not approved:
        raise Problem("knowledge.nothing")
    documents = releases.documents_of(releases.file_of(settings, releases.in_force(connection).number))
    for one in approved:
        documents[one.item] = json.loads(one.document)
    return sorted(one.id for one in approved), list(documents.values())


def release(
    connection: Connection, settings: Settings, note: str, actor: str, examined: list[str] | None = None
) -> releases.Release:
    """Issue the next release. `examined`: the editions that passed the golden questions; Problem when others came since."""
    ledger.hold(connection)
    ids, documents = candidate(connection, settings)
    if examined is not None and ids != examined:
        raise Problem("knowledge.moved")
    issued = publish.publish(connection, settings, documents, note, actor)
    done = {"state": "released", "release": issued.number, "changed_at": clock.now()}
    connection.execute(update(edition).where(edition.c.id.in_(ids)).values(done))
    return issued


def roll_back(connection: Connection, settings: Settings, number: int, note: str, actor: str) -> releases.Release:
    """Issue a new release with the content of an earlier one; numbers only ever grow."""
    if all(one.number != number for one in releases.every(connection)):
        raise Problem("request.missing")
    documents = releases.documents_of(releases.file_of(settings, number))
    return publish.publish(connection, settings, documents.values(), note, actor)


def _ledger(connection: Connection, name: str, item: str, actor: str, body: dict[str, Any]) -> None:
    ledger.append(connection, ledger.Event(clock.new_id(), name, item, actor, clock.now(), body))
