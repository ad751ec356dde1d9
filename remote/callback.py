"""Rung 5, pure: what a village left when nobody took its call, the slot it wishes, and how it is called back.

A message lies at the centre (`left`), an agent takes it (`taken`) and rings the village (`rung`). Not picked up, or put off
by the village, it is taken still and due again later; spoken with, or closed with a note, it is over (`closed`).
Times are local to the centre. Twin of the slots: `pwa/src/call/slots.ts`, vectors in `tests/vectors/slots.json`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

LEFT, TAKEN, RUNG, CLOSED = "left", "taken", "rung", "closed"
SOON, MORNING, AFTERNOON = "soon", "morning", "afternoon"
PARTS = (SOON, MORNING, AFTERNOON)
FARTHEST_DAYS = 7
"""A wish may lie so many days ahead."""
AGAIN_MINUTES = 15
"""A ring that nobody took makes the message due again so much later."""
LATER_MINUTES = (10, 30, 60)
"""What the village may put a ring off by."""


@dataclass(frozen=True)
class Hours:
    """When the centre calls back: a morning and an afternoon, each from and to."""

    morning: tuple[time, time] = (time(9), time(12))
    afternoon: tuple[time, time] = (time(14), time(17, 30))

    def of(self, part: str) -> tuple[time, time]:
        """From and to of a part of the day."""
        return self.morning if part == MORNING else self.afternoon


@dataclass(frozen=True)
class Slot:
    """What is wished: as soon as possible (`day` is ""), or a part of a day."""

    day: str
    part: str


def read_hours(text: str) -> Hours | None:
    """Hours of a text like `09:00-12:00 14:00-17:30`; None when it is not that."""
    found = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d) (\d\d:\d\d)-(\d\d:\d\d)", text)
    if not found:
        return None
    try:
        one, two, three, four = (time.fromisoformat(part) for part in found.groups())
    except ValueError:
        return None
    return Hours((one, two), (three, four)) if one < two <= three < four else None


def fault(slot: Slot, at: datetime, hours: Hours) -> str:
    """Why a wish made at a moment cannot be: `form`, `past` or `far`; "" when it can."""
    if slot.part not in PARTS or (slot.part == SOON) != (slot.day == ""):
        return "form"
    if slot.part == SOON:
        return ""
    try:
        day = date.fromisoformat(slot.day)
    except ValueError:
        return "form"
    if datetime.combine(day, hours.of(slot.part)[1], at.tzinfo) <= at:
        return "past"
    return "far" if day > at.date() + timedelta(days=FARTHEST_DAYS) else ""


def due(slot: Slot, now: datetime, hours: Hours, is_workday: Callable[[date], bool]) -> tuple[datetime, datetime]:
    """From when and until when the village waits for the call, never before `now`.

    A wish that came late, or falls on a day on which nobody works, moves to the next part that is worked.
    """
    day, part = now.date(), MORNING
    if slot.part != SOON:
        wished = date.fromisoformat(slot.day)
        if day <= wished <= day + timedelta(days=FARTHEST_DAYS + 1):  # else a clock was wrong: as soon as possible
            day, part = wished, slot.part
    for ahead in range(60):
        on = day + timedelta(days=ahead)
        for half in (MORNING, AFTERNOON):
            begin, end = (datetime.combine(on, one, now.tzinfo) for one in hours.of(half))
            if (ahead == 0 and part == AFTERNOON and half == MORNING) or end <= now or not is_workday(on):
                continue
            return max(begin, now), end
    return now, now + timedelta(hours=1)  # a calendar without a workday in two months


@dataclass(frozen=True)
class Left:
    """A message as the centre keeps it; `agent` is a person id."""

    state: str = LEFT
    agent: str | None = None
    tries: int = 0


@dataclass(frozen=True)
class Refusal:
    """A signal that may not happen now; `reason` is the kind of a problem `message.<reason>`."""

    reason: str


@dataclass(frozen=True)
class Take:
    """An agent takes it on."""

    agent: str


@dataclass(frozen=True)
class PutBack:
    """Its agent, or a lead, gives it back to all."""

    agent: str
    lead: bool = False


@dataclass(frozen=True)
class Ring:
    """Its agent rings the village."""

    agent: str


@dataclass(frozen=True)
class Silent:
    """Nobody took the ring, its agent hung up, or the village put it off; or they spoke and it is not settled."""


@dataclass(frozen=True)
class Settled:
    """They spoke."""


@dataclass(frozen=True)
class Close:
    """Its agent closes it without a call, with a note."""

    agent: str


Signal = Take | PutBack | Ring | Silent | Settled | Close


def step(found: Left, signal: Signal) -> Left | Refusal:
    """The message after a signal, or why it may not happen."""
    if found.state == CLOSED:
        return Refusal("closed")
    if isinstance(signal, Take):
        return replace(found, state=TAKEN, agent=signal.agent) if found.state == LEFT else Refusal("taken")
    if isinstance(signal, Silent | Settled):
        if found.state != RUNG:
            return Refusal("not_rung")
        return replace(found, state=TAKEN if isinstance(signal, Silent) else CLOSED)
    if found.state == RUNG:
        return Refusal("rung")
    lead = isinstance(signal, PutBack) and signal.lead
    if found.state == LEFT or (found.agent != signal.agent and not lead):
        return Refusal("not_yours")
    if isinstance(signal, PutBack):
        return replace(found, state=LEFT, agent=None)
    if isinstance(signal, Ring):
        return replace(found, state=RUNG, tries=found.tries + 1)
    return replace(found, state=CLOSED)
