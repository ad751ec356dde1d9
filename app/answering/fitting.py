"""Makes a lingua file from a knowledge release: the trained model, and the threshold fitted on ways of asking held out.

How far the best item must lead before it is answered at once decides between a wrong answer and a needless question back.
The right lead depends on the knowledge, so it is measured anew with each release.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import apsw

from app.answering import index, rules, training

HELD = 6
"""Every HELD-th way of asking is kept from training while the lead is measured."""
ASKED = 900
PRECISION = 0.975
"""Share of answers that must be right among those held out."""
COVERAGE = 0.7
"""Share that must be answered at once, whatever the precision."""
LEADS = range(200, 801, 50)


def make(knowledge: apsw.Connection, target: Path) -> training.Model:
    """Write the lingua file for a searchable knowledge file (FileExistsError when there is one); same input, same bytes."""
    words = training.words(index.rewrites(knowledge))
    pairs = training.examples(knowledge)
    settings = {"margin": _lead(knowledge, pairs, words)}
    trained = training.train(pairs, words)
    training.write(target, trained, words, settings)
    return trained


def _lead(knowledge: apsw.Connection, pairs: Sequence[tuple[str, str]], words: training.Words) -> int:
    """The fitted `margin` in thousandths; the program's own when there is too little to measure."""
    asked = knowledge.execute("SELECT item, text FROM item_phrasing ORDER BY item, pos")
    held = [(str(slug), str(text)) for slug, text in asked][::HELD]
    kept = set(held)
    if len(held) < 100:
        return int(index.SPEC["limits"]["margin"])
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "lingua.db"
        training.write(file, training.train([pair for pair in pairs if pair not in kept], words), words, {})
        with closing(apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)) as lingua:
            return choose(_leads(index.Asker(knowledge, lingua), held[:: max(1, len(held) // ASKED)]))


def _leads(asker: index.Asker, held: Iterable[tuple[str, str]]) -> list[tuple[int, bool]]:
    """(lead of the best item, whether it is right) of each way of asking that could be answered at once."""
    found = []
    for slug, text in held:
        ranked = rules.rank(asker.judge(asker.read(text)), index.SPEC)
        found.append((ranked[0][1] - ranked[1][1], ranked[0][0] == slug))
    return found


def choose(leads: Sequence[tuple[int, bool]]) -> int:
    """The smallest of LEADS that reaches PRECISION, but none that leaves less than COVERAGE."""
    best = LEADS[0]
    for lead in LEADS:
        right = [hit for size, hit in leads if size >= lead]
        if len(right) < COVERAGE * len(leads):
            break
        best = lead
        if sum(right) >= PRECISION * len(right):
            break
    return best
