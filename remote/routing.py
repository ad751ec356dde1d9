"""Whom a waiting session rings at, and how long the wait is; pure. Times are seconds of one clock.

The least busy agent who knows the matter and speaks the language comes first; others come when nobody of these is on duty,
or has taken it within SKILLED_FIRST_S.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

FREE, BUSY, BREAK, OFF = "free", "busy", "break", "off"
SEATS = (FREE, BUSY, BREAK, OFF)
"""空闲, 忙, 小休, 离线: what an agent says of himself. Only FREE is rung at."""
SKILLED_FIRST_S = 40.0
FEWEST = 5
"""So many talks must have been handled lately before a wait is told."""


@dataclass(frozen=True)
class Seat:
    """An agent whose desk is open."""

    person: str
    state: str = FREE
    load: int = 0
    """Sessions held, and those to be wrapped up."""
    since: float = 0.0
    """Since when nothing was taken."""
    ringing: bool = False
    """Whether another session rings here already."""
    wrapping: bool = False
    """Whether a wrap-up is owed: before it nothing rings."""
    languages: Collection[str] = ()
    departments: Collection[str] = ()


@dataclass(frozen=True)
class Wish:
    """What a waiting session asks for; "" is anything."""

    waited: float = 0.0
    language: str = ""
    department: str = ""
    person: str | None = None
    passed: Collection[str] = ()


def skilled(seat: Seat, wish: Wish) -> bool:
    """Whether an agent has all that is asked for."""
    return (not wish.language or wish.language in seat.languages) and (
        not wish.department or wish.department in seat.departments
    )


def on_duty(seat: Seat) -> bool:
    """Whether an agent may come to take it soon."""
    return seat.state in (FREE, BUSY)


def choose(wish: Wish, seats: Sequence[Seat], most: int) -> str | None:
    """Whom it rings at now, None when it has to wait; `most` sessions are an agent's fill."""
    known = [seat for seat in seats if seat.person not in wish.passed]
    ready = [
        seat for seat in known if seat.state == FREE and not seat.ringing and not seat.wrapping and (seat.load < most)
    ]
    if wish.person is not None:
        return next((seat.person for seat in ready if seat.person == wish.person), None)
    experts = [seat for seat in known if skilled(seat, wish) and on_duty(seat)]
    if experts and wish.waited < SKILLED_FIRST_S:
        ready = [seat for seat in ready if skilled(seat, wish)]
    best = min(
        ready, key=lambda seat: (not skilled(seat, wish), _lacks(seat, wish), seat.load, seat.since), default=None
    )
    return best.person if best else None


def _lacks(seat: Seat, wish: Wish) -> bool:
    """Among those who have not all, the language counts before the department."""
    return bool(wish.language) and wish.language not in seat.languages


def usual_wait(position: int, seats: Sequence[Seat], handled: Sequence[float], most: int) -> int | None:
    """Seconds until a session at `position` (from 1) is probably taken, out of how long talks lately took; None: 说不准.

    Nobody on duty, or too few talks to know: no figure. With a free agent for everybody ahead it is the time of ringing.
    """
    duty = [seat for seat in seats if on_duty(seat)]
    if not duty or position < 1:
        return None
    free = sum(max(0, most - seat.load) for seat in duty if seat.state == FREE and not seat.wrapping)
    if position <= free:
        return 0
    if len(handled) < FEWEST:
        return None
    times = sorted(handled)
    usual = times[len(times) // 2]
    places = max(1, len(duty) * most)
    return math.ceil(usual * (position - free) / places)
