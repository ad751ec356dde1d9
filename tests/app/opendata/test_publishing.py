from __future__ import annotations

import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import ledger
from app.opendata import store
from app.settings import Settings
from tests.app.accounts.pages import HTML, submit
from tests.app.village import Village
from tests.conftest import LogIn

PUBLISH = Path(__file__).resolve().parents[3] / "datasets" / "publish"


def build(client: FlaskClient) -> str:
    """Build a file; returns the id that the page offers for approval, "" when it offers none."""
    assert submit(client, "/opendata/build", "/opendata/").status_code == 302
    page = client.get("/opendata/", headers=HTML).get_data(as_text=True)
    return (re.findall(r'name="id" value="([^"]+)"', page) or [""])[0]


def waiting(app: Flask) -> str:
    with app.extensions["jjb_db"].read() as connection:
        return next(str(one.id) for one in store.builds(connection) if one.state == "waiting")


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    file = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return file.execute(sql).fetchall()
    finally:
        file.close()


def test_the_first_file_holds_the_catalogue_and_no_statistics(settings: Settings, app: Flask) -> None:
    live = store.live_file(settings)
    assert rows(live, "SELECT count(*) FROM items") == [(75,)]
    assert rows(live, "SELECT count(*) FROM monthly_counts") == [(0,)]


def test_two_persons_bring_a_file_online(settings: Settings, app: Flask, log_in: LogIn) -> None:
    village = Village(app)
    village.round(*(village.question(f"问题{n}") for n in range(12)))
    first = log_in("publisher")
    assert build(first) == ""  # the builder is offered no approval
    own = submit(first, "/opendata/approve", "/opendata/", id=waiting(app))
    assert own.status_code == 403
    assert rows(store.live_file(settings), "SELECT count(*) FROM monthly_counts") == [(0,)]
    second = log_in("publisher2")
    assert submit(second, "/opendata/approve", "/opendata/", id=waiting(app)).status_code == 302
    published = rows(store.live_file(settings), "SELECT county, measure, count FROM monthly_counts ORDER BY count DESC")
    assert published[0] == ("泸水市", "提问", 12)
    with app.extensions["jjb_db"].read() as connection:
        noted = [entry for entry in ledger.read(connection) if entry.name.startswith("opendata.")][-2:]
    assert [entry.name for entry in noted] == ["opendata.built", "opendata.approved"]
    assert noted[0].actor != noted[1].actor


def test_small_counts_are_hidden(settings: Settings, app: Flask, log_in: LogIn) -> None:
    village = Village(app)
    village.round(village.case(1), village.question("一"))
    build(log_in("publisher"))
    counts = rows(store.build_file(settings, waiting(app)), "SELECT count FROM monthly_counts")
    assert set(counts) == {(None,)}


def test_a_build_is_approved_once(app: Flask, log_in: LogIn) -> None:
    build(log_in("publisher"))
    one, second = waiting(app), log_in("publisher2")
    assert submit(second, "/opendata/approve", "/opendata/", id=one).status_code == 302
    assert submit(second, "/opendata/approve", "/opendata/", id=one).status_code == 404
    assert submit(second, "/opendata/approve", "/opendata/", id="").status_code == 404


def test_a_file_that_was_changed_after_it_was_built_does_not_go_out(
    settings: Settings, app: Flask, log_in: LogIn
) -> None:
    build(log_in("publisher"))
    path = store.build_file(settings, waiting(app))
    file = sqlite3.connect(path)
    with file:
        file.execute("INSERT INTO service_points VALUES ('x', '偷偷加的', '')")
    file.close()
    reply = submit(log_in("publisher2"), "/opendata/approve", "/opendata/", id=waiting(app))
    assert reply.status_code >= 400
    assert rows(store.live_file(settings), "SELECT count(*) FROM service_points WHERE id='x'") == [(0,)]


