"""What an agent may do on a village's computer: a short list of events, checked at the centre and again on the computer. Pure.

An event is a list: `move x y` (0 to 65535 across the screen), `down`/`up` button, `wheel dx dy`, `key name down`, `text words`.
"""

from __future__ import annotations

import unicodedata
from collections import deque
from typing import Any

FULL = 65_535
MOST_EVENTS = 32
LONGEST_TEXT = 200
BUTTONS = ("left", "middle", "right")
KEYS = frozenset({
    "Enter", "Tab", "Backspace", "Delete", "Escape", "Insert", "Home", "End", "PageUp", "PageDown", "ArrowUp", "ArrowDown",
    "ArrowLeft", "ArrowRight", "Shift", "Control", "Alt", "CapsLock", "ContextMenu",
    "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11",
})  # fmt: skip
"""Named keys. F12 and Pause belong to the guide (they stop everything), the Windows key and Print to nobody."""
Event = tuple[Any, ...]


class Unwanted(ValueError):
    """An event that is not on the list; the text says which."""


def read(raw: Any) -> list[Event]:
    """The events of a frame, each on the list; or Unwanted for the first that is not."""
    if not isinstance(raw, list) or not 0 < len(raw) <= MOST_EVENTS:
        raise Unwanted("events")
    return [_one(event) for event in raw]


def _one(event: Any) -> Event:
    if not isinstance(event, list) or not event or not isinstance(event[0], str):
        raise Unwanted("event")
    kind, rest = event[0], event[1:]
    match kind, rest:
        case "move", [x, y] if _whole(x, 0, FULL) and _whole(y, 0, FULL):
            return (kind, x, y)
        case (("down" | "up"), [str(button)]) if button in BUTTONS:
            return (kind, button)
        case "wheel", [dx, dy] if _whole(dx, -10, 10) and _whole(dy, -10, 10):
            return (kind, dx, dy)
        case "key", [str(name), bool(down)] if name in KEYS or _printable(name, 1):
            return (kind, name, down)
        case "text", [str(words)] if _printable(words, LONGEST_TEXT):
            return (kind, words)
    raise Unwanted(kind[:20] if kind.isidentifier() else "event")


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _printable(words: str, longest: int) -> bool:
    return 0 < len(words) <= longest and not any(unicodedata.category(one).startswith("C") for one in words)


def place(x: int, y: int, width: int, height: int) -> tuple[int, int]:
    """The pixel that a position means, always on the screen."""
    return min(width - 1, max(0, x * width // (FULL + 1))), min(height - 1, max(0, y * height // (FULL + 1)))


def breaks_out(held: set[str], name: str) -> bool:
    """Whether a key would leave the desktop: Ctrl+Alt with a function key or Delete changes the terminal or logs out."""
    return {"Control", "Alt"} <= held and (name in ("Delete", "Backspace") or (name[0] == "F" and name in KEYS))


class Bucket:
    """At most `burst` at once and `rate` a second."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, 0.0

    def take(self, count: int, now: float) -> bool:
        """Whether so many more may pass."""
        self._fill(now)
        if count > self._left:
            return False
        self._left -= count
        return True

    def full(self, now: float) -> bool:
        """Whether nothing of late needs to be remembered."""
        self._fill(now)
        return self._left >= self._burst

    def _fill(self, now: float) -> None:
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now


class Echo:
    """Tells what the guide does from what we did ourselves: what we do is seen by listeners too, a moment later."""

    KEPT_S = 1.0

    def __init__(self) -> None:
        self._ours: deque[tuple[float, Event]] = deque(maxlen=2_000)

    def did(self, event: Event, now: float) -> None:
        """Note what we are about to do."""
        self._ours.append((now, event))

    def local(self, event: Event, now: float) -> bool:
        """Whether a seen event is the guide's own. A position counts as ours while it is fresh, the rest counts once."""
        while self._ours and self._ours[0][0] < now - self.KEPT_S:
            self._ours.popleft()
        for one in list(self._ours):  # another thread may be adding
            ours = one[1]
            if event[0] == "move":
                if ours[0] == "move" and abs(ours[1] - event[1]) < 2 and abs(ours[2] - event[2]) < 2:
                    return False
            elif ours == event:
                self._ours.remove(one)
                return False
        return True
