"""The thresholds of a release: as sure as our own questions allow, never so careful that nothing is answered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.answering import fitting
from app.answering.fitting import Seen


def test_the_lead_grows_until_the_answers_are_right() -> None:
    wrong = [(lead, False) for lead in (210, 260, 340)]
    assert fitting.choose(wrong + [(lead, True) for lead in range(500, 900)]) == 200  # three of four hundred are few
    assert fitting.choose(wrong * 20 + [(lead, True) for lead in range(500, 900)]) == 350


def test_the_lead_stops_where_too_little_would_be_answered() -> None:
    assert fitting.choose([(240, False), (240, True)] * 50 + [(700, False)] * 10) == 200


@given(st.lists(st.integers(-9000, 9000), min_size=1), st.floats(0, 1))
def test_a_share_of_the_values_lies_below(values: list[int], share: float) -> None:
    found = fitting.quantile(values, share)
    assert found in values
    assert sum(value < found for value in values) <= share * len(values)


def test_our_own_questions_say_how_near_others_may_come() -> None:
    seen = [Seen(lead=900, right=True, clear=number, privacy=-number, alarm=-number) for number in range(1000)]
    found = fitting.fit(seen)
    assert sum(one.clear >= found["apart"] for one in seen) == 1000 * (1 - fitting.CLOSE)
    assert sum(one.alarm > found["danger"] for one in seen) <= 1000 * fitting.ALARMED
    assert sum(one.privacy > found["secret"] for one in seen) <= 1000 * fitting.REFUSED
