from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from remote import ladder
from remote.ladder import Ladder, Sample, pinned, step

FILE = json.loads((Path(__file__).parents[1] / "vectors" / "ladder.json").read_text())
TRACES = FILE["traces"]


def walk(trace: dict[str, Any]) -> list[list[Any]]:
    now, at, changes = Ladder(), 0, []
    for seconds, *sample in trace["segments"]:
        for _ in range(seconds):
            after = step(now, Sample(at, *sample), trace["top"])
            if after.rung != now.rung:
                changes.append([at, after.rung, after.reason])
            now, at = after, at + 1
    return changes


def test_every_trace_changes_as_its_vector_says() -> None:
    assert FILE["words"] == ladder.WORDS
    assert len(TRACES) == 200
    for trace in TRACES:
        assert walk(trace) == trace["changes"], trace["name"]


def test_no_trace_changes_more_than_twice_a_minute() -> None:
    for trace in TRACES:
        times = [at for at, rung, reason in trace["changes"] if reason != "pinned"]
        assert all(later - first >= ladder.MINUTE for first, later in zip(times, times[2:], strict=False)), trace[
            "name"
        ]


def test_no_climb_follows_a_change_within_a_minute() -> None:
    for trace in TRACES:
        pairs = zip(trace["changes"], trace["changes"][1:], strict=False)
        assert all(after[0] - before[0] >= 60 for before, after in pairs if after[2] == "better"), trace["name"]


def test_after_each_failed_climb_the_next_waits_longer() -> None:
    now, at, proofs = Ladder(), 0.0, []
    while len(proofs) < 5:
        bad = now.climbed is not None
        after = step(now, Sample(at, 3.0 if bad or at < 2 else 0.1), top=3)
        if after.reason == "better" and now.reason != "better":
            proofs.append(after.proof)
        now, at = after, at + 1
    assert proofs == [15, 30, 60, 120, 120]


@pytest.mark.parametrize("pin", range(5))
def test_a_pin_holds_at_once_and_for_ever(pin: int) -> None:
    now = pinned(Ladder(), pin)
    assert now.rung == max(3, pin)
    for at in range(300):
        now = step(now, Sample(at, 0.05, kbps=5000))
    assert now.rung == pin
