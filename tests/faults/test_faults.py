"""Every fault of the list, short, with one seed; `python -m tests.faults` runs them at length and with many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS, Fault, run
from tests.faults.lab import Lab
from tests.faults.machine import random_histories


@pytest.fixture(scope="module")
def lab(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One centre for all of them."""
    lab = Lab(tmp_path_factory.mktemp("faults"), sqlite_template)
    yield lab
    lab.close()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_breaks_no_promise(fault: Fault, lab: Lab) -> None:
    missing = fault.why_not(lab)
    if missing:
        pytest.skip(f"{fault.name} {fault.title}: {missing}")
    assert run(lab, fault, seed=1) == []


def test_random_histories_break_no_promise(lab: Lab) -> None:
    random_histories(lab, examples=5)
