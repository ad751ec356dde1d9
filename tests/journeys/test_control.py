"""An agent does steps on the village page after the guide allowed it; the guide holds and stops him at any moment."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import register
from tests.journeys.test_cobrowse import NUMBER, PERSON, PHONE, Frames, allow, fill
from tests.journeys.test_story import log_in

FILLED = "材料下周补齐"


class Desk:
    """The agent's screen, with the picture of the village page in it."""

    def __init__(self, agent: Page, village: Page) -> None:
        self.agent = agent
        self.picture = allow(village, agent)
        self.glass = agent.frame_locator("iframe[title=村里的页面]").locator(".glass")
        self.word = agent.get_by_role("group", name="代村里操作")

    def press(self, selector: str, has_text: str | None = None) -> None:
        """Press a place of the picture, as a mouse does."""
        target = self.picture.locator(selector, has_text=has_text).first
        target.scroll_into_view_if_needed()
        boxes = (target.bounding_box(), self.glass.bounding_box())
        for _ in range(20):  # until the picture has settled: the village scrolls, sentences come and go above it
            self.agent.wait_for_timeout(150)
            before, boxes = boxes, (target.bounding_box(), self.glass.bounding_box())
            if boxes == before:
                break
        box, over = boxes
        assert box is not None and over is not None
        middle = (box["x"] - over["x"] + box["width"] / 2, box["y"] - over["y"] + box["height"] / 2)
        self.glass.click(position={"x": middle[0], "y": middle[1]})

    def said(self, words: str | re.Pattern[str]) -> None:
        expect(self.word.get_by_role("status").last).to_contain_text(words, timeout=8_000)


def test_an_agent_acts_with_consent_and_the_guide_holds_stops_and_hands_in_himself(
    centre: Centre, open_browser: OpenBrowser
) -> None:
    # Given a talk in which the agent sees the guide's page and points at it
    village = open_browser("village").pages[0]
    up = Frames(village)
    register(village, centre)
    village.goto(f"{centre.url}/village/#/call?item=id-card")
    village.get_by_role("button", name="呼叫客服").click()
    agent = log_in(open_browser("agent"), centre, "agent1")
    down = Frames(agent)
    agent.goto(f"{centre.url}/desk")
    expect(agent.get_by_text("大练地街道和谐社区").first).to_be_visible()
    agent.locator("body").press("a")
    expect(village.get_by_text("坐席一号正在接待")).to_be_visible()
    desk = Desk(agent, village)
    village.evaluate("() => location.hash = '#/items/id-card/guide'")
    expect(desk.picture.get_by_role("heading", name="我要带什么")).to_be_visible()
    desk.glass.focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        agent.keyboard.press(key)
    expect(village.locator(".marks .spot")).to_have_count(1)

    # When he asks to act, nothing happens before the guide allowed it
    agent.get_by_role("button", name="请求代操作").click()
    expect(village.get_by_role("alertdialog")).to_contain_text("客服坐席一号想代您操作这一页")
    assert village.locator(".walk input:checked").count() == 0
    village.get_by_role("button", name="让他代做").click()
    expect(village.get_by_text("正在代您操作这一页")).to_be_visible()

    # Then he chooses an answer and goes to the next question
    desk.press(".walk label.choice")
    desk.said("做好了：这一问的回答")
    expect(village.locator(".walk input").first).to_be_checked()
    question = village.locator(".walk legend").inner_text()
    desk.press("[data-press=next]")
    desk.said("做好了：下一步")
    expect(village.locator(".walk legend")).not_to_have_text(question)

    # and fills in the box that is not about the person, on the form that the guide opened and filled
    village.evaluate("() => location.hash = '#/items/id-card'")
    village.get_by_role("button", name="办一办").click()  # his own hand: the agent is held
    expect(village.get_by_text("客服的代操作暂停了")).to_be_visible()
    expect(desk.word).to_contain_text("村里自己在操作")
    fill(village)
    village.locator("#note").fill("")
    desk.press(".row.actions .btn-primary")
    desk.said("这里只能由村里自己动手")
    desk.press("[data-fill=note]")
    desk.word.get_by_label(re.compile("^填到“备注”里")).fill(FILLED)
    desk.word.get_by_role("button", name="填进去").click()
    desk.said("村里自己在操作")
    expect(village.locator("#note")).to_have_value("")
    village.get_by_role("button", name="让他继续").click()
    desk.press("[data-fill=note]")
    desk.word.get_by_label(re.compile("^填到“备注”里")).fill(f"打 {PHONE}")
    desk.word.get_by_role("button", name="填进去").click()
    desk.said("证件号、银行卡号、电话只能由村里自己填")
    desk.word.get_by_label(re.compile("^填到“备注”里")).fill(FILLED)
    desk.word.get_by_role("button", name="填进去").click()
    desk.said("做好了：备注")
    expect(village.locator("#note")).to_have_value(FILLED)

    # but neither the person's fields nor handing in are his, whatever he sends
    desk.press(".field", "身份证号")
    desk.said("这里只能由村里自己动手")
    desk.press(".row.actions .btn-primary")
    desk.said("这里只能由村里自己动手")
    expect(village.locator("#id_number")).to_have_value(NUMBER)
    expect(village.get_by_role("button", name="交到中心")).to_be_visible()
    talk = re.search(r'"type": "page_act", "talk": "([^"]+)"', "\n".join(down.told))
    assert talk is not None
    codes = agent.evaluate(
        """async (talk) => {
          const { csrf } = await (await fetch("/api/desk/me")).json();
          const headers = { "content-type": "application/json", "X-CSRFToken": csrf };
          const tries = [["press", "submit", ""], ["fill", "name", "x"], ["press", "next", ""]];
          const codes = [];
          for (const [verb, mark, value] of tries) {
            const body = JSON.stringify({ type: "page_act", talk, n: 1, verb, mark, node: 3, value });
            codes.push((await (await fetch("/api/desk/act", { method: "POST", body, headers })).json()).error.code);
          }
          return codes;
        }""",
        talk[1],
    )
    assert codes == ["page.act", "page.act", "page.act"]  # the last: an act that came before

    # When the guide presses a key the agent is held; Esc stops him for good, and the page stays seen
    village.locator("#note").press("End")
    expect(village.get_by_text("客服的代操作暂停了")).to_be_visible()
    village.get_by_role("button", name="让他继续").click()
    village.keyboard.press("Escape")
    expect(village.get_by_text("客服的代操作暂停了")).to_be_visible()
    village.keyboard.press("Escape")
    expect(village.get_by_text("客服正在看这一页")).to_be_visible()
    expect(agent.get_by_role("button", name="请求代操作")).to_be_visible()
    expect(agent.get_by_text("正在看村里的页面")).to_be_visible()

    # and every act stands in the ledger without a word of what was filled in; the person is nowhere
    for frames in (up, down):
        frames.lack(*PERSON, "data:image")
    assert FILLED not in up.page.decode()
    rows = [path for path in centre.data.rglob("*") if path.is_file() and path.suffix != ".pack"]
    assert [path for path in rows for word in (*PERSON, FILLED) if word.encode() in path.read_bytes()] == []
    inspector = log_in(open_browser("inspector"), centre, "inspector")
    inspector.goto(f"{centre.url}/oversight/audit")
    row = inspector.get_by_role("row").filter(has_text="坐席代村里操作页面").filter(has_text="备注")
    row.first.locator("summary").click()
    expect(row.first).to_contain_text("done")
