"""The village page: bytes of the first load, the first offline answer after a restart, and how fast asking is.

Peer for asking: whoosh-reloaded with jieba's analyser over the same texts, on the same machine in the same run.
"""

from __future__ import annotations

import copy
import csv
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from app import create_app
from app.knowledge import publish
from app.settings import Settings
from app.setup import setup
from datasets.rows import Document
from datasets.sources import read
from deploy.benches import Row, percentile, row
from deploy.benches._whoosh import Peer
from tests.journeys.centre import Centre
from tests.journeys.conftest import CHROMIUM, FLAGS, SCREEN
from tests.journeys.engine import Store, enrol, open_village, wait_for_program

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "pwa" / "dist" / "assets"
QUESTIONS = ROOT / "datasets" / "questions" / "dev.csv"
MANY = 10_000


def run(quick: bool) -> list[Row]:
    """All rows; `quick` asks fewer questions, restarts fewer times and leaves the 10,000 items out."""
    questions = [line["query"] for line in csv.DictReader(QUESTIONS.open(encoding="utf-8"))][: 40 if quick else 142]
    rows = first_load()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        rows += small(playwright, Path(folder), questions, restarts=3 if quick else 5)
        if not quick:
            rows += large(playwright, Path(folder), questions)
    return rows


def first_load() -> list[Row]:
    """Bytes that a first visit needs, gzip, by class; SQLite's own files apart."""
    page = (ASSETS.parent / "index.html").read_text(encoding="utf-8")
    scripts = {*re.findall(r'assets/([^"]+\.js)', page), *(path.name for path in ASSETS.glob("worker-*.js"))}
    styles = set(re.findall(r'assets/([^"]+\.css)', page))
    glue = {path.name for path in ASSETS.glob("*.js") if "sqlite" in path.name}
    wasm = {path.name for path in ASSETS.glob("*.wasm")}

    def kilobytes(names: set[str]) -> list[float]:
        return [sum((ASSETS / (name + ".gz")).stat().st_size for name in names) / 1000]

    return [
        row("first load, JavaScript", kilobytes(scripts - glue), "kB gzip", at_most=90),
        row("first load, CSS", kilobytes(styles), "kB gzip", at_most=20),
        row("SQLite's own JavaScript", kilobytes(glue), "kB gzip"),
        row("SQLite's wasm", kilobytes(wasm), "kB gzip"),
    ]


@contextmanager
def centre_with(folder: Path, items: list[Document] | None = None) -> Iterator[Centre]:
    """A running centre with the demo organisation; with `items`, release 2 holds those."""
    app = create_app(Settings(data=folder))
    setup(app, demo=True)
    if items is not None:
        with app.app_context(), app.extensions["jjb_db"].write() as connection:
            publish.publish(connection, app.extensions["jjb_settings"], items, "bench", "centre")
    app.extensions["jjb_db"].close()
    centre = Centre(folder)
    centre.start()
    try:
        yield centre
    finally:
        centre.kill()


def browser(playwright: Playwright, profile: Path) -> BrowserContext:
    """Chromium on a profile that stays: opening it again is a restart."""
    return playwright.chromium.launch_persistent_context(
        profile,
        executable_path=CHROMIUM,
        args=list(FLAGS),
        locale="zh-CN",
        viewport=SCREEN,  # type: ignore[arg-type]
    )


def ask_all(store: Store, questions: list[str]) -> list[float]:
    """Milliseconds of each question inside the page's own store, searching and ranking."""
    return [float(store("ask", question)["ms"]) for question in questions]


def small(playwright: Playwright, folder: Path, questions: list[str], restarts: int) -> list[Row]:
    """The real catalogue: asking, and the first answer after a browser restart with the centre gone."""
    profile = folder / "profile-small"
    with centre_with(folder / "small") as centre:
        context = browser(playwright, profile)
        store = open_village(context, centre.url)
        enrol(centre, store)
        store.until(lambda status: status["release"] == 1)
        wait_for_program(store)
        asked = ask_all(store, questions)
        context.close()
        centre.kill()
        first = []
        for _ in range(restarts):
            context = browser(playwright, profile)
            started = time.monotonic()
            store = open_village(context, centre.url)
            assert store("ask", "身份证丢了咋个办")["hits"][0]["slug"] == "id-card"
            first.append(time.monotonic() - started)
            context.close()
    peer = whoosh_times(read().items, questions, folder / "whoosh-small")
    name = "whoosh-reloaded + jieba"
    return [
        row("first offline answer after a browser restart", first, "s", at_most=5),
        row("asking, 75 items, p50", [percentile(asked, 50)], "ms", 500, name, [percentile(peer, 50)]),
        row("asking, 75 items, p95", [percentile(asked, 95)], "ms", 500, name, [percentile(peer, 95)]),
    ]


def large(playwright: Playwright, folder: Path, questions: list[str]) -> list[Row]:
    """10,000 synthetic items: a real release, a real download, asked in the page."""
    items = synthetic(MANY)
    with centre_with(folder / "large", items) as centre:
        context = browser(playwright, folder / "profile-large")
        store = open_village(context, centre.url)
        started = time.monotonic()
        enrol(centre, store, release=2, seconds=300)
        ready = time.monotonic() - started
        asked = ask_all(store, questions)
        context.close()
    peer = whoosh_times(items, questions, folder / "whoosh-large")
    name = "whoosh-reloaded + jieba"
    return [
        row("10,000 items: enrolment to searchable", [ready], "s"),
        row("asking, 10,000 items, p50", [percentile(asked, 50)], "ms", 500, name, [percentile(peer, 50)]),
        row("asking, 10,000 items, p95", [percentile(asked, 95)], "ms", 500, name, [percentile(peer, 95)]),
    ]


def synthetic(count: int) -> list[Document]:
    """The catalogue again and again, each copy under its own slug, code and name."""
    originals = read().items
    found = []
    for number in range(count):
        document: dict[str, Any] = copy.deepcopy(originals[number % len(originals)])
        copy_number = number // len(originals)
        if copy_number:
            document |= {"slug": f"{document['slug']}-{copy_number}", "code": f"{document['code']}-{copy_number}"}
            document["name"] = f"{document['name']}第{copy_number}类"
        found.append(document)
    return found


def whoosh_times(items: list[Document], questions: list[str], folder: Path) -> list[float]:
    """Milliseconds of each question with the peer."""
    peer = Peer(items, folder)
    times = []
    for question in questions:
        started = time.perf_counter()
        peer.ask(question)
        times.append((time.perf_counter() - started) * 1000)
    return times
