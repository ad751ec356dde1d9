"""The session machine: who talks with whom, and what may happen next. Pure; PROTOCOL.md gives the frames that carry it.

A session waits, is offered to one agent after the other, is taken by one of them, and ends; an agent who vanishes gives it
back to the queue. Others may be asked in: an expert speaks, a lead listens, whispers or speaks, and the village sees each of
them and may send each away. What ended still owes its agent a wrap-up. Text is the rung that always works; voice, video,
co-browsing and control attach to the same session. What the centre calls is `ringing` until the village picks up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

WAITING, RINGING, ACTIVE, ENDED = "waiting", "ringing", "active", "ended"
VILLAGE, AGENT, SYSTEM = "village", "agent", "system"
KINDS = ("text", "card", "note")
LONGEST_TEXT = 4000
ASKED, LISTEN, WHISPER, JOIN, AWAY = "asked", "listen", "whisper", "join", "away"
MODES = (LISTEN, WHISPER, JOIN)
"""How somebody who was asked in takes part. AWAY: the village sent them away, and that holds for this session."""


@dataclass(frozen=True)
class Session:
    """A session as the centre keeps it; people are person ids, `last_seq` numbers the transcript."""

    state: str = WAITING
    agent: str | None = None
    last_seq: int = 0
    offered: str | None = None
    """Whom it rings at while it waits."""
    passed: tuple[str, ...] = ()
    """Who declined it, let it ring or handed it on, since somebody last held it."""
    wanted: str | None = None
    """The person it was handed on to by name, until they passed."""
    held: bool = False
    guests: tuple[tuple[str, str], ...] = ()
    """(person, ASKED | LISTEN | WHISPER | JOIN | AWAY), in the order of their coming."""
    wrapped: bool = False
    """Whether its last agent has written down how it ended."""

    def mode(self, person: str | None) -> str | None:
        """How somebody besides the agent takes part."""
        return dict(self.guests).get(person) if person else None


@dataclass(frozen=True)
class Refusal:
    """A signal that may not happen now; `reason` is the kind of a problem `talk.<reason>`."""

    reason: str


@dataclass(frozen=True)
class Offer:
    """It rings at an agent; `again` begins a new round, in which also those who passed are rung."""

    agent: str
    again: bool = False


@dataclass(frozen=True)
class Pass:
    """The agent declines what rings; or let it ring for too long (`lapsed`)."""

    agent: str
    lapsed: bool = False


@dataclass(frozen=True)
class Claim:
    """An agent takes the session."""

    agent: str


@dataclass(frozen=True)
class PickUp:
    """The village takes what the centre called."""


@dataclass(frozen=True)
class GiveBack:
    """The agent returns the session to the queue, hands it on `to` a person, or was lost (`agent` None)."""

    agent: str | None
    to: str | None = None


@dataclass(frozen=True)
class Hold:
    """The agent lets the village wait, or comes back."""

    agent: str
    on: bool


@dataclass(frozen=True)
class Invite:
    """The agent asks somebody in."""

    agent: str
    guest: str


@dataclass(frozen=True)
class Enter:
    """Somebody comes in, or changes how: who was asked, or a lead."""

    guest: str
    mode: str
    lead: bool = False


@dataclass(frozen=True)
class Leave:
    """A guest goes (`by` the guest), is let go (`by` the agent), or is sent away (`by` None: the village)."""

    guest: str
    by: str | None


@dataclass(frozen=True)
class Say:
    """Somebody adds to the transcript. `agent` is the speaker's person id, None for the village."""

    agent: str | None
    kind: str
    text: str


@dataclass(frozen=True)
class End:
    """Either side ends the session."""

    agent: str | None


@dataclass(frozen=True)
class Wrap:
    """The last agent writes down how it ended."""

    agent: str


Signal = Offer | Pass | Claim | PickUp | GiveBack | Hold | Invite | Enter | Leave | Say | End | Wrap


def step(session: Session, signal: Signal) -> Session | Refusal:
    """The session after a signal, or why it may not happen."""
    if session.state == ENDED and not isinstance(signal, Wrap):
        return Refusal("ended")
    return _STEPS[type(signal)](session, signal)


def _offer(session: Session, signal: Offer) -> Session | Refusal:
    if session.state != WAITING or session.offered is not None:
        return Refusal("taken")
    passed = () if signal.again else session.passed
    if signal.agent in passed or session.wanted not in (None, signal.agent):
        return Refusal("not_offered")
    return replace(session, offered=signal.agent, passed=passed)


def _pass(session: Session, signal: Pass) -> Session | Refusal:
    if session.offered != signal.agent:
        return Refusal("not_offered")
    wanted = None if session.wanted == signal.agent else session.wanted
    return replace(session, offered=None, wanted=wanted, passed=(*session.passed, signal.agent))


