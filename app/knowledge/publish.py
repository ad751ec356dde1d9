"""Makes a release: the knowledge file, its packs, the signed manifest, the row and the ledger entry.

Files first, each by temporary name, fsync and rename; then one transaction. A crash in between leaves files that the next
try overwrites with the same bytes, never half a release.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import apsw
from sqlalchemy import Connection, insert

from app import clock, ledger
from app.answering import index
from app.keys import release_key
from app.knowledge import releases
from app.settings import Settings
from datasets.build import SCHEMA, build
from datasets.rows import Document
from datasets.sources import Sources, read
from sync import content, manifest, packs


def publish(
    connection: Connection,
    settings: Settings,
    items: Iterable[Document],
    note: str,
    actor: str,
    words: Sources | None = None,
) -> releases.Release:
    """Issue the next release with these item documents; regions, codes and rewrites come from `datasets/`."""
    words = words or read()
    ledger.hold(connection)  # two releases at once would take the same number and each other's file
    before = releases.newest(connection)
    number = before.number + 1 if before else 1
    target = releases.file_of(settings, number)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # left by a try that crashed before its transaction
    documents = sorted(items, key=lambda document: str(document["slug"]))
    build(target, documents, words.regions, words.codes, words.rewrites)
    root, rows = _root(target)
    searchable = releases.search_file_of(settings, number)
    index.build(target, searchable)
    settle(target)
    settle(searchable)
    made = [packs.make(SCHEMA, target)]
    for start in range(max(1, number - settings.delta_depth), number):
        made.append(packs.make(SCHEMA, target, releases.file_of(settings, start), start))
    for pack in made:
        keep(releases.pack_file(settings, pack.sha256), pack.data)
    issued_at = clock.now()
    text, signature = manifest.write(
        release_key(settings),
        made,
        scope=releases.SCOPE,
        release=number,
        previous=number - 1,
        schema=manifest.schema_id(SCHEMA),
        content_root=root,
        rows=rows,
        issued_at=issued_at,
        stale_after=clock.stamp(clock.parse(issued_at) + timedelta(days=settings.stale_days)),
    )
    issued = releases.Release(releases.SCOPE, number, root, len(documents), text, signature, note, issued_at, actor)
    connection.execute(insert(releases.release).values(issued.__dict__))
    body = {"release": number, "content_root": root, "items": len(documents), "note": note}
    ledger.append(
        connection,
        ledger.Event(clock.new_id(), "knowledge.released", f"{releases.SCOPE}:{number}", actor, issued_at, body),
    )
    return issued


def _root(path: Path) -> tuple[str, int]:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return content.content_root(db, SCHEMA)
    finally:
        db.close()


def keep(path: Path, data: bytes) -> None:
    """Write a file so that after a power cut it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    settle(path)


def settle(path: Path) -> None:
    """Bring a finished file and its name in the folder to the disk."""
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
