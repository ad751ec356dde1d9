"""The two sockets of a village's computer: `/ws/helper` (the program there) and `/ws/desk/computer` (the agent who looks)."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from contextlib import suppress
from typing import Any

from flask import Flask, request
from simple_websocket import ConnectionClosed

from app.accounts.guard import current_person, log_in_mark, still_logged_in
from app.accounts.rules import Person
from app.bus import bus
from app.db import db
from app.desk import computer, service
from app.problems import Problem

log = logging.getLogger("app")

FIRST_S, TICK_S = 20, 1.0
PER_10_S = 1_200
"""Messages one socket may send in ten seconds; the finer limits are in `computer.py`."""
MOST_REFUSED = 30
"""A socket that keeps sending what is refused is closed."""
STOP = object()


class _End:
    """One socket: this thread reads, another writes; what others have for it comes through `put`."""

    topics: tuple[str, ...] = ()

    def __init__(self, app: Flask, ws: Any) -> None:
        self.app, self.ws = app, ws
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.room: computer.Room | None = None
        self.put: computer.Send = self.inbox.put
        self.since, self.count, self.refused = time.monotonic(), 0, 0

    def run(self) -> None:
        """Let in, then serve until the peer is gone."""
        try:
            first = self.ws.receive(timeout=FIRST_S)
            if not isinstance(first, str):
                raise Problem("talk.frame", field="type")
            self.enter(first)
        except Problem as problem:
            self.ws.send(json.dumps({"type": "problem", **problem.to_wire()}, ensure_ascii=False))
            self.ws.close(4001, "refused")
            return
        writer = threading.Thread(target=self._write, daemon=True)
        writer.start()
        try:
            while True:
                self._read_one()
        finally:
            if self.room:
                computer.leave(self.room, self.put)
            self.inbox.put(STOP)
            writer.join(timeout=5)

    def _read_one(self) -> None:
        message = self.ws.receive()
        if message is None:
            return
        try:
            self._count()
            self.take(message)
        except Problem as problem:
            self.refused += 1
            if self.refused > MOST_REFUSED:
                self.ws.close(1008, "refused too often")
            self.put({"type": "problem", **problem.to_wire()})

    def _count(self) -> None:
        now = time.monotonic()
        if now - self.since > 10:
            self.since, self.count, self.refused = now, 0, 0
        self.count += 1
        if self.count > PER_10_S:
            raise Problem("request.rate")

    def _write(self) -> None:
        with self.app.app_context():
            try:
                while True:
                    try:
                        note = self.inbox.get(timeout=TICK_S)
                    except queue.Empty:
                        self.tick()
                        continue
                    if note is STOP:
                        return
                    if note is None:
                        self.ws.close(4002, "replaced")
                        return
                    self.ws.send(note if isinstance(note, bytes) else json.dumps(note, ensure_ascii=False))
                    if isinstance(note, dict) and note["type"] == "stop":
                        self.ws.close(1000, "stopped")
                        return
            except (ConnectionClosed, OSError):
                pass  # the peer is gone; the reader sees it too
            except Exception:  # the reader ends when the socket does; a writer must not die silently
                log.exception("computer writer failed")
                with suppress(ConnectionClosed, OSError):
                    self.ws.close(1011, "server error")

    def enter(self, first: str) -> None:
        raise NotImplementedError

    def take(self, message: str | bytes) -> None:
        raise NotImplementedError

    def tick(self) -> None:
        """Nothing was sent for a while."""


class Helper(_End):
    """The program on the village's computer; its code is its only way in."""

    def enter(self, first: str) -> None:
        frame = service.read_frame(first, computer.Pair)
        self.room, self.talk = computer.pair(frame, request.remote_addr or "", self.put)
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        """See at once when the talk ends or moves, and each second when a grant's time is over."""
        assert self.room
        with self.app.app_context(), bus().listen(f"device:{self.talk.device}") as woken:
            while self.room.helper is self.put:
                try:
                    _, note = woken.get(timeout=TICK_S)
                except queue.Empty:
                    note = None
                if not isinstance(note, dict):
                    computer.check(self.room)

    def take(self, message: str | bytes) -> None:
        assert self.room
        if isinstance(message, bytes):
            computer.picture(self.room, self.put, message)
        else:
            computer.helper_act(self.room, self.put, service.read_frame(message, computer.FromHelper))


class Viewer(_End):
    """The agent who looks: logged in, from our own page, in his own talk."""

    def enter(self, first: str) -> None:
        if request.headers.get("Origin", request.host_url).rstrip("/") != request.host_url.rstrip("/"):
            raise Problem("access.denied")
        self.person: Person = current_person()
        if not self.person.has("agent", "lead"):
            raise Problem("access.denied")
        self.mark = log_in_mark()
        with db().read() as connection:
            self.room = computer.look(connection, self.person, service.read_frame(first, computer.Look), self.put)

    def take(self, message: str | bytes) -> None:
        assert self.room
        with db().read() as connection:
            if not still_logged_in(connection, self.person, self.mark):
                self.ws.close(4001, "log in")
                return
            frame = service.read_frame(message, computer.FromAgent)
            computer.agent_act(connection, self.person, self.room, frame)
