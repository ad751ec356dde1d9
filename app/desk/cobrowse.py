"""A village page that an agent sees and points at (remote/PROTOCOL.md, the page).

What a page tells lives in memory only, from its last whole picture on, and is dropped when the consent ends or the village's
line does: no row, no log. Every frame needs a grant that holds now; refusals are in the ledger.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from flask import current_app
from msgspec import Meta
from sqlalchemy import Row

from app.accounts.rules import Person, within
from app.bus import bus
from app.db import db
from app.desk import media, store
from app.desk.frames import Frame, Id
from app.places.guard import Device
from app.problems import Problem
from remote import cobrowse, session

PAGE = "page"
FRESH_AFTER = 1_500_000
"""Bytes of events after which a page is asked for a new whole picture, so that a late look stays short."""
MOST_KEPT = 4_000_000
PIECE = 1
"""First byte of a piece and of its receipt; three bytes with its number follow."""
GONE_S = 60.0
"""How long a page that was cut off may come back; then its consent is over."""
REFUSALS_S = 60.0
"""A refusal of the same end is written into the ledger at most this often."""


class Page(Frame, tag="page"):
    """A village begins a stream of its page; after a cut it names the one before, as only the same window can."""

    talk: Id
    stream: Id
    was: Id | None = None


class See(Frame, tag="see"):
    """An agent wants what it has not seen of a page."""

    talk: Id
    stream: Id | None = None
    after: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


Milli = Annotated[int, Meta(ge=-1000, le=2000)]
"""A place in thousandths of an element's box."""


class Point(Frame, tag="page_point"):
    """An agent points at a place of an element, frames it or draws on it; `clear` takes all of that away."""

    talk: Id
    kind: Literal["spot", "frame", "line", "clear"]
    node: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 1
    path: Annotated[tuple[Milli, ...], Meta(max_length=240)] = ()


FromVillage = Page
FromAgent = See | Point
LIVELY = ("see", "page_point", "page_act", "page_did")
"""Types of frames that come often; they are counted with the pieces."""


@dataclass
class _Seen:
    """A page in memory: its stream, and its clean events since the last whole picture."""

    holder: str
    line: str
    stream: str
    pieces: cobrowse.Stream
    first: int = 0
    events: list[cobrowse.Event] = field(default_factory=list)
    size: int = 0
    asked_anew: bool = False
    gone_at: float | None = None

    def drop(self) -> None:
        """Forget the picture; numbers go on."""
        self.first += len(self.events)
        self.events, self.size = [], 0


class Pages:
    """Pages that are seen now, by talk."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seen: dict[str, _Seen] = {}
        self.refused: dict[tuple[str, str, str], float] = {}
        self.words = Path(cobrowse.__file__).with_name("cobrowse.words").read_bytes()

    def forget(self, talk: str) -> None:
        """Nothing of this talk stays."""
        with self.lock:
            self.seen.pop(talk, None)


def _pages() -> Pages:
    held: Pages = current_app.extensions["jjb_pages"]
    return held


def consented(frame: media.Consent) -> None:
    """After a consent was given or taken back nothing of an earlier one stays."""
    if frame.kind == PAGE:
        _pages().forget(frame.talk)


def sweep() -> None:
    """What time and other frames ended: talks that are over or changed hands, grants that ran out, pages that stay away."""
    pages = _pages()
    with pages.lock:
        seen = {talk: one.gone_at for talk, one in pages.seen.items()}
    for talk, gone_at in seen.items():
        with db().read() as connection:
            found = store.find(connection, talk)
        if found.state != session.ACTIVE or not media.grants().allows(talk, PAGE, found.agent):
            pages.forget(talk)
        elif gone_at is not None and time.monotonic() > gone_at + GONE_S:
            media.stop(found, PAGE, found.device)
            pages.forget(talk)


def village_act(device: Device, frame: FromVillage, line: str) -> None:
    """Carry out a frame of a village about its page; `line` is the socket that it came by."""
    found = of_village(device, frame.talk)
    pages = _pages()
    with pages.lock:
        before = pages.seen.get(found.id)
        mine = before is None or frame.was == before.stream
        if mine:
            first = before.first + len(before.events) if before else 0
            pages.seen[found.id] = _Seen(found.agent, line, frame.stream, cobrowse.Stream(pages.words), first)
    if not mine:
        # Another window, or the same after a reload: nobody said yes there.
        media.stop(found, PAGE, device.id)
        pages.forget(found.id)
        raise _refusal(found, device.id)
    _to_village(found, {"type": "page", "talk": found.id, "stream": frame.stream, "anew": False})


def line_lost(talk: str | None, line: str) -> None:
    """A village's socket is gone: what it showed goes at once, its consent when it does not come back soon."""
    if talk is None:
        return
    pages = _pages()
    with pages.lock:
        seen = pages.seen.get(talk)
        if seen is None or seen.line != line:
            return
        seen.drop()
        seen.gone_at = time.monotonic()
        holder = seen.holder
    bus().publish(f"agent:{holder}", {"type": "away", "talk": talk})


