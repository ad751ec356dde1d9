"""How the link of a talk was: what either end tells of it, and what a whole talk comes to. Pure.

An end tells in samples of some seconds: at most `MOST` in a frame, `FULL` in a talk. A sample says nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from remote.ladder import TEXT, WORDS

OTHER = "other"
"""The rung of a call goes by the worse end; this reason stands for the other end's link or choice."""
REASONS = (*WORDS, OTHER)
MOST = 20
FULL = 2000
LATE_S = 120
"""So long after a talk ended its last samples may still come."""


@dataclass(frozen=True)
class Sample:
    """Some seconds of a link as one end saw them. None: not known, or it did not happen in them."""

    at: float
    """When they began."""
    span_s: int
    rung: int
    reason: str
    rtt_ms: int | None = None
    loss: int = 0
    """Of a thousand of our voice packets, how many the other end missed."""
    up: int = 0
    down: int = 0
    """Bytes that left and came."""
    connect_ms: int | None = None
    """From the press of a button to a connection."""
    voice_ms: int | None = None
    """From the press of a button to the first voice that came."""
    drops: int = 0
    """How often the connection was lost."""
    backs: int = 0
    """How often it came back."""
    back_ms: int = 0
    """How long the longest took to come back."""


@dataclass(frozen=True)
class Whole:
    """What a talk comes to, each figure from the end that had it worse."""

    best: int
    worst: int
    reasons: tuple[str, ...]
    """Why the rung changed, each reason once, in the order of REASONS."""
    changes: int
    connect_ms: int | None
    voice_ms: int | None
    drops: int
    backs: int
    back_ms: int
    rtt_ms: int | None
    loss: int
    up: int
    down: int
    """Bytes of the village's link where the village told, else of the agent's."""
    seconds: int


def changes(samples: Sequence[Sample]) -> list[Sample]:
    """The samples of one end in which the rung was another than before, in order; the first begins the line."""
    return [one for at, one in enumerate(samples) if at == 0 or one.rung != samples[at - 1].rung]


def whole(village: Sequence[Sample], agent: Sequence[Sample]) -> Whole:
    """Both ends of a talk, each in order of time; at least one of them told something."""
    ends = [one for one in (village, agent) if one]
    every = [sample for end in ends for sample in end]
    turns = [sample for end in ends for sample in changes(end)[1:]]
    link = ends[0]
    return Whole(
        best=min(one.rung for one in every),
        worst=max(one.rung for one in every),
        reasons=tuple(reason for reason in REASONS if any(one.reason == reason for one in turns)),
        changes=max(len(changes(end)) - 1 for end in ends),
        connect_ms=_most(one.connect_ms for one in every),
        voice_ms=_most(one.voice_ms for one in every),
        drops=max(sum(one.drops for one in end) for end in ends),
        backs=max(sum(one.backs for one in end) for end in ends),
        back_ms=max(one.back_ms for one in every),
        rtt_ms=_middle([one.rtt_ms for one in every if one.rtt_ms is not None]),
        loss=max(one.loss for one in every),
        up=sum(one.up for one in link) if village else sum(one.down for one in link),
        down=sum(one.down for one in link) if village else sum(one.up for one in link),
        seconds=max(sum(one.span_s for one in end) for end in ends),
    )


def _most(values: Iterable[int | None]) -> int | None:
    return max((one for one in values if one is not None), default=None)


def _middle(values: list[int]) -> int | None:
    return sorted(values)[len(values) // 2] if values else None


def steps(samples: Sequence[Sample], start: float, end: float, width: int, height: int) -> str:
    """The rungs of one end as the points of a line in a picture: time to the right, more picture upwards."""
    length = max(end - start, 1.0)
    points = []
    for one in samples:
        y = round(one.rung / TEXT * height, 1)
        for at in (one.at, one.at + one.span_s):
            points.append(f"{round(min(max(at - start, 0.0), length) / length * width, 1)},{y}")
    return " ".join(points)
