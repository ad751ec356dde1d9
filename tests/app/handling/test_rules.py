"""智能代办, pure: tests/vectors/check_vectors.json (run by vitest too) and the states of a case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.handling import rules

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "check_vectors.json").read_text("utf-8"))
CHECKS = "0123456789X"


@pytest.mark.parametrize("number", VECTORS["id_valid"])
def test_a_right_citizen_number_passes(number: str) -> None:
    assert rules.id_number_fault(number) == ""


@pytest.mark.parametrize("number", [*VECTORS["id_invalid"], "", "x" * 18, "11010519491231002x"])
def test_a_wrong_citizen_number_says_why(number: str) -> None:
    assert rules.id_number_fault(number)


@given(st.sampled_from(VECTORS["id_valid"]), st.integers(0, 17), st.sampled_from(CHECKS))
def test_any_single_mistyped_digit_is_found(number: str, at: int, other: str) -> None:
    changed = number[:at] + other + number[at + 1 :]
    assert (rules.id_number_fault(changed) == "") == (changed == number)


@given(st.sampled_from(VECTORS["id_valid"]), st.integers(0, 16))
def test_two_swapped_neighbours_are_found(number: str, at: int) -> None:
    changed = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert (rules.id_number_fault(changed) == "") == (changed == number)


@pytest.mark.parametrize("code", VECTORS["uscc_valid"])
def test_a_right_credit_code_passes(code: str) -> None:
    assert rules.uscc_fault(code) == ""


@pytest.mark.parametrize("code", [*VECTORS["uscc_invalid"], "", "9135"])
def test_a_wrong_credit_code_says_why(code: str) -> None:
    assert rules.uscc_fault(code)


@pytest.mark.parametrize("one", VECTORS["masking"])
def test_masks_are_those_of_the_vectors(one: dict[str, str]) -> None:
    assert rules.mask(one["raw"]) == one["masked"]


@given(st.text(min_size=2, max_size=30))
def test_a_mask_hides_something_of_whatever_was_typed(text: str) -> None:
    assert "*" in rules.mask(text)
    assert len(rules.mask(text)) == len(text)


def test_every_state_has_a_name_and_every_way_leads_to_a_state() -> None:
    assert set(rules.NEXT) == set(rules.STATES)
    assert {target for targets in rules.NEXT.values() for target in targets} <= set(rules.STATES)


@pytest.mark.parametrize(
    ("state", "target", "note", "may"),
    [
        ("submitted", "accepted", "", True),
        ("submitted", "done", "", False),
        ("submitted", "returned", "", False),
        ("submitted", "returned", " ", False),
        ("submitted", "returned", "缺户口簿", True),
        ("returned", "submitted", "", True),
        ("done", "processing", "x", False),
        ("submitted", "nowhere", "", False),
        ("nowhere", "done", "", False),
    ],
)
def test_moves(state: str, target: str, note: str, may: bool) -> None:
    assert (rules.move_fault(state, target, note) == "") == may


@pytest.mark.parametrize(
    ("number", "case_no", "words"),
    [
        ("11010519491231002X", "NJ53330100120261123AB0001", ""),
        ("110105194912310021", "NJ53330100120261123AB0001", "校验"),
        ("", "NJ53330100120261123AB0001", "没有填"),
        ("11010519491231002X", "NJ53332420420261123AB0001", "编号"),
        ("11010519491231002X", "NJ53330100120261123AC0001", "编号"),
    ],
)
def test_what_must_be_looked_at_again(number: str, case_no: str, words: str) -> None:
    reason = rules.review_reason(number, case_no, "533301001003", "AB")
    assert words in reason
    assert bool(reason) == bool(words)
