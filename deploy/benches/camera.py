"""The document camera: from the press of 拍照 to the page that is stored, in a real Chromium with a film before its lens."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from deploy.benches import Row, percentile, row
from deploy.benches.pwa import centre_with
from tests.journeys.conftest import CHROMIUM, FLAGS, SCREEN
from tests.journeys.test_camera import camera_with
from tests.journeys.test_screens import enter

PRESS = """([press, until]) => new Promise((resolve, reject) => {
  const began = performance.now();
  const step = () => {
    const spent = performance.now() - began;
    if (document.querySelector(until)) resolve(spent);
    else if (spent > 20_000) reject(new Error(`nothing came of ${press}`));
    else requestAnimationFrame(step);
  };
  [...document.querySelectorAll(".camera button")].find((one) => one.textContent.trim() === press).click();
  step();
})"""


def run(quick: bool) -> list[Row]:
    """Milliseconds of both presses together: the photo with its corners, and the page cut, painted, sealed and stored."""
    pages = 5 if quick else 20
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, centre_with(Path(folder)) as centre:
        context = playwright.chromium.launch_persistent_context(
            Path(folder) / "profile",
            executable_path=CHROMIUM,
            args=[*FLAGS, *camera_with("id-card", Path(folder))],
            locale="zh-CN",
            viewport=SCREEN,  # type: ignore[arg-type]
        )
        page = context.pages[0]
        enter(page, centre)
        expect(page.locator(".strip")).to_contain_text("知识第 1 版")
        page.goto(f"{centre.url}/village/#/items/id-card")
        page.get_by_role("button", name="办一办").click()
        page.get_by_role("button", name=re.compile("^给.*拍照$")).first.click()
        spent = [_page(page, number) for number in range(1, pages + 1)]
        context.close()
    return [
        row("press to stored page, p50", spent, "ms"),
        row("press to stored page, p95", [percentile(spent, 95)], "ms", at_most=2000),
    ]


def _page(page: Page, number: int) -> float:
    page.locator(".camera .advice.fine").wait_for()
    taken = page.evaluate(PRESS, ["拍照", ".camera .corner"])
    kept = page.evaluate(PRESS, ["用这一页", f".camera .tray li:nth-child({number})"])
    return float(taken + kept)
