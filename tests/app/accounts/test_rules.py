from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.rules import HOMES, ROLES, Person, home_of, local_path, password_fault, stem, within

pair = st.integers(1, 99).map("{:02d}".format)
triple = st.integers(1, 999).map("{:03d}".format)


@st.composite
def codes(draw: st.DrawFn) -> list[str]:
    """A village and everything above it: 省 州 县 乡 村, 12 digits each."""
    parts = [draw(pair), draw(pair), draw(pair), draw(triple), draw(triple)]
    return ["".join(parts[:depth]).ljust(12, "0") for depth in range(1, 6)]


@given(codes())
def test_a_region_holds_itself_and_all_below_but_nothing_above(chain: list[str]) -> None:
    for upper in range(5):
        for lower in range(5):
            assert within(chain[upper], chain[lower]) == (upper <= lower)


@given(codes(), codes())
def test_two_regions_never_overlap_partly(one: list[str], other: list[str]) -> None:
    for mine in one:
        for theirs in other:
            if within(mine, other[-1]) and within(theirs, other[-1]):
                assert within(mine, theirs) or within(theirs, mine)


def test_a_subtree_is_a_prefix_and_not_a_number() -> None:
    assert stem("533301001000") == "533301001"
    assert stem("533300000000") == "5333"
    assert not within("533301001000", "533301010001")
    assert within("", "533301001003")


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_home(role: str) -> None:
    assert home_of([role]) == dict(HOMES)[role]


def test_the_widest_role_decides_the_home() -> None:
    assert home_of(["editor", "manager"]) == "/oversight/"
    assert home_of([]) == "/"


def test_an_admin_has_every_role_and_others_their_own() -> None:
    assert Person("1", "甲", frozenset({"admin"}), "").has("editor")
    assert not Person("2", "乙", frozenset({"editor"}), "").has("reviewer")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "至少"),
        ("x" * 201, "太长"),
        ("xx-Guide1-2026", "登录名"),
        ("aaaaaaaaaaaa", "太简单"),
        ("山高路远也要办好事", "至少"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, said: str) -> None:
    assert said in password_fault(password, "guide1")


def test_a_long_sentence_is_a_fine_password() -> None:
    assert password_fault("过了怒江就是我的家乡", "guide1") == ""


@pytest.mark.parametrize("target", ["/oversight/?day=1", "/"])
def test_log_in_may_lead_to_paths_here(target: str) -> None:
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target", [None, "", "https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x", "x"]
)
def test_log_in_never_leads_elsewhere(target: str | None) -> None:
    assert local_path(target) is None
