"""Rung 5: a call that nobody takes becomes a message; the centre calls back and the talk arrives."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import register
from tests.journeys.test_screens import faults_of
from tests.journeys.test_story import log_in, say
from tests.wire import Wire

WORDS = "独居老人的高龄津贴停了，要带什么来补办？"


def test_an_unanswered_call_becomes_a_call_back_that_arrives(centre: Centre, open_browser: OpenBrowser) -> None:
    with Wire(centre.port) as wire:
        # Given a village that calls while nobody is on duty
        village = open_browser("village").pages[0]
        register(village, centre, wire.url)
        expect(village.locator(".strip")).to_contain_text("知识第 1 版")
        village.goto(f"{wire.url}/village/#/call")
        village.get_by_label("想问什么").fill(WORDS)
        village.get_by_role("button", name="呼叫客服").click()
        expect(village.get_by_text("现在没有客服在岗")).to_be_visible()

        # When the guide leaves word instead, and the link is gone before the press
        village.get_by_role("button", name="不等了，留言请中心回电").click()
        expect(village.get_by_label("想问什么")).to_have_value(WORDS)
        village.get_by_label("尽快").check()
        assert faults_of(village) == []
        wire.down()
        village.get_by_role("button", name="留言", exact=True).click()
        left = village.get_by_role("region", name="留给中心的话")
        expect(left.get_by_text("待传", exact=True)).to_be_visible()

        # Then it goes up by itself with the link
        wire.up()
        village.evaluate("() => window.dispatchEvent(new Event('online'))")
        expect(left.get_by_text("中心已收到", exact=True)).to_be_visible(timeout=15_000)

        # When an agent comes on duty, takes it and rings, the guide is on another screen
        village.get_by_role("link", name="事项").first.click()
        agent = log_in(open_browser("agent"), centre, "agent1")
        agent.goto(f"{centre.url}/desk/")
        agent.locator(".talk-row", has_text="现在可以打").or_(
            agent.locator(".talk-row", has_text="希望尽快回电")
        ).click()
        expect(agent.locator(".letter")).to_have_text(WORDS)
        agent.get_by_role("button", name="认领", exact=True).click()
        assert faults_of(agent) == []
        agent.get_by_role("button", name="回电", exact=True).click()
        rung = village.get_by_role("alertdialog")
        expect(rung).to_contain_text("中心回电")

        # When it comes at a bad moment it is put off, and rings again
        rung.get_by_role("button", name="稍后").click()
        rung.get_by_role("button", name="10 分钟").click()
        expect(agent.get_by_text("1 次", exact=True)).to_be_visible()
        agent.get_by_role("button", name="回电", exact=True).click()
        rung.get_by_role("button", name="接听").click()

        # Then they talk, and the message is answered
        expect(village.get_by_text("正在接待")).to_be_visible()
        say(village, "就是这件事")
        expect(agent.locator(".bubble.theirs").last).to_contain_text("就是这件事")
        agent.get_by_role("button", name="结束（E）").click()
        agent.get_by_role("dialog").get_by_role("button", name="结束", exact=True).click()
        expect(left.get_by_text("已回", exact=True)).to_be_visible(timeout=15_000)
        assert faults_of(village) == []
