"""DRAFTS.md cannot rot: every promise names a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
TEXT = (TESTS.parent / "app" / "drafting" / "DRAFTS.md").read_text(encoding="utf-8")


def test_every_promise_names_its_proof() -> None:
    promises = re.findall(r"^\*\*(D\d+)\.\*\*(.*?)(?=^\*\*D\d+\.\*\*|^Not promised)", TEXT, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in promises] == [f"D{number}" for number in range(1, len(promises) + 1)]
    for name, text in promises:
        proofs = re.findall(r"\[([\w/]+\.py)::(\w+)\]", text)
        assert proofs, name
        for file, test in proofs:
            assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), f"{name}: {test}"
