"""The rules of sending: tests/vectors/outbox.json (run by vitest too), and properties of every run of rounds.

`python -m tests.sync.test_outbox` writes the vectors anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import outbox
from sync.outbox import Round

VECTORS = Path(__file__).parents[1] / "vectors" / "outbox.json"

ROUNDS = [
    (True, 800),
    (True, 2_999),
    (True, 3_000),
    (True, 5_000),
    (True, 5_001),
    (True, 8_000),
    (True, 8_001),
    (False, 20_000),
]


DAY = 86_400_000


def write() -> dict[str, Any]:
    """Cases at and beside every border; the answers were read over by hand before they were committed."""
    good, slow, cut, portal = Round(True, 900), Round(True, 6_000), Round(False, 20_000), Round(False, 50, True)
    runs = [
        [],
        [good],
        [slow],
        [cut],
        [portal],
        [cut, good],
        [cut, good, good, good],
        [good, good, cut],
        [good, slow, good],
    ]
    return {
        "next_batch": [
            {"size": size, "sent": sent, "ok": ok, "ms": ms, "next": outbox.next_batch(size, sent, Round(ok, ms))}
            for size, sent in ((1, 1), (20, 20), (20, 3), (150, 150), (200, 200))
            for ok, ms in ROUNDS
        ],
        "back_off": [
            {"failures": failures, "random": random, "ms": outbox.back_off(failures, random)}
            for failures in (1, 2, 3, 7, 8, 60)
            for random in (0.0, 0.25, 0.9999)
        ],
        "next_delay": [
            {
                "failures": failures,
                "rounds": [one._asdict() for one in rounds],
                "poll_s": poll,
                "retry_after_s": after,
                "random": random,
                "ms": outbox.next_delay(failures, rounds, poll, after, random),
            }
            for failures, rounds, poll, after, random in (
                (0, [good], 300, None, 0.5),
                (0, [good], 1, None, 0.5),
                (0, [cut, good], 300, None, 0.5),
                (0, [cut, good], 10, None, 0.5),
                (3, [cut], 300, None, 0.5),
                (3, [cut], 300, 60, 0.5),
                (0, [good], 300, 0, 0.0),
                (1, [cut], 300, 86_400, 0.9),
            )
        ],
        "link_of": [
            {"rounds": [one._asdict() for one in run], "on_line": on_line, "link": outbox.link_of(run, on_line)}
            for run in runs
            for on_line in (True, False)
        ],
        "fitting": [
            {"sizes": sizes, "limit": limit, "count": outbox.fitting(sizes, limit)}
            for sizes, limit in (
                ([], 10),
                ([4, 4, 2], 10),
                ([4, 4, 3], 10),
                ([11], 10),
                ([11, 1], 10),
                ([1, 11, 1], 10),
            )
        ],
        "lapsed": [
            {**dict(zip(("since", "told", "seen", "now", "days"), times, strict=True)), "out": outbox.lapsed(*times)}
            for times in (
                (DAY, DAY, DAY, 31 * DAY, 30),
                (DAY, DAY, DAY, 31 * DAY + 1, 30),
                (DAY, DAY, 32 * DAY, 2 * DAY, 30),
                (DAY, DAY, DAY, 400 * DAY, 0),
                (DAY, DAY, DAY, -700 * DAY, 30),
                (0, 0, 0, DAY + 1, 1),
                # Two years behind at the contact, set right since; then a lease's time
                (DAY, 731 * DAY, DAY, 731 * DAY + 5, 30),
                (DAY, 731 * DAY, DAY, 761 * DAY + 1, 30),
                # Behind, and still behind
                (DAY, 731 * DAY, DAY, 31 * DAY + 1, 30),
                # Ahead at the contact, set right since; and ahead all the time
                (731 * DAY, DAY, 731 * DAY, 2 * DAY, 30),
                (731 * DAY, DAY, 731 * DAY, 761 * DAY + 1, 30),
            )
        ],
        "to_resend": [
            {"verdicts": verdicts, "missing": missing, "numbers": outbox.to_resend(verdicts, missing)}
            for verdicts, missing in (
                ([(1, "accepted"), (2, "accepted"), (3, None)], []),
                ([(1, "accepted"), (2, "duplicate"), (3, "rejected"), (4, "quarantined"), (5, None)], [(1, 9)]),
                ([(1, "accepted"), (2, "accepted"), (5, "accepted"), (6, "accepted")], [(2, 2), (4, 5)]),
            )
        ],
    }


def _rounds(rows: list[dict[str, Any]]) -> list[Round]:
    return [Round(**row) for row in rows]


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    return json.loads(VECTORS.read_text(encoding="utf-8"))


def test_next_batch(vectors: dict[str, Any]) -> None:
    for one in vectors["next_batch"]:
        assert outbox.next_batch(one["size"], one["sent"], Round(one["ok"], one["ms"])) == one["next"], one


def test_back_off_and_delay(vectors: dict[str, Any]) -> None:
    for one in vectors["back_off"]:
        assert outbox.back_off(one["failures"], one["random"]) == one["ms"], one
    for one in vectors["next_delay"]:
        got = outbox.next_delay(
            one["failures"], _rounds(one["rounds"]), one["poll_s"], one["retry_after_s"], one["random"]
        )
        assert got == one["ms"], one


def test_link_of(vectors: dict[str, Any]) -> None:
    for one in vectors["link_of"]:
        assert outbox.link_of(_rounds(one["rounds"]), one["on_line"]) == one["link"], one


def test_fitting_and_resend(vectors: dict[str, Any]) -> None:
    for one in vectors["fitting"]:
        assert outbox.fitting(one["sizes"], one["limit"]) == one["count"], one
    for one in vectors["lapsed"]:
        assert outbox.lapsed(one["since"], one["told"], one["seen"], one["now"], one["days"]) == one["out"], one
    for one in vectors["to_resend"]:
        assert (
            outbox.to_resend([tuple(pair) for pair in one["verdicts"]], [tuple(r) for r in one["missing"]])
            == one["numbers"]
        )


some_rounds = st.lists(st.builds(Round, st.booleans(), st.integers(0, 60_000)), max_size=60)


@given(some_rounds)
def test_a_batch_always_carries_something_and_never_too_much(rounds: list[Round]) -> None:
    size = outbox.BATCH_FIRST
    for one in rounds:
        size = outbox.next_batch(size, size, one)
        assert 1 <= size <= outbox.BATCH_LARGEST


@given(some_rounds)
def test_a_link_that_heals_gets_back_to_the_largest_batch(rounds: list[Round]) -> None:
    size = outbox.BATCH_FIRST
    for one in rounds:
        size = outbox.next_batch(size, size, one)
    for _ in range(8):  # 2^8 > 200
        size = outbox.next_batch(size, size, Round(True, 500))
    assert size == outbox.BATCH_LARGEST


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_back_off_stays_between_half_a_second_and_five_minutes(failures: int, random: float) -> None:
    assert 500 <= outbox.back_off(failures, random) <= 300_000


@given(some_rounds, st.booleans())
def test_a_link_is_online_only_when_the_last_round_went_well(rounds: list[Round], on_line: bool) -> None:
    if outbox.link_of(rounds, on_line) == "online":
        assert on_line
        assert rounds[-1].ok
        assert rounds[-1].ms <= 5_000


@given(st.lists(st.integers(0, 500), max_size=50), st.integers(1, 1_000))
def test_a_request_fits_and_never_stands_still(sizes: list[int], limit: int) -> None:
    count = outbox.fitting(sizes, limit)
    assert count <= len(sizes)
    assert count >= 1 or not sizes
    assert sum(sizes[:count]) <= limit or count == 1


VERDICTS = st.sampled_from([None, "accepted", "duplicate", "rejected", "quarantined"])


@given(st.lists(VERDICTS, max_size=30), st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), max_size=4))
def test_only_taken_events_inside_a_gap_are_sent_again(
    given_: list[str | None], missing: list[tuple[int, int]]
) -> None:
    pairs = list(enumerate(given_, 1))
    again = outbox.to_resend(pairs, missing)
    for number, verdict in pairs:
        inside = any(first <= number <= last for first, last in missing)
        assert (number in again) == (inside and verdict in ("accepted", "duplicate"))


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (None, "waiting"),
        ("accepted", "sent"),
        ("duplicate", "sent"),
        ("rejected", "refused"),
        ("quarantined", "refused"),
    ],
)
def test_only_a_verdict_ends_waiting(verdict: str | None, state: str) -> None:
    assert outbox.state_of(verdict) == state


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(write(), indent=1) + "\n", encoding="utf-8")
