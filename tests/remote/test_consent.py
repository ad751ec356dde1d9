from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from remote.consent import LONGEST_S, allows, give, revoke


def test_a_grant_is_its_holders_for_its_kind_and_its_time() -> None:
    grant = give("voice", "a", 100.0)
    assert allows(grant, "voice", "a", 100.0)
    assert not allows(grant, "voice", "b", 101.0)
    assert not allows(grant, "voice", None, 101.0)
    assert not allows(grant, "control", "a", 101.0)
    assert not allows(grant, "voice", "a", 99.0)
    assert not allows(None, "voice", "a", 101.0)


def test_taken_back_is_taken_back() -> None:
    assert not allows(revoke(give("voice", "a", 100.0)), "voice", "a", 101.0)


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_nobody_has_it_longer_than_it_was_given(given_at: float, later: float) -> None:
    grant = give("voice", "a", given_at)
    assert allows(grant, "voice", "a", later) == (given_at <= later < given_at + LONGEST_S["voice"])
