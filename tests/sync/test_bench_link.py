"""The pieces of the sync bench work: the shaped relay carries and counts, the corpora are what they say. No times."""

from __future__ import annotations

import socket
import threading

from datasets.sources import read
from deploy.benches._link import Link, Shaped
from deploy.benches.sync import CHANGED, edited, hard


def _echo() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with near:
                while data := near.recv(4096):
                    near.sendall(data * 2)

    threading.Thread(target=serve, daemon=True).start()
    return listener


def test_the_relay_carries_all_bytes_and_counts_them_both_ways() -> None:
    listener = _echo()
    with listener, Shaped(Link(10_000_000, 0.01, 0.1), listener.getsockname()[1]) as way:
        port = int(way.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as near:
            for said in (b"a" * 3_000, b"b" * 10):
                near.sendall(said)
                got = b""
                while len(got) < 2 * len(said):
                    got += near.recv(4096)
                assert got == said * 2
        count = way.take()
    assert (count.up, count.down, count.both, count.connections) == (3_010, 6_020, 9_030, 1)
    assert count.trips >= 2
    assert way.take().both == 0


def test_a_cut_link_breaks_the_connection_and_lets_the_next_one_through() -> None:
    listener = _echo()
    with listener, Shaped(Link(10_000_000, 0.01), listener.getsockname()[1], cut_every_s=0.05) as way:
        port = int(way.url.rpartition(":")[2])
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as near:
                assert near.recv(1) == b""
    assert way.take().connections == 2


def test_twenty_items_change_in_two_fields_and_the_originals_stay() -> None:
    items = read().items
    changed = [(one, before) for one, before in zip(edited(items, 1), items, strict=True) if one is not before]
    assert len(changed) == CHANGED
    assert all({name for name in one if one[name] != before[name]} == {"fee", "place"} for one, before in changed)


def test_hard_items_are_the_same_at_every_run_and_differ_from_each_other() -> None:
    first, again = hard(150), hard(150)
    assert first == again
    copies = [one for one in first if one["slug"].startswith("id-card")]
    assert len(copies) > 1
    assert len({tuple(one["steps"]) for one in copies}) == len(copies)
