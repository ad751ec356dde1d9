"""The village page as people meet it: by keyboard alone, in large type, zoomed, on a phone, in the dark, on paper."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import register, unlock

ITEM = "newborn-medical-enroll"
ID_NUMBER = "533324189901010018"
"""Synthetic: born in 1899 (tests/vectors/check_vectors.json)."""

LOOKS: dict[str, dict[str, Any]] = {
    "village screen": {},
    "200 % zoom": {"viewport": {"width": 683, "height": 384}, "device_scale_factor": 2},
    "phone": {"viewport": {"width": 360, "height": 640}},
    "dark": {"color_scheme": "dark"},
    "high contrast": {"forced_colors": "active"},
}
SCREENS = (
    "#/",
    "#/ask",
    "#/ask?q=社保卡掉了",
    "#/ask?q=着火了",
    "#/items",
    "#/items?text=没有这样的事项",
    f"#/items/{ITEM}",
    "#/items/nothing-like-this",
    f"#/items/{ITEM}/guide",
    f"#/items/{ITEM}/guide?a=1-2.2-1.3-1",
    f"#/items/{ITEM}/guide?s=1",
    f"#/items/{ITEM}/notice?s=1",
    "#/records",
    "#/records?show=all",
    "#/rate",
    "#/device",
    "#/help",
    "#/nowhere",
)


def enter(page: Page, centre: Centre) -> None:
    """Enrol this browser as a device of the demo point and wait for the first screen."""
    register(page, centre)


def screen(page: Page, centre: Centre, address: str) -> None:
    """Show one screen and wait until it has stopped loading."""
    page.goto(f"{centre.url}/village/{address}")
    expect(page.locator("h1")).to_be_visible()
    expect(page.get_by_text(re.compile("^正在(打开|找|看)……$"))).to_have_count(0)


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what carries these words has focus; it must then be in view."""
    spoken = "(e) => [e.innerText, e.ariaLabel, ...[...(e.labels ?? [])].map((label) => label.innerText)].join(' ')"
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if words in focused.evaluate(spoken):
            expect(focused).to_be_in_viewport()
            return
    pytest.fail(f"no way to “{words}” by keyboard")


