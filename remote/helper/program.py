"""The helper without its window: pairs, shows the screen, acts for the agent, and ends. Each part in a thread of its own.

`stop` may be called from any thread and at any moment: first the hands rest and let go, then everybody is told.
"""

from __future__ import annotations

import logging
import platform
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from remote.helper import inputs
from remote.helper.ears import Ears
from remote.helper.flow import Flow, Painter
from remote.helper.hands import Hands
from remote.helper.life import CONTROL, VIEW, Life
from remote.helper.link import Link, Message
from remote.helper.screen import Screen, encode

log = logging.getLogger("helper")

PING_S, TICK_S = 2.5, 0.25
EAGER_S, EAGER_FOR_S = 0.02, 0.4
"""So often the screen is looked at right after the agent did something, and for how long."""
LIVELY_S, LIVELY_FOR_S, CALM_S, CALM_FOR_S, STILL_S = 0.1, 2.0, 0.2, 10.0, 0.5
"""So often while it changes, after it stopped changing, and when it has been still."""


@dataclass(frozen=True)
class Seen:
    """What the window shows."""

    agent: str
    point: str
    view_s: int
    control_s: int
    paused: bool
    asked: str | None
    """What the agent asks for: VIEW, CONTROL or nothing."""
    over: str | None


class Helper:
    """One pairing with one talk."""

    def __init__(self, link: Link, paired: dict[str, Any], changed: Callable[[], None] = lambda: None) -> None:
        self._link, self._changed = link, changed
        self.agent, self.point = str(paired.get("agent_name", "")), str(paired.get("point_name", ""))
        self.life = Life(time.monotonic())
        self._asked: str | None = None
        self._watched = False
        self._echo = inputs.Echo()
        self._box = Screen().box
        self.hands = Hands(lambda: self._box, self._echo)
        self._ears = Ears(self._echo, self._touched, lambda: self.stop("hotkey"))
        self._flow = Flow()
        self._painter = Painter(encode, self._flow)
        self._acks: queue.SimpleQueue[tuple[int, float]] = queue.SimpleQueue()
        self._anew = False
        self._pointer = (0, 0)
        self._eager_until = 0.0
        self._last_n = 0
        self._kick = threading.Event()
        self._done = threading.Event()
        self._silent = threading.Event()
        self.gone = threading.Event()
        """Set when everybody was told and nothing listens any more."""
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin; nothing is shown yet."""
        self._ears.start()
        for work in (self._read, self._paint, self._tick):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()

    def seen(self) -> Seen:
        """For the window."""
        now = time.monotonic()
        return Seen(
            self.agent, self.point, self.life.left_s(VIEW, now), self.life.left_s(CONTROL, now),
            self.life.may(CONTROL, now) and self.life.paused(now), self._asked, self.life.over,
        )  # fmt: skip

    def allow(self, kind: str) -> None:
        """The guide allows; it holds once the centre has confirmed it."""
        self._asked = None
        self._say({"type": "grant", "kind": kind, "given": True})

    def take_back(self, kind: str) -> None:
        """The guide takes back, or says no; holds at once."""
        self._asked = None
        self.life.taken_back(kind)
        self.hands.release()
        self._say({"type": "grant", "kind": kind, "given": False})
        self._changed()

    def stop(self, reason: str) -> None:
        """End now, whatever else goes on."""
        self._end(reason, tell=True)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end."""
        return self._done.wait(timeout)

    def _end(self, reason: str, tell: bool) -> None:
        with self._lock:
            if not self.life.ended(reason):
                return
        self.hands.stop()
        self._done.set()
        self._kick.set()
        log.info("stopped: %s", reason)
        threading.Thread(target=self._farewell, args=(reason if tell else None,), daemon=True).start()
        self._changed()

    def _farewell(self, reason: str | None) -> None:
        """Tell the centre if the line still takes it; a line that is stuck must not keep it open."""
        if reason:
            saying = threading.Thread(target=self._say, args=({"type": "stop", "reason": reason},), daemon=True)
            saying.start()
            saying.join(1.0)
            self._silent.wait(1.0)  # the centre closes when it has heard it
        self._link.close()
        self._ears.stop()
        self.gone.set()

    def _say(self, message: Message) -> None:
        try:
            self._link.send(message)
        except Exception as error:  # whatever broke: without a line nothing goes on
            log.info("line lost: %s", type(error).__name__)
            self._end("link", tell=False)

    def _aside(self, message: Message) -> None:
        """Say it without waiting for a line that may be full: that the centre falls silent is noticed all the same."""
        threading.Thread(target=self._say, args=(message,), daemon=True).start()

    # ---- threads ----

    def _read(self) -> None:
        try:
            while (message := self._link.receive()) is not None:
                self.life.heard(time.monotonic())
                if isinstance(message, dict):
                    self._take(message)
        except Exception as error:  # the same
            log.info("line lost: %s", type(error).__name__)
        self._silent.set()
        self._end("link", tell=False)

    def _tick(self) -> None:
        said, paused = 0.0, False
        while not self._done.wait(TICK_S):
            now = time.monotonic()
            lapsed, reason = self.life.tick(now)
            if reason:
                self._end(reason, tell=True)
                return
            if self.hands.held and (lapsed or self.life.silent(now) or not self.life.may(CONTROL, now)):
                self.hands.release()
            rests = self.life.may(CONTROL, now) and self.life.paused(now)
            if rests != paused:
                self._aside({"type": "paused", "on": rests})
            if lapsed or rests != paused:
                self._changed()
            paused = rests
            if now - said >= PING_S:
                said = now
                self._aside({"type": "ping"})

    def _paint(self) -> None:
        screen, moved_at = Screen(), time.monotonic()
        while not self._done.is_set():
            self._kick.clear()
            now = time.monotonic()
            if not (self._watched and self.life.may(VIEW, now)):
                self._kick.wait(1.0)
                continue
            while not self._acks.empty():
                self._flow.answered(*self._acks.get())
            if self._painter.see(*screen.grab()):
                moved_at = now
            if self._anew:
                self._anew = False
                self._painter.anew()
            while (data := self._painter.next(time.monotonic(), self._pointer)) and self.life.may(VIEW, now):
                self._say(data)
            self._kick.wait(self._pace(time.monotonic(), moved_at))
            self._done.wait(max(0.0, now + EAGER_S - time.monotonic()))

    def _pace(self, now: float, moved_at: float) -> float:
        if now < self._eager_until:
            return EAGER_S
        since = now - moved_at
        return LIVELY_S if since < LIVELY_FOR_S else CALM_S if since < CALM_FOR_S else STILL_S

    # ---- frames ----

    def _take(self, frame: dict[str, Any]) -> None:
        match frame.get("type"):
            case "input":
                self._act(frame)
            case "ack":
                self._acks.put((int(frame.get("n", 0)), time.monotonic()))
                self._kick.set()
            case "granted":
                self._granted(frame)
            case "ask":
                self._asked = str(frame.get("kind"))
                self._changed()
            case "watch":
                self._watched = bool(frame.get("on"))
                self._anew = self._watched
                self._kick.set()
            case "release":
                self.hands.release()
            case "stop":
                self._end(str(frame.get("reason")), tell=False)

    def _granted(self, frame: dict[str, Any]) -> None:
        kind = str(frame.get("kind"))
        if frame.get("given"):
            self.life.granted(kind, float(frame.get("for_s", 0)), time.monotonic())
            self.life.touched(time.monotonic(), local=False)
        else:
            self.life.taken_back(kind)
            self.hands.release()
        log.info("%s %s", kind, "granted" if frame.get("given") else "taken back")
        self._kick.set()
        self._changed()

    def _act(self, frame: dict[str, Any]) -> None:
        """Checked here again: a centre that lets something slip through does not decide for this computer."""
        now = time.monotonic()
        number = frame.get("n")
        if not isinstance(number, int) or number <= self._last_n:
            return
        self._last_n = number
        if not self.life.may(CONTROL, now) or self.life.paused(now):
            self.hands.release()
            return
        with suppress(inputs.Unwanted):
            for event in inputs.read(frame.get("events")):
                if event[0] == "move":
                    self._pointer = inputs.place(event[1], event[2], self._box[2], self._box[3])
                self.hands.do(event)
        self.life.touched(now, local=False)
        self._eager_until = time.monotonic() + EAGER_FOR_S
        self._kick.set()

    def _touched(self) -> None:
        """The guide did something himself."""
        now = time.monotonic()
        began = not self.life.paused(now)
        self.life.touched(now, local=True)
        if self.life.may(CONTROL, now) and began:
            self.hands.release()


def pair(address: str, code: str, ca: str | None = None, changed: Callable[[], None] = lambda: None) -> Helper:
    """A helper bound to the talk whose code the guide typed, or link.Refused."""
    link = Link(address, ca)
    try:
        return Helper(link, link.pair(code, platform.system()), changed)
    except BaseException:
        link.close()
        raise
