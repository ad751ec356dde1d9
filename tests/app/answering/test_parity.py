"""The twins agree to the last digit on texts that nobody chose: both run here, on the same packs, over fresh questions."""

from __future__ import annotations

import json
import random
import time

import pytest

from app.answering import training
from datasets.sources import read
from tests.app.answering import twin, vectors

READ, ASKED = 20_000, 1_500
"""`deploy/bench answering` compares 5,000 whole answers and the village page itself."""


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Ways of asking, cut and joined at random, and noise; other ones each day."""
    said = [str(text) for item in read().items for text in item["phrasings"]]
    return vectors.odd_texts(READ, random.Random(time.strftime("%Y-%m-%d")), said)


def test_both_read_and_answer_every_text_alike(texts: list[str]) -> None:
    roots = json.loads((vectors.VECTORS / "answers.json").read_text("utf-8"))["roots"]
    packs = {scope: (vectors.VECTORS / f"{scope}.pack", root) for scope, root in roots.items()}
    asked = texts[:: READ // ASKED]
    found = twin.witness(packs, texts, asked)
    with vectors.kept() as asker:
        words = training.words(asker.rewrites).lexicon
        known = words.syllables
        for one, other in zip(texts, found["read"], strict=True):
            assert other == json.loads(json.dumps(vectors.reading(one, words, known)))
        for one, other in zip(asked, found["ask"], strict=True):
            assert other["out"] == asker.ask(one).to_wire()
