"""A real centre on a real socket, a wire that can be cut, and Python villages."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app import ledger
from app.places import store as places
from app.settings import Settings
from datasets.build import SCHEMA
from sync.client import Village, World
from tests.wire import Wire


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Many villages enrol from one address here."""
    return replace(settings, enrol_limit="10000 per minute")


class Centre:
    """The application behind a threaded server on a free port of loopback."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def code(self, point: str = "hexie") -> str:
        """A fresh enrolment code."""
        with self.app.extensions["jjb_db"].write() as connection:
            return places.issue_code(connection, point, 15, "test")[0]

    def events(self, device: str | None) -> list[ledger.Entry]:
        """What the ledger holds of a device but its enrolment, in order."""
        with self.app.extensions["jjb_db"].read() as connection:
            assert ledger.verify(connection).ok
            return [entry for entry in ledger.read(connection, device=device) if entry.device_seq is not None]


@pytest.fixture
def centre(app: Flask) -> Iterator[Centre]:
    """A centre that was set up and answers."""
    running = Centre(app)
    yield running
    running.stop()


@pytest.fixture
def wire(centre: Centre) -> Iterator[Wire]:
    """The way to the centre, to be watched and cut."""
    with Wire(centre.port) as relay:
        yield relay


Settle = Callable[..., Village]


@pytest.fixture
def settle(centre: Centre, wire: Wire, tmp_path: Path) -> Iterator[Settle]:
    """`settle("a")`: an enrolled village of that name behind the wire; never sleeps between tries."""
    made: list[Village] = []

    def settle(
        name: str = "village", world: World | None = None, silence_s: float = 5.0, enrol: bool = True
    ) -> Village:
        world = world or World(sleep=lambda _: None)
        village = Village(tmp_path / "villages" / name, wire.url, SCHEMA, world, silence_s)
        made.append(village)
        if enrol and village.device is None:
            village.enrol(centre.code())
        return village

    yield settle
    for one in made:
        one.close()
