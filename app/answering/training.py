"""Trains the model that a lingua release carries, from the ways of asking in a knowledge release.

A linear support-vector machine per topic and per group of topics that are not ours (scikit-learn's liblinear,
deterministic), over features that occur at least twice and the distilled meaning of the words; weights are rounded to
steps so that a few new phrasings change few rows.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.svm import LinearSVC

from app.answering import model
from app.answering.text import Char, Lexicon, normalise, rewrite, segment
from datasets.sources import FOLDER

SCHEMA = (FOLDER / "lingua.sql").read_text(encoding="utf-8")
RARE = 1e-4
"""Smooth inverse frequency (Arora and others, 2017): weight = RARE / (RARE + p)."""
COST = 0.5
"""The C of the support-vector machine: how much a wrongly placed phrasing costs."""
LOOSE = 1e-2
"""The tol of the support-vector machine: tighter ones train longer and round to the same weights."""
STEP = 50
"""Weights are rounded to steps of STEP thousandths; what rounds to nothing is left out."""
MEANING = 0.5
"""How long the direction of meaning is beside the other features: it smooths, but tells near topics apart badly."""


@dataclass(frozen=True)
class Words:
    """The word tables of `datasets/words`, as read with."""

    lexicon: Lexicon
    vectors: Mapping[str, tuple[int, str]]
    """(weight, hex digits) by word."""

    @property
    def known(self) -> frozenset[str]:
        return self.lexicon.syllables

    def read(self, text: str) -> str:
        """Normalised and rewritten."""
        return rewrite(normalise(text, self.lexicon.chars), self.lexicon.rewrites)


def words(rewrites: Mapping[str, str], folder: Path = FOLDER / "words") -> Words:
    """The committed tables; `rewrites` come with the knowledge."""
    with (folder / "chars.csv").open(encoding="utf-8", newline="") as file:
        chars = {row["char"]: Char(row["plain"], row["sound"]) for row in csv.DictReader(file)}
    with (folder / "words.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["word"], int(row["freq"]), row["vector"]) for row in csv.DictReader(file)]
    total = sum(freq for _, freq, _ in rows)
    costs = {word: round(-1e6 * math.log(freq / total)) for word, freq, _ in rows}
    vectors = {word: (round(model.ONE * RARE / (RARE + freq / total)), vector) for word, freq, vector in rows}
    return Words(Lexicon(rewrites, chars, costs), vectors)


@dataclass(frozen=True)
class Model:
    """A trained model as the rows that lingua holds."""

    topics: list[model.Topic]
    features: dict[str, list[int]]


def examples(knowledge: apsw.Connection) -> list[tuple[str, str]]:
    """(topic, text) of everything in a release that shows how people ask."""
    return [
        (str(slug), str(text))
        for sql in (
            "SELECT slug, name FROM item ORDER BY slug",
            "SELECT item, text FROM item_alias ORDER BY item, pos",
            "SELECT item, text FROM item_phrasing ORDER BY item, pos",
            "SELECT item, q_full FROM qa ORDER BY item, pos",
            "SELECT s.item, i.name || ' ' || s.name FROM situation s JOIN item i ON i.slug = s.item ORDER BY s.item, s.pos",
            "SELECT elsewhere, text FROM elsewhere_phrasing ORDER BY elsewhere, pos",
        )
        for slug, text in knowledge.execute(sql)
    ]


def kinds_of(knowledge: apsw.Connection) -> dict[str, str]:
    """The kind of each topic of a release that is not ours."""
    return dict(knowledge.execute("SELECT slug, kind FROM elsewhere"))


def train(
    pairs: Sequence[tuple[str, str]],
    words: Words,
    kinds: Mapping[str, str],
    features: str = "cls",
    weight: float = MEANING,
) -> Model:
    """The model that tells the topics of (topic, text) pairs apart, and their groups (`model.GROUPS`) from the rest.

    `kinds`: kind by slug of the topics that are not ours. `features` and `weight` leave parts out to measure the rest:
    features by their first letter (characters, Latin, sounds), and the meaning of words.
    """
    names = sorted({slug for slug, _ in pairs})
    numbers = {slug: number for number, slug in enumerate(names)}
    texts = [words.read(text) for _, text in pairs]
    found = [model.features(text, words.lexicon, words.known) for text in texts]
    counts = Counter(feature for one in found for feature in one)
    kept = sorted(feature for feature, count in counts.items() if count > 1 and feature[0] in features)
    matrix = hstack(
        [_sparse(found, {feature: at for at, feature in enumerate(kept)}), _dense(texts, words) * weight]
    ).tocsr()
    machines = [_machine(matrix, [numbers[slug] for slug, _ in pairs])]
    for group, members in model.GROUPS.items():
        inside = [kinds.get(slug) in members for slug, _ in pairs]
        if any(inside) and not all(inside):
            machines.append(_machine(matrix, inside))
            names.append(group)
    coefficients = np.vstack([machine.coef_ for machine in machines])
    table = np.rint(coefficients[:, : len(kept)] * model.ONE / STEP).astype(int) * STEP
    vectors = np.rint(coefficients[:, len(kept) :] * weight * model.ONE).astype(int)
    bias = np.rint(np.concatenate([machine.intercept_ for machine in machines]) * model.ONE).astype(int)
    topics = [
        model.Topic(number, name, int(bias[number]), [int(value) for value in vectors[number]])
        for number, name in enumerate(names)
    ]
    return Model(topics, {feature: _row(table[:, at]) for at, feature in enumerate(kept)})


def _machine(matrix: Any, classes: Sequence[int] | Sequence[bool]) -> LinearSVC:
    return LinearSVC(C=COST, tol=LOOSE, random_state=0).fit(matrix, classes)


def _row(column: Any) -> list[int]:
    return [int(value) for number in np.flatnonzero(column) for value in (number, column[number])]


def _sparse(found: Iterable[Sequence[str]], at: Mapping[str, int]) -> Any:
    rows, columns, values = [], [], []
    number = -1
    for number, features in enumerate(found):
        known = [at[feature] for feature in features if feature in at]
        rows += [number] * len(known)
        columns += known
        values += [1 / math.sqrt(max(1, len(known)))] * len(known)
    return csr_matrix((values, (rows, columns)), shape=(number + 1, len(at)))


def _dense(texts: Sequence[str], words: Words) -> Any:
    axes = len(next(iter(words.vectors.values()))[1])
    lines = [model.meaning(segment(text, words.lexicon), words.vectors) or [0] * axes for text in texts]
    return np.array(lines) / model.ONE


def rows(trained: Model, words: Words, settings: Mapping[str, int]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """(table, row) pairs of a lingua release."""
    for char, one in words.lexicon.chars.items():
        yield "char", (char, one.plain, one.sound)
    for word, (weight, vector) in words.vectors.items():
        yield "word", (word, words.lexicon.costs[word], weight, vector)
    for topic in trained.topics:
        yield "topic", (topic.number, topic.slug, topic.bias, " ".join(map(str, topic.vector)))
    for feature, weights in trained.features.items():
        yield "feature", (feature, " ".join(map(str, weights)))
    for name, value in settings.items():
        yield "setting", (name, value)


def write(path: Path, trained: Model, words: Words, settings: Mapping[str, int]) -> None:
    """Write a new lingua file (FileExistsError when there is one); same input, same bytes."""
    if path.exists():
        raise FileExistsError(path)
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)
    db = apsw.Connection(str(draft))
    try:
        with db:
            db.execute("PRAGMA page_size=4096")
            db.execute(SCHEMA)
            for table, values in sorted(rows(trained, words, settings), key=lambda row: (row[0], str(row[1][0]))):
                db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(values))})", values)  # noqa: S608
    finally:
        db.close()
    draft.rename(path)
