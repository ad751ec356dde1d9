"""Hands a picture to `scanner.py`, one at a time; nothing of it is kept, logged or written."""

from __future__ import annotations

import json
from pathlib import Path
from threading import BoundedSemaphore

from app import apart
from app.problems import Problem
from app.reading.rules import Line

SCANNER = Path(__file__).with_name("scanner.py")
PATIENCE_S = 30
"""For one picture; about three are usual."""
QUEUE_S = 12
"""So long a picture waits for the one before it."""
MOST_WAITING = 3
"""Each holds a thread of the centre while it waits."""


class Desk:
    """Who may read now: one, and a few who wait."""

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._seats = BoundedSemaphore(MOST_WAITING + 1)
        self._turn = BoundedSemaphore(1)

    def lines(self, picture: bytes) -> tuple[list[Line], bool]:
        """(the lines of print, whether it lay on its side); Problem reading.busy | reading.picture."""
        if not self._seats.acquire(blocking=False):
            raise Problem("reading.busy")
        try:
            if not self._turn.acquire(timeout=QUEUE_S):
                raise Problem("reading.busy")
            try:
                return scan(picture, self._threads)
            finally:
                self._turn.release()
        finally:
            self._seats.release()


def scan(picture: bytes, threads: int = 1) -> tuple[list[Line], bool]:
    """The same without a queue."""
    try:
        found = json.loads(apart.read(SCANNER, picture, str(threads), patience_s=PATIENCE_S))
    except (apart.Broken, ValueError) as error:
        raise Problem("reading.picture") from error
    return [
        Line(text, sure, (left, top, right, bottom)) for text, sure, left, top, right, bottom in found["lines"]
    ], bool(found["turned"])
