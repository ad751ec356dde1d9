"""An agent's hands on a village page that he sees (remote/PROTOCOL.md, the page).

Each act is checked against the list, the guide's consent, the order of acts and the guide's own pause at its moment; then it
goes to the village, which looks once more and says what came of it. The ledger has every act with what the list calls its place,
never what was filled in; that is in the frame that passes and nowhere else.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec
from flask import current_app
from msgspec import Meta
from sqlalchemy import Row

from app.accounts.rules import Person
from app.bus import bus
from app.db import db
from app.desk import cobrowse, media, store
from app.desk.frames import Frame, Id, Plain
from app.places.guard import Device
from app.problems import Problem
from remote import control, session

CONTROL = "page_control"
Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Act(Frame, tag="page_act"):
    """An agent acts; `n` only ever grows while one consent holds."""

    talk: Id
    n: Number
    verb: Literal["fill", "press", "choose", "scroll"]
    mark: Annotated[str, Meta(pattern="^[a-z]{1,12}$")]
    node: Number = 1
    value: Annotated[str, Meta(max_length=300, pattern=Plain)] = ""


class Did(Frame, tag="page_did"):
    """A village says what came of an act."""

    talk: Id
    n: Number
    outcome: Literal["done", "refused", "held"]
    reason: Literal["", "gone", "hidden", "mark", "number", "value", "written"] = ""


class Hold(Frame, tag="page_hold"):
    """The guide is at it himself, or lets the agent go on."""

    talk: Id
    on: bool


FromVillage = Did | Hold


class Hands:
    """Who acts on which page now, by talk."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: dict[str, control.Hand] = {}


def _hands() -> Hands:
    held: Hands = current_app.extensions["jjb_hands"]
    return held


def consented(frame: media.Consent) -> None:
    """A consent was given or taken back: what the last one left open is written down, a new one begins at nothing."""
    if frame.kind not in (CONTROL, cobrowse.PAGE):
        return
    with db().read() as connection:
        found = store.find(connection, frame.talk)
    _forget(found)
    if frame.kind == cobrowse.PAGE and media.grants().allows(found.id, CONTROL, found.agent):
        media.stop(found, CONTROL, found.device)  # what was allowed on the page before is not allowed on this one
    if frame.kind == CONTROL and frame.given:
        hands = _hands()
        with hands.lock:
            hands.held[found.id] = control.Hand(found.agent)
        tell(found)


def agent_act(person: Person, frame: Act) -> None:
    """Pass an act on to the village, or refuse it with a reason."""
    found = cobrowse.of_agent(person, frame.talk)
    _allowed(found, person.id)
    reason = control.refusal(frame.verb, frame.mark, frame.value)
    if reason == "" and not cobrowse.is_shown(found.id):
        reason = "away"
    if reason == "":
        reason = _begin(found, frame)
    if reason == "held":
        raise Problem("page.held")
    if reason:
        if reason not in ("away", "busy"):  # nobody's mistake
            cobrowse.note_refusal(found, person.id, CONTROL)
        raise Problem("page.act", reason=control.REASONS[reason])
    bus().publish(f"device:{found.device}", msgspec.to_builtins(frame))


def _begin(found: Row[Any], frame: Act) -> str:
    """Put an act under way; the reason when it may not be."""
    hands, act = _hands(), control.Act(frame.n, frame.verb, frame.mark, time.monotonic())
    with hands.lock:
        hand = _of(hands, found)
        after = control.begin(hand, act)
        if isinstance(after, str):
            return after
        hands.held[found.id] = after
    if hand.pending is not None:
        _note(found, hand, hand.pending, "unanswered", "")
    return ""


def village_act(device: Device, frame: FromVillage) -> None:
    """What came of an act, or the guide's own pause."""
    found = cobrowse.of_village(device, frame.talk)
    _allowed(found, device.id)
    hands = _hands()
    if isinstance(frame, Hold):
        with hands.lock:
            hands.held[found.id] = replace(_of(hands, found), paused=frame.on)
        tell(found)
        return
    with hands.lock:
        hand = _of(hands, found)
        hands.held[found.id], act = control.finish(hand, frame.n)
    if act is None:
        return  # told before, or too late: the ledger has it as unanswered
    _note(found, hand, act, frame.outcome, frame.reason)
    bus().publish(f"agent:{found.agent}", msgspec.to_builtins(frame))


def tell(found: Row[Any]) -> None:
    """Tell both ends how it stands: after a cut each goes on from here."""
    with _hands().lock:
        hand = _hands().held.get(found.id)
    if hand is None or hand.holder != found.agent:
        return
    left_s = media.grants().left_s(found.id, CONTROL)
    frame = {"type": "page_hand", "talk": found.id, "paused": hand.paused, "left_s": left_s, "n": hand.last}
    for topic in (f"device:{found.device}", f"agent:{found.agent}"):
        bus().publish(topic, frame)


def tell_again(talk: str) -> None:
    """The same after an end came back."""
    with db().read() as connection:
        tell(store.find(connection, talk))


def sweep() -> None:
    """What time, the end of a talk and other frames ended."""
    with _hands().lock:
        held = list(_hands().held)
    for talk in held:
        with db().read() as connection:
            found = store.find(connection, talk)
        if not _holds(found):
            if found.state == session.ACTIVE:
                media.stop(found, CONTROL, found.device)
            _forget(found)


def _holds(found: Row[Any]) -> bool:
    with _hands().lock:
        hand = _hands().held.get(found.id)
    kinds = (CONTROL, cobrowse.PAGE)
    allowed = all(media.grants().allows(found.id, kind, found.agent) for kind in kinds)
    return found.state == session.ACTIVE and hand is not None and hand.holder == found.agent and allowed


def _of(hands: Hands, found: Row[Any]) -> control.Hand:
    """The hand under the lock: another thread may have ended it since it was looked at."""
    hand = hands.held.get(found.id)
    if hand is None:
        raise Problem("page.hand")
    return hand


def _allowed(found: Row[Any], actor: str) -> None:
    if not _holds(found):
        _forget(found)
        cobrowse.note_refusal(found, actor, CONTROL)
        raise Problem("page.hand")


def _forget(found: Row[Any]) -> None:
    with _hands().lock:
        hand = _hands().held.pop(found.id, None)
    if hand is not None and hand.pending is not None:
        _note(found, hand, hand.pending, "unanswered", "")


def _note(found: Row[Any], hand: control.Hand, act: control.Act, outcome: str, reason: str) -> None:
    label = control.MARKS[act.mark].label
    body = {"verb": act.verb, "mark": label, "outcome": outcome, "reason": control.REASONS.get(reason, "")}
    with db().write() as connection:
        store.note(connection, "talk.act", found.id, hand.holder, found.point, body)
