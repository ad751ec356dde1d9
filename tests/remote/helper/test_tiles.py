from __future__ import annotations

import base64
import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remote.helper import tiles
from remote.helper.flow import LEAST, Flow, Painter
from remote.helper.tiles import Batch, Malformed, Piece

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "tiles.json").read_text())
WIDTH, HEIGHT = 300, 200


@pytest.mark.parametrize("row", VECTORS["batches"], ids=lambda row: row["name"])
def test_batches_read_as_written(row: dict) -> None:
    data = base64.b64decode(row["bytes"])
    pieces = tuple(Piece(*place, base64.b64decode(picture)) for *place, picture in row["pieces"])
    batch = Batch(row["number"], row["width"], row["height"], pieces)
    assert tiles.read(data) == batch
    assert tiles.pack(batch) == data


@pytest.mark.parametrize("row", VECTORS["refused"], ids=lambda row: row["why"])
def test_what_is_no_batch_is_refused(row: dict) -> None:
    with pytest.raises(Malformed, match=row["why"].split(":")[0]):
        tiles.read(base64.b64decode(row["bytes"]))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert tiles.pack(tiles.read(data)) == data


def test_too_long_a_batch_is_refused() -> None:
    picture = b"RIFF" + bytes(tiles.LONGEST_BATCH)
    with pytest.raises(Malformed, match="too long"):
        tiles.read(tiles.pack(Batch(1, 64, 64, (Piece(0, 0, 64, 64, picture),))))


def screen(*dots: tuple[int, int]) -> bytes:
    grab = bytearray(WIDTH * HEIGHT * 4)
    for x, y in dots:
        grab[(y * WIDTH + x) * 4] = 255
    return bytes(grab)


@given(st.lists(st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1)), max_size=12))
def test_changed_tiles_are_those_with_a_changed_pixel(dots: list[tuple[int, int]]) -> None:
    assert tiles.changed(screen(), screen(*dots), WIDTH, HEIGHT) == {(x // 64, y // 64) for x, y in dots}


@given(st.sets(st.tuples(st.integers(0, 19), st.integers(0, 11))))
def test_spans_cover_each_tile_once_and_nothing_else(wanted: set[tuple[int, int]]) -> None:
    covered = [(x + i, y + j) for x, y, w, h in tiles.spans(wanted) for i in range(w) for j in range(h)]
    assert sorted(covered) == sorted(wanted)


class Link:
    """A painter whose pictures are so many bytes per tile, and what a viewer holds of its screen."""

    def __init__(self, bytes_per_tile: int = 100) -> None:
        self.flow = Flow()
        self.painter = Painter(self.encode, self.flow)
        self.each = bytes_per_tile
        self.seen: dict[tuple[int, int], tuple[bytes, bool]] = {}

    def encode(self, grab: bytes, width: int, place: tuple[int, int, int, int], coarse: bool) -> bytes:
        x, y, w, h = place
        size = self.each * -(-w // 64) * -(-h // 64) // (4 if coarse else 1)
        mark = grab[(y * width + x) * 4 : (y * width + x) * 4 + 1]
        return b"RIFF" + mark + (b"c" if coarse else b"f") + bytes(size)

    def paint(self, data: bytes) -> Batch:
        batch = tiles.read(data)
        for one in batch.pieces:
            self.seen[one.x, one.y] = (one.picture[4:5], one.picture[5:6] == b"c")
        return batch


def test_what_changes_while_the_link_is_full_is_sent_once_in_its_newest_form() -> None:
    link = Link()
    link.painter.see(screen(), WIDTH, HEIGHT)
    now, out = 0.0, []
    while data := link.painter.next(now):
        out.append(link.paint(data).number)
    for shade in range(1, 50):
        grab = bytearray(screen())
        grab[0] = shade
        assert link.painter.see(bytes(grab), WIDTH, HEIGHT)
    # two changes under way fill the link; all further ones wait as a mark, not as data
    numbers = []
    while data := link.painter.next(now):
        numbers.append(link.paint(data).number)
    for number in out + numbers:
        link.flow.answered(number, 0.1)
    while data := link.painter.next(now):
        link.flow.answered(link.paint(data).number, 0.1)
    assert link.seen[0, 0] == (b"\x31", False)
    assert link.flow.last <= len(out) + 2


def test_a_slow_link_gets_small_coarse_batches_and_later_the_fine_picture() -> None:
    link = Link(3_000)
    link.painter.see(screen(), WIDTH, HEIGHT)
    now = 0.0
    while link.painter.waiting and now < 200:
        data = link.painter.next(now)
        if data is None:
            break
        assert len(data) < 40_000
        link.paint(data)
        now += len(data) / 2_000  # 16 kbit/s
        link.flow.answered(link.flow.last, now)
        link.painter.see(screen((5, 5)) if now % 2 < 1 else screen(), WIDTH, HEIGHT)
    assert link.flow.budget == LEAST
    while data := link.painter.next(now):
        link.paint(data)
        link.flow.answered(link.flow.last, now + 3)
    assert not any(coarse for _, coarse in link.seen.values())


def test_what_lies_at_the_pointer_comes_first_and_a_new_viewer_gets_everything() -> None:
    link = Link(9_000)
    link.flow.budget = 10_000
    link.painter.see(screen(), WIDTH, HEIGHT)
    first = link.paint(link.painter.next(0.0, (290, 190)) or b"").pieces[0]
    assert first.x <= 290 < first.x + first.w and first.y <= 190 < first.y + first.h
    link.painter.anew()
    link.seen = {}
    while data := link.painter.next(0.0):
        link.paint(data)
        link.flow.answered(link.flow.last, 0.0)
    assert not link.painter.waiting
    assert (0, 0) in link.seen


def test_an_answer_to_nothing_is_told() -> None:
    flow = Flow()
    assert not flow.answered(7, 1.0)
