"""`python -m tests.journeys.shots DIR`: a picture of every page, of the village page at 200 % as well, to be looked at.

A real centre with the demo organisation, some life in it, and a real Chromium.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

from app import create_app
from app.settings import Settings
from app.setup import setup
from tests.journeys.centre import Centre
from tests.journeys.conftest import CHROMIUM, FLAGS, SCREEN
from tests.journeys.test_files import payload, photo
from tests.journeys.test_screens import ID_NUMBER, enter
from tests.journeys.test_story import log_in
from tests.model_server import model_server, quoting
from tests.sync.test_files import CASES

VILLAGE = {
    "home": "#/",
    "ask": "#/ask?q=身份证丢了咋个办",
    "ask-clarify": "#/ask?q=补贴",
    "ask-none": "#/ask?q=今天天气怎么样",
    "items": "#/items",
    "item": "#/items/id-card",
    "guide": "#/items/id-card/guide?s=3",
    "notice": "#/items/id-card/notice?s=3",
    "records": "#/records?show=all",
    "rate": "#/rate",
    "call": "#/call?item=id-card",
    "device": "#/device",
    "stick": "#/device/stick",
    "help": "#/help",
}
CONSOLES = {
    "manager": {
        "oversight": "/oversight/",
        "audit": "/oversight/audit",
        "points": "/places/",
        "devices": "/devices/",
        "courier": "/courier",
        "point": "/places/hexie",
        "cases": "/handling/",
        "ratings": "/ratings/",
        "people": "/accounts/people",
        "catalogue": "/catalog/",
        "quarantine": "/syncing/quarantine",
    },
    "editor": {
        "knowledge": "/knowledge/",
        "item": "/knowledge/items/id-card",
        "voices": "/knowledge/voices",
        "voice": "/knowledge/items/id-card/voices",
        "edit": "/knowledge/items/id-card/edit",
        "try": "/knowledge/try?q=身份证丢了",
        "gaps": "/knowledge/gaps",
        "library": "/library/?q=dibao",
        "library-add": "/library/add",
    },
    "reviewer": {"releases": "/knowledge/releases"},
    "publisher": {"opendata": "/opendata/"},
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright, model_server() as model:
        app = create_app(Settings(data=Path(data)))
        setup(app, demo=True)
        app.extensions["jjb_db"].close()
        centre = Centre(Path(data))
        centre.settings = {"JJB_DRAFT_URL": model.url, "JJB_DRAFT_MODEL": "test"}
        model.act = quoting("办理地点", _drafted)
        centre.start()
        try:
            _village(playwright, centre, folder)
            _consoles(playwright, centre, folder)
        finally:
            centre.kill()
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


def _open(playwright: Playwright, **options: object) -> BrowserContext:
    return playwright.chromium.launch_persistent_context(
        tempfile.mkdtemp(),
        executable_path=CHROMIUM,
        args=list(FLAGS),
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        **{"viewport": SCREEN, **options},  # type: ignore[arg-type]
    )


def _shoot(page: Page, path: Path) -> None:
    page.wait_for_timeout(400)
    page.screenshot(path=path, full_page=True)


def _village(playwright: Playwright, centre: Centre, folder: Path) -> None:
    context = _open(playwright)
    page = context.pages[0]
    page.goto(f"{centre.url}/village/")
    expect(page.get_by_label("登记码")).to_be_visible()
    _shoot(page, folder / "village-enrol.png")
    enter(page, centre)
    page.goto(f"{centre.url}/village/#/items/id-card")
    page.get_by_role("button", name="办一办").click()
    page.get_by_label("姓名").fill("测试丰")
    page.get_by_label("身份证号", exact=True).fill(ID_NUMBER)
    page.locator("input[type=file]").first.set_input_files([payload("page.jpg", photo(page, 2100, 2970))])
    page.locator("input[type=file]").last.set_input_files(
        [payload("page.pdf", CASES["a paper"][0]), payload("setup.jpg", CASES["a renamed program"][0])]
    )
    expect(page.locator(".pages li")).to_have_count(2)
    expect(page.locator(".papers .notice")).to_have_count(1)
    _shoot(page, folder / "village-form.png")
    page.get_by_role("button", name="交到中心").click()
    expect(page.locator("p.number")).to_be_visible()
    _shoot(page, folder / "village-done.png")
    number = page.locator("p.number").inner_text()
    page.goto(f"{centre.url}/village/#/records/{number}")
    expect(page.locator(".pages")).to_contain_text("中心已收到")
    _shoot(page, folder / "village-case.png")
    for name, address in VILLAGE.items():
        page.goto(f"{centre.url}/village/{address}")
        _shoot(page, folder / f"village-{name}.png")
        if name == "ask":
            page.screenshot(path=folder / "readme-village.png")
    page.goto(f"{centre.url}/village/#/call?item=id-card")
    page.get_by_label("想问什么").fill("老人身份证丢了，本人来不了，可以上门吗？")
    page.get_by_role("button", name="呼叫客服").click()
    expect(page.get_by_text("已经排上队")).to_be_visible()
    _desk(playwright, centre, folder, page)
    context.close()
    zoomed = _open(playwright, viewport={"width": 683, "height": 384}, device_scale_factor=2)
    page = zoomed.pages[0]
    enter(page, centre)
    for name, address in VILLAGE.items():
        page.goto(f"{centre.url}/village/{address}")
        _shoot(page, folder / f"village-200-{name}.png")
    zoomed.close()


def _desk(playwright: Playwright, centre: Centre, folder: Path, village: Page) -> None:
    context = _open(playwright)
    desk = log_in(context, centre, "agent1")
    expect(desk.locator(".strip")).to_contain_text("排队 1")
    _shoot(desk, folder / "desk-queue.png")
    desk.locator("body").press("a")
    desk.get_by_label("回复", exact=True).fill("您好，可以的。偏远乡村民警会上门采集，我帮您预约。")
    desk.keyboard.press("Enter")
    expect(village.locator(".bubble.theirs")).to_be_visible()
    village.get_by_label("写给客服").fill("太好了，要准备什么？")
    village.get_by_label("写给客服").press("Enter")
    expect(desk.locator(".bubble.theirs")).to_be_visible()
    desk.get_by_role("button", name="发给村里").first.click()
    expect(village.get_by_role("link", name="打开事项")).to_be_visible()
    _shoot(village, folder / "village-talk.png")
    _shoot(desk, folder / "desk-talk.png")
    desk.screenshot(path=folder / "readme-desk.png")
    desk.get_by_role("button", name="拟一句回复").click()
    expect(desk.get_by_label("拟稿")).to_contain_text("已填进回复框")
    _shoot(desk, folder / "desk-draft.png")
    context.close()


def _drafted(place: Mapping[str, str]) -> list[dict[str, str]]:
    """What a model says: a sentence that stands, and one that it made up."""
    said = {"source": place["id"], "quote": place["text"]}
    return [{"text": place["text"], **said}, {"text": "另交99元加急费。", **said}]


def _consoles(playwright: Playwright, centre: Centre, folder: Path) -> None:
    for username, pages in CONSOLES.items():
        context = _open(playwright)
        page = context.pages[0]
        if username == "manager":
            page.goto(centre.url)
            _shoot(page, folder / "portal.png")
            page.goto(f"{centre.url}/login")
            _shoot(page, folder / "login.png")
        log_in(context, centre, username)
        for name, address in pages.items():
            page.goto(centre.url + address)
            _shoot(page, folder / f"console-{name}.png")
        context.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.journeys.shots DIR")
    main(Path(sys.argv[1]))
