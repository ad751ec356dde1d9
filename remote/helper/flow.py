"""What to send next of a screen: the newest of what changed, never more under way than the link carries. Pure.

Nothing waits in a queue: what changes while a batch is under way stays marked, and is pictured anew when its turn comes.
A weak link gets coarse pictures first; what was sent coarse is sent again fine once nothing else is waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from remote.helper import tiles

AT_ONCE = 2
"""Batches under way at most."""
LEAST, MOST = 2_048, 56_320
"""Bytes of a batch."""
COARSE_BELOW = 8_192
"""A link that carries no larger batch in time gets coarse pictures."""
QUICK_S, SLOW_S = 0.4, 0.9
"""An answer sooner than this lets batches grow, one later lets them shrink."""
Encode = Callable[[bytes, int, tuple[int, int, int, int], bool], bytes]
"""(grab, its width, (x, y, w, h), coarse) → picture."""


class Flow:
    """How much may be under way; learnt from how soon batches are answered."""

    def __init__(self, budget: int = 16_384) -> None:
        self.budget = budget
        self.last = 0
        self._under_way: dict[int, tuple[float, int]] = {}

    @property
    def coarse(self) -> bool:
        """Whether the link is weak."""
        return self.budget < COARSE_BELOW

    @property
    def still(self) -> bool:
        """Whether nothing is under way."""
        return not self._under_way

    def may_send(self) -> bool:
        """Whether another batch may go out."""
        return len(self._under_way) < AT_ONCE

    def sent(self, size: int, now: float) -> None:
        """Note the batch `last` as under way."""
        self._under_way[self.last] = (now, size)

    def answered(self, number: int, now: float) -> bool:
        """Note that the viewer painted a batch and all before it; False for a number that is not under way."""
        if number not in self._under_way:
            return False
        at, size = self._under_way[number]
        self._under_way = {one: what for one, what in self._under_way.items() if one > number}
        took = now - at
        if took > SLOW_S:
            self.budget = max(LEAST, self.budget // 2)
        elif took < QUICK_S and size * 2 > self.budget:
            self.budget = min(MOST, self.budget * 8 // 5)
        return True

    def forget(self) -> None:
        """A new viewer: what is under way concerns nobody."""
        self._under_way = {}


class Painter:
    """The newest grab, and what the viewer does not have of it."""

    def __init__(self, encode: Encode, flow: Flow) -> None:
        self._encode = encode
        self.flow = flow
        self.size = (0, 0)
        self._grab = b""
        self._dirty: set[tuple[int, int]] = set()
        self._coarse: set[tuple[int, int]] = set()

    def see(self, grab: bytes, width: int, height: int) -> bool:
        """Take the newest grab; whether anything changed."""
        if (width, height) != self.size:
            self.size = (width, height)
            found = tiles.all_tiles(width, height)
        else:
            found = tiles.changed(self._grab, grab, width, height)
        self._grab = grab
        self._dirty |= found
        self._coarse -= found
        return bool(found)

    def anew(self) -> None:
        """The viewer has nothing."""
        self._dirty, self._coarse = tiles.all_tiles(*self.size), set()
        self.flow.forget()

    @property
    def waiting(self) -> bool:
        """Whether the viewer lacks something."""
        return bool(self._dirty or self._coarse)

    def next(self, now: float, pointer: tuple[int, int] = (0, 0)) -> bytes | None:
        """The next batch to send, what lies at the pointer first; None: not now."""
        fine_again = not self._dirty
        if not self.waiting or not self.flow.may_send() or (fine_again and not self.flow.still):
            return None
        coarse = self.flow.coarse and not fine_again
        wanted = self._coarse if fine_again else self._dirty
        at = (pointer[0] // tiles.TILE, pointer[1] // tiles.TILE)
        pieces: list[tiles.Piece] = []
        room = self.flow.budget
        spans = deque(sorted(tiles.spans(wanted), key=lambda one: not _holds(one, at)))
        while spans:
            span = spans.popleft()
            piece = self._picture(span, coarse)
            cost = len(piece.picture) + tiles.PLACE.size
            if pieces and (cost > room or len(pieces) == tiles.MOST_PIECES):
                break
            if cost > room and span[2] * span[3] > 1:
                spans.extendleft(sorted(_halves(span), key=lambda one: _holds(one, at)))
                continue
            room -= cost
            pieces.append(piece)
            held = {(span[0] + i, span[1] + j) for i in range(span[2]) for j in range(span[3])}
            self._dirty -= held
            self._coarse = self._coarse | held if coarse else self._coarse - held
        self.flow.last += 1
        data = tiles.pack(tiles.Batch(self.flow.last, *self.size, tuple(pieces)))
        self.flow.sent(len(data), now)
        return data

    def _picture(self, span: tuple[int, int, int, int], coarse: bool) -> tiles.Piece:
        x, y = span[0] * tiles.TILE, span[1] * tiles.TILE
        w, h = min(span[2] * tiles.TILE, self.size[0] - x), min(span[3] * tiles.TILE, self.size[1] - y)
        return tiles.Piece(x, y, w, h, self._encode(self._grab, self.size[0], (x, y, w, h), coarse))


def _halves(span: tuple[int, int, int, int]) -> list[tuple[int, int, int, int]]:
    x, y, w, h = span
    if w > 1:
        return [(x, y, w // 2, h), (x + w // 2, y, w - w // 2, h)]
    return [(x, y, w, h // 2), (x, y + h // 2, w, h - h // 2)]


def _holds(span: tuple[int, int, int, int], tile: tuple[int, int]) -> bool:
    return span[0] <= tile[0] < span[0] + span[2] and span[1] <= tile[1] < span[1] + span[3]
