"""Pages of a PDF as pictures, so that nobody at the centre opens somebody else's PDF to see it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from flask import current_app

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
        command = [sys.executable, "-I", str(PAINTER), what]
        done = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE_S, env={}, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        raise Problem("file.paint") from error
    finally:
        admitted.release()
    return done.stdout
