"""Makes a lingua file from a knowledge release: the trained model, and the thresholds fitted on ways of asking held out.

How sure is sure enough decides between a wrong answer and a needless question back, and when a question is taken for
danger or for somebody else's data. All of it depends on the knowledge, so it is measured anew with each release.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from app.answering import index, rules, training

HELD = 6
"""Every HELD-th way of asking is kept from training while the thresholds are measured."""
ASKED = 900
ENOUGH = 100
"""Fewer held-out ways of asking measure nothing: the program's own thresholds stay."""
PRECISION = 0.975
"""Share of answers that must be right among those held out."""
COVERAGE = 0.7
"""Share that must be answered at once, whatever the precision."""
LEADS = range(200, 801, 50)
CLOSE = 0.20
"""Share of our own questions that may be asked back because they look as if they were for somebody else."""
ALARMED = 0.03
"""Share of our own questions that may be shown with an emergency number above them."""
REFUSED = 0.012
"""Share of our own questions that may be taken for somebody else's data."""


@dataclass(frozen=True)
class Seen:
    """One held-out way of asking, judged."""

    lead: int
    """Thousandths between the best item and the next."""
    right: bool
    clear: int
    """Thousandths between the best item and everything that is not ours."""
    privacy: int
    alarm: int


def make(knowledge: apsw.Connection, target: Path) -> training.Model:
    """Write the lingua file for a searchable knowledge file (FileExistsError when there is one); same input, same bytes."""
    words = training.words(index.rewrites(knowledge))
    pairs, kinds = training.examples(knowledge), training.kinds_of(knowledge)
    settings = _settings(knowledge, pairs, kinds, words)
    trained = training.train(pairs, words, kinds)
    training.write(target, trained, words, settings)
    return trained


def _settings(
    knowledge: apsw.Connection, pairs: Sequence[tuple[str, str]], kinds: Mapping[str, str], words: training.Words
) -> dict[str, int]:
    """The fitted thresholds in thousandths; none when there is too little to measure."""
    asked = knowledge.execute("SELECT item, text FROM item_phrasing ORDER BY item, pos")
    # What is not ours counts here as a kind only: a third of the work, and the same thresholds.
    coarse = [(f"/{kinds[slug]}" if slug in kinds else slug, text) for slug, text in pairs]
    held = [(str(slug), str(text)) for slug, text in asked][::HELD]
    kept = set(held)
    if len(held) < ENOUGH:
        return {}
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "lingua.db"
        rest = [pair for pair in coarse if pair not in kept]
        training.write(file, training.train(rest, words, {f"/{kind}": kind for kind in kinds.values()}), words, {})
        with closing(apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)) as lingua:
            return fit(list(_look(index.Asker(knowledge, lingua), held[:: max(1, len(held) // ASKED)])))


def _look(asker: index.Asker, held: Iterable[tuple[str, str]]) -> Iterable[Seen]:
    for slug, text in held:
        judged = asker.judge(rules.meant(asker.read(text), index.SPEC))
        (best, score), (_, second) = rules.rank(judged, index.SPEC)[:2]
        outside, privacy, alarm = rules.groups(judged)
        yield Seen(score - second, best == slug, score - outside, privacy, alarm)


def fit(seen: Sequence[Seen]) -> dict[str, int]:
    """The thresholds that our own questions allow: `margin`, `apart`, `danger`, `secret` (`limits` in search.json)."""
    return {
        "margin": choose([(one.lead, one.right) for one in seen]),
        "apart": quantile([one.clear for one in seen], CLOSE),
        "danger": quantile([one.alarm for one in seen], 1 - ALARMED),
        "secret": quantile([one.privacy for one in seen], 1 - REFUSED),
    }


def quantile(values: Sequence[int], share: float) -> int:
    """The value that `share` (0–1) of the values lie below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


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
