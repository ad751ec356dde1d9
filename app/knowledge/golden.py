"""Knowledge CI: a release is refused when it answers known questions worse than the release in force.

Known questions are `datasets/questions/dev.csv`, in strata by style of speech, and what reviewers pinned.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.answering import evaluation, index
from app.answering.asking import asking, opened
from app.answering.evaluation import Question
from app.knowledge import releases
from app.problems import Problem
from app.settings import Settings
from datasets.build import build
from datasets.rows import Document
from datasets.sources import FOLDER, read

QUESTIONS = FOLDER / "questions" / "dev.csv"
POINTS = 0.02
"""A stratum may fall by this share of its questions, no more."""


@dataclass(frozen=True)
class Worse:
    """A question that the next release would answer worse."""

    query: str
    expected: str
    before: str
    """Slug of the first item shown today, "" when none is."""
    after: str
    pinned: bool


def compare(
    before: index.Asker, after: index.Asker, questions: Iterable[Question], pins: Iterable[Question]
) -> list[Worse]:
    """Every pinned question that is no longer right, and those of each stratum that falls by more than POINTS."""
    found = _lost(before, after, pins, pinned=True)
    strata: dict[str, list[Question]] = {}
    for question in questions:
        if question.kind == "single":
            strata.setdefault(question.style, []).append(question)
    for rows in strata.values():
        lost = _lost(before, after, rows, pinned=False)
        if lost and (len(lost) - len(_lost(after, before, rows, pinned=False))) / len(rows) > POINTS:
            found += lost
    return found


def _lost(before: index.Asker, after: index.Asker, questions: Iterable[Question], pinned: bool) -> list[Worse]:
    found = []
    for question in questions:
        new = _first(after, question.query)
        if new in question.expected:
            continue  # nearly all are, and asking the other side as well would double the time of a release
        old = _first(before, question.query)
        if old in question.expected:
            found.append(Worse(question.query, "、".join(sorted(question.expected)), old, new, pinned))
    return found


def _first(asker: index.Asker, query: str) -> str:
    hits = asker.ask(query).hits
    return hits[0].slug if hits else ""


@contextmanager
def as_if(settings: Settings, documents: Iterable[Document], lingua: int | None) -> Iterator[index.Asker]:
    """Answers as they would be if these documents were released."""
    with tempfile.TemporaryDirectory() as name:
        draft, searchable = Path(name) / "draft.db", Path(name) / "search.db"
        build(draft, documents, read())
        index.build(draft, searchable)
        words = None if lingua is None else releases.file_of(settings, lingua, releases.LINGUA)
        with opened(searchable, words) as asker:
            yield asker


def hold(settings: Settings, release: int, lingua: int, trained: Path, pins: Sequence[Question]) -> None:
    """Problem('knowledge.worse') when the trained words answer worse than lingua release `lingua`."""
    with (
        asking(settings, release, lingua) as before,
        opened(releases.search_file_of(settings, release), trained) as after,
    ):
        worse = compare(before, after, evaluation.questions(QUESTIONS), pins)
    if worse:
        raise Problem("knowledge.worse", questions="、".join(one.query for one in worse[:5]), count=len(worse))


def examine(
    settings: Settings, release: int, lingua: int | None, documents: Sequence[Document], pins: Sequence[Question]
) -> list[Worse]:
    """What would get worse if these documents were released in place of release `release`."""
    with asking(settings, release, lingua) as before, as_if(settings, documents, lingua) as after:
        return compare(before, after, evaluation.questions(QUESTIONS), pins)
