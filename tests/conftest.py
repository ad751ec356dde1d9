"""Fixtures shared by all tests: a centre that was really set up, on SQLite and on PostgreSQL, and people who log in.

Setting up (catalogue, release 1, people) takes seconds, so it is done once a run and copied for each test.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from sqlalchemy import create_engine, make_url, text

from app import create_app
from app.settings import Settings
from app.setup import setup

pytest_plugins = ["tests.postgres"]

# Tests never assert times: an example may be the one that loads a dictionary, on a machine that is busy.
hypothesis_settings.register_profile("jjb", deadline=None)
hypothesis_settings.load_profile("jjb")


def _set_up(settings: Settings) -> None:
    app = create_app(settings)
    setup(app, demo=True)
    app.extensions["jjb_db"].close()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where centres that were set up are kept: for all workers of a run, and for several runs that name one folder."""
    if named := os.environ.get("JJB_TEST_TEMPLATES"):
        folder = Path(named)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    root = tmp_path_factory.getbasetemp()
    return root.parent if "PYTEST_XDIST_WORKER" in os.environ else root


@contextmanager
def _made_once(path: Path) -> Iterator[bool]:
    """Whether `path` is still to be made: true for the first who asks, while the others wait for it."""
    made = path.with_suffix(".made")
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            yield False
            return
        shutil.rmtree(path, ignore_errors=True)
        yield True
        made.touch()


@pytest.fixture(scope="session")
def sqlite_template(templates: Path) -> Path:
    """A data folder after `python -m app setup --demo`."""
    folder = templates / "template-sqlite"
    with _made_once(folder) as mine:
        if mine:
            _set_up(Settings(data=folder))
    return folder


@pytest.fixture(scope="session")
def postgres_template(templates: Path, postgres_url: str) -> tuple[Path, str]:
    """The same on PostgreSQL: the data folder and the name of a template database in that server."""
    name = f"jjb_template_{make_url(postgres_url).port}"
    folder = templates / name
    with _made_once(folder) as mine:
        if mine:
            _set_up(Settings(data=folder, database_url=_named(postgres_url, _create_database(postgres_url, name))))
    return folder, name


def _named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _create_database(server: str, name: str, template: str = "template1") -> str:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    engine.dispose()
    return name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a centre that is ready to use; the test runs once on each engine."""
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("sqlite_template"), tmp_path / "data")
        return Settings(data=tmp_path / "data")
    folder, template = request.getfixturevalue("postgres_template")
    server = request.getfixturevalue("postgres_url")
    shutil.copytree(folder, tmp_path / "data")
    name = _create_database(server, f"jjb_{uuid.uuid4().hex[:12]}", template)
    return Settings(data=tmp_path / "data", database_url=_named(server, name))


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The centre, set up with the demo organisation and release 1."""
    app = create_app(settings)
    app.config["TESTING"] = False  # errors are answered as in production
    yield app
    app.extensions["jjb_db"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody has logged in with."""
    return app.test_client()


LogIn = Callable[[str], FlaskClient]


@pytest.fixture
def log_in(app: Flask, settings: Settings) -> LogIn:
    """`log_in("editor")`: a browser in which that demo person has logged in."""
    password = json.loads((settings.data / "demo.json").read_text())["password"]

    def log_in(username: str) -> FlaskClient:
        client = app.test_client()
        page = client.get("/login").get_data(as_text=True)
        token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        reply = client.post("/login", data={"username": username, "password": password, "csrf_token": token})
        assert reply.status_code == 302, reply.get_data(as_text=True)
        return client

    return log_in
