"""Pages of a PDF as pictures, so that nobody at the centre opens somebody else's PDF to see it."""

from __future__ import annotations

from pathlib import Path
from threading import BoundedSemaphore

from flask import current_app

from app import apart
from app.problems import Problem

PAINTER = Path(__file__).with_name("painter.py")
PATIENCE_S = 20
MOST_PAGES = 60
AT_ONCE = 2
"""Painting takes a whole core; the rest of the centre must not feel it."""


def gate() -> BoundedSemaphore:
    """How many paint at the same time in one application."""
    return BoundedSemaphore(AT_ONCE)


def count(data: bytes) -> int:
    """How many pages there are to see; Problem file.paint when the paper cannot be read."""
    text = _run(data, "count")
    pages = int(text) if text.isdigit() else 0
    if not pages:
        raise Problem("file.paint")
    return min(pages, MOST_PAGES)


def page(data: bytes, number: int) -> bytes:
    """One page as a JPEG; Problem file.paint when it cannot be painted."""
    return _run(data, str(number))


def _run(data: bytes, what: str) -> bytes:
    admitted: BoundedSemaphore = current_app.extensions["jjb_paint_gate"]
    if not admitted.acquire(timeout=PATIENCE_S):
        raise Problem("server.busy")
    try:
        return apart.read(PAINTER, data, what, patience_s=PATIENCE_S)
    except apart.Broken as error:
        raise Problem("file.paint") from error
    finally:
        admitted.release()
