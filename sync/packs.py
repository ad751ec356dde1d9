"""Packs: SQLite session patchsets between releases, zstd-compressed, cut into hashed chunks.

One format for the first download (from the empty schema) and for every update. A pack is applied in one transaction and
must reproduce the content root of the manifest, else nothing changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import apsw
import zstandard

from sync.content import content_root, shapes

CHUNK = 256 * 1024
LEVEL = 19
LARGEST = 256 * 1024 * 1024
"""Decompressed patchset at most, bytes; protects against a pack made to exhaust memory."""


class PackError(Exception):
    """A pack cannot be used. `kind`: damaged (bytes), conflict (wrong base), root (other content than promised), space (no room for it)."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


@dataclass(frozen=True)
class Pack:
    """The compressed bytes and what a manifest says of them."""

    start: int
    """The release it leads from; 0 is the empty schema."""
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def chunks(self) -> list[str]:
        """sha256 of each 256 KiB piece, so that a download is verified and resumed piece by piece."""
        return [hashlib.sha256(self.data[at : at + CHUNK]).hexdigest() for at in range(0, len(self.data), CHUNK)]


def make(schema: str, target: Path, base: Path | None = None, start: int = 0) -> Pack:
    """The pack that leads from the release file `base` (None: from nothing) to the release file `target`."""
    db = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)  # an attached empty base must be writable
    try:
        db.execute("ATTACH ? AS base", (":memory:" if base is None else str(base),))
        if base is None:
            for statement in _qualified(schema):
                db.execute(statement)
        db.execute("PRAGMA query_only=ON")
        session = apsw.Session(db, "main")
        for table in shapes(schema):
            session.attach(table.name)
            session.diff("base", table.name)
        patchset = session.patchset()
        session.close()
    finally:
        db.close()
    return Pack(start, zstandard.ZstdCompressor(level=LEVEL, write_content_size=True).compress(patchset))


def _qualified(schema: str) -> list[str]:
    """The CREATE statements of a schema for the attached database `base`."""
    scratch = apsw.Connection(":memory:")
    scratch.execute(schema)
    found = [sql for (sql,) in scratch.execute("SELECT sql FROM sqlite_schema WHERE type='table' ORDER BY name")]
    scratch.close()
    return [sql.replace("CREATE TABLE ", "CREATE TABLE base.", 1) for sql in found]


def apply(
    db: apsw.Connection, schema: str, data: bytes, sha256: str, root: str, after: Callable[[], None] | None = None
) -> None:
    """Apply a pack to `db` in one transaction; PackError, and nothing changed, unless the content root becomes `root`.

    `after` runs inside the transaction, e.g. to refresh the search index.
    """
    if hashlib.sha256(data).hexdigest() != sha256:
        raise PackError("damaged")
    try:
        patchset = zstandard.ZstdDecompressor().decompress(data, max_output_size=LARGEST)
    except zstandard.ZstdError as error:
        raise PackError("damaged") from error
    try:
        with db:
            apsw.Changeset.apply(patchset, db, conflict=lambda *_: apsw.SQLITE_CHANGESET_ABORT)
            if content_root(db, schema)[0] != root:
                raise PackError("root")
            if after is not None:
                after()
    except apsw.AbortError as error:  # our conflict handler said abort
        raise PackError("conflict") from error
    except apsw.Error as error:
        raise PackError("damaged") from error
