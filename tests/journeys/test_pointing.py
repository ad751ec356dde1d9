"""An agent points and draws in a picture of the village: the guide sees it in his own picture, at the same place."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from deploy import relay
from tests.journeys.calling import ON, coturn, weak_call
from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser


@pytest.mark.skipif(not relay.installed(), reason="coturn is missing: apt-get install coturn")
def test_an_agent_points_on_a_shared_screen_and_on_a_paper_that_stands_still(
    centre: Centre, open_browser: OpenBrowser
) -> None:
    with coturn(centre.data) as port, weak_call(centre, open_browser, port) as call:
        village, agent = call.village, call.agent
        call.speak()
        expect(agent.get_by_text(ON)).to_be_visible(timeout=30_000)
        for place, press in (("屏幕", "共享屏幕"), ("高拍仪", "用高拍仪给他看材料")):
            # Given a picture of the village that the agent sees
            village.get_by_role("button", name=press, exact=True).click()
            seen = agent.get_by_role("region", name=f"村里的{place}，可以滚动")
            agent.wait_for_function("() => document.querySelector('[data-theirs]')?.videoWidth > 0", timeout=60_000)
            expect(seen).to_be_visible(timeout=60_000)
            own = village.locator(".own figure.marked .picture")
            if place == "高拍仪":
                agent.get_by_role("button", name="定格").click()
                expect(agent.get_by_alt_text("定格的画面")).to_be_visible()

            # When he draws across its middle, the guide sees the line at the same place of his own picture
            seen.scroll_into_view_if_needed()
            agent.get_by_role("button", name="画一画").click()
            box = seen.bounding_box()
            assert box is not None
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 4
            agent.mouse.move(x - 60, y)
            agent.mouse.down()
            agent.mouse.move(x, y, steps=5)
            agent.mouse.move(x + 60, y, steps=5)
            agent.mouse.up()
            line = village.locator(".own .marks .line")
            expect(line).to_have_count(1, timeout=3_000)
            expect(village.get_by_alt_text("定住的画面")).to_have_count(1 if place == "高拍仪" else 0)
            drawn, around = line.bounding_box(), own.bounding_box()
            assert drawn is not None and around is not None
            middle = (drawn["x"] + drawn["width"] / 2 - around["x"]) / around["width"]
            assert abs(middle - 0.5) < 0.03

            # and wiped away it is gone at both ends
            agent.get_by_role("button", name="擦掉").click()
            expect(line).to_have_count(0)
            agent.get_by_role("button", name="画一画").click()
            village.get_by_role("button", name="停止共享屏幕" if place == "屏幕" else "关掉摄像头").click()
            expect(seen).to_have_count(0)
