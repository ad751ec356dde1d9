"""Every page of the consoles as people meet it: usual screen, zoomed, on a phone, dark, and by keyboard alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser

LOOKS: dict[str, dict[str, Any]] = {
    "usual screen": {},
    "200 % zoom": {"viewport": {"width": 683, "height": 384}, "device_scale_factor": 2},
    "phone": {"viewport": {"width": 360, "height": 640}},
    "dark": {"color_scheme": "dark"},
    "high contrast": {"forced_colors": "active"},
}
OPEN_PAGES = ("/", "/login", "/accounts/first/wrong", "/nowhere")
PAGES = (
    "/oversight/",
    "/oversight/questions",
    "/oversight/cases",
    "/oversight/talks",
    "/oversight/ratings",
    "/oversight/audit",
    "/places/",
    "/places/hexie",
    "/accounts/people",
    "/accounts/password",
    "/desk/",
    "/handling/",
    "/handling/desks",
    "/ratings/",
    "/knowledge/",
    "/knowledge/releases",
    "/knowledge/items/id-card/voices",
    "/library/?q=dibao",
    "/library/add",
    "/catalog/",
    "/opendata/",
    "/syncing/quarantine",
)


def log_in(page: Page, centre: Centre, username: str) -> None:
    page.goto(f"{centre.url}/login")
    page.get_by_label("登录名").fill(username)
    page.get_by_label("密码").fill(centre.password)
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("/login"))


def faults(page: Page) -> list[str]:
    """What axe finds serious or critical, and whether the page runs out of its width; one line each."""
    found = Axe().run(page).response["violations"]
    said = [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return said + ([f"{wide} px wider than the window"] if wide > 0 else [])


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_can_be_read_by_everybody(centre: Centre, open_browser: OpenBrowser, look: str) -> None:
    page = open_browser("reader", **LOOKS[look]).new_page()
    said = {}
    for address in OPEN_PAGES:
        page.goto(centre.url + address)
        said[address] = faults(page)
    log_in(page, centre, "admin")
    for address in PAGES:
        page.goto(centre.url + address)
        expect(page.locator("h1")).to_be_visible()
        said[address] = faults(page)
    assert {address: lines for address, lines in said.items() if lines} == {}


def test_large_type_holds_on_every_page(centre: Centre, open_browser: OpenBrowser) -> None:
    page = open_browser("elder").new_page()
    log_in(page, centre, "admin")
    for word in ("标准", "大"):
        page.get_by_role("link", name=f"字号：{word}", exact=True).click()
    said = {}
    for address in PAGES:
        if address == "/desk/":  # built by Vite: it does not read the consoles' cookie
            continue
        page.goto(centre.url + address)
        assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 24
        said[address] = faults(page)
    assert {address: lines for address, lines in said.items() if lines} == {}


SPOKEN = """() => {
    const on = document.activeElement;
    const labels = [...(on.labels ?? [])].map((label) => label.innerText);
    const text = on.matches("a, button, summary") ? on.innerText : "";
    return [text, on.ariaLabel, ...labels].join(" ").slice(0, 80);
}"""


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what carries these words has focus; it must then be in view."""
    heard = []
    for _ in range(120):
        page.keyboard.press("Tab")
        heard.append(page.evaluate(SPOKEN))
        if words in heard[-1]:
            expect(page.locator(":focus")).to_be_in_viewport()
            return
    pytest.fail(f"no way to “{words}” by keyboard: {heard}")


def go(page: Page, words: str, heading: str) -> None:
    """Tab to something, press Enter, and arrive at the page with this heading."""
    tab_to(page, words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_a_manager_works_with_the_keyboard_alone(centre: Centre, open_browser: OpenBrowser) -> None:
    page = open_browser("manager").new_page()
    page.goto(f"{centre.url}/oversight/")
    # The log-in page waits with the cursor in the first field.
    expect(page.get_by_label("登录名")).to_be_focused()
    page.keyboard.type("manager")
    page.keyboard.press("Tab")
    page.keyboard.type(centre.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("今天的服务")
    # The first Tab offers to skip the menu.
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到正文")
    # A figure leads to its rows.
    go(page, "没答上来", "提问")
    # A new computer at a point gets its code.
    go(page, "服务点", "服务点")
    go(page, "独龙江乡便民服务中心", "独龙江乡便民服务中心")
    go(page, "生成登记码", "登记单：独龙江乡便民服务中心")
    expect(page.locator(".code-big")).to_have_text(re.compile(r"^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{2}$"))
    # A procedure is looked for, in pinyin.
    go(page, "资料库", "资料库")
    page.keyboard.type("linshijiuzhu")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("临时救助")
    tab_to(page, "临时救助")
    # The ledger is checked.
    go(page, "审计", "审计")
    tab_to(page, "核对整本账")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("账本完好")
    go(page, "退出", "就近办")
    expect(page.get_by_role("link", name="登录")).to_be_visible()
