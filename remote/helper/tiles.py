"""Tiles: what changed on a screen, and how a batch of changed pieces looks on the wire. Pure; twin `pwa/src/desk/tiles.ts`.

A batch is one binary message: a head (mark, number, screen size, count), then for each piece its place, the length of its
picture and the picture (WebP or PNG; smaller than its place when the link is weak, the viewer stretches it).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

TILE = 64
"""Pixels of a tile's edge; tiles at the right and at the bottom may be smaller."""
LONGEST_BATCH = 61_440
"""Bytes of one message: below what the centre's sockets take at once."""
MOST_PIECES = 256
LARGEST_SIDE = 16_384
SPAN = 4
"""Tiles that one picture holds at most in each direction."""
MARK = 1
HEAD = struct.Struct(">BIHHH")
PLACE = struct.Struct(">HHHHI")
KINDS = (b"RIFF", b"\x89PNG")


class Malformed(ValueError):
    """Bytes that are no batch; the text says why."""


@dataclass(frozen=True)
class Piece:
    """A rectangle of the screen and its picture."""

    x: int
    y: int
    w: int
    h: int
    picture: bytes


@dataclass(frozen=True)
class Batch:
    """Pieces that were newest when they were packed; `number` counts from 1 in one connection."""

    number: int
    width: int
    height: int
    pieces: tuple[Piece, ...]


def pack(batch: Batch) -> bytes:
    """The bytes of a batch."""
    parts = [HEAD.pack(MARK, batch.number, batch.width, batch.height, len(batch.pieces))]
    for one in batch.pieces:
        parts += [PLACE.pack(one.x, one.y, one.w, one.h, len(one.picture)), one.picture]
    return b"".join(parts)


def read(data: bytes) -> Batch:
    """A batch from its bytes, or Malformed."""
    if len(data) > LONGEST_BATCH:
        raise Malformed("too long")
    if len(data) < HEAD.size:
        raise Malformed("no head")
    mark, number, width, height, count = HEAD.unpack_from(data)
    if mark != MARK or number == 0:
        raise Malformed("head")
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise Malformed("screen")
    if not 0 < count <= MOST_PIECES:
        raise Malformed("count")
    at, pieces = HEAD.size, []
    for _ in range(count):
        if len(data) < at + PLACE.size:
            raise Malformed("cut")
        x, y, w, h, length = PLACE.unpack_from(data, at)
        at += PLACE.size
        picture = bytes(data[at : at + length])
        at += length
        if not w or not h or x + w > width or y + h > height:
            raise Malformed("place")
        if not length or len(picture) != length:
            raise Malformed("cut")
        if not picture.startswith(KINDS):
            raise Malformed("picture")
        pieces.append(Piece(x, y, w, h, picture))
    if at != len(data):
        raise Malformed("rest")
    return Batch(number, width, height, tuple(pieces))


def all_tiles(width: int, height: int) -> set[tuple[int, int]]:
    """Every tile (column, row) of a screen."""
    return {(column, row) for row in range(-(-height // TILE)) for column in range(-(-width // TILE))}


def changed(old: bytes, new: bytes, width: int, height: int) -> set[tuple[int, int]]:
    """Tiles that differ between two grabs of four bytes a pixel. An equal grab costs one comparison."""
    if old == new:
        return set()
    stride = width * 4
    found: set[tuple[int, int]] = set()
    for row, top in enumerate(range(0, height, TILE)):
        bottom = min(top + TILE, height)
        if old[top * stride : bottom * stride] == new[top * stride : bottom * stride]:
            continue
        left = set(range(-(-width // TILE)))
        for y in range(top, bottom):
            line = y * stride
            if old[line : line + stride] == new[line : line + stride]:
                continue
            for column in tuple(left):
                a, b = line + column * TILE * 4, line + min((column + 1) * TILE, width) * 4
                if old[a:b] != new[a:b]:
                    left.discard(column)
                    found.add((column, row))
            if not left:
                break
    return found


def spans(tiles: Iterable[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """Rectangles (column, row, columns, rows) that cover exactly these tiles, none wider or higher than SPAN; top ones first."""
    left = set(tiles)
    found: list[tuple[int, int, int, int]] = []
    for column, row in sorted(left, key=lambda tile: (tile[1], tile[0])):
        if (column, row) not in left:
            continue
        columns = 1
        while columns < SPAN and (column + columns, row) in left:
            columns += 1
        rows = 1
        while rows < SPAN and all((column + i, row + rows) in left for i in range(columns)):
            rows += 1
        left -= {(column + i, row + j) for i in range(columns) for j in range(rows)}
        found.append((column, row, columns, rows))
    return found
