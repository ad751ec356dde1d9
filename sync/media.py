"""Recordings and samples on a Python village: the index of the media scope, and the files that this device chose.

The index comes in packs like every scope; each file is fetched by its hash, after everything else (PROTOCOL.md §11).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sync import choosing
from sync.choosing import Medium, Plan
from sync.manifest import PackEntry
from sync.packs import PackError
from sync.shelf import Download, Shelf
from sync.wire import LinkError, Refused

Get = Callable[[str, int], Iterable[bytes]]
"""(sha256, offset) → pieces of that file from there on."""


class Recording(NamedTuple):
    """A voice or sample of an item that is released; `here`: its bytes are on this device."""

    item: str
    kind: str
    language: str
    pos: int
    sha256: str
    seconds: int
    text: str
    bytes: int
    type: str
    here: bool


@dataclass
class Fetched:
    """What one go did."""

    files: int = 0
    gained: int = 0
    """Bytes that are now kept, also when the way was cut."""
    error: Exception | None = None


class MediaShelf(Shelf):
    """The folder of the media scope. `schema` is the text of datasets/media.sql."""

    def __init__(self, folder: Path, schema: str, most: int = choosing.ROOM) -> None:
        super().__init__(folder, schema)
        self.most = most
        self.files = folder / "files"
        self.files.mkdir(parents=True, exist_ok=True)

    def held(self) -> dict[str, int]:
        """Bytes of the files here, by hash."""
        return {path.name: path.stat().st_size for path in self.files.iterdir() if path.suffix == ""}

    def recordings(self, item: str) -> list[Recording]:
        """What is released for an item, and whether it is here."""
        if not self.path.exists():
            return []
        db, held = self.open(), self.held()
        try:
            query = (
                "SELECT item, kind, language, pos, sha256, seconds, text, bytes, type FROM medium JOIN file USING (sha256) "
                "WHERE item = ? ORDER BY kind, language, pos"
            )
            return [Recording._make((*row, row[4] in held)) for row in db.execute(query, (item,))]
        finally:
            db.close()

    def read(self, sha256: str) -> bytes | None:
        """The bytes of a file, None when it is not here."""
        path = self.files / sha256
        return path.read_bytes() if path.is_file() else None

    def plan(self, region: str, choice: Sequence[str] | None) -> Plan:
        """What to fetch and what to forget, for a region and what the person chose."""
        held = self.held()
        if not self.path.exists():
            return Plan([], sorted(held), 0, 0)
        db = self.open()
        try:
            spoken = [(str(a), str(b)) for a, b in db.execute("SELECT code, regions FROM language ORDER BY pos")]
            rows = db.execute("SELECT language, sha256, bytes FROM medium JOIN file USING (sha256)")
            media = [Medium(*row) for row in rows]
        finally:
            db.close()
        room = choosing.room(sum(held.values()), shutil.disk_usage(self.folder).free, self.most)
        return choosing.plan(media, choosing.chosen(spoken, region, choice), held, room)

    def fetch(self, region: str, choice: Sequence[str] | None, get: Get, go_on: Callable[[], bool]) -> Fetched:
        """Forget what is not wanted and fetch what is, until the way is cut or `go_on` says to pause."""
        plan, done = self.plan(region, choice), Fetched()
        for sha256 in plan.drop:
            (self.files / sha256).unlink(missing_ok=True)
        for sha256 in plan.fetch:
            if not go_on():
                break
            try:
                self._fetch_one(sha256, get, go_on, done)
            except Refused as error:
                done.error = error
                if error.status != 404:  # a newer release has taken its place; the others may still be there
                    break
            except (LinkError, PackError) as error:
                done.error = error
                break
        return done

    def _fetch_one(self, sha256: str, get: Get, go_on: Callable[[], bool], done: Fetched) -> None:
        download = Download(self._entry(sha256), self.files / f"{sha256}.part")
        before = download.offset
        try:
            download.run(lambda offset: _until(get(sha256, offset), go_on))
        finally:
            done.gained += max(0, download.offset - before)
        download.path.replace(self.files / sha256)
        done.files += 1

    def _entry(self, sha256: str) -> PackEntry:
        db = self.open()
        try:
            ((size, chunks),) = db.execute("SELECT bytes, chunks FROM file WHERE sha256 = ?", (sha256,))
        finally:
            db.close()
        return PackEntry(0, int(size), sha256, str(chunks).split())


def _until(pieces: Iterable[bytes], go_on: Callable[[], bool]) -> Iterable[bytes]:
    """Pieces while nobody says to pause; then the way counts as cut, and what came is kept."""
    for piece in pieces:
        yield piece
        if not go_on():
            raise LinkError("offline", "paused")
