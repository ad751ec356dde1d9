"""Rung 5: what a village may wish, when it is called back, and the steps of a message."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from datasets import workdays
from remote import callback
from remote.callback import Close, Hours, Left, PutBack, Refusal, Ring, Settled, Silent, Slot, Take, step

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "slots.json").read_text())
FOUND = callback.read_hours(VECTORS["hours"])
HOURS = FOUND or Hours()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=8)))


def slot(text: str) -> Slot:
    return Slot(*text.rsplit(" ", 1)) if " " in text else Slot("", text)


@pytest.mark.parametrize("case", VECTORS["offered"], ids=lambda case: case["name"])
def test_what_a_village_is_offered_can_be_wished(case: dict[str, Any]) -> None:
    assert [callback.fault(slot(one), at(case["now"]), HOURS) for one in case["slots"]] == [""] * len(case["slots"])


@pytest.mark.parametrize("case", VECTORS["faults"], ids=lambda case: case["name"])
def test_fault(case: dict[str, Any]) -> None:
    assert callback.fault(slot(case["slot"]), at(case["now"]), HOURS) == case["fault"]


@pytest.mark.parametrize("case", VECTORS["due"], ids=lambda case: case["name"])
def test_due(case: dict[str, Any]) -> None:
    is_workday = workdays.load().is_workday
    assert callback.due(slot(case["slot"]), at(case["now"]), HOURS, is_workday) == (at(case["from"]), at(case["until"]))


def test_a_calendar_without_a_workday_still_gives_a_time() -> None:
    begin, end = callback.due(Slot("", "soon"), at("2026-11-25T10:00:00+08:00"), HOURS, lambda _day: False)
    assert begin < end


@pytest.mark.parametrize("text", ["", "9-12", "09:00-12:00", "12:00-09:00 14:00-17:30", "09:00-25:00 14:00-17:30"])
def test_hours_that_are_none(text: str) -> None:
    assert (FOUND, callback.read_hours(text)) == (Hours(), None)


def test_a_message_is_taken_rung_until_somebody_answers_and_closed() -> None:
    steps = (Take("a"), Ring("a"), Silent(), Ring("a"), Settled())
    states, found = [], Left()
    for signal in steps:
        after = step(found, signal)
        assert isinstance(after, Left)
        states.append(after.state)
        found = after
    assert (states, found.tries) == (["taken", "rung", "taken", "rung", "closed"], 2)


@pytest.mark.parametrize(
    ("found", "signal", "reason"),
    [
        (Left("taken", "a"), Take("b"), "taken"),
        (Left("left"), Ring("a"), "not_yours"),
        (Left("taken", "a"), Ring("b"), "not_yours"),
        (Left("taken", "a"), Close("b"), "not_yours"),
        (Left("taken", "a"), PutBack("b"), "not_yours"),
        (Left("rung", "a"), Close("a"), "rung"),
        (Left("rung", "a"), PutBack("a"), "rung"),
        (Left("taken", "a"), Settled(), "not_rung"),
        (Left("taken", "a"), Silent(), "not_rung"),
        (Left("closed", "a"), Take("a"), "closed"),
    ],
)
def test_what_may_not_happen(found: Left, signal: callback.Signal, reason: str) -> None:
    assert step(found, signal) == Refusal(reason)


def test_a_lead_puts_back_what_another_holds() -> None:
    assert step(Left("taken", "a", 2), PutBack("b", lead=True)) == Left("left", None, 2)
