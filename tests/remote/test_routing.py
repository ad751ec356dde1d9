from __future__ import annotations

import pytest

from remote.routing import BREAK, BUSY, FREE, OFF, Seat, Wish, choose, usual_wait

MOST = 3


def test_the_least_busy_agent_is_rung_and_of_two_equals_who_rested_longer() -> None:
    seats = [Seat("a", load=1), Seat("b", load=0, since=50), Seat("c", load=0, since=20)]
    assert choose(Wish(), seats, MOST) == "c"


@pytest.mark.parametrize("state", [BUSY, BREAK, OFF])
def test_only_who_is_free_is_rung(state: str) -> None:
    assert choose(Wish(), [Seat("a", state=state)], MOST) is None


@pytest.mark.parametrize("seat", [Seat("a", load=MOST), Seat("a", ringing=True), Seat("a", wrapping=True)])
def test_nothing_rings_at_a_full_desk_at_one_that_rings_or_before_the_wrap_up(seat: Seat) -> None:
    assert choose(Wish(), [seat], MOST) is None


def test_who_passed_is_not_rung_again() -> None:
    assert choose(Wish(passed=["a"]), [Seat("a"), Seat("b", load=2)], MOST) == "b"


SPEAKER = Seat("speaker", load=2, languages=["傈僳语"])
EXPERT = Seat("expert", load=1, departments=["公安局"])
ANYONE = Seat("anyone")


def test_the_skilled_come_first_and_the_others_later() -> None:
    wish = Wish(language="傈僳语")
    assert choose(wish, [ANYONE, SPEAKER], MOST) == "speaker"
    away = Seat("speaker", state=BUSY, languages=["傈僳语"])
    assert choose(wish, [ANYONE, away], MOST) is None
    assert choose(Wish(language="傈僳语", waited=41), [ANYONE, away], MOST) == "anyone"


def test_with_nobody_skilled_on_duty_others_come_at_once() -> None:
    off = Seat("speaker", state=OFF, languages=["傈僳语"])
    assert choose(Wish(language="傈僳语"), [ANYONE, off], MOST) == "anyone"
    assert choose(Wish(language="傈僳语", passed=["speaker"]), [ANYONE, SPEAKER], MOST) == "anyone"


def test_the_language_counts_before_the_department() -> None:
    assert choose(Wish(language="傈僳语", department="公安局"), [EXPERT, SPEAKER, ANYONE], MOST) == "speaker"


def test_what_was_handed_to_a_person_waits_for_that_person() -> None:
    assert choose(Wish(person="b"), [Seat("a"), Seat("b", load=2)], MOST) == "b"
    assert choose(Wish(person="b"), [Seat("a"), Seat("b", state=BREAK)], MOST) is None


def test_a_wait_is_told_only_when_it_is_known() -> None:
    handled = [100, 200, 300, 400, 500]
    busy = [Seat("a", load=MOST)]
    assert usual_wait(1, [], handled, MOST) is None
    assert usual_wait(1, [Seat("a", state=OFF)], handled, MOST) is None
    assert usual_wait(1, busy, handled[:4], MOST) is None
    assert usual_wait(1, busy, handled, MOST) == 100
    assert usual_wait(6, busy, handled, MOST) == 600
    assert usual_wait(1, [Seat("a", state=FREE)], [], MOST) == 0
