"""Live sockets of the desk and of the village page's talk (remote/PROTOCOL.md).

One thread reads a socket, another writes it; both hang on the bus. A socket carries nothing that is not a row already.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import queue
import secrets
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from flask import Flask, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed
from wsproto.utilities import LocalProtocolError

from app.accounts.guard import current_person, log_in_mark, still_logged_in
from app.accounts.rules import Person, within
from app.bus import bus
from app.db import db
from app.desk import cobrowse, computer, control, media, probe, seats, service, sock_computer, store
from app.places.guard import Device, device_public
from app.problems import Problem
from remote import session
from sync import signatures

log = logging.getLogger("app")

TRY_LATER = 1013
POLICY = 1008
PER_MINUTE = 120
"""Frames one socket may send a minute."""
LIVELY_PER_MINUTE = 900
"""The same for what moves on a page that is seen."""
FLOOD = 600
"""Frames too many after which a socket is closed: its page comes back with what it still has to say."""
STOP = ("stop", None)
TICK_S = 2.0
"""How often a desk, and a village that waits, looks whether time alone changed something."""
PRESENT_S = 10.0


def install(app: Flask) -> None:
    """Register the sockets on the application."""
    app.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": 25, "max_message_size": 64 * 1024}
    settings = app.extensions["jjb_settings"]
    app.extensions["jjb_grants"] = media.Grants()
    app.extensions["jjb_pace"] = seats.Pace()
    app.extensions["jjb_computers"] = computer.Rooms()
    app.extensions["jjb_pages"] = cobrowse.Pages()
    app.extensions["jjb_hands"] = control.Hands()
    budget = threading.BoundedSemaphore(settings.socket_limit)
    sock = Sock(app)

    @sock.route("/ws/village", endpoint="desk.village_socket")  # type: ignore[untyped-decorator]  # flask-sock has no types
    def village(ws: Any) -> None:
        _within_budget(budget, ws, lambda: _Village(app, ws).run())

    @sock.route("/ws/desk", endpoint="desk.agent_socket")  # type: ignore[untyped-decorator]  # the same
    def desk(ws: Any) -> None:
        _within_budget(budget, ws, lambda: _Agent(app, ws).run())

    @sock.route("/ws/helper", endpoint="desk.helper_socket")  # type: ignore[untyped-decorator]  # the same
    def helper(ws: Any) -> None:
        _within_budget(budget, ws, lambda: sock_computer.Helper(app, ws).run())

    @sock.route("/ws/desk/computer", endpoint="desk.computer_socket")  # type: ignore[untyped-decorator]  # the same
    def looking(ws: Any) -> None:
        _within_budget(budget, ws, lambda: sock_computer.Viewer(app, ws).run())


def _within_budget(budget: threading.BoundedSemaphore, ws: Any, serve: Any) -> None:
    if not budget.acquire(blocking=False):
        ws.close(TRY_LATER, "try later")
        return
    try:
        serve()
    except ConnectionClosed:
        pass
    finally:
        budget.release()


class _Socket:
    """One live socket: `receive` frames and carry them out; `send` what the bus says is new."""

    topics: tuple[str, ...] = ()
    tick_s: float | None = None
    """How long a silent inbox may last before `tick` is called; None: no limit."""

    def __init__(self, app: Flask, ws: Any) -> None:
        self.app = app
        self.ws = ws
        self.frames: dict[bool, deque[float]] = {False: deque(), True: deque()}
        self.refused = 0

    def serve(self) -> None:
        """Run until the peer is gone."""
        with bus().listen(*self.topics) as self.inbox:
            self.inbox.put(("hello", None))
            writer = threading.Thread(target=self._write, daemon=True)
            writer.start()
            try:
                while True:
                    self._read_one()
            finally:
                self.inbox.put(STOP)
                writer.join(timeout=5)

    def _read_one(self) -> None:
        text = self.ws.receive()
        if text is None:
            return
        client_id, kind = None, None
        try:
            if isinstance(text, bytes):
                self._count(lively=True)
                self.take_piece(text)
                return
            client_id, kind = _peek(text)
            self._count(lively=kind in cobrowse.LIVELY)
            self.take(text)
        except Problem as problem:
            answer = "health" if kind == "health" else "problem"  # nobody is told of a `health` that was not kept
            self.inbox.put(("send", {"type": answer, "client_id": client_id, **problem.to_wire()}))

    def _count(self, *, lively: bool) -> None:
        now = time.monotonic()
        recent = self.frames[lively]
        while recent and recent[0] <= now - 60:
            recent.popleft()
        if len(recent) < (LIVELY_PER_MINUTE if lively else PER_MINUTE):
            recent.append(now)
            return
        self.refused += 1
        if self.refused == 1:
            log.warning("a socket sends too much: %s", self.topics[-1])
        if self.refused > FLOOD:
            self.ws.close(POLICY, "flood")
            raise ConnectionClosed(POLICY, "flood")
        raise Problem("request.rate")

    def _write(self) -> None:
        with self.app.app_context():
            try:
                while True:
                    try:
                        notes = self._notes()
                    except queue.Empty:
                        seats.tick()
                        continue
                    for _, note in notes:
                        if isinstance(note, bytes):
                            self.ws.send(note)  # the receipt of a piece
                        elif isinstance(note, dict):
                            self.send(note)  # an answer to this socket, or a signal of the other end
                    if STOP in notes:
                        return
                    topics = {topic for topic, note in notes if not isinstance(note, dict | bytes)}
                    said = {note for topic, note in notes if topic == "said"}
                    if topics:
                        self.news(topics - {"said"}, said)
            except (ConnectionClosed, ConnectionError, LocalProtocolError):
                pass  # the peer is gone or sent away; the reader sees it too
            except Exception:  # the reader ends when the socket does; a writer must not die silently
                log.exception("socket writer failed")
                with suppress(ConnectionClosed, OSError):
                    self.ws.close(1011, "server error")

    def _notes(self) -> list[tuple[str, Any]]:
        """What lies in the inbox, at least one: a burst of wakes is one look at the tables."""
        notes = [self.inbox.get(timeout=self.tick_s)]
        with suppress(queue.Empty):
            while True:
                notes.append(self.inbox.get_nowait())
        return notes

    def send(self, frame: dict[str, Any]) -> None:
        self.ws.send(json.dumps(frame, ensure_ascii=False))

    def take(self, text: str) -> None:
        raise NotImplementedError

    def take_piece(self, data: bytes) -> None:
        raise Problem("talk.frame", field="bytes")

    def news(self, topics: set[str], said: set[str]) -> None:
        """Send what is new; `said` are talks in which somebody said something."""
        raise NotImplementedError


def _peek(text: str) -> tuple[str | None, str | None]:
    """(client_id, type) of a frame, as far as it has them."""
    try:
        frame = json.loads(text)
        found = [frame.get(name) for name in ("client_id", "type")]
    except (ValueError, AttributeError, RecursionError):
        return None, None
    client_id, kind = (one if isinstance(one, str) else None for one in found)
    return client_id, kind


class _Village(_Socket):
    """The village end: proves its device key, then hears its own talk only."""

    def run(self) -> None:
        nonce = secrets.token_urlsafe(16)
        self.send({"type": "challenge", "nonce": nonce})
        try:
            hello = _hello(self.ws.receive(timeout=20), nonce)
        except Problem as problem:
            self.send({"type": "problem", **problem.to_wire()})
            self.ws.close(4001, "hello refused")
            return
        self.device, wanted, self.after = hello
        with db().read() as connection:
            current = store.of_device(connection, self.device.id)
            if current is None and wanted:
                current = _own(connection, wanted, self.device)
        self.talk = current.id if current else None
        self.own = f"device:{self.device.id}"
        self.topics = ("desk", self.own)
        self.shown, self.state = "", ""
        hours = self.app.extensions["jjb_settings"].callback_hours
        self.send({"type": "welcome", "talk": self.talk, "hours": hours})
        self.line = nonce
        try:
            self.serve()
        finally:
            cobrowse.line_lost(self.talk, self.line)

    def take(self, text: str) -> None:
        frame = service.read_frame(
            text, service.VillageFrame | cobrowse.FromVillage | control.FromVillage | probe.LinkTest
        )
        if isinstance(frame, service.Ping):
            self.inbox.put(("send", {"type": "pong"}))
            seats.tick()  # also when no other desk is open: the village must not wait for somebody who is gone
            return
        if isinstance(frame, probe.LinkTest):
            self.inbox.put(("send", {"type": "test", "answer": probe.answer(frame.offer)}))
            return
        if isinstance(frame, cobrowse.FromVillage):
            cobrowse.village_act(self.device, frame, self.line)
            control.tell_again(frame.talk)
            return
        if isinstance(frame, control.FromVillage):
            control.village_act(self.device, frame)
            return
        service.village_act(self.device, frame)
        if isinstance(frame, service.Open):
            with db().read() as connection:
                current = store.of_device(connection, self.device.id)
            if current is not None and current.id != self.talk:
                self.talk, self.after = current.id, 0
        self.inbox.put(("news", None))

    def take_piece(self, data: bytes) -> None:
        self.inbox.put(("send", cobrowse.piece(self.device, self.talk, data)))

    def _rung(self) -> None:
        """Whether the centre calls this village, whose line is open because it waits for that."""
        with db().read() as connection:
            current = store.of_device(connection, self.device.id)
        if current is not None and current.id != self.talk and current.state == session.RINGING:
            self.talk, self.after = current.id, 0

    def news(self, topics: set[str], said: set[str]) -> None:
        if {self.own, "hello"} & topics and (self.talk is None or self.state == session.ENDED):
            self._rung()
        if self.talk is None or (topics == {"desk"} and self.state in (session.ACTIVE, session.ENDED)):
            return
        with db().read() as connection:
            state = service.village_state(connection, self.talk)
            messages = store.messages(connection, self.talk, self.after, village=True)
        for message in messages:
            self.send(message)
            self.after = message["seq"]
        text = json.dumps(state)
        if text != self.shown:
            self.send(state)
            self.shown, self.state = text, state["state"]
            self.tick_s = TICK_S if self.state in (session.WAITING, session.RINGING) else None


def _own(connection: Any, talk_id: str, device: Device) -> Any:
    """The talk by id when it is this device's own; None for any other: its `open` may never have arrived."""
    try:
        found = store.find(connection, talk_id)
    except Problem:
        return None
    return found if found.device == device.id else None


