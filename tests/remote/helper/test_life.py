from __future__ import annotations

from remote.helper.life import CONTROL, IDLE_S, LINK_S, PAUSE_S, REASONS, SILENT_S, VIEW, Life


def test_each_grant_stands_for_its_time_and_control_never_without_view() -> None:
    life = Life(0.0)
    life.granted(CONTROL, 600, 0.0)
    assert not life.may(CONTROL, 0.0)
    life.granted(VIEW, 100, 0.0)
    assert life.may(VIEW, 99.9) and life.may(CONTROL, 99.9)
    assert not life.may(VIEW, 100.0) and not life.may(CONTROL, 100.0)
    life.heard(100.0)
    assert life.tick(100.0) == ([VIEW], None)
    assert CONTROL not in life.until


def test_taking_the_view_back_takes_control_along() -> None:
    life = Life(0.0)
    life.granted(VIEW, 100, 0.0)
    life.granted(CONTROL, 100, 0.0)
    life.taken_back(CONTROL)
    assert life.may(VIEW, 1.0) and not life.may(CONTROL, 1.0)
    life.granted(CONTROL, 100, 0.0)
    life.taken_back(VIEW)
    assert life.until == {}


def test_it_ends_with_the_link_and_when_nobody_moves() -> None:
    life = Life(0.0)
    assert not life.silent(SILENT_S - 0.1) and life.silent(SILENT_S)
    assert life.tick(LINK_S - 0.1) == ([], None)
    assert life.tick(LINK_S) == ([], "link")
    life.heard(IDLE_S)
    assert life.tick(IDLE_S) == ([], "idle")
    life.touched(IDLE_S - 1, local=True)
    assert life.tick(IDLE_S) == ([], None)


def test_the_guides_own_touch_pauses_and_the_end_is_final() -> None:
    life = Life(0.0)
    assert not life.paused(0.0)
    life.touched(5.0, local=False)
    assert not life.paused(5.0)
    life.touched(5.0, local=True)
    assert life.paused(5.0 + PAUSE_S - 0.1) and not life.paused(5.0 + PAUSE_S)
    life.granted(VIEW, 100, 0.0)
    assert life.ended("hotkey") and not life.ended("link")
    assert life.over == "hotkey" and not life.may(VIEW, 1.0)
    assert life.over in REASONS
