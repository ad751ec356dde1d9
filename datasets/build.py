"""Checked sources to one SQLite file: the state of the knowledge tables that a release is. Same input, same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import apsw

from datasets.rows import Document, Row, elsewhere_rows, rows
from datasets.sources import FOLDER, Sources

SCHEMA = (FOLDER / "schema.sql").read_text(encoding="utf-8")


def build(path: Path, items: Iterable[Document], words: Sources, points: Iterable[Row] = ()) -> None:
    """Write a new file at `path` (FileExistsError when there is one): these items, and everything else from `words`.

    Input must have passed `checks.check`. `points`: rows of table `point`, known to a running centre only.

    Bytes depend on the content only: rows go in by table and key, in one transaction, into a file made afresh.
    """
    if path.exists():
        raise FileExistsError(path)
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)
    db = apsw.Connection(str(draft))
    try:
        with db:
            db.execute("PRAGMA page_size=4096")
            db.execute(SCHEMA)
            every = [*_all(items, words), *(("point", row) for row in points)]
            for table, values in sorted(every, key=_place):
                db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(values))})", values)  # noqa: S608
    finally:
        db.close()
    draft.rename(path)


def _place(entry: tuple[str, Row]) -> tuple[str, tuple[str, ...]]:
    table, values = entry
    return table, tuple(f"{v:09d}" if isinstance(v, int) else str(v) for v in values)


def _all(items: Iterable[Document], words: Sources) -> Iterable[tuple[str, Row]]:
    for document in items:
        yield from rows(document)
    for topic in words.elsewhere:
        yield from elsewhere_rows(topic)
    for region in words.regions:
        yield "region", (region["code"], region["name"], region["level"], region["parent"] or None)
    for name, table in words.codes.items():
        for code, meaning in table.items():
            yield "code", (name, code, meaning)
    for purpose in words.purposes.items():
        yield "purpose", purpose
    for word in words.rewrites:
        yield "rewrite", (word["colloquial"], word["standard"], word["kind"])
