"""智能问答, the pure half of judging: how well each topic fits a question, in thousandths. Twin of `pwa/src/answering/model.ts`.

A linear model over the characters, syllables and meaning of a question, trained when lingua is released
(`app/answering/training.py`). Integers only: equal tables give equal scores on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.answering.text import Lexicon, grams, runs, sounds

ONE = 1000
"""A score of 1.0: what the model aims at for the right topic; for a wrong one it aims at -ONE."""
CHARACTERS = (1, 2)
SYLLABLES = (1, 2)
GROUPS = {
    "~elsewhere": ("elsewhere", "complaint", "chat"),
    "~private": ("private",),
    "~emergency": ("emergency",),
}
"""Kinds of topics that are not ours, learned as one each: a need that no topic has been written for is known from the whole."""
ZERO = 8
"""The hex digit that means nothing on an axis."""


@dataclass(frozen=True)
class Topic:
    """One row of table `topic`: an item, a topic that is not ours, or a group of these."""

    number: int
    slug: str
    bias: int
    vector: Sequence[int]


def features(text: str, lexicon: Lexicon, known: frozenset[str]) -> list[str]:
    """Distinct features of a question as read, sorted by code point. `known`: syllables that Latin letters may spell."""
    found: set[str] = set()
    for kind, run in runs(text):
        if kind == "han":
            found.update("c" + gram for gram in grams(run, CHARACTERS))
        else:
            found.add("l" + run)
    for stretch in sounds(text, lexicon, known):
        found.update("s" + gram for gram in grams(stretch, SYLLABLES, " "))
    return sorted(found)


def meaning(words: Iterable[str], vectors: Mapping[str, tuple[int, str]]) -> list[int]:
    """The direction of a question in the space of meanings: weighted sum of its words' vectors, ONE long; [] when none.

    `vectors`: (weight, hex digits) by word; repeated words count as often as they stand there.
    """
    total: list[int] = []
    for word in words:
        if word in vectors:
            weight, digits = vectors[word]
            total = total or [0] * len(digits)
            for axis, digit in enumerate(digits):
                total[axis] += weight * (int(digit, 16) - ZERO)
    length = math.isqrt(sum(value * value for value in total))
    return [value * ONE // length for value in total] if length else []


class Table:
    """The topics of a lingua release, ready to be scored against; made once."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self.slugs = [topic.slug for topic in topics]
        self._numbers = np.array([topic.number for topic in topics], dtype=np.int64)
        self._bias = np.array([topic.bias for topic in topics], dtype=np.int64)
        self._vectors = np.array([topic.vector for topic in topics], dtype=np.int64)

    def scores(self, weights: Sequence[str], direction: Sequence[int]) -> dict[str, int]:
        """Score by slug. `weights`: of each known feature the text "number weight number weight …" of its row.

        Whole numbers throughout: the sums stay far below 2^53, so the way over doubles inside `bincount` loses nothing.
        """
        if not self.slugs:
            return {}
        flat = np.fromstring(" ".join(weights), dtype=np.int64, sep=" ")
        most = int(max(self._numbers.max(), flat[::2].max(initial=0)))
        sums = np.bincount(flat[::2], weights=flat[1::2], minlength=most + 1).astype(np.int64)
        root = max(ONE, math.isqrt(len(weights) * ONE * ONE))
        axes = min(len(direction), self._vectors.shape[1])
        meant = self._vectors[:, :axes] @ np.array(direction[:axes], dtype=np.int64) // ONE
        found = self._bias + sums[self._numbers] * ONE // root + meant
        return dict(zip(self.slugs, found.tolist(), strict=True))
