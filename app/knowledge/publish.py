"""Makes a release: the knowledge file, its packs, the signed manifest, the row and the ledger entry.

Files first, each by temporary name, fsync and rename; then one transaction. A crash in between leaves files that the next
try overwrites with the same bytes, never half a release.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import apsw
from sqlalchemy import Connection, insert, update

from app import clock, ledger
from app.answering import fitting, index, training
from app.keys import release_key
from app.knowledge import gaps, golden, media, releases
from app.knowledge.disk import keep, settle
from app.places.guard import points_in
from app.settings import Settings
from datasets.build import SCHEMA, build
from datasets.media import SCHEMA as MEDIA_SCHEMA
from datasets.media import build as build_media
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
    """Issue the next knowledge release with these item documents; everything else comes from `datasets/`."""
    documents = sorted(items, key=lambda document: str(document["slug"]))
    number, target = _next(connection, settings, releases.SCOPE)
    points = [(p.id, p.name, p.region, p.address, p.hours, p.phone) for p in points_in(connection, "")]
    build(target, documents, words or read(), points)
    searchable = releases.search_file_of(settings, number)
    index.build(target, searchable)
    settle(searchable)
    return _issue(connection, settings, releases.SCOPE, SCHEMA, number, len(documents), note, actor)


def publish_lingua(connection: Connection, settings: Settings, note: str, actor: str) -> releases.Release:
    """Train the model on the knowledge in force and issue the next lingua release."""
    current = releases.in_force(connection).number
    number, target = _next(connection, settings, releases.LINGUA)
    search = str(releases.search_file_of(settings, current))
    with closing(apsw.Connection(search, flags=apsw.SQLITE_OPEN_READONLY)) as knowledge:
        trained = fitting.make(knowledge, target)
    if number > 1:
        golden.hold(settings, current, number - 1, target, gaps.pinned(connection))
    return _issue(connection, settings, releases.LINGUA, training.SCHEMA, number, len(trained.topics), note, actor)


def publish_media(
    connection: Connection, settings: Settings, entries: Iterable[media.Entry], note: str, actor: str
) -> releases.Release:
    """Issue the next media release: exactly these recordings and samples, whose files `media.take` keeps.

    Problem('media.missing') when an item, a language or a file of an entry is not there, or two say the same.
    """
    rows = sorted(entries)
    known = set(releases.item_names(releases.file_of(settings, releases.in_force(connection).number)))
    files = media.checked(settings, rows, known)
    number, target = _next(connection, settings, releases.MEDIA)
    build_media(target, rows, files)
    return _issue(connection, settings, releases.MEDIA, MEDIA_SCHEMA, number, len(rows), note, actor)


def _next(connection: Connection, settings: Settings, scope: str) -> tuple[int, Path]:
    """(number, free path) of the next release of a scope."""
    ledger.hold(connection)  # two releases at once would take the same number and each other's file
    before = releases.newest(connection, scope)
    number = before.number + 1 if before else 1
    target = releases.file_of(settings, number, scope)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # left by a try that crashed before its transaction
    return number, target


def _issue(
    connection: Connection, settings: Settings, scope: str, schema: str, number: int, items: int, note: str, actor: str
) -> releases.Release:
    """Packs, signed manifest, row and ledger entry for the finished file of a release."""
    target = releases.file_of(settings, number, scope)
    root, rows = _root(target, schema)
    settle(target)
    made = [packs.make(schema, target)]
    for start in range(max(1, number - settings.delta_depth), number):
        made.append(packs.make(schema, target, releases.file_of(settings, start, scope), start))
    for pack in made:
        keep(releases.pack_file(settings, pack.sha256), pack.data)
    issued_at = clock.now()
    text, signature = manifest.write(
        release_key(settings),
        made,
        scope=scope,
        release=number,
        previous=number - 1,
        schema=manifest.schema_id(schema),
        content_root=root,
        rows=rows,
        issued_at=issued_at,
        stale_after=clock.stamp(clock.parse(issued_at) + timedelta(days=settings.stale_days)),
    )
    issued = releases.Release(scope, number, root, items, text, signature, note, issued_at, actor)
    connection.execute(insert(releases.release).values(issued.__dict__))
    body = {"release": number, "content_root": root, "items": items, "note": note}
    event = ledger.Event(clock.new_id(), f"{scope}.released", f"{scope}:{number}", actor, issued_at, body)
    ledger.append(connection, event)
    return issued


def _root(path: Path, schema: str) -> tuple[str, int]:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return content.content_root(db, schema)
    finally:
        db.close()


def sign_anew(connection: Connection, settings: Settings) -> list[str]:
    """Sign the newest release of each scope with the key in force: after a rotation no device needs the old key.

    The text differs in its key id alone, so a device that holds the release has nothing to fetch. The scopes signed.
    """
    key = release_key(settings)
    name = manifest.key_id(manifest.public_bytes(key))
    signed = []
    for scope in manifest.SCOPES:
        newest = releases.newest(connection, scope)
        if newest is None or json.loads(newest.manifest)["key_id"] == name:
            continue
        told = json.dumps({**json.loads(newest.manifest), "key_id": name}, ensure_ascii=False, separators=(",", ":"))
        values = {"manifest": told, "signature": base64.b64encode(key.sign(told.encode())).decode()}
        table = releases.release
        connection.execute(update(table).where(table.c.scope == scope, table.c.number == newest.number).values(values))
        signed.append(scope)
    return signed
