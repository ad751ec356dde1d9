"""Asking a pair of releases: the one way into 智能问答 for other slices; it only reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from app.answering import checking, index
from app.knowledge import releases
from app.settings import Settings


@contextmanager
def asking(settings: Settings, release: int, lingua: int | None) -> Iterator[index.Asker]:
    """Answers from the files of a pair of releases."""
    path = releases.search_file_of(settings, release)
    knowledge = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    words = None
    try:
        if lingua is not None:
            path = releases.file_of(settings, lingua, releases.LINGUA)
            words = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        yield index.Asker(knowledge, words)
    finally:
        knowledge.close()
        if words is not None:
            words.close()


def digest(settings: Settings, release: int, lingua: int | None) -> str:
    """The hash of what a pair of releases answers to the questions of the check."""
    with asking(settings, release, lingua) as asker:
        return checking.digest(asker.ask(question) for question in asker.own_questions())
