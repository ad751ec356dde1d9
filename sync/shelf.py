"""The knowledge copy of a Python village: downloads that survive cuts, and releases applied whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import apsw

from sync import packs
from sync.content import content_root
from sync.manifest import Manifest, PackEntry

DAMAGE_LIMIT = 3
"""Damaged chunks in one go after which the link is not worth more tries now."""

Fetch = Callable[[int], Iterable[bytes]]
"""Pieces of one pack from a byte offset on; raises wire.LinkError when the way is cut."""


class Download:
    """One pack under way in a file. Each 256 KiB is checked as it fills; what was verified is never fetched again."""

    def __init__(self, entry: PackEntry, path: Path) -> None:
        self.entry = entry
        self.path = path
        path.touch()
        if path.stat().st_size > entry.bytes:
            os.truncate(path, 0)
        self._verified = 0
        self._check()  # what an earlier run left; a power cut may have torn it

    @property
    def offset(self) -> int:
        """Bytes held; the next fetch goes on from here."""
        return self.path.stat().st_size

    @property
    def complete(self) -> bool:
        return self._verified == len(self.entry.chunks)

    def run(self, fetch: Fetch) -> bytes:
        """Fetch what is missing; the whole pack. PackError('damaged') when chunks keep arriving wrong."""
        for _ in range(DAMAGE_LIMIT):
            if self.complete or self._take(fetch(self.offset)):
                return self.path.read_bytes()
        raise packs.PackError("damaged")

    def _take(self, pieces: Iterable[bytes]) -> bool:
        for piece in pieces:
            with self.path.open("ab") as file:
                file.write(piece[: self.entry.bytes - self.offset])
                file.flush()
                os.fsync(file.fileno())
            if not self._check():
                return False
        return self.complete

    def _check(self) -> bool:
        """Verify chunks that are full; False when one was damaged and the file went back to its start."""
        for start, end in self._unverified():
            if self.offset < end:
                return True
            with self.path.open("rb") as file:
                file.seek(start)
                data = file.read(end - start)
            if hashlib.sha256(data).hexdigest() != self.entry.chunks[self._verified]:
                os.truncate(self.path, start)
                return False
            self._verified += 1
        return True

    def _unverified(self) -> Iterator[tuple[int, int]]:
        for number in range(self._verified, len(self.entry.chunks)):
            start = number * packs.CHUNK
            yield start, min(start + packs.CHUNK, self.entry.bytes)


class Shelf:
    """The folder that holds `knowledge.db` and downloads under way. `schema` is the text of the knowledge tables."""

    def __init__(self, folder: Path, schema: str) -> None:
        self.folder = folder
        self.schema = schema
        self.path = folder / "knowledge.db"

    def root(self) -> str:
        """Content root of what is held, "" when nothing is."""
        if not self.path.exists():
            return ""
        db = self.open()
        try:
            return content_root(db, self.schema)[0]
        finally:
            db.close()

    def open(self) -> apsw.Connection:
        """The knowledge, read-only."""
        return apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY)

    def bring(self, manifest: Manifest, held: int, get: Callable[[PackEntry], bytes]) -> list[int]:
        """Lead the copy from release `held` to the manifest's; where the packs used began (0 is the full pack).

        A delta that does not lead to the signed content root is dropped and the full pack taken; PackError when that
        fails too.
        """
        used: list[int] = []
        for entry in ways(manifest, held):
            used.append(entry.start)
            try:
                self._apply(get(entry), entry, manifest.content_root)
                return used
            except packs.PackError as error:
                if error.kind == "damaged" or entry.start == 0:
                    raise
        raise packs.PackError("conflict")

    def _apply(self, data: bytes, entry: PackEntry, root: str) -> None:
        if entry.start:
            db = apsw.Connection(str(self.path))
            try:
                packs.apply(db, self.schema, data, entry.sha256, root)
            finally:
                db.close()
            return
        fresh = self.folder / "knowledge.part.db"
        fresh.unlink(missing_ok=True)
        db = apsw.Connection(str(fresh))
        try:
            db.execute(self.schema)
            packs.apply(db, self.schema, data, entry.sha256, root)
        finally:
            db.close()
        fresh.replace(self.path)  # the old copy serves until the new one is whole

    def download(self, entry: PackEntry) -> Download:
        """The download of a pack, going on where an earlier run stopped; files of other packs are forgotten."""
        folder = self.folder / "downloads"
        folder.mkdir(exist_ok=True)
        path = folder / f"{entry.sha256}.part"
        for other in folder.iterdir():
            if other != path:
                other.unlink()
        return Download(entry, path)


def ways(manifest: Manifest, held: int) -> list[PackEntry]:
    """Packs worth trying, best first: the delta from what is held, then the full one."""
    delta = [entry for entry in manifest.packs if held and entry.start == held]
    return delta + [entry for entry in manifest.packs if entry.start == 0]