def _hello(text: Any, nonce: str) -> tuple[Device, str | None, int]:
    """(device, talk it was in, last seq it has) of a village's first frame, its signature verified."""
    try:
        hello = json.loads(text or "")
        device_id, raw = str(hello["device"]), base64.b64decode(hello["signature"], validate=True)
        after = min(max(int(hello.get("after") or 0), 0), 2**31 - 1)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError, binascii.Error) as error:
        raise Problem("talk.frame", field="hello") from error
    with db().read() as connection:
        device = device_public(connection, device_id)
    if not signatures.verify_text(f"jb-talk:{device_id}:{nonce}", raw, device.public_key):
        raise Problem("device.signature")
    if device.revoked:
        raise Problem("device.revoked")
    talk = hello.get("talk")
    return device, talk if isinstance(talk, str) else None, after


class _Agent(_Socket):
    """The agent end: hears the queue, and the talks it watches after their cursors."""

    tick_s = TICK_S

    def run(self) -> None:
        if request.headers.get("Origin", request.host_url).rstrip("/") != request.host_url.rstrip("/"):
            self.ws.close(4003, "foreign origin")
            return
        try:
            self.person = _agent()
            self.mark = log_in_mark()
        except Problem as problem:
            self.send({"type": "problem", **problem.to_wire()})
            self.ws.close(4001, "log in")
            return
        self.topics = ("desk", "said", f"agent:{self.person.id}")
        self.watched: dict[str, int] = {}
        self.seen = 0.0
        self.serve()

    def take(self, text: str) -> None:
        # A socket outlives the request that opened it: somebody locked meanwhile must not go on.
        with db().read() as connection:
            if not still_logged_in(connection, self.person, self.mark):
                self.ws.close(4001, "log in")
                return
        frame = service.read_frame(text, service.AgentFrame)
        if isinstance(frame, service.Watch):
            self.watched[frame.talk] = frame.after
        service.agent_act(self.person, frame)
        if isinstance(frame, cobrowse.FromAgent | control.Act):
            return  # nothing of the queue or of a transcript changed
        if isinstance(frame, service.Ping):
            self._be_present()
            seats.tick()
            self.inbox.put(("send", {"type": "pong"}))
        self.inbox.put(("news", None))

    def _be_present(self) -> None:
        """Note that this desk is open, at most every few seconds; the first time it may ring here."""
        first, now = self.seen == 0.0, time.monotonic()
        if not first and now - self.seen < PRESENT_S:
            return
        self.seen = now
        with db().write() as connection:
            store.be_present(connection, self.person)
        if first:
            bus().publish("desk")
            seats.route()

    def news(self, topics: set[str], said: set[str]) -> None:
        self._be_present()
        with db().read() as connection:
            state = service.desk_state(connection, self.person) if topics else None
            watched = self.watched if topics else {talk: self.watched[talk] for talk in said & set(self.watched)}
            fresh = [
                message
                for talk_id, after in list(watched.items())
                for message in self._heard(connection, talk_id, after)
            ]
        for message in fresh:
            self.send(message)
            self.watched[message["talk"]] = message["seq"]
        if state is not None:
            self.send(state)

    def _heard(self, connection: Any, talk_id: str, after: int) -> list[dict[str, Any]]:
        try:
            found = store.find(connection, talk_id)
        except Problem:
            return []
        if not within(self.person.region, found.region) or not service.may_follow(self.person, found):
            return []
        return store.messages(connection, talk_id, after, village=False)


def _agent() -> Person:
    person = current_person()
    if not person.has("agent", "lead", "officer"):
        raise Problem("access.denied")
    return person
