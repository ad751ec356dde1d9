"""The guide at a village computer: registers it, logs in by link, later by PIN."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.centre import Centre

GUIDE, PIN = "guide1", "271828"


def register(page: Page, centre: Centre, url: str = "") -> None:
    """Make this browser a device of the demo point, with a guide logged in, on the first screen."""
    page.goto(f"{url or centre.url}/village/")
    page.get_by_label("登记码").fill(centre.run("enrol-code", "hexie").split()[0])
    page.keyboard.press("Enter")
    first_log_in(page, centre)
    expect(page.get_by_role("heading", level=1, name="今天")).to_be_visible()


def first_log_in(page: Page, centre: Centre, username: str = GUIDE, pin: str = PIN) -> None:
    """By account, with a new PIN."""
    page.get_by_label("登录名").fill(username)
    page.get_by_label("密码").fill(centre.password)
    page.keyboard.press("Enter")
    page.get_by_label("新 PIN").fill(pin)
    page.get_by_label("再输一遍").fill(pin)
    page.keyboard.press("Enter")


def unlock(page: Page, pin: str = PIN) -> None:
    """By PIN, as after a restart."""
    page.get_by_label("PIN", exact=True).fill(pin)
    page.keyboard.press("Enter")
    expect(page.locator("#door")).to_have_count(0)
