from __future__ import annotations

import pytest

from remote.health import MOST, Sample, changes, steps, whole
from remote.ladder import WORDS

FALL = [
    Sample(0, 15, 3, "start", rtt_ms=200, up=1000, down=2000, connect_ms=1800, voice_ms=2500),
    Sample(15, 15, 3, "start", rtt_ms=900, up=1000, down=2000),
    Sample(30, 10, 4, "narrow", loss=180, drops=1),
    Sample(40, 40, 3, "better", backs=1, back_ms=8000, rtt_ms=300, up=500, down=500),
]
OTHER = [Sample(1, 30, 3, "start", connect_ms=2600, up=4000, down=3000), Sample(31, 49, 4, "other", up=10, down=10)]


def test_a_talk_comes_to_what_the_worse_end_had() -> None:
    line = whole(FALL, OTHER)
    assert (line.best, line.worst, line.changes, line.reasons) == (3, 4, 2, ("narrow", "better", "other"))
    assert (line.connect_ms, line.voice_ms, line.drops, line.backs, line.back_ms) == (2600, 2500, 1, 1, 8000)
    assert (line.rtt_ms, line.loss, line.seconds) == (300, 180, 80)
    assert (line.up, line.down) == (2500, 4500)


def test_bytes_are_of_the_village_whoever_told() -> None:
    line = whole([], OTHER)
    assert (line.up, line.down) == (3010, 4010)
    assert line.rtt_ms is None


def test_only_another_rung_is_a_change() -> None:
    assert [one.reason for one in changes(FALL)] == ["start", "narrow", "better"]
    assert changes([]) == []


def test_the_line_of_rungs_stays_in_its_picture() -> None:
    points = [tuple(map(float, one.split(","))) for one in steps(FALL, 0, 80, 600, 140).split()]
    assert points[0] == (0, 105) and points[-1] == (600, 105)
    assert all(0 <= x <= 600 and 0 <= y <= 140 for x, y in points)
    assert steps([Sample(-50, 15, 0, "better")], 0, 0, 600, 140) == "0.0,0.0 0.0,0.0"
    assert steps([], 0, 80, 600, 140) == ""


@pytest.mark.parametrize("reason", [*WORDS, "other"])
def test_every_reason_of_the_ladder_can_be_told(reason: str) -> None:
    from app.desk.health import Sample as Told
    from app.oversight.rules import REASONS

    assert reason in REASONS
    assert reason in str(Told.__annotations__["reason"])
    assert MOST == 20  # pwa/src/call/health.ts
