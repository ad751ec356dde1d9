"""Bytes of files on disk, sealed under the key of their case: parts while a file comes in, then one whole.

`data/files/<id>/<start>.part` and `data/files/<id>/whole`. Place and start are bound into each seal, so that no piece can
stand for another. When the case is forgotten (app/vault.py) nobody can read them again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from app.vault import Sealer


class Cabinet:
    """The folder of one file."""

    def __init__(self, data: Path, blob_id: str) -> None:
        self._folder = data / "files" / blob_id
        self._id = blob_id

    def lay(self, sealer: Sealer, start: int | None, data: bytes) -> Callable[[], None]:
        """Write a part (or the whole: None) durably aside; calling the result puts it in its place."""
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f"{os.urandom(8).hex()}.new"
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealer.close(data, self._place(start)))
            file.flush()
            os.fsync(file.fileno())

        def place() -> None:
            aside.rename(self._path(start))
            _sync(self._folder)

        return place

    def arrived(self, sealer: Sealer, end: int) -> bytes:
        """All parts up to `end` in their order; OSError or ValueError when one is missing or was changed."""
        data = b""
        while len(data) < end:
            data += sealer.open(self._path(len(data)).read_bytes(), self._place(len(data)))
        return data[:end]

    def whole(self, sealer: Sealer) -> bytes:
        """The file as it was sent."""
        return sealer.open(self._path(None).read_bytes(), self._place(None))

    def drop_parts(self) -> None:
        """Throw away all but the whole."""
        for path in self._folder.glob("*"):
            if path.name != "whole":
                path.unlink(missing_ok=True)

    def drop(self) -> None:
        """Throw away everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, start: int | None) -> Path:
        return self._folder / ("whole" if start is None else f"{start:012d}.part")

    def _place(self, start: int | None) -> str:
        return f"{self._id}/{'whole' if start is None else start}"


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
