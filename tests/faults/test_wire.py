"""The relay that harms links: what it does to a stream is what it says, since every fault test rests on it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.wire import Wire


@pytest.fixture
def echo() -> Iterator[Wire]:
    """A wire to a server that sends everything back."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_echo, args=(one,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with Wire(listener.getsockname()[1]) as wire:
        yield wire
    listener.close()


def _echo(one: socket.socket) -> None:
    with one, contextlib.suppress(OSError):
        while data := one.recv(4096):
            one.sendall(data)


def ask(wire: Wire, data: bytes, seconds: float = 5) -> bytes:
    """What came back before the end, the reset or the silence."""
    got = b""
    with socket.create_connection(("127.0.0.1", wire.port)) as near:
        near.settimeout(seconds)
        near.sendall(data)
        try:
            while len(got) < len(data) and (piece := near.recv(4096)):
                got += piece
        except (TimeoutError, ConnectionError):
            pass
    return got


def test_a_good_wire_changes_nothing(echo: Wire) -> None:
    with socket.create_connection(("127.0.0.1", echo.port)) as near:
        near.sendall(b"x" * 5000)
        got = b""
        while len(got) < 5000:
            got += near.recv(4096)
    assert got == b"x" * 5000
    assert (echo.bytes_up, echo.bytes_down) == (5000, 5000)


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_is_at_the_byte_it_was_asked_for(echo: Wire, reset: bool) -> None:
    echo.cut_up_at, echo.reset = 7, reset
    with socket.create_connection(("127.0.0.1", echo.port)) as near:
        near.settimeout(5)
        near.sendall(b"0123456789")
        try:
            while near.recv(100):
                pass
        except ConnectionError:
            assert reset
    assert echo.connections[0].up == b"0123456"


def test_one_byte_is_flipped_once(echo: Wire) -> None:
    echo.flip_down_at = 3
    for wanted in (b"abcDef", b"abcdef"):
        with socket.create_connection(("127.0.0.1", echo.port)) as near:
            near.sendall(b"abcdef")
            assert near.recv(100) == wanted


def test_a_hole_gives_back_what_it_held_when_it_closes(echo: Wire) -> None:
    echo.swallow("down")
    with socket.create_connection(("127.0.0.1", echo.port)) as near:
        near.settimeout(0.3)
        near.sendall(b"hello")
        with pytest.raises(TimeoutError):
            near.recv(100)
        echo.swallow()
        near.settimeout(5)
        assert near.recv(100) == b"hello"


def test_a_shaped_wire_is_as_slow_as_it_says_and_no_byte_is_lost(echo: Wire) -> None:
    echo.shape(kbit_s=800, round_trip_s=0.2, loss=0.2)
    data = bytes(range(256)) * 80  # 20 kB: 0.2 s each way at this rate, and three one-way delays
    began = time.monotonic()
    assert ask(echo, data) == data
    assert time.monotonic() - began >= 0.4


def test_a_stranger_answers_and_the_server_hears_nothing(echo: Wire) -> None:
    echo.portal = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"
    assert ask(echo, b"GET / HTTP/1.1\r\n\r\n" + b" " * 30).startswith(b"HTTP/1.1 302")
    echo.portal, echo.late = None, []
    assert ask(echo, b"GET /late HTTP/1.1\r\n\r\n") == b""
    assert echo.late == [b"GET /late HTTP/1.1\r\n\r\n"]
