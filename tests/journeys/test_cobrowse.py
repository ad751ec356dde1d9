"""An agent sees the village page, with consent, within a second; what belongs to a person is nowhere."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import Any

from playwright.sync_api import FrameLocator, Page, expect

import remote.cobrowse
from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import register
from tests.journeys.test_story import log_in

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "check_vectors.json").read_text(encoding="utf-8"))
NAME, NUMBER, PHONE, PLACE, NOTE = "和学花", VECTORS["id_valid"][1], "13888880000", "吉岔小组八号", "左眼看不见"
PERSON = (NAME, NUMBER, PHONE, PLACE, NOTE)
WORDS = Path(remote.cobrowse.__file__).with_name("cobrowse.words").read_bytes()


class Frames:
    """Everything that crossed the sockets of a page, as text; pieces of a page unpacked."""

    def __init__(self, page: Page) -> None:
        self.told: list[str] = []
        self.sent = 0
        self.page = b""
        self.unpack: Any = None
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        socket.on("framereceived", self._hear)
        socket.on("framesent", self._tell)

    def _hear(self, data: str | bytes) -> None:
        if isinstance(data, str):
            self.told.append(json.dumps(json.loads(data), ensure_ascii=False))

    def _tell(self, data: str | bytes) -> None:
        if isinstance(data, str):
            self.told.append(json.dumps(json.loads(data), ensure_ascii=False))
            return
        self.sent += len(data)
        if data[1:4] == b"\0\0\1":
            self.unpack = zlib.decompressobj(-15, zdict=WORDS)
        self.page += self.unpack.decompress(data[4:])

    def lack(self, *words: str) -> None:
        whole = "\n".join(self.told) + self.page.decode()
        assert [word for word in words if word in whole] == []


def allow(village: Page, agent: Page) -> FrameLocator:
    agent.get_by_role("button", name="看村里的页面").click()
    expect(village.get_by_role("alertdialog")).to_contain_text("客服坐席一号想看您的这一页")
    village.get_by_role("button", name="让他看", exact=True).click()
    expect(village.get_by_text("客服正在看这一页")).to_be_visible()
    expect(agent.get_by_text("正在看村里的页面")).to_be_visible()
    return agent.frame_locator("iframe[title=村里的页面]").frame_locator("iframe")


def fill(page: Page) -> None:
    for label, words in (("姓名", NAME), ("电话", PHONE), ("身份证号", NUMBER)):
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_label(re.compile("^详细地址")).fill(PLACE)
    page.get_by_label(re.compile("^要中心知道的话")).fill(NOTE)


def test_an_agent_sees_where_the_guide_is_and_nothing_of_the_person(centre: Centre, open_browser: OpenBrowser) -> None:
    # Given a guide in a talk, with a person's matter already on the computer
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

    # When the agent asks and the guide allows, the agent sees the page
    picture = allow(village, agent)
    expect(picture.get_by_text("就近办")).to_be_visible()

    # Then each step of the guide is there within a second, with questions, choices and materials
    village.evaluate("() => location.hash = '#/items/id-card/guide'")
    expect(picture.get_by_role("heading", name="我要带什么")).to_be_visible()
    question = village.locator(".walk legend").inner_text()
    expect(picture.locator(".walk legend")).to_have_text(question)
    village.locator(".walk input").first.check()
    expect(picture.locator(".walk input").first).to_be_checked(timeout=1_000)

    # and where the agent points stands on the guide's page, at the same thing after scrolling; nothing is pressed by it
    glass = agent.frame_locator("iframe[title=村里的页面]").locator(".glass")
    picked = picture.locator(".walk label.choice").nth(1).bounding_box()
    over = glass.bounding_box()
    assert picked is not None and over is not None
    spot = {"x": picked["x"] - over["x"] + picked["width"] / 2, "y": picked["y"] - over["y"] + picked["height"] / 2}
    glass.hover(position=spot)
    expect(village.locator(".marks .spot")).to_have_count(1, timeout=1_000)
    agent.get_by_role("button", name="框起来").click()
    glass.click(position=spot)
    framed = village.locator(".marks .frame")
    expect(framed).to_have_count(1, timeout=1_000)
    village.mouse.wheel(0, 120)
    village.wait_for_timeout(300)
    around, inside = framed.bounding_box(), village.locator(".walk label.choice").nth(1).bounding_box()
    assert around is not None and inside is not None
    assert abs(around["y"] + around["height"] / 2 - inside["y"] - inside["height"] / 2) < 6
    agent.get_by_role("button", name="画一画").click()
    glass.hover(position=spot)
    agent.mouse.down()
    glass.hover(position={"x": spot["x"] + 80, "y": spot["y"] + 30})
    agent.mouse.up()
    expect(village.locator(".marks .line")).to_have_count(1, timeout=1_000)
    agent.get_by_role("button", name="擦掉").click()
    expect(village.locator(".marks svg > *")).to_have_count(0, timeout=1_000)
    expect(village.locator(".walk input").first).to_be_checked()
    assert "/guide" in village.url

    # and on the form the labels are words, what is typed is dots
    village.evaluate("() => location.hash = '#/items/id-card'")
    village.get_by_role("button", name="办一办").click()
    expect(picture.get_by_text("办事人", exact=True)).to_be_visible()
    fill(village)
    expect(picture.locator(".field", has_text="姓名").first.locator("input")).to_have_value("••••", timeout=1_000)
    village.locator(".material input").first.check()
    expect(picture.locator(".material input").first).to_be_checked(timeout=1_000)

    # and so on every screen that may show the person
    for screen in ("#/", f"#/ask?q={NAME}{NUMBER}", "#/items", "#/records", "#/call", "#/device", "#/help", "#/login"):
        village.evaluate("(hash) => location.hash = hash", screen)
        village.wait_for_timeout(400)
    village.evaluate("() => location.hash = '#/'")
    expect(picture.get_by_role("heading", name="没填完的办理单")).to_be_visible()
    masked = village.locator(".list small").first.inner_text().split(" ")[0]
    for frames in (up, down):
        frames.lack(*PERSON, masked, "data:image")
    rows = [path for path in centre.data.rglob("*") if path.is_file() and path.suffix != ".pack"]
    assert [path for path in rows for word in (NAME, NUMBER, PLACE, NOTE) if word.encode() in path.read_bytes()] == []

    # When somebody else asks for this page, he is refused
    talk = re.search(r'"type": "seen", "talk": "([^"]+)"', "\n".join(down.told))
    assert talk is not None
    other = log_in(open_browser("other"), centre, "agent2")
    answer = other.evaluate(
        """async (talk) => {
          const { csrf } = await (await fetch("/api/desk/me")).json();
          const body = JSON.stringify({ type: "see", talk });
          const reply = await fetch("/api/desk/act", { method: "POST", body, headers: { "content-type": "application/json", "X-CSRFToken": csrf } });
          return [reply.status, await reply.text()];
        }""",
        talk[1],
    )
    assert answer[0] == 403, answer

    # When the guide stops with one key, the picture is gone; when he allows again and reloads, it is gone too
    village.keyboard.press("Escape")
    expect(agent.get_by_role("button", name="看村里的页面")).to_be_visible()
    expect(village.get_by_text("客服正在看这一页")).to_have_count(0)
    sent = up.sent
    village.evaluate("() => location.hash = '#/help'")
    village.wait_for_timeout(600)
    assert up.sent == sent
    allow(village, agent)
    village.reload()
    expect(agent.get_by_role("button", name="看村里的页面")).to_be_visible()
    expect(village.get_by_text("客服正在看这一页")).to_have_count(0)
