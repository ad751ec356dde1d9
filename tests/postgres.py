"""A PostgreSQL server of our own for the tests: started once a run from the machine's packages, gone afterwards.

`JJB_TEST_POSTGRES` may name a server that runs already (SQLAlchemy URL of a superuser). Without a server and without
Debian's `postgresql` package the tests on PostgreSQL are skipped, and the end of the run says so in capital letters.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

ABSENT = "POSTGRESQL NOT FOUND: tests on PostgreSQL did not run (apt-get install postgresql, or set JJB_TEST_POSTGRES)"
GIVEN = "JJB_TEST_POSTGRES"
BINARIES = Path("/usr/lib/postgresql")
skipped: list[str] = []


def _binary(name: str) -> str | None:
    found = sorted(BINARIES.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3].split(".")[0]))
    return str(found[-1]) if found else shutil.which(name)


def _account() -> str | None:
    """The server refuses to run as root: then Debian's own account runs it."""
    return "postgres" if os.geteuid() == 0 else None


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, user=_account(), cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy URL of a server in which the tests may make databases."""
    given = os.environ.get(GIVEN)
    if given:
        yield given
        return
    if not _installed():
        skipped.append(ABSENT)
        pytest.skip(ABSENT)
    with _server() as url:
        yield url


def pytest_configure(config: pytest.Config) -> None:
    """One server for all workers of a run: whoever hands out the tests starts it and names it to them."""
    if not getattr(config.option, "numprocesses", None) or GIVEN in os.environ:
        return
    if not _installed():
        skipped.append(ABSENT)
        return
    server = _server()
    os.environ[GIVEN] = server.__enter__()

    def stop() -> None:
        del os.environ[GIVEN]
        server.__exit__(None, None, None)

    config.add_cleanup(stop)


def _installed() -> bool:
    return _binary("initdb") is not None and _binary("pg_ctl") is not None


@contextmanager
def _server() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="jjb-postgres-"))
    initdb, control = str(_binary("initdb")), str(_binary("pg_ctl"))
    account = _account()
    if account:
        owner = pwd.getpwnam(account)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    port = _free_port()
    # Durability off: the data lives as long as the run.
    fast = "-c fsync=off -c full_page_writes=off -c max_connections=100"
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {fast}"
    _run(initdb, "-D", f"{folder}/data", "-U", "tests", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
    _run(control, "-D", f"{folder}/data", "-o", options, "-l", f"{folder}/log", "-w", "start")
    try:
        url = f"postgresql+psycopg://tests@127.0.0.1:{port}/postgres"
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        engine.dispose()
        yield url
    finally:
        _run(control, "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say loudly when half of the tests could not run."""
    for line in set(skipped):
        terminalreporter.write_line(line, red=True, bold=True)
