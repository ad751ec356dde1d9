"""Asking a pair of releases: the one way into 智能问答 for other slices; it only reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import apsw

from app.answering import checking, index
from app.knowledge import releases
from app.settings import Settings


@contextmanager
def asking(settings: Settings, release: int, lingua: int | None) -> Iterator[index.Asker]:
    """Answers from the files of a pair of releases."""
    words = None if lingua is None else releases.file_of(settings, lingua, releases.LINGUA)
    with opened(releases.search_file_of(settings, release), words) as asker:
        yield asker


@contextmanager
def opened(searchable: Path, words: Path | None) -> Iterator[index.Asker]:
    """Answers from a searchable knowledge file and, when there is one, a lingua file."""
    with ExitStack() as files:

        def read(path: Path) -> apsw.Connection:
            return files.enter_context(closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)))

        yield index.Asker(read(searchable), None if words is None else read(words))


def digest(settings: Settings, release: int, lingua: int | None) -> str:
    """The hash of what a pair of releases answers to the questions of the check."""
    with asking(settings, release, lingua) as asker:
        return checking.digest(asker.ask(question) for question in asker.own_questions())
