"""Pairing codes: eight digits that bind a helper program to one talk, once, for a short time. Pure.

The first two digits are the room the code was given in, the other six its secret: a wrong guess is counted where it was made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

ROOMS, SECRETS = 100, 1_000_000
TRIES = 5


@dataclass(frozen=True)
class Code:
    """A code that was shown. Times are seconds of one clock that never runs back."""

    room: int
    secret: int
    expires: float
    wrong: int = 0
    used: bool = False

    def words(self) -> str:
        """As people read it to type it."""
        digits = f"{self.room:02}{self.secret:06}"
        return f"{digits[:2]} {digits[2:5]} {digits[5:]}"

    def locked(self) -> bool:
        """Whether it was guessed at too often."""
        return self.wrong >= TRIES

    def open(self, now: float) -> bool:
        """Whether the right digits would still do."""
        return not self.used and not self.locked() and now < self.expires


def read(digits: str) -> tuple[int, int] | None:
    """(room, secret) of what somebody typed, or None."""
    return (int(digits[:2]), int(digits[2:])) if len(digits) == 8 and digits.isascii() and digits.isdigit() else None


def try_code(code: Code, secret: int, now: float) -> tuple[Code, bool]:
    """(the code afterwards, whether it was right): once right it is used, five times wrong it is locked."""
    if not code.open(now):
        return code, False
    if code.secret == secret:
        return replace(code, used=True), True
    return replace(code, wrong=code.wrong + 1), False


def free_room(taken: set[int], wish: int) -> int | None:
    """A room that no open code stands in, from `wish` on."""
    return next((room for i in range(ROOMS) if (room := (wish + i) % ROOMS) not in taken), None)
