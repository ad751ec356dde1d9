"""Who is asking, and may they: what every other slice uses of accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Person:
    """A logged-in person. `region` is the 12-digit code whose subtree they may see; `roles` from `accounts.rules.ROLES`."""

    id: str
    name: str
    roles: frozenset[str]
    region: str


def current_person() -> Person:
    """The person of this request; Problem('access.login') when nobody is logged in."""
    raise NotImplementedError


def needs(*roles: str) -> Callable[[View], View]:
    """Decorator of a view: Problem('access.denied') unless the person has one of `roles` (admin always may)."""
    raise NotImplementedError


def may_see(person: Person, region: str) -> bool:
    """Whether a region code lies in the person's subtree."""
    raise NotImplementedError
