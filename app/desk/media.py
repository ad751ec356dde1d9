"""Voice and pictures in a talk: who may ask, allow and stop, and the signals between the two browsers (remote/PROTOCOL.md, media).

Grants live in this process only: after a restart the village is asked again, so that none outlives what it was given for.
Every giving and taking back is in the ledger. Sound never passes the centre, unless its relay carries it sealed.
"""

from __future__ import annotations

import threading
import time
from typing import Annotated, Any, Literal

from flask import current_app
from msgspec import Meta

from app.accounts.rules import Person, within
from app.bus import bus
from app.db import db
from app.desk import store
from app.desk.frames import Frame, Id
from app.places.guard import Device
from app.problems import Problem
from remote import consent, relay, session

Kind = Literal["voice", "camera", "screen", "page", "page_control"]
Body = Annotated[str, Meta(min_length=2, max_length=16_384)]
"""A signal between browsers; the centre does not read it."""


class Ask(Frame, tag="ask"):
    """An agent asks for a consent."""

    talk: Id
    kind: Kind


class Consent(Frame, tag="consent"):
    """A village allows; either end stops."""

    talk: Id
    kind: Kind
    given: bool


class Signal(Frame, tag="signal"):
    """What one browser tells the other."""

    talk: Id
    body: Body


class Relay(Frame, tag="relay"):
    """Either end wants a fresh log-in for the relay."""

    talk: Id


FromVillage = Consent | Signal | Relay
FromAgent = Ask | Consent | Signal | Relay


class Grants:
    """What is allowed now, by talk and kind."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], consent.Grant] = {}

    def give(self, talk: str, kind: str, holder: str) -> consent.Grant:
        """Allow from now on; forgets what is over meanwhile."""
        now = time.monotonic()
        grant = consent.give(kind, holder, now)
        with self._lock:
            self._held = {key: one for key, one in self._held.items() if not one.revoked and one.expires > now}
            self._held[talk, kind] = grant
        return grant

    def revoke(self, talk: str, kind: str) -> bool:
        """Take back; False when nothing was allowed."""
        with self._lock:
            held = self._held.pop((talk, kind), None)
        return held is not None

    def allows(self, talk: str, kind: str, holder: str | None) -> bool:
        """Whether it is allowed at this moment."""
        with self._lock:
            held = self._held.get((talk, kind))
        return consent.allows(held, kind, holder, time.monotonic())

    def left_s(self, talk: str, kind: str) -> int:
        """Seconds that are left of what is allowed; 0 for nothing."""
        with self._lock:
            held = self._held.get((talk, kind))
        return max(0, int(held.expires - time.monotonic())) if held else 0


def grants() -> Grants:
    """What is allowed in the running centre."""
    held: Grants = current_app.extensions["jjb_grants"]
    return held


def village_act(device: Device, frame: FromVillage) -> None:
    """Carry out a media frame of a village."""
    with db().read() as connection:
        found = store.find(connection, frame.talk)
        if found.device != device.id:
            raise Problem("talk.missing")
    _active(found)
    if isinstance(frame, Consent) and frame.given:
        _beside(found, frame.kind)
        grant = grants().give(frame.talk, frame.kind, found.agent)
        with db().write() as connection:
            store.note_consent(connection, found, device.id, frame.kind, given=True)
        _tell_both(found, frame.kind, given=True, for_s=round(grant.expires - grant.given_at))
    elif isinstance(frame, Consent):
        stop(found, frame.kind, device.id)
    elif isinstance(frame, Relay):
        _send(_village(found), _relay(found, "village"))
    else:
        _pass_on(found, frame, _agent(found))


def agent_act(person: Person, frame: FromAgent) -> None:
    """Carry out a media frame of an agent."""
    with db().read() as connection:
        found = store.find(connection, frame.talk)
    if not within(person.region, found.region):
        raise Problem("access.region")
    _active(found)
    if found.agent != person.id:
        raise Problem("talk.not_yours")
    if isinstance(frame, Ask):
        _beside(found, frame.kind)
        _send(_village(found), {"type": "ask", "talk": found.id, "kind": frame.kind, "agent_name": found.agent_name})
    elif isinstance(frame, Consent):
        if frame.given:
            raise Problem("talk.consent")
        stop(found, frame.kind, person.id)
    elif isinstance(frame, Relay):
        _send(_agent(found), _relay(found, "agent"))
    else:
        _pass_on(found, frame, _village(found))


def _active(found: Any) -> None:
    if found.state == session.ENDED:
        raise Problem("talk.ended")
    if found.state != session.ACTIVE:
        raise Problem("talk.alone")


def stop(found: Any, kind: str, actor: str) -> None:
    """Take a consent back and tell both ends. Pictures end with the voice beside which they are shown."""
    for one in consent.ENDS_WITH.get(kind, (kind,)):
        _stop_one(found, one, actor, always=one == kind)


def _stop_one(found: Any, kind: str, actor: str, *, always: bool) -> None:
    held = grants().revoke(found.id, kind)
    if held:
        with db().write() as connection:
            store.note_consent(connection, found, actor, kind, given=False)
    if held or always:
        _tell_both(found, kind, given=False, for_s=0)


def _beside(found: Any, kind: str) -> None:
    """A picture is shown beside a voice that is allowed, a page is acted on while it is seen: never alone."""
    for first, problem in (("voice", "talk.consent"), ("page", "page.consent")):
        if kind in consent.ENDS_WITH[first] and kind != first and not grants().allows(found.id, first, found.agent):
            raise Problem(problem)


def _pass_on(found: Any, frame: Signal, topic: str) -> None:
    if not grants().allows(found.id, "voice", found.agent):
        raise Problem("talk.consent")
    _send(topic, {"type": "signal", "talk": found.id, "body": frame.body})


def _relay(found: Any, end: str) -> dict[str, Any]:
    """A relay log-in is for those who may talk: it needs the consent too."""
    if not grants().allows(found.id, "voice", found.agent):
        raise Problem("talk.consent")
    return {"type": "relay", "talk": found.id, "servers": _servers(end)}


def _servers(end: str) -> list[dict[str, Any]]:
    settings = current_app.extensions["jjb_settings"]
    return relay.servers(settings.relay_urls.split(), settings.relay_secret, end, time.time())


def _tell_both(found: Any, kind: str, *, given: bool, for_s: int) -> None:
    frame = {"type": "consent", "talk": found.id, "kind": kind, "given": given, "for_s": for_s}
    for topic, end in ((_village(found), "village"), (_agent(found), "agent")):
        _send(topic, {**frame, "servers": _servers(end) if given else []})


def _village(found: Any) -> str:
    return f"device:{found.device}"


def _agent(found: Any) -> str:
    return f"agent:{found.agent}"


def _send(topic: str, frame: dict[str, Any]) -> None:
    bus().publish(topic, frame)
