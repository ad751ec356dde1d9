"""A call with a shared screen on a link that dies, comes back and gets thin: what it can carry goes on, by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from deploy import relay
from tests.journeys.calling import ON, PAIR, coturn, hears, sees, weak_call
from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.test_story import say


@pytest.mark.skipif(not relay.installed(), reason="coturn is missing: apt-get install coturn")
def test_a_squeezed_call_gives_up_its_picture_and_keeps_its_voice(centre: Centre, open_browser: OpenBrowser) -> None:
    with coturn(centre.data) as port, weak_call(centre, open_browser, port) as call:
        village, agent = call.village, call.agent

        # Given a voice between two who meet at the relay and nowhere else
        call.speak()
        for page in (village, agent):
            expect(page.get_by_text(ON)).to_be_visible(timeout=30_000)
            hears(page)
            assert page.evaluate(PAIR) == "relay"
            assert "m=video" not in page.evaluate("() => window.peers.at(-1).localDescription.sdp")

        # When the agent asks for the screen, the village allows it and sees that it does
        agent.get_by_role("button", name="请求看屏幕").click()
        village.get_by_role("button", name="同意共享").click()
        expect(village.get_by_text("客服正在看这台电脑的画面。")).to_be_visible()
        expect(village.get_by_text("线路还慢，有画面先停着，好了自动恢复。")).to_be_visible()

        # Then it comes as soon as the link has proved itself, on the connection that carries the voice
        agent.wait_for_function("() => document.querySelector('[data-theirs]')?.videoWidth > 0", timeout=60_000)
        assert [page.evaluate("() => window.peers.length") for page in (village, agent)] == [1, 1]
        agent.get_by_role("button", name="放大").click()
        agent.get_by_role("button", name="定格").click()
        expect(agent.get_by_alt_text("定格的画面")).to_be_visible()

        # When the link is dead for a while, the voice, the picture and what was written meanwhile come back by themselves
        call.outage(True)
        for page in (village, agent):
            expect(page.get_by_text("语音断了，正在恢复……文字照常。")).to_be_visible(timeout=30_000)
        say(village, "断线时写的")
        call.outage(False)
        for page in (village, agent):
            expect(page.get_by_text(ON)).to_be_visible(timeout=30_000)
            hears(page)
            expect(page.get_by_text("断线时写的")).to_have_count(1)
        sees(agent)

        # When the link gets thin, the picture rests with a reason; the voice goes on and the text arrives
        call.shape(64, 0.3)
        expect(agent.get_by_text("线路太慢，画面停在这里，好了自动恢复。")).to_be_visible(timeout=60_000)
        for page in (village, agent):
            hears(page)
        say(village, "画面没了，还听得到")
        expect(agent.locator(".bubble.theirs").last).to_contain_text("画面没了，还听得到", timeout=30_000)

        # When it carries next to nothing and the village keeps to text, both are told, and text goes on both ways
        call.shape(8, 0.6)
        village.get_by_label("最多用").select_option("只有文字")
        expect(village.get_by_text("语音暂停，先用文字。按您或对方的选择，用这一档。")).to_be_visible()
        expect(agent.get_by_text("语音暂停，先用文字。对方那边线路不好，或选了少用流量。")).to_be_visible(
            timeout=30_000
        )
        say(village, "只剩文字")
        expect(agent.locator(".bubble.theirs").last).to_contain_text("只剩文字", timeout=30_000)
        agent.get_by_label("回复", exact=True).fill("文字也行")
        agent.get_by_label("回复", exact=True).press("Enter")
        expect(village.locator(".bubble.theirs").last).to_contain_text("文字也行", timeout=30_000)

        # When it carries a voice again, the voice is back as soon as the village wants it
        call.shape(64, 0.3)
        village.get_by_label("最多用").select_option("自动")
        for page in (village, agent):
            expect(page.get_by_text(ON)).to_be_visible(timeout=30_000)
            hears(page)

        # When the village stops its picture from another screen, nothing of it is left at the agent
        call.shape()
        village.goto(f"{call.link.url}/village/#/items")
        village.get_by_role("button", name="停止", exact=True).click()
        expect(agent.locator("[data-theirs]")).to_have_count(0)
        hears(agent)
