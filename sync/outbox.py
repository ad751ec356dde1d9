"""The rules of sending and of judging, pure: how many events at once, how long to wait, what a verdict does.

Twin of `pwa/src/sync/outbox.ts`; both run tests/vectors/outbox.json. Times in milliseconds, random numbers in [0, 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor
from typing import Literal, NamedTuple

BATCH_LARGEST = 200
BATCH_FIRST = 100
BATCH_BYTES = 256 * 1024
"""JSON of one request before compression; the centre takes 1 MiB."""
WAIT_FIRST_MS = 2_000
WAIT_LONGEST_MS = 300_000
FAST_MS, WEAK_MS, SLOW_MS = 3_000, 5_000, 8_000
PROOF_MS = 20_000

Link = Literal["online", "weak", "offline"]
State = Literal["waiting", "sent", "refused"]


class Round(NamedTuple):
    """One finished try to speak with the centre. `portal`: something on the way answered in the centre's place."""

    ok: bool
    ms: int
    portal: bool = False


def next_batch(size: int, sent: int, done: Round) -> int:
    """Events in the next request: doubled after a quick full one, halved when slow or failed; from 1 to 200."""
    if not done.ok or done.ms > SLOW_MS:
        return max(1, size // 2)
    return min(BATCH_LARGEST, size * 2) if done.ms < FAST_MS and sent >= size else size


def fitting(sizes: Sequence[int], limit: int = BATCH_BYTES) -> int:
    """How many of these JSON texts fit one request; at least one, so that a large event cannot block the queue."""
    total = 0
    for index, size in enumerate(sizes):
        total += size
        if total > limit:
            return max(1, index)
    return len(sizes)


def back_off(failures: int, random: float) -> int:
    """Full-jitter back-off: any time between 0.5 s and 2 s · 2^failures, at most 5 min."""
    return max(500, _round(random * min(WAIT_LONGEST_MS, WAIT_FIRST_MS * 2 ** min(failures, 16))))


def next_delay(failures: int, rounds: Sequence[Round], poll_s: int, retry_after_s: float | None, random: float) -> int:
    """ms until the next round: as the centre asked, backed off, soon while the link proves itself, or at its pace."""
    if retry_after_s is not None:
        return _round(min(3600, retry_after_s) * 1000 * (1 + random / 4))  # spreads the return of all villages
    if failures > 0:
        return back_off(failures, random)
    calm = max(5, poll_s) * 1000
    return min(calm, PROOF_MS) if any(not one.ok for one in rounds) else calm


def link_of(rounds: Sequence[Round], on_line: bool = True) -> Link:
    """What to call the link, from the last three rounds; nothing proved yet reads as offline."""
    if not on_line or not rounds:
        return "offline"
    last = rounds[-1]
    if not last.ok:
        return "weak" if last.portal else "offline"
    return "weak" if last.ms > WEAK_MS or any(not one.ok for one in rounds[-3:]) else "online"


def lapsed(since: int, told: int, seen: int, now: int, days: int) -> bool:
    """Whether a device has been without its centre for longer than its lease of `days` (0: no lease). Times in ms.

    `since`: the last contact by the device's clock, `told`: the same moment by the centre's; `seen`: the latest time that the
    device's clock ever showed since, so that a clock that is set back prolongs nothing. A clock that was behind at the contact
    and has been set right since has jumped; what it jumped over is not time without the centre.
    """
    latest = max(seen, now)
    return days > 0 and latest - (told if since < told <= latest else since) > days * 86_400_000


def state_of(verdict: str | None) -> State:
    """What an event is called on screen. Only a verdict of the centre ends waiting; a refusal stays visible."""
    if verdict is None:
        return "waiting"
    return "sent" if verdict in ("accepted", "duplicate") else "refused"


def to_resend(verdicts: Iterable[tuple[int, str | None]], missing: Iterable[tuple[int, int]]) -> list[int]:
    """Numbers, of (number, verdict) pairs, that the centre once took and now misses (restored from an older backup).

    Refused ones are left alone: the centre knows them, and sending them again would never end.
    """
    ranges = list(missing)
    return [
        number
        for number, verdict in verdicts
        if verdict is not None
        and state_of(verdict) == "sent"
        and any(first <= number <= last for first, last in ranges)
    ]


def _round(value: float) -> int:
    """Half up, as Math.round does."""
    return floor(value + 0.5)
