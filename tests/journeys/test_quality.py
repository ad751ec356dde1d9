"""Keeping answers good: a bad edit is held back before it reaches a village, and what nobody could answer comes to the editors."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.test_screens import enter, faults_of
from tests.journeys.test_story import log_in

QUESTION = "身份证找不到了"
CHECKED = 60_000
"""A release first answers some hundred questions: a slow machine needs its time."""


def test_an_edit_that_spoils_an_answer_is_held_back(centre: Centre, open_browser: OpenBrowser) -> None:
    # Given a question that a reviewer has pinned
    reviewer = log_in(open_browser("reviewer"), centre, "reviewer")
    reviewer.goto(f"{centre.url}/knowledge/try?q={QUESTION}")
    first = reviewer.get_by_role("listitem").filter(has_text="居民身份证申领").first
    first.get_by_role("button", name=re.compile("钉住")).click()
    expect(reviewer.get_by_role("row").filter(has_text=QUESTION)).to_contain_text("居民身份证申领")

    # When an editor gives its words to another item
    editor = log_in(open_browser("editor"), centre, "editor")
    editor.goto(f"{centre.url}/knowledge/items/temp-id-card/edit")
    names = editor.get_by_label(re.compile("别名"))
    names.fill(names.input_value() + f"\n{QUESTION}")
    editor.get_by_label(re.compile("修改说明")).fill("加别名")
    editor.get_by_role("button", name="提交审核").click()
    expect(editor.get_by_text("待审核").first).to_be_visible()
    edition = editor.url
    editor.goto(f"{centre.url}/knowledge/try?q={QUESTION}")
    after = editor.get_by_role("heading", name=re.compile("草稿发布以后")).locator("xpath=..")
    expect(after.get_by_role("listitem").first).to_contain_text("临时居民身份证")
    assert faults_of(editor) == []
    reviewer.goto(edition)
    reviewer.get_by_role("button", name="通过").click()
    expect(reviewer.get_by_text(re.compile("^已通过"))).to_be_visible()

    # Then it is not released: the page names the question that would go wrong, and villages keep release 1
    reviewer.goto(f"{centre.url}/knowledge/releases")
    reviewer.get_by_role("textbox", name=re.compile("服务点会看到")).fill("加别名")
    reviewer.keyboard.press("Enter")
    expect(reviewer.get_by_text("会答得更差").first).to_be_visible(timeout=CHECKED)
    expect(reviewer.get_by_text(f"{QUESTION}（钉住的）")).to_be_visible()
    assert faults_of(reviewer) == []
    reviewer.goto(f"{centre.url}/knowledge/releases")
    expect(reviewer.get_by_role("row").filter(has_text="第 2 版")).to_have_count(0)


def test_what_nobody_could_answer_becomes_a_draft_in_one_click(centre: Centre, open_browser: OpenBrowser) -> None:
    # Given a village where a question found nothing that fits
    page = open_browser("village").pages[0]
    enter(page, centre)
    expect(page.locator(".strip")).to_contain_text("知识第 1 版")
    page.goto(f"{centre.url}/village/#/ask")
    page.get_by_label("用平常的话说").fill("那个蓝本本要盖章在哪里")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("都不是|说的不是这个")).or_(
        page.get_by_text("本机的知识里还没有答案")
    ).first.click()
    page.goto(f"{centre.url}/village/#/device")
    page.get_by_role("button", name="立即同步").click()
    expect(page.locator(".strip")).to_contain_text("待传 0 条")

    # When an editor finds it among the gaps and gives it to an item
    editor = log_in(open_browser("editor"), centre, "editor")
    editor.goto(f"{centre.url}/knowledge/gaps")
    group = editor.locator("section.card").filter(has_text="蓝本本")
    expect(group).to_be_visible()
    assert faults_of(editor) == []
    group.get_by_label("属于哪个事项").select_option("house-repair")
    group.get_by_role("button", name="加进草稿").click()

    # Then it stands in that item's draft and no longer among the gaps
    expect(editor.locator("main")).to_contain_text("群众问法草稿")
    expect(editor.locator("section.card").filter(has_text="蓝本本")).to_have_count(0)
