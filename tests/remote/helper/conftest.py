"""A screen of its own for tests (Xvfb), where Debian's packages and the helper's libraries are installed."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

MISSING = [name for name in ("Xvfb", "xdotool") if not shutil.which(name)] + [
    name for name in ("mss", "pynput", "tkinter") if not find_spec(name)
]


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """DISPLAY of an empty screen of 1280x720; skips, and says so, where there is none."""
    with empty_screen() as display:
        yield display


@contextmanager
def empty_screen() -> Iterator[str]:
    """The same, for who is no fixture."""
    if MISSING:
        pytest.skip(f"no screen to test on: {', '.join(MISSING)} not installed (remote/helper/README.md)")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x720x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as number:
        display = f":{number.readline().strip()}"
    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = display
    try:
        yield display
    finally:
        gc.collect()  # what still talks to the screen lets go of it first
        if before is None:
            del os.environ["DISPLAY"]
        else:
            os.environ["DISPLAY"] = before
        server.terminate()
        server.wait()
