"""Consent: what a village allows an agent, for how long. Pure; the centre checks a grant at every frame that needs one.

A grant names its holder, so a talk that changes hands takes none along. Giving it again starts a new one; nothing extends one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

LONGEST_S = {
    "voice": 3600,
    "camera": 3600,
    "screen": 3600,
    "page": 3600,
    "page_control": 600,
    "computer_view": 3600,
    "computer_control": 600,
}
"""Kinds of consent and how long one lasts at most."""
ENDS_WITH = {
    "voice": ("voice", "camera", "screen"),
    "page": ("page_control", "page"),
    "computer_view": ("computer_control", "computer_view"),
}
"""What ends together with a kind."""


@dataclass(frozen=True)
class Grant:
    """One consent. Times are seconds of one clock that never runs back."""

    kind: str
    holder: str
    given_at: float
    expires: float
    revoked: bool = False


def give(kind: str, holder: str, now: float) -> Grant:
    """A consent from now on. `kind` is one of LONGEST_S."""
    return Grant(kind, holder, now, now + LONGEST_S[kind])


def revoke(grant: Grant) -> Grant:
    """The grant, taken back."""
    return replace(grant, revoked=True)


def allows(grant: Grant | None, kind: str, holder: str | None, now: float) -> bool:
    """Whether the grant lets `holder` do what `kind` names now."""
    return (
        grant is not None
        and not grant.revoked
        and grant.kind == kind
        and grant.holder == holder
        and grant.given_at <= now < grant.expires
    )
