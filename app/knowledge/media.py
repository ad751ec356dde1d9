"""Recordings and samples of items: files kept by content beside the packs, and what a media release says of them.

`take` keeps a file, `publish.publish_media` issues the release that names it, `in_force` reads what is released.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import NamedTuple

import apsw
from sqlalchemy import Connection

from app.knowledge import releases
from app.knowledge.disk import keep
from app.problems import Problem
from app.settings import Settings
from datasets.media import languages
from datasets.rows import Row
from sync.choosing import media_kind
from sync.packs import CHUNK

VOICE, SAMPLE = "voice", "sample"


class Entry(NamedTuple):
    """One recording or sample of an item, as a row of table `medium` (datasets/media.sql)."""

    item: str
    kind: str
    """voice | sample"""
    language: str
    """A code of datasets/languages.csv; "" for a sample."""
    pos: int
    """1 for a voice; samples of an item are numbered from 1."""
    sha256: str
    seconds: int
    text: str


class Taken(NamedTuple):
    """A file that is kept: its name by content, size and media type."""

    sha256: str
    bytes: int
    type: str


def take(settings: Settings, data: bytes) -> Taken:
    """Keep a recording or sample by its content; the same again is the same. Problem media.kind | media.large.

    A file that no release names harms nobody: it is kept until the next one may name it.
    """
    if len(data) > settings.media_limit:
        raise Problem("media.large", bytes=len(data), limit=settings.media_limit)
    kind = media_kind(data[:16])
    if not kind:
        raise Problem("media.kind")
    sha256 = hashlib.sha256(data).hexdigest()
    path = releases.pack_file(settings, sha256)
    if not path.is_file():
        keep(path, data)
    return Taken(sha256, len(data), kind)


def read(settings: Settings, sha256: str) -> bytes:
    """The bytes of a file that was taken; Problem('media.missing') when it is not here."""
    path = releases.pack_file(settings, sha256)
    if not path.is_file():
        raise Problem("media.missing", what=sha256[:12])
    return path.read_bytes()


def checked(settings: Settings, entries: Iterable[Entry], items: Collection[str]) -> list[Row]:
    """The rows of table `file` for these entries; Problem('media.missing') naming the first that is not sound."""
    spoken = {code for code, _, _ in languages()}
    seen, files = set(), {}
    for one in entries:
        place = (one.item, one.kind, one.language, one.pos)
        sound = one.language in spoken if one.kind == VOICE else one.kind == SAMPLE and one.language == ""
        if one.item not in items or not sound or place in seen or one.pos < 1:
            raise Problem("media.missing", what="，".join(map(str, place)))
        seen.add(place)
        data = read(settings, one.sha256)
        chunks = [hashlib.sha256(data[at : at + CHUNK]).hexdigest() for at in range(0, len(data), CHUNK)]
        files[one.sha256] = (one.sha256, len(data), media_kind(data[:16]), " ".join(chunks))
    return list(files.values())


def in_force(connection: Connection, settings: Settings) -> list[Entry]:
    """What the newest media release holds; nothing before the first."""
    newest = releases.newest(connection, releases.MEDIA)
    if newest is None:
        return []
    path = releases.file_of(settings, newest.number, releases.MEDIA)
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        query = "SELECT item, kind, language, pos, sha256, seconds, text FROM medium ORDER BY item, kind, language, pos"
        return [Entry(*row) for row in db.execute(query)]
    finally:
        db.close()
