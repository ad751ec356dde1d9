from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remote import control
from remote.control import Act, Hand, begin, finish, refusal

FILE = json.loads((Path(__file__).parents[1] / "vectors" / "control.json").read_text(encoding="utf-8"))


def test_both_ends_hold_the_same_list() -> None:
    assert {name: asdict(mark) | {"choices": list(mark.choices)} for name, mark in control.MARKS.items()} == FILE[
        "marks"
    ]
    assert FILE["reasons"] == control.REASONS


@pytest.mark.parametrize(
    ("name", "verb", "mark", "value", "reason"), FILE["acts"], ids=[one[0] for one in FILE["acts"]]
)
def test_an_act_is_on_the_list_or_refused_with_a_reason(
    name: str, verb: str, mark: str, value: str, reason: str
) -> None:
    assert refusal(verb, mark, value) == reason
    assert reason == "" or reason in control.REASONS


@given(st.text(), st.text(), st.text())
def test_whatever_comes_only_what_is_listed_passes(verb: str, mark: str, value: str) -> None:
    assert refusal(verb, mark, value) == "mark" or mark in control.MARKS


@given(st.integers(10**6, 10**18), st.sampled_from(["", " ", "-", "  "]), st.text(alphabet="甲乙丙丁", max_size=5))
def test_no_number_of_anybody_passes_whatever_stands_between_its_digits(number: int, gap: str, around: str) -> None:
    assert refusal("fill", "note", around + gap.join(str(number)) + around) == "number"


def test_an_act_counts_once_in_order_and_one_at_a_time() -> None:
    first = begin(Hand("a"), Act(1, "press", "next", 10.0))
    assert isinstance(first, Hand)
    assert begin(first, Act(1, "press", "next", 10.1)) == "order"
    assert begin(first, Act(2, "press", "next", 10.1)) == "busy"
    after, act = finish(first, 1)
    assert act is not None and act.mark == "next"
    assert begin(after, Act(1, "press", "next", 10.2)) == "order"
    second = begin(after, Act(7, "press", "next", 10.2))
    assert isinstance(second, Hand)
    assert finish(second, 1) == (second, None)  # a late word about an act before
    late = begin(second, Act(8, "press", "next", 10.2 + control.ANSWER_S))
    assert isinstance(late, Hand) and late.pending == Act(8, "press", "next", 15.2)


def test_nothing_begins_while_the_guide_is_at_it_himself() -> None:
    assert begin(Hand("a", paused=True), Act(1, "press", "next", 1.0)) == "held"
