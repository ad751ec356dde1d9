"""Voice beside the text of a talk, between two real browsers with made-up microphones."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.calling import COUNT, MICROPHONE, hears
from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import register
from tests.journeys.test_screens import faults_of
from tests.journeys.test_story import log_in, say
from tests.wire import Wire

KINDS = "() => window.peers.at(-1).getTransceivers().map((one) => one.receiver.track.kind).join()"


def test_a_village_and_an_agent_talk_by_voice(centre: Centre, open_browser: OpenBrowser) -> None:
    with Wire(centre.port) as wire:
        # Given a village that was taken by an agent
        village = open_browser("village", flags=MICROPHONE).pages[0]
        village.add_init_script(COUNT)
        register(village, centre, wire.url)
        expect(village.locator(".strip")).to_contain_text("知识第 1 版")
        # Given somebody who first tries what the call will need
        village.goto(f"{wire.url}/village/#/device/call")
        for button, words in (("试麦克风", "听到声音了"), ("试摄像头", "有画面了"), ("测线路", "线路")):
            village.get_by_role("button", name=button).click()
            expect(village.get_by_role("status").filter(has_text=words).last).to_be_visible(timeout=15_000)
        expect(village.locator("dl")).to_contain_text("毫秒")
        village.get_by_role("button", name="放两声").click()
        village.get_by_role("button", name="听到了", exact=True).click()
        expect(village.get_by_text("听到了，扬声器可以用。")).to_be_visible()
        village.goto(f"{wire.url}/village/#/call")
        village.get_by_role("button", name="呼叫客服").click()
        expect(village.get_by_text("已经排上队")).to_be_visible()
        context = open_browser("agent", flags=MICROPHONE)
        context.add_init_script(COUNT)
        agent = log_in(context, centre, "agent1")
        agent.goto(f"{centre.url}/desk/")
        agent.get_by_role("button", name="接起").first.click()

        # When the agent asks and the village takes it up
        agent.get_by_role("button", name="请求语音").click()
        village.get_by_role("button", name="接听").click()

        # Then each hears the other, by voice alone
        for page in (village, agent):
            expect(page.get_by_text(re.compile("^语音通话中"))).to_be_visible(timeout=15_000)
            hears(page)
            assert page.evaluate(KINDS) == "audio"
            assert faults_of(page) == []
        assert village.evaluate("() => window.peers.at(-1).remoteDescription.sdp.includes('maxaveragebitrate=16000')")

        # When the agent keeps to text, then goes on
        agent.get_by_label("最多用").select_option("只有文字")
        for page in (village, agent):
            expect(page.get_by_text(re.compile("语音暂停，先用文字"))).to_be_visible()
        say(village, "听不清，我写")
        expect(agent.locator(".bubble.theirs").last).to_contain_text("听不清，我写")
        agent.get_by_label("最多用").select_option("自动")
        for page in (village, agent):
            expect(page.get_by_text(re.compile("^语音通话中"))).to_be_visible()
            hears(page)

        # When both ends offer at the same moment, again and again, nobody is stuck
        had = {page: page.evaluate("() => window.peers.length") for page in (village, agent)}
        for _ in range(10):
            for page in (village, agent):
                page.evaluate("() => window.peers.at(-1).restartIce()")
        for page in (village, agent):
            page.wait_for_function("() => window.peers.at(-1).signalingState === 'stable'")
            hears(page)
            assert page.evaluate("() => window.peers.length") == had[page]

        # When the line to the centre is cut, the voice goes on
        wire.cut()
        hears(agent)
        expect(village.get_by_text("正在重连")).to_have_count(0)

        # When the village hangs up the voice, nobody hears anybody, and the text goes on
        village.get_by_role("button", name="挂断语音").click()
        for page, button in ((village, "语音通话"), (agent, "请求语音")):
            expect(page.get_by_role("button", name=button)).to_be_visible()
            assert page.evaluate("() => window.peers.every((one) => one.connectionState === 'closed')")
        say(village, "谢谢")
        expect(agent.locator(".bubble.theirs").last).to_contain_text("谢谢")
        # Then whoever oversees sees how the link was, from both ends, without a word of the talk
        office = log_in(open_browser("office"), centre, "manager")
        office.get_by_role("link", name="通话线路").click()
        expect(office.locator("tbody tr")).to_have_count(1)
        office.locator("tbody a").first.click()
        expect(office.get_by_role("figure").locator("polyline")).to_have_count(2)
        expect(office.locator("dl")).to_contain_text("只有文字")
        expect(office.locator("tbody")).to_contain_text("人为选择")
    assert "账本完好" in centre.run("ledger-verify")
