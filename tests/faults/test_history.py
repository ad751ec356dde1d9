"""The judge itself: a good history passes, and each broken promise is found and named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.history import History, Row, Shown

DEVICE = "d-1"


def good() -> History:
    history = History()
    for number in (1, 2, 3):
        history.note_recorded(DEVICE, f"e{number}", number)
        history.ledger.append(Row(f"e{number}", DEVICE, number))
    history.note_verdicts({"e1": "accepted", "e2": "duplicate", "e3": "accepted"})
    history.note_shown(DEVICE, 2, 2)
    history.whole_roots = {"old", "new"}
    history.seen_roots = [(DEVICE, ""), (DEVICE, "old"), (DEVICE, "new")]
    history.roots, history.centre_root = {DEVICE: "new"}, "new"
    history.note_recovery(DEVICE, 599, 300)
    return history


def test_a_good_history_passes() -> None:
    assert good().violations() == []


BROKEN: list[tuple[str, Callable[[History], object]]] = [
    ("I1", lambda history: history.ledger.pop()),
    ("I1", lambda history: history.verdicts.pop("e2")),
    ("I1", lambda history: (history.ledger.pop(), history.verdicts.update(e3="quarantined"))),
    ("I2", lambda history: history.ledger.append(Row("e3", DEVICE, 3))),
    ("I2", lambda history: history.ledger.append(Row("e9", DEVICE, 9))),
    ("I3", lambda history: history.ledger.reverse()),
    ("I4", lambda history: history.roots.update({DEVICE: "old"})),
    ("I4", lambda history: history.seen_roots.append((DEVICE, "half"))),
    ("I5", lambda history: history.shown.append(Shown(DEVICE, 0, 1))),
    ("I6", lambda history: history.foreign.append((DEVICE, "a bulletin of another place"))),
    ("I7", lambda history: history.note_recovery(DEVICE, 601, 300)),
    ("F2", lambda history: history.demand(False, "F2", DEVICE, "too many bytes")),
]


@pytest.mark.parametrize(("rule", "harm"), BROKEN)
def test_a_broken_promise_is_found_and_named(rule: str, harm: Callable[[History], object]) -> None:
    history = good()
    harm(history)
    assert {violation.rule for violation in history.violations()} == {rule}


def test_what_a_person_knows_is_no_violation() -> None:
    history = good()
    history.note_recorded(DEVICE, "e4", 4)
    history.given_up.add("e4")
    history.ledger.reverse()
    history.shuffled.add(DEVICE)
    history.note_recorded(DEVICE, "e5", 5)
    history.note_verdicts({"e5": "quarantined"})
    history.aside.add("e5")
    assert history.violations() == []