def _claim(session: Session, signal: Claim) -> Session | Refusal:
    if session.state != WAITING:
        return Refusal("taken")
    if session.offered not in (None, signal.agent):
        return Refusal("offered")
    guests = tuple(one for one in session.guests if one[0] != signal.agent or one[1] == AWAY)
    return replace(session, state=ACTIVE, agent=signal.agent, offered=None, passed=(), wanted=None, guests=guests)


def _pick_up(session: Session, _signal: PickUp) -> Session | Refusal:
    return replace(session, state=ACTIVE) if session.state == RINGING else Refusal("not_offered")


def _give_back(session: Session, signal: GiveBack) -> Session | Refusal:
    if session.state != ACTIVE or signal.agent not in (None, session.agent):
        return Refusal("not_yours")
    if signal.to is not None and signal.to == signal.agent:
        return Refusal("not_offered")
    passed = () if signal.agent is None else (signal.agent,)
    away = tuple(one for one in session.guests if one[1] == AWAY)
    return replace(session, state=WAITING, agent=None, held=False, passed=passed, wanted=signal.to, guests=away)


def _hold(session: Session, signal: Hold) -> Session | Refusal:
    if session.state != ACTIVE or signal.agent != session.agent:
        return Refusal("not_yours")
    return replace(session, held=signal.on)


def _invite(session: Session, signal: Invite) -> Session | Refusal:
    if session.state != ACTIVE or signal.agent != session.agent:
        return Refusal("not_yours")
    if session.mode(signal.guest) == AWAY:
        return Refusal("sent_away")
    if signal.guest == session.agent or session.mode(signal.guest) is not None:
        return Refusal("inside")
    return replace(session, guests=(*session.guests, (signal.guest, ASKED)))


def _enter(session: Session, signal: Enter) -> Session | Refusal:
    if session.state != ACTIVE or signal.guest == session.agent:
        return Refusal("uninvited")
    mode = session.mode(signal.guest)
    if mode == AWAY:
        return Refusal("sent_away")
    if signal.mode not in MODES or (signal.mode != JOIN and not signal.lead) or (mode is None and not signal.lead):
        return Refusal("uninvited")
    if mode is None:
        return replace(session, guests=(*session.guests, (signal.guest, signal.mode)))
    return replace(session, guests=_with(session, signal.guest, signal.mode))


def _leave(session: Session, signal: Leave) -> Session | Refusal:
    if session.mode(signal.guest) in (None, AWAY):
        return Refusal("uninvited")
    if signal.by is None:
        return replace(session, guests=_with(session, signal.guest, AWAY))
    if signal.by not in (signal.guest, session.agent):
        return Refusal("not_yours")
    return replace(session, guests=tuple(one for one in session.guests if one[0] != signal.guest))


def _with(session: Session, person: str, mode: str) -> tuple[tuple[str, str], ...]:
    return tuple((one, mode if one == person else how) for one, how in session.guests)


def _say(session: Session, signal: Say) -> Session | Refusal:
    if signal.agent is not None and signal.agent != session.agent:
        mode = session.mode(signal.agent)
        if mode != JOIN and not (mode == WHISPER and signal.kind == "note"):
            return Refusal("not_yours")
    if signal.kind not in KINDS or (signal.agent is None and signal.kind != "text"):
        return Refusal("kind")
    if not signal.text.strip():
        return Refusal("empty")
    if len(signal.text) > LONGEST_TEXT:
        return Refusal("long")
    return replace(session, last_seq=session.last_seq + 1)


def _end(session: Session, signal: End) -> Session | Refusal:
    if signal.agent is not None and signal.agent != session.agent:
        return Refusal("not_yours")
    return replace(session, state=ENDED, offered=None, held=False, guests=())


def _wrap(session: Session, signal: Wrap) -> Session | Refusal:
    if session.agent != signal.agent:
        return Refusal("not_yours")
    if session.state != ENDED:
        return Refusal("open")
    return Refusal("wrapped") if session.wrapped else replace(session, wrapped=True)


_STEPS: dict[type, Callable[[Session, Any], Session | Refusal]] = {
    Offer: _offer,
    Pass: _pass,
    Claim: _claim,
    PickUp: _pick_up,
    GiveBack: _give_back,
    Hold: _hold,
    Invite: _invite,
    Enter: _enter,
    Leave: _leave,
    Say: _say,
    End: _end,
    Wrap: _wrap,
}


def heard_by_village(kind: str) -> bool:
    """Notes stay among agents."""
    return kind != "note"


def shown_to_village(mode: str) -> bool:
    """Everybody who can follow a talk is shown to the village in it: those who were only asked cannot."""
    return mode in MODES
