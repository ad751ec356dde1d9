"""Hears what the guide does with his own mouse and keyboard: a touch pauses the agent, the stop key ends everything.

Nothing is kept: a key is looked at for being the stop key, and forgotten.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from remote.helper.inputs import Echo

TWICE_S = 1.5
WINDOWS = sys.platform == "win32"
PAUSES = {0x03} if WINDOWS else {0xFF6B}
"""What Pause becomes while Shift or Ctrl is held (Break): also then it stops."""
F12S: set[int] = set() if WINDOWS else {0x1008FE0C}
"""The same with Ctrl and Alt."""


class Ears:
    """Listeners of pynput in threads of their own."""

    def __init__(self, echo: Echo, touched: Callable[[], None], kill: Callable[[], None]) -> None:
        from pynput import keyboard, mouse

        self._echo, self._touched, self._kill = echo, touched, kill
        self._pause, self._f12 = keyboard.Key.pause, keyboard.Key.f12
        self._f12_at = -TWICE_S
        self._lock = threading.Lock()
        self._listeners = (
            keyboard.Listener(on_press=self._press, on_release=self._lift),
            mouse.Listener(on_move=self._move, on_click=self._click, on_scroll=self._scroll),
        )

    def start(self) -> None:
        """Listen; comes back when both really do."""
        for one in self._listeners:
            one.start()
        for one in self._listeners:
            one.wait()

    def stop(self) -> None:
        """Listen no more."""
        for one in self._listeners:
            one.stop()

    def _heard(self, injected: bool, *event: Any) -> None:
        if injected:
            return
        with self._lock:
            local = self._echo.local(event, time.monotonic())
        if local:
            self._touched()

    def _press(self, key: Any, injected: bool = False) -> None:
        now = time.monotonic()
        number = getattr(key, "vk", None)
        if key == self._pause or number in PAUSES:
            self._kill()
        elif key == self._f12 or number in F12S:  # twice, or held until it repeats
            if now - self._f12_at < TWICE_S:
                self._kill()
            self._f12_at = now
        self._heard(injected, "key", True)

    def _lift(self, _key: Any, injected: bool = False) -> None:
        self._heard(injected, "key", False)

    def _move(self, x: int, y: int, injected: bool = False) -> None:
        self._heard(injected, "move", x, y)

    def _click(self, _x: int, _y: int, button: Any, pressed: bool, injected: bool = False) -> None:
        self._heard(injected, "down" if pressed else "up", button.name)

    def _scroll(self, _x: int, _y: int, _dx: int, _dy: int, injected: bool = False) -> None:
        self._heard(injected, "wheel")
