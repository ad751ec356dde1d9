"""A guide without the link, in a real Chromium: the hardest item filed from a question to its receipt, and a notice composed.

Which item is the hardest is found in the catalogue (`tests/journeys/hardest.py`). It is filed as fast as the page goes, and
at a person's pace. A notice is timed from the address to the sheet in the page, number and QR code included.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from datasets.sources import read
from deploy.benches import Row, percentile, row
from deploy.benches.pwa import browser, centre_with
from tests.journeys.engine import PERSON
from tests.journeys.hardest import Hand, file, hardest, without_the_link

NOTICE = """(slug) => new Promise((resolve, reject) => {
  const address = `#/items/${slug}/notice`;
  const name = document.querySelector("article.sheet .doc + .quiet")?.textContent;
  const began = performance.now();
  const look = () => {
    const spent = performance.now() - began;
    const number = document.querySelector("article.sheet .doc + .quiet")?.textContent;
    if (number && number !== name && document.querySelector("article.sheet figure svg")) resolve(spent);
    else if (spent > 20_000) reject(new Error(`no notice of ${slug}`));
    else setTimeout(look, 0);
  };
  location.hash = address;
  look();
})"""


def run(quick: bool) -> list[Row]:
    """Seconds of filing (target 180 at a person's pace), milliseconds of a notice (target 100); `quick` leaves the pace out."""
    way = hardest()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, centre_with(Path(folder)) as centre:
        context = browser(playwright, Path(folder) / "profile")
        page = context.pages[0]
        without_the_link(page, centre)
        hand = Hand(page)
        began = time.monotonic()
        file(page, way, hand, centre.url)
        spent = time.monotonic() - began
        rows = [
            row(f"hardest item ({way.slug}): questions and materials", [way.asks], ""),
            row("  presses, choices and fields", [hand.acts], ""),
            row("  keys", [hand.keys], ""),
            row("  filed offline, as fast as the page goes", [spent], "s", at_most=180),
        ]
        if not quick:
            began = time.monotonic()
            file(page, way, Hand(page, pace=True), centre.url, PERSON["id_number"])
            rows.append(row("  filed offline, at a person's pace", [time.monotonic() - began], "s", at_most=180))
        notices = _notices(page, centre.url, 25 if quick else 200)
        context.close()
    return [
        *rows,
        row("notice on the device, p50", notices, "ms", at_most=100),
        row("notice on the device, p95", [percentile(notices, 95)], "ms", at_most=100),
    ]


def _notices(page: Page, url: str, times: int) -> list[float]:
    """The first, which loads the screen, is not counted."""
    slugs = [item["slug"] for item in read().items]
    page.goto(f"{url}/village/#/items/{slugs[-1]}/notice")
    page.locator("article.sheet figure svg").wait_for()
    return [float(page.evaluate(NOTICE, slugs[n % len(slugs)])) for n in range(times)]
