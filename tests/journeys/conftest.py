"""A real centre, a real Chromium, and what the journeys do with both."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from tests.journeys.centre import ROOT, Centre
from tests.model_server import ModelServer, model_server

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREEN = {"width": 1366, "height": 768}
"""The screen of an old village PC."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is missing: apt-get install chromium")
    if not (ROOT / "pwa" / "dist" / "index.html").exists():
        pytest.fail("pwa/dist is missing: run ./deploy/up --setup-only first")
    with sync_playwright() as running:
        yield running


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A model server; a test that asks for it gets a centre that drafts replies with it."""
    with model_server() as server:
        yield server


@pytest.fixture
def centre(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> Iterator[Centre]:
    """A running centre with the demo organisation and release 1."""
    shutil.copytree(sqlite_template, tmp_path / "centre")
    centre = Centre(tmp_path / "centre")
    if "model" in request.fixturenames:
        centre.settings = {"JJB_DRAFT_URL": request.getfixturevalue("model").url, "JJB_DRAFT_MODEL": "test"}
    centre.start()
    yield centre
    centre.kill()


OpenBrowser = Callable[..., BrowserContext]


@pytest.fixture
def open_browser(playwright: Playwright, tmp_path: Path) -> Iterator[OpenBrowser]:
    """`open_browser("village")` starts Chromium on a profile of that name; the same name again is a restart."""
    opened: list[BrowserContext] = []

    def open_browser(profile: str, flags: Sequence[str] = (), **options: object) -> BrowserContext:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / f"profile-{profile}",
            executable_path=CHROMIUM,
            args=[*FLAGS, *flags],
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            **{"viewport": SCREEN, **options},  # type: ignore[arg-type]
        )
        context.set_default_timeout(20_000)
        opened.append(context)
        return context

    yield open_browser
    for context in opened:
        context.close()