@pytest.mark.parametrize("who", ["editor", "agent1", "inspector", "guide1"])
def test_other_roles_publish_nothing(log_in: LogIn, who: str) -> None:
    client = log_in(who)
    assert client.get("/opendata/").json["error"]["code"] == "access.denied"
    assert submit(client, "/opendata/build", "/accounts/password").status_code == 403


def test_nothing_personal_is_in_the_file(settings: Settings, app: Flask, log_in: LogIn) -> None:
    village = Village(app)
    case = village.case(1)
    village.round(case, village.rating(case["subject"], 5))
    build(log_in("publisher"))
    data = store.build_file(settings, waiting(app)).read_bytes().decode("utf-8", "ignore")
    for secret in ("阿普山", "11010519491231002X", "13800000000", "态度很好", case["subject"], village.id):
        assert secret not in data


@pytest.fixture
def site(settings: Settings, app: Flask) -> Iterator[str]:
    """Datasette as deploy/up starts it, over the live file."""
    folder = store.live_file(settings).parent
    shutil.copytree(PUBLISH, folder, dirs_exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "datasette", "serve", str(folder), "--port", str(port)], stderr=subprocess.PIPE
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url + "/-/versions.json", timeout=5).close()
            break
        except OSError:
            time.sleep(0.2)
    yield url
    process.terminate()
    process.wait()


def fetch(url: str) -> tuple[int, str, str]:
    """(status, content type, body); an error page counts as an answer."""
    parts = urllib.parse.urlsplit(url)
    quoted = parts._replace(
        query=urllib.parse.quote(parts.query, safe="=&"), path=urllib.parse.quote(parts.path)
    ).geturl()
    try:
        with urllib.request.urlopen(quoted, timeout=10) as reply:
            return reply.status, reply.headers["content-type"], reply.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.headers["content-type"], error.read().decode()


PAGES = (
    "/",
    "/open",
    "/open/items",
    "/open/items?_filter_column=name&_filter_op=contains&_filter_value=身份证",
    "/open/items/household-move",
    "/open/materials",
    "/open/questions",
    "/open/monthly_counts",
    "/open/materials_of_item?words=身份证",
    "/open?sql=select count(*) from items",
    "/open/nothing-here",
    "/open?sql=delete from items",
)
ENGLISH = re.compile(
    r">[^<]*\b(rows?|Custom SQL|Powered by|Download|Export|Search|Apply|Next page|Error|View and edit)\b[^<]*<"
)


def test_the_site_speaks_chinese_and_shows_what_was_approved(
    site: str, settings: Settings, app: Flask, log_in: LogIn
) -> None:
    for path in PAGES:
        status, kind, page = fetch(site + path)
        expected = 404 if "nothing" in path else 400 if "delete" in path else 200
        assert (status, kind.split(";")[0]) == (expected, "text/html"), path
        assert '<html lang="zh-CN">' in page
        assert not ENGLISH.search(page.split("<body")[1]), (path, ENGLISH.search(page.split("<body")[1]))
    assert "户口迁移" in fetch(site + "/open/items/household-move")[2]
    assert fetch(site + "/open/monthly_counts.json?_shape=array")[2].strip() == "[]"

    # What a second person approves is there at once: Datasette keeps the file open, and is not restarted.
    village = Village(app)
    village.round(*(village.question(f"问题{n}") for n in range(12)))
    build(log_in("publisher"))
    submit(log_in("publisher2"), "/opendata/approve", "/opendata/", id=waiting(app))
    counted = json.loads(fetch(site + "/open/monthly_counts.json?_shape=array&count=12")[2])
    assert [row["county"] for row in counted] == ["泸水市"]

    # The whole file is one consistent copy.
    with urllib.request.urlopen(site + "/open.db", timeout=10) as reply:
        copy = settings.data / "copy.db"
        copy.write_bytes(reply.read())
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert rows(copy, "PRAGMA integrity_check") == [("ok",)]
    assert rows(copy, "SELECT count FROM monthly_counts WHERE count=12") == [(12,)]