def piece(device: Device, talk: str | None, data: bytes) -> bytes:
    """Take a piece of a page's stream and show it to the agent; the receipt for the village."""
    if talk is None or len(data) < 5 or data[0] != PIECE:
        raise Problem("page.stream", reason="piece")
    found = of_village(device, talk)
    pages = _pages()
    with pages.lock:
        seen = pages.seen.get(talk)
        if seen is not None and seen.holder == found.agent:
            number = int.from_bytes(data[1:4], "big")
            try:
                events = seen.pieces.take(number, data[4:])
                start, anew = _keep(seen, events or [])
            except cobrowse.Refused as refused:
                seen.drop()
                seen.pieces = cobrowse.Stream(pages.words)  # its packing is lost: the page begins another
                raise Problem("page.stream", reason=refused.reason) from refused
            have = seen.pieces.have
    if seen is None or seen.holder != found.agent:
        raise _refusal(found, device.id)
    if events:
        told = {"type": "seen", "talk": talk, "stream": seen.stream, "first": start, "events": events}
        _to_agent(found, told)
    if anew:
        _to_village(found, {"type": "page", "talk": talk, "stream": seen.stream, "anew": True})
    return data[:1] + have.to_bytes(3, "big")


def _keep(seen: _Seen, events: list[cobrowse.Event]) -> tuple[int, bool]:
    """Add to what is kept, from the last whole picture on: (number of the first of these, whether a new picture is due)."""
    start = seen.first + len(seen.events)
    for event in events:
        if cobrowse.is_snapshot(event):
            # The event before it says how large the window is.
            seen.first += max(0, len(seen.events) - 1)
            seen.events = seen.events[-1:]
            seen.size, seen.asked_anew = 0, False
        seen.events.append(event)
        seen.size += len(msgspec.json.encode(event))
    if seen.size > MOST_KEPT:
        raise cobrowse.Refused("size")
    wanted = seen.size > FRESH_AFTER and not seen.asked_anew
    seen.asked_anew = seen.asked_anew or wanted
    return start, wanted


def agent_act(person: Person, frame: FromAgent) -> None:
    """Show an agent what it has not seen, or its village where it points."""
    found = of_agent(person, frame.talk)
    _may(found, person.id)
    if isinstance(frame, Point):
        _point(found, frame)
    else:
        _show(found, frame)


def _point(found: Row[Any], frame: Point) -> None:
    """Only ever shown: no place for anything that could act, and no row."""
    length = len(frame.path)
    if not {"spot": length == 2, "line": length >= 4 and length % 2 == 0}.get(frame.kind, length == 0):
        raise Problem("talk.frame", field="path")
    _to_village(found, msgspec.to_builtins(frame))


def _show(found: Row[Any], frame: See) -> None:
    pages = _pages()
    with pages.lock:
        seen = pages.seen.get(found.id)
        if seen is None:
            return
        same = frame.stream == seen.stream and frame.after >= seen.first
        skip = frame.after - seen.first if same else 0
        told = {
            "type": "seen",
            "talk": found.id,
            "stream": seen.stream,
            "first": seen.first + skip,
            "events": seen.events[skip:],
        }
    _to_agent(found, told)


def is_shown(talk: str) -> bool:
    """Whether a page is seen and its village's line is live."""
    with _pages().lock:
        seen = _pages().seen.get(talk)
    return seen is not None and seen.gone_at is None


def of_agent(person: Person, talk: str) -> Row[Any]:
    """An active talk that is this agent's own."""
    with db().read() as connection:
        found = store.find(connection, talk)
    if not within(person.region, found.region):
        raise Problem("access.region")
    _active(found)
    if found.agent != person.id:
        raise Problem("talk.not_yours")
    return found


def of_village(device: Device, talk: str) -> Row[Any]:
    """An active talk of this device whose page may be seen."""
    with db().read() as connection:
        found = store.find(connection, talk)
    if found.device != device.id:
        raise Problem("talk.missing")
    _active(found)
    _may(found, device.id)
    return found


def _active(found: Row[Any]) -> None:
    if found.state == session.ENDED:
        raise Problem("talk.ended")
    if found.state != session.ACTIVE:
        raise Problem("talk.alone")


def _may(found: Row[Any], actor: str) -> None:
    if not media.grants().allows(found.id, PAGE, found.agent):
        _pages().forget(found.id)
        raise _refusal(found, actor)


def _refusal(found: Row[Any], actor: str) -> Problem:
    note_refusal(found, actor, PAGE)
    return Problem("page.consent")


def note_refusal(found: Row[Any], actor: str, kind: str) -> None:
    """Note a refusal in the ledger; not each one of a flood."""
    pages = _pages()
    now = time.monotonic()
    with pages.lock:
        pages.refused = {key: at for key, at in pages.refused.items() if at > now - REFUSALS_S}
        told = (found.id, actor, kind) in pages.refused
        pages.refused.setdefault((found.id, actor, kind), now)
    if not told:
        with db().write() as connection:
            store.note(connection, "talk.refused", found.id, actor, found.point, {"kind": kind})


def _to_village(found: Row[Any], frame: dict[str, Any]) -> None:
    bus().publish(f"device:{found.device}", frame)


def _to_agent(found: Row[Any], frame: dict[str, Any]) -> None:
    bus().publish(f"agent:{found.agent}", frame)
