"""A centre on a real socket, a wire to cut, and both ends of a talk in Python."""

from __future__ import annotations

import base64
import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import websocket
from flask import Flask
from werkzeug.serving import make_server

from sync import signatures
from tests.app.village import Village
from tests.conftest import LogIn
from tests.wire import Wire


def new() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def wire(app: Flask) -> Iterator[Wire]:
    """The way to a running centre."""
    with running(app) as relay:
        yield relay


@contextmanager
def running(app: Flask) -> Iterator[Wire]:
    """A centre served on a real socket, behind a wire."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Wire(server.server_port) as relay:
        yield relay
    server.shutdown()
    server.server_close()


class End:
    """One end of a talk on a socket."""

    def __init__(self, url: str, **options: Any) -> None:
        self.ws = websocket.create_connection(url.replace("http", "ws", 1), timeout=10, **options)

    def send(self, **frame: Any) -> None:
        self.ws.send(json.dumps(frame))

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Frames up to and with the first that is wanted."""
        frames: list[dict[str, Any]] = []
        while not frames or not wanted(frames[-1]):
            text = self.ws.recv()
            assert text, "closed before the wanted frame"
            frames.append(json.loads(text))
        return frames

    def next(self, kind: str) -> dict[str, Any]:
        """The next frame of a type."""
        return self.until(lambda frame: frame["type"] == kind)[-1]


def call(wire: Wire, village: Village, talk: str | None = None, after: int = 0) -> End:
    """A village's socket after its hello."""
    end = End(wire.url + "/ws/village")
    nonce = end.next("challenge")["nonce"]
    raw = signatures.sign_text(f"jb-talk:{village.id}:{nonce}", village.key)
    end.send(type="hello", device=village.id, signature=base64.b64encode(raw).decode(), talk=talk, after=after)
    assert end.next("welcome")["talk"] == talk
    return end


@pytest.fixture
def desk(wire: Wire, log_in: LogIn) -> Callable[..., End]:
    """`desk("agent1")`: that agent's socket."""

    def desk(username: str = "agent1") -> End:
        cookies = log_in(username)._cookies or {}
        header = "; ".join(f"{cookie.key}={cookie.value}" for cookie in cookies.values())
        return End(wire.url + "/ws/desk", cookie=header, origin=wire.url)

    return desk
