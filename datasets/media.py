"""The file of a media release: which recordings and samples belong to it. Same input, same bytes."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import apsw

from datasets.rows import Row
from datasets.sources import FOLDER

SCHEMA = (FOLDER / "media.sql").read_text(encoding="utf-8")


def languages() -> list[tuple[str, str, str]]:
    """(code, name, beginnings of region codes) of the languages that answers are recorded in, in their order."""
    with (FOLDER / "languages.csv").open(encoding="utf-8", newline="") as file:
        return [(row["code"], row["name"], row["regions"]) for row in csv.DictReader(file)]


def build(path: Path, media: Iterable[Row], files: Iterable[Row]) -> None:
    """Write a new file at `path`: rows of `medium` and of `file`. FileExistsError when there is one."""
    if path.exists():
        raise FileExistsError(path)
    spoken = [(code, place, name, regions) for place, (code, name, regions) in enumerate(languages(), 1)]
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)
    db = apsw.Connection(str(draft))
    try:
        with db:
            db.execute("PRAGMA page_size=4096")
            db.execute(SCHEMA)
            for table, rows in (("file", files), ("language", spoken), ("medium", media)):
                for values in sorted(rows, key=lambda row: tuple(map(str, row))):
                    db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(values))})", values)  # noqa: S608
    finally:
        db.close()
    draft.rename(path)
