"""智能导办 in a real browser without the link: questions to a personal list, and the notice on both kinds of paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import unlock
from tests.journeys.hardest import Hand, file, hardest, without_the_link
from tests.journeys.test_screens import ID_NUMBER, faults_of


def next_question(page: Page, answer: str) -> None:
    """Choose an answer and go on."""
    page.get_by_label(answer, exact=True).check()
    page.get_by_role("button", name="下一步").click()


def test_a_question_leads_to_a_personal_list_without_the_link(centre: Centre, open_browser: OpenBrowser) -> None:
    page = open_browser("village").pages[0]
    without_the_link(page, centre)

    # When somebody asks in their own words, the words choose the first answer and the person confirms it
    page.goto(f"{centre.url}/village/#/ask")
    page.get_by_label("用平常的话说").fill("娃娃的身份证掉了")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="看我要带什么").click()
    expect(page.get_by_text("第 1 问，最多 3 问")).to_be_visible()
    expect(page.get_by_label("丢了，找不到了")).to_be_checked()
    expect(page.get_by_text("您说的是“娃娃的身份证掉了”，先替您选了这一项")).to_be_visible()
    page.get_by_role("button", name="下一步").click()
    expect(page.get_by_label("还没满")).to_be_checked()
    page.get_by_role("button", name="下一步").click()

    # A question without an answer is not passed over
    expect(page.get_by_text("第 3 问，最后一问")).to_be_visible()
    page.get_by_role("button", name="下一步").click()
    expect(page.get_by_role("alert")).to_have_text("请选一项，拿不准就选“不清楚”。")
    next_question(page, "能去")

    # Then the list says what to bring, why, from whom, how many, and what need not be brought
    mine = page.locator("section[aria-labelledby=mine]")
    expect(mine.locator("#mine")).to_have_text("要带 2 样")
    expect(mine).to_contain_text("居民户口簿")
    expect(mine).to_contain_text("没有也能先受理")
    expect(mine).to_contain_text("孩子由监护人代办，要核对是谁（因为：未满16周岁）")
    expect(mine.locator(".spared")).to_contain_text("旧居民身份证 因为：丢失补领")
    assert faults_of(page) == []

    # Going back keeps what was answered; the browser's own key does the same
    page.get_by_role("button", name="改：办证的人满 16 岁了吗？").click()
    expect(page.get_by_label("还没满")).to_be_checked()
    next_question(page, "满了")
    expect(page.get_by_label("能去", exact=True)).to_be_checked()
    page.get_by_role("button", name="下一步").click()
    expect(page.locator("#mine")).to_have_text("要带 1 样")
    page.go_back()
    expect(page.get_by_text("第 3 问，最后一问")).to_be_visible()
    page.go_forward()

    # And a reload in the middle of it all loses nothing
    page.reload()
    expect(page.locator("#mine")).to_have_text("要带 1 样")

    # From a question through the list to the receipt it is no more than twelve presses and fields, still without the link
    page.goto(f"{centre.url}/village/#/")  # the reload above has locked what is personal
    unlock(page)
    page.goto(f"{centre.url}/village/#/ask")
    hand = Hand(page)
    hand.fill(re.compile("^用平常的话说"), "身份证丢了")
    hand.press("问")
    hand.press("看我要带什么")
    expect(page.get_by_label("丢了，找不到了")).to_be_checked()
    hand.press("下一步")
    hand.choose("满了")
    hand.press("下一步")
    hand.choose("能去")
    hand.press("下一步")
    hand.press("办一办")
    hand.fill("姓名", "测试丰")
    hand.fill("身份证号", ID_NUMBER)
    hand.press("交到中心")
    expect(page.locator("p.number")).to_contain_text("NJ533301001")
    expect(page.get_by_text("已存在本机，等着上传到中心。")).to_be_visible()
    assert hand.acts <= 12
    assert faults_of(page) == []


def test_who_does_not_know_is_led_to_a_human_and_who_need_not_is_told_so(
    centre: Centre, open_browser: OpenBrowser
) -> None:
    page = open_browser("village").pages[0]
    without_the_link(page, centre)
    page.goto(f"{centre.url}/village/#/items/id-card/guide")
    next_question(page, "不清楚")
    expect(page.get_by_role("heading", name="这一步要问一问人")).to_be_focused()
    expect(page.get_by_text("先找找旧证还在不在")).to_be_visible()
    expect(page.get_by_role("link", name="呼叫客服").last).to_be_visible()
    expect(page.locator("#mine")).to_contain_text("先看看")

    page.goto(f"{centre.url}/village/#/items/forest-cutting/guide")
    next_question(page, "房前屋后或自留地上自家的几棵树")
    expect(page.get_by_role("heading", name="这件事您先不用办")).to_be_focused()
    expect(page.locator("#mine")).to_have_count(0)

    page.goto(f"{centre.url}/village/#/items/food-operation/guide?q=自己烤酒来卖")
    next_question(page, "办好了")
    next_question(page, "自己酿酒、做豆腐腊肉来卖")
    page.get_by_role("link", name="去看：食品生产加工小作坊登记").click()
    expect(page.get_by_role("heading", level=1, name="我要带什么")).to_be_visible()
    expect(page.get_by_text("做出来是卖还是自家吃？")).to_be_visible()


def test_the_large_view_shows_one_thing_at_a_time(centre: Centre, open_browser: OpenBrowser) -> None:
    page = open_browser("village").pages[0]
    without_the_link(page, centre)
    page.get_by_role("button", name="群众大字版").click()
    page.goto(f"{centre.url}/village/#/items/id-card/guide")
    expect(page.get_by_text("这次为什么办身份证？")).to_be_visible()
    expect(page.locator("#mine")).to_have_count(0)
    for answer in ("到期了，或者快到期", "满了", "能去"):
        next_question(page, answer)
    expect(page.locator("#mine")).to_have_text("要带 2 样")
    expect(page.get_by_role("button", name="办一办")).to_have_count(0)
    assert faults_of(page) == []


@pytest.mark.parametrize("paper", ["A4 纸", "小票纸（80 毫米）"])
def test_the_notice_says_everything_on_both_kinds_of_paper(
    centre: Centre, open_browser: OpenBrowser, tmp_path: Path, paper: str
) -> None:
    context: BrowserContext = open_browser("village")
    page = context.pages[0]
    without_the_link(page, centre)
    page.goto(f"{centre.url}/village/#/items/id-card/notice?a=1-3.2-2.3-1")
    page.get_by_label(paper).check()
    sheet = page.get_by_role("article", name="告知单")
    for words in (
        "您的情况：丢失补领；未满16周岁", "监护人身份证", "公安机关核发", "孩子由监护人代办", "不用带：旧居民身份证",
        "先在平台登记挂失", "丢失补领40元", "20个工作日", "居民身份证法", "先到这里问", "工作日 9:00–17:00",
        "办事知识第 1 版", "以窗口答复为准",
    ):  # fmt: skip
        expect(sheet).to_contain_text(words)
    number = re.search(r"GZ533301001\d{8}[A-Z]{2}(\d{4})", sheet.inner_text())
    assert number
    expect(sheet.get_by_role("img", name="二维码：用手机看这张单子")).to_be_visible()
    assert faults_of(page) == []

    # Paper: A4 leaves nothing out at the side; the strip is one page of 80 mm
    pdf = page.pdf(prefer_css_page_size=True)
    (tmp_path / "notice.pdf").write_bytes(pdf)
    width, height = (float(n) for n in re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf).groups())  # type: ignore[union-attr]
    if paper.startswith("A4"):
        assert (round(width), round(height)) == (595, 842)
    else:
        assert round(width) == 227
        assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") <= 1

    # The next notice has the next number, without asking anybody
    page.reload()
    expect(sheet).to_contain_text(re.compile(rf"GZ\d+[A-Z]{{2}}{int(number[1]) + 1:04d}"))


def test_the_hardest_item_of_all_is_filed_by_a_neighbour_without_the_link(
    centre: Centre, open_browser: OpenBrowser
) -> None:
    # Given the way through all items that asks most questions and materials, and somebody who acts for the patient
    way = hardest()
    page = open_browser("village").pages[0]
    without_the_link(page, centre)

    # When it is filed from the question to the receipt (`deploy/bench filing` says how long that takes)
    hand = Hand(page)
    number = file(page, way, hand, centre.url)

    # Then it waits for the link, with everything that was brought and the mandate
    expect(page.get_by_text("已存在本机，等着上传到中心。")).to_be_visible()
    page.goto(f"{centre.url}/village/#/records/{number}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(way.name)
    for material in way.materials:
        expect(page.locator("main")).to_contain_text(material)
    assert faults_of(page) == []
