"""The agent's hands on this computer: pointer, buttons and keys by pynput (X11 and Windows). What is pressed is known, and let go."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from remote.helper import inputs
from remote.helper.inputs import Echo, Event

NAMED = {
    "Enter": "enter", "Tab": "tab", "Backspace": "backspace", "Delete": "delete", "Escape": "esc", "Insert": "insert",
    "Home": "home", "End": "end", "PageUp": "page_up", "PageDown": "page_down", "ArrowUp": "up", "ArrowDown": "down",
    "ArrowLeft": "left", "ArrowRight": "right", "Shift": "shift", "Control": "ctrl", "Alt": "alt", "CapsLock": "caps_lock",
    "ContextMenu": "menu", " ": "space", **{f"F{number}": f"f{number}" for number in range(1, 12)},
}  # fmt: skip
"""Names of keys as browsers give them, and as pynput does."""
SHIFTED = 1
SPARE = 12
"""Keys without letters that are lent to others; programs may still be reading the last ones."""


class Hands:
    """Does events of `inputs.read`; after `stop()` nothing more."""

    def __init__(self, screen: Callable[[], tuple[int, int, int, int]], echo: Echo) -> None:
        from pynput import keyboard, mouse  # needs a screen, so not on import

        self._screen = screen
        """(left, top, width, height) of the screen that is shown."""
        self._echo = echo
        self._keyboard, self._mouse = keyboard, mouse
        self._keys, self._pointer = keyboard.Controller(), mouse.Controller()
        self._lock = threading.Lock()
        self._held: dict[str, Callable[[], None]] = {}
        """What is pressed, by name, and how to let it go."""
        self._off = False
        self._spare: list[int] = []

    @property
    def held(self) -> set[str]:
        """Names of the keys and buttons that are pressed now."""
        return set(self._held)

    def do(self, event: Event) -> None:
        """Do one event; a text goes letter by letter, so that a stop comes between two letters."""
        if event[0] == "text":
            for letter in event[1]:
                self._locked(("key", letter, True))
                self._locked(("key", letter, False))
        else:
            self._locked(event)

    def release(self) -> None:
        """Let everything go."""
        with self._lock:
            self._let_go()

    def stop(self) -> None:
        """Let everything go, and do nothing from now on."""
        self._off = True  # seen between two letters before the lock is ours
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        for name in reversed(list(self._held)):
            self._held.pop(name)()

    def _locked(self, event: Event) -> None:
        with self._lock:
            if not self._off:
                getattr(self, f"_{event[0]}")(*event[1:])

    def _note(self, *event: Any) -> None:
        self._echo.did(event, time.monotonic())

    def _move(self, x: int, y: int) -> None:
        left, top, width, height = self._screen()
        px, py = inputs.place(x, y, width, height)
        self._note("move", left + px, top + py)
        self._pointer.position = (left + px, top + py)

    def _down(self, button: str) -> None:
        if button in self._held:
            return
        real = getattr(self._mouse.Button, button)
        self._held[button] = lambda: self._release(button, real)
        self._note("down", button)
        self._pointer.press(real)

    def _up(self, button: str) -> None:
        if button in self._held:
            self._held.pop(button)()

    def _release(self, button: str, real: Any) -> None:
        self._note("up", button)
        self._pointer.release(real)

    def _wheel(self, dx: int, dy: int) -> None:
        for _ in range(abs(dx) + abs(dy)):
            self._note("wheel")
        self._pointer.scroll(dx, dy)

    def _key(self, name: str, down: bool) -> None:
        if not down:
            if name in self._held:
                self._held.pop(name)()
            return
        if name in self._held or inputs.breaks_out(self.held, name):
            return
        keys = self._codes(name)
        for key in keys:
            self._note("key", True)
            self._keys.press(key)
        self._held[name] = lambda: self._lift(keys)

    def _lift(self, keys: list[Any]) -> None:
        for key in reversed(keys):
            self._note("key", False)
            self._keys.release(key)

    def _codes(self, name: str) -> list[Any]:
        """The keys to press together."""
        if name in NAMED:
            return [getattr(self._keyboard.Key, NAMED[name])]
        if not sys.platform.startswith("linux"):
            return [self._keyboard.KeyCode.from_char(name)]
        # By number, pynput uses XTest; by letter it would use XSendEvent, which many programs ignore.
        keysym = ord(name) if ord(name) < 0x100 else 0x01000000 + ord(name)
        found = sorted(self._keys._display.keysym_to_keycodes(keysym), key=lambda pair: pair[1])
        if not found or found[0][1] > SHIFTED:
            found = [(self._spare_key(keysym), 0)]
        key = self._keyboard.KeyCode.from_vk(keysym)
        return [self._keyboard.Key.shift, key] if found[0][1] == SHIFTED and "Shift" not in self._held else [key]

    def _spare_key(self, keysym: int) -> int:
        """Give a letter that this keyboard does not have to one of its unused keys, each in turn."""
        display = self._keys._display
        first, last = display.display.info.min_keycode, display.display.info.max_keycode
        if not self._spare:
            mapping = display.get_keyboard_mapping(first, last - first + 1)
            self._spare = [first + index for index, keys in enumerate(mapping) if not any(keys)][:SPARE]
        code = self._spare.pop(0)
        self._spare.append(code)
        display.change_keyboard_mapping(code, [[keysym, keysym]])
        display.sync()
        display._update_keymap(code, 1)
        return code
