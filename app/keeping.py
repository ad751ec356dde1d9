"""What every slice offers to retention: whose time is over, what goes when a subject is forgotten, what must stay.

A subject is what owns a key of the vault: a case number, the id of a talk, `visit:` and an id, `quarantine:` and an id.
The tables that name these functions are in `app/__init__.py`; `app/retention` walks them and knows no other slice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from flask import current_app
from sqlalchemy import Connection

Ended = Callable[[Connection, str], list[str]]
"""Subjects whose matter ended before a time and of which something is still kept, the oldest first."""
Forget = Callable[[Connection, str], dict[str, int]]
"""Wipe what is kept of a subject and say how many of what went; {} for a subject of others, and the second time."""
Held = Callable[[Connection], Mapping[str, str]]
"""Subjects that must stay as they are, with the reason in words."""


class Keeper(NamedTuple):
    """How one kind of record goes when its time is over."""

    ended: Ended
    part: Forget | None = None
    """What goes when it is less than everything; None: the subject is forgotten, its key with it."""


@dataclass(frozen=True)
class Holding:
    """Something that is kept of one person."""

    subject: str
    kind: str
    """In words."""
    point: str
    """Service point, whose region says who may work it."""
    role: str
    """As what the person stands there."""
    ended: bool
    """Whether the matter is over."""
    whole: bool
    """Whether it is about this person alone, so that it goes when they ask."""
    data: dict[str, Any] = field(default_factory=dict)
    """What is kept, in the open: for the export, never for a page that nobody asked for."""


class Seen(NamedTuple):
    """Whom to look for: the number as written, and its mark."""

    number: str
    mark: str


Seek = Callable[[Connection, Seen], list[Holding]]
"""What is kept of a person."""
Tell = Callable[[Connection, str], dict[str, Any]]
"""What else is kept of a subject, in words: for the export."""
Sweep = Callable[[Connection], None]
"""After a run: what a killed one may have left outside the database."""


class Keeping(NamedTuple):
    """The tables of `app/__init__.py`."""

    keepers: Mapping[str, Keeper]
    forgetters: tuple[Forget, ...]
    holders: tuple[Held, ...]
    seekers: tuple[Seek, ...]
    tellers: tuple[Tell, ...]
    sweepers: tuple[Sweep, ...]


def keeping() -> Keeping:
    """The tables of the running application."""
    return cast(Keeping, current_app.extensions["jjb_keeping"])
