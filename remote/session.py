"""The session machine: who talks with whom, and what may happen next. Pure; PROTOCOL.md gives the frames that carry it.

A session waits, is claimed by one agent, and ends; an agent who vanishes gives it back to the queue. Text is the rung that
always works; voice, video, co-browsing and control attach to the same session.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

WAITING, ACTIVE, ENDED = "waiting", "active", "ended"
VILLAGE, AGENT, SYSTEM = "village", "agent", "system"
KINDS = ("text", "card", "note")
LONGEST_TEXT = 4000


@dataclass(frozen=True)
class Session:
    """A session as the centre keeps it. `agent` is a person id while somebody holds it; `last_seq` numbers the transcript."""

    state: str = WAITING
    agent: str | None = None
    last_seq: int = 0


@dataclass(frozen=True)
class Refusal:
    """A signal that may not happen now; `reason` is the kind of a problem `talk.<reason>`."""

    reason: str


@dataclass(frozen=True)
class Claim:
    """An agent takes the session."""

    agent: str


@dataclass(frozen=True)
class GiveBack:
    """The agent returns the session to the queue, or was lost (`agent` None)."""

    agent: str | None


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


Signal = Claim | GiveBack | Say | End


def step(session: Session, signal: Signal) -> Session | Refusal:
    """The session after a signal, or why it may not happen."""
    if session.state == ENDED:
        return Refusal("ended")
    if isinstance(signal, Claim):
        if session.state != WAITING:
            return Refusal("taken")
        return replace(session, state=ACTIVE, agent=signal.agent)
    if isinstance(signal, GiveBack):
        if session.state != ACTIVE or signal.agent not in (None, session.agent):
            return Refusal("not_yours")
        return replace(session, state=WAITING, agent=None)
    if signal.agent is not None and signal.agent != session.agent:
        return Refusal("not_yours")
    if isinstance(signal, End):
        return replace(session, state=ENDED)
    if signal.kind not in KINDS or (signal.agent is None and signal.kind != "text"):
        return Refusal("kind")
    if not signal.text.strip():
        return Refusal("empty")
    if len(signal.text) > LONGEST_TEXT:
        return Refusal("long")
    return replace(session, last_seq=session.last_seq + 1)


def heard_by_village(kind: str) -> bool:
    """Notes stay among agents."""
    return kind != "note"
