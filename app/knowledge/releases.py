"""Releases as everybody may read them: the table of releases and the immutable files behind each.

The one module of this slice that others (syncing, portal, desk, answering, open data) may import: it only reads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import apsw
from sqlalchemy import Column, Connection, Integer, PrimaryKeyConstraint, Table, Text, select

from app.db import metadata
from app.problems import Problem
from app.settings import Settings
from datasets.rows import TABLES, Document, documents

SCOPE = "knowledge"
LINGUA = "lingua"
MEDIA = "media"

release = Table(
    "release",
    metadata,
    Column("scope", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("content_root", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("issued_at", Text, nullable=False),
    Column("issued_by", Text, nullable=False),
    PrimaryKeyConstraint("scope", "number"),
)


@dataclass(frozen=True)
class Release:
    """One row of the table; `manifest` is the exact signed text."""

    scope: str
    number: int
    content_root: str
    items: int
    manifest: str
    signature: str
    note: str
    issued_at: str
    issued_by: str

    def pack_from(self, have: int) -> tuple[str, int] | None:
        """(sha256, bytes) of the pack that leads a device with release `have` here; the full pack when no delta does."""
        if have == self.number:
            return None
        packs = {pack["from"]: (pack["sha256"], pack["bytes"]) for pack in json.loads(self.manifest)["packs"]}
        found: tuple[str, int] = packs.get(have, packs[0])
        return found


def newest(connection: Connection, scope: str = SCOPE) -> Release | None:
    """The release that is in force, None before the first."""
    query = select(release).where(release.c.scope == scope).order_by(release.c.number.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return Release(**row) if row else None


def every(connection: Connection, scope: str = SCOPE) -> list[Release]:
    """All releases of a scope, newest first."""
    rows = connection.execute(select(release).where(release.c.scope == scope).order_by(release.c.number.desc()))
    return [Release(**row) for row in rows.mappings()]


def number_of(connection: Connection, root: str, scope: str = SCOPE) -> int | None:
    """The newest release with this content, None when there is none."""
    query = select(release.c.number).where(release.c.scope == scope, release.c.content_root == root)
    return connection.execute(query.order_by(release.c.number.desc()).limit(1)).scalar()


def in_force(connection: Connection) -> Release:
    """The newest release, or Problem('knowledge.no_release')."""
    found = newest(connection)
    if found is None:
        raise Problem("knowledge.no_release")
    return found


def pair_in_force(connection: Connection) -> tuple[int, int | None]:
    """Numbers of the knowledge and the lingua release that questions are answered with; Problem('knowledge.no_release')."""
    words = newest(connection, LINGUA)
    return in_force(connection).number, words.number if words else None


def file_of(settings: Settings, number: int, scope: str = SCOPE) -> Path:
    """The immutable SQLite file of a release."""
    return settings.data / "releases" / scope / f"{number}.db"


def search_file_of(settings: Settings, number: int) -> Path:
    """The same with the search tables of `datasets/search.sql` filled."""
    return settings.data / "releases" / SCOPE / f"{number}-search.db"


def pack_file(settings: Settings, sha256: str) -> Path:
    """A pack by the hash of its bytes."""
    return settings.data / "packs" / f"{sha256}.pack"


def documents_of(path: Path) -> dict[str, Document]:
    """Every item document of a release file, by slug."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return documents((t, row) for t in TABLES for row in db.execute(f"SELECT * FROM {t}"))  # noqa: S608
    finally:
        db.close()


def document_of(path: Path, slug: str) -> Document:
    """One item document of a release file, or Problem('item.missing')."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found = documents(
            (t, row)
            for t in TABLES
            for row in db.execute(f"SELECT * FROM {t} WHERE {'slug' if t == 'item' else 'item'}=?", (slug,))  # noqa: S608
        )
    finally:
        db.close()
    if slug not in found:
        raise Problem("item.missing")
    return found[slug]


def item_names(path: Path) -> dict[str, str]:
    """Names of the items of a release file, by slug."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return dict(db.execute("SELECT slug, name FROM item ORDER BY slug"))
    finally:
        db.close()


def codes_of(path: Path, code_set: str) -> dict[str, str]:
    """Names by code of one code set in a release file."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return dict(db.execute("SELECT code, name FROM code WHERE code_set = ? ORDER BY code", (code_set,)))
    finally:
        db.close()


def purposes_of(path: Path) -> dict[str, str]:
    """What materials are for, by word of their name."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return dict(db.execute("SELECT word, why FROM purpose ORDER BY word"))
    finally:
        db.close()