def faults_of(page: Page) -> list[str]:
    """What axe finds serious or critical, one line each."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_every_screen_is_sound_in_every_look(centre: Centre, open_browser: OpenBrowser, look: str) -> None:
    page = open_browser("village", **LOOKS[look]).pages[0]
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
    enter(page, centre)
    for address in SCREENS:
        screen(page, centre, address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} is too wide"
        assert faults_of(page) == [], address
    assert refused == []


@pytest.mark.parametrize("size", ["大", "特大"])
def test_large_type_keeps_every_screen_within_the_window(centre: Centre, open_browser: OpenBrowser, size: str) -> None:
    page = open_browser("village").pages[0]
    enter(page, centre)
    fold = page.get_by_role("button", name="字号", exact=True)
    if fold.is_visible():
        fold.click()
    plain = page.locator("h1").evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)")
    page.get_by_role("button", name=size, exact=True).click()
    grown = page.locator("h1").evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)")
    assert grown / plain == pytest.approx({"大": 1.25, "特大": 1.5}[size], abs=0.01)
    for address in SCREENS:
        screen(page, centre, address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} is too wide"


def test_a_case_is_asked_guided_filed_and_rated_by_keyboard_alone(centre: Centre, open_browser: OpenBrowser) -> None:
    page = open_browser("village").pages[0]
    press, typed = page.keyboard.press, page.keyboard.type
    enter(page, centre)
    press("/")
    expect(page.get_by_label("用平常的话说")).to_be_focused()
    typed("新生儿参加城乡居民医保")
    press("Enter")
    expect(page.locator("#found")).to_be_focused()
    tab_to(page, "看我要带什么")
    press("Enter")
    expect(page.get_by_role("heading", level=1, name="我要带什么")).to_be_focused()
    tab_to(page, "90 天以内")
    for answer in ("90 天以内", "上了", "同一年", "在本地"):
        expect(page.get_by_label(answer, exact=True)).to_be_focused()
        press("Space")
        press("Enter")
    expect(page.locator("#came-out")).to_be_focused()
    expect(page.locator("#mine")).to_contain_text("要带 2 样")
    tab_to(page, "办一办")
    press("Enter")
    expect(page).to_have_title(re.compile("^办理：新生儿"))
    tab_to(page, "交到中心")
    press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    press("Tab")
    press("Enter")
    expect(page.get_by_label("姓名")).to_be_focused()
    typed("测试丰")
    tab_to(page, "身份证号")
    typed(ID_NUMBER)
    press("Enter")
    expect(page.get_by_role("heading", level=1, name="已收件")).to_be_focused()
    tab_to(page, "请群众评价")
    press("Enter")
    expect(page.get_by_role("heading", level=1, name="这次办事，您满意吗？")).to_be_focused()
    expect(page.locator("input[name=level]:checked")).to_have_count(0)
    press("Tab")
    press("Space")
    tab_to(page, "提交评价")
    press("Enter")
    expect(page.get_by_text("您的评价已经记下。")).to_be_visible()


def test_a_double_click_files_one_case(centre: Centre, open_browser: OpenBrowser) -> None:
    page = open_browser("village").pages[0]
    enter(page, centre)
    screen(page, centre, f"#/items/{ITEM}")
    page.get_by_role("button", name="办一办").click()
    page.get_by_label("姓名").fill("测试丰")
    page.get_by_label("身份证号", exact=True).fill(ID_NUMBER)
    page.get_by_role("button", name="交到中心").dblclick()
    expect(page.get_by_role("heading", level=1, name="已收件")).to_be_visible()
    screen(page, centre, "#/records")
    expect(page.locator("main .list > li")).to_have_count(1)
    expect(page.locator("main .list")).to_contain_text("测*丰")


def test_a_half_filled_form_survives_a_reload_and_leaves_nothing_in_the_browser(
    centre: Centre, open_browser: OpenBrowser
) -> None:
    page = open_browser("village").pages[0]
    enter(page, centre)
    screen(page, centre, f"#/items/{ITEM}")
    page.get_by_role("button", name="办一办").click()
    page.get_by_label("姓名").fill("测试丰")
    expect(page.get_by_text("已存在本机")).to_be_visible()
    page.reload()
    unlock(page)
    expect(page.get_by_label("姓名")).to_have_value("测试丰")
    left = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert "测试丰" not in left


def test_the_notice_prints_on_one_sheet_without_the_shell(centre: Centre, open_browser: OpenBrowser) -> None:
    page = open_browser("village").pages[0]
    enter(page, centre)
    screen(page, centre, f"#/items/{ITEM}/notice?s=1")
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", paper)) == 1
    page.emulate_media(media="print")
    for part in (".masthead", ".strip", ".rail", "h1"):
        expect(page.locator(part).first).to_be_hidden()
    sheet = page.get_by_role("article", name="告知单")
    for words in (
        "一次性告知单",
        "编号 GZ533301001",
        "90天内已上户口",
        "新生儿户口簿",
        "不用带",
        "知识第 1 版",
        "以窗口答复为准",
    ):
        expect(sheet).to_contain_text(words)
    screen(page, centre, "#/records?show=all")
    page.emulate_media(media="screen")
    expect(page.locator("main .list")).to_contain_text("告知单")


def test_the_citizen_view_is_large_and_shows_no_records(centre: Centre, open_browser: OpenBrowser) -> None:
    page = open_browser("village").pages[0]
    enter(page, centre)
    page.get_by_role("button", name="群众大字版").click()
    expect(page.locator("html")).to_have_attribute("data-size", "l")
    expect(page.locator(".rail a")).to_have_text(["问一问", "事项", "评价"])
    page.goto(f"{centre.url}/village/#/records")
    expect(page.get_by_role("heading", level=1, name="问一问")).to_be_visible()
    assert "办件" not in page.locator("main").inner_text()
