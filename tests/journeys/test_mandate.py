"""Somebody acts for somebody else: a mandate signed on the screen, refused for the wrong person, printed, and seen at the centre."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.hardest import NEIGHBOUR, Hand
from tests.journeys.test_handling import sync
from tests.journeys.test_screens import ID_NUMBER, enter, faults_of
from tests.journeys.test_story import log_in


def test_a_neighbour_files_with_a_mandate_signed_on_the_screen(centre: Centre, open_browser: OpenBrowser) -> None:
    # Given a guide without a link, a villager, and the neighbour who will do the ways
    page = open_browser("village").pages[0]
    enter(page, centre)
    page.goto(f"{centre.url}/village/#/items/id-card")
    page.get_by_role("button", name="办一办").click()
    centre.kill()
    page.get_by_label("姓名", exact=True).fill("测试丰")
    page.get_by_label("身份证号", exact=True).fill(ID_NUMBER)
    page.get_by_label("由别人代办").check()
    page.get_by_label("代办人姓名").fill("测试友")
    page.get_by_label("代办人电话").fill("13800000000")
    page.get_by_label("代办人身份证号").fill(NEIGHBOUR)
    page.get_by_label("是办事人的").select_option("其他")

    # When nobody signs, the form says so; when the villager signs, the paper is as printed
    page.get_by_role("button", name="交到中心").click()
    expect(page.locator(".error-summary")).to_contain_text("委托书还没有签名")
    page.locator(".pad").scroll_into_view_if_needed()
    Hand(page).sign()
    expect(page.locator(".pad polyline")).to_have_count(3)
    page.get_by_role("button", name="撤掉上一笔").click()
    expect(page.locator(".pad polyline")).to_have_count(2)
    assert faults_of(page) == []
    page.get_by_role("link", name="打印委托书").click()
    expect(page.get_by_role("article", name="授权委托书")).to_contain_text("委托事项")
    expect(page.get_by_role("img", name="委托人的签名")).to_be_visible()
    assert faults_of(page) == []
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1
    expect(page.get_by_text("取消了，或者没打出来？再按一次打印就行：还是这一张委托书")).to_be_visible()
    expect(page.get_by_role("img", name="委托人的签名")).to_be_visible()
    page.get_by_role("link", name="回去").click()

    # Then it does not serve for another person, and serves for the one who signed
    page.get_by_label("姓名", exact=True).fill("测试山")
    page.get_by_role("button", name="交到中心").click()
    expect(page.locator(".error-summary")).to_contain_text("委托书不是这位办事人的")
    page.get_by_label("姓名", exact=True).fill("测试丰")
    page.get_by_role("button", name="交到中心").click()
    number = page.locator("p.number").inner_text()

    # And the department sees who acts by which right, and the signature for a stated reason
    centre.start()
    sync(page, centre)
    agent = log_in(open_browser("agent"), centre, "agent1")
    agent.goto(f"{centre.url}/handling/{number}")
    expect(agent.locator("dl.facts").first).to_contain_text("屏幕上签名")
    agent.get_by_label("查看个人信息的原因").fill("核对委托书")
    agent.get_by_role("button", name="查看（会记录）").click()
    expect(agent.locator("svg.signature polyline")).to_have_count(2)
    assert faults_of(agent) == []
