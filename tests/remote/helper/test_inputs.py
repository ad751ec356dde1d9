from __future__ import annotations

from typing import Any

import pytest

from remote.helper import inputs
from remote.helper.inputs import Bucket, Echo, Unwanted

GOOD: list[list[Any]] = [
    ["move", 0, 65535], ["down", "left"], ["up", "right"], ["wheel", 0, -3], ["key", "Enter", True], ["key", "a", False],
    ["key", "中", True], ["text", "张三 abc"],
]  # fmt: skip
BAD: list[Any] = [
    [], "move", ["move"], ["move", 1], ["move", -1, 5], ["move", 1, 70000], ["move", 1.5, 2], ["move", True, 2],
    ["move", "1", 2], ["down", "side"], ["down", "left", 1], ["wheel", 0, 11], ["key", "Meta", True], ["key", "F12", True],
    ["key", "Pause", True], ["key", "Print", True], ["key", "Enter", 1], ["key", "", True], ["key", "\x1b", True],
    ["key", "ab", True], ["text", ""], ["text", "a\nb"], ["text", "x" * 201], ["text", "\u202e"], ["run", "sh"], [["move"]],
    {"kind": "move"}, None, 5, ["__class__", 1],
]  # fmt: skip


def test_what_is_on_the_list_passes() -> None:
    assert inputs.read(GOOD) == [tuple(one) for one in GOOD]


@pytest.mark.parametrize("event", BAD, ids=repr)
def test_anything_else_is_refused_with_all_of_its_frame(event: Any) -> None:
    with pytest.raises(Unwanted):
        inputs.read([["down", "left"], event])


@pytest.mark.parametrize("frame", [None, {}, [], "x", [["up", "left"]] * 33], ids=lambda frame: str(frame)[:9])
def test_a_frame_holds_some_events_and_not_too_many(frame: Any) -> None:
    with pytest.raises(Unwanted):
        inputs.read(frame)


def test_a_position_always_lies_on_the_screen() -> None:
    assert inputs.place(0, 0, 1366, 768) == (0, 0)
    assert inputs.place(65535, 65535, 1366, 768) == (1365, 767)
    assert inputs.place(10**9, -5, 1366, 768) == (1365, 0)
    assert inputs.place(32768, 32768, 1000, 500) == (500, 250)


def test_keys_that_leave_the_desktop_are_told() -> None:
    both = {"Control", "Alt", "left"}
    assert all(inputs.breaks_out(both, name) for name in ("Delete", "F1", "F7", "Backspace"))
    assert not any(inputs.breaks_out(both, name) for name in ("F", "a", "Enter"))
    assert not inputs.breaks_out({"Alt"}, "F4")


def test_a_bucket_lets_a_burst_pass_and_then_its_rate() -> None:
    bucket = Bucket(rate=10, burst=20)
    assert bucket.take(20, 0.0)
    assert not bucket.take(1, 0.0)
    assert bucket.take(10, 1.0)
    assert not bucket.take(21, 100.0)


def test_what_we_did_ourselves_is_no_touch_of_the_guide() -> None:
    echo = Echo()
    echo.did(("move", 100, 50), 0.0)
    echo.did(("down", "left"), 0.0)
    assert not echo.local(("move", 101, 50), 0.1)
    assert not echo.local(("down", "left"), 0.1)
    assert echo.local(("down", "left"), 0.1)  # ours was seen; a second one is his
    assert echo.local(("move", 300, 50), 0.1)
    assert echo.local(("move", 100, 50), 5.0)  # long after ours
