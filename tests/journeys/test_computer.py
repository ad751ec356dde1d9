"""A village's computer, seen and operated from the desk by the real helper on a screen of its own, and stopped from every side."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import register
from tests.journeys.test_screens import faults_of
from tests.journeys.test_story import log_in
from tests.remote.helper.conftest import empty_screen

ROOT = Path(__file__).resolve().parents[2]
FORM = """
import sys, tkinter as tk
root = tk.Tk(); root.geometry("500x160+700+300"); root.title("form"); root.configure(bg="#00ff00")
words = tk.StringVar(); entry = tk.Entry(root, textvariable=words, font=("", 20)); entry.pack(padx=30, pady=50, fill="x")
words.trace_add("write", lambda *_: open(sys.argv[1], "w").write(words.get()))
root.mainloop()
"""
GREEN = """canvas => {
  const [r, g, b] = canvas.getContext("2d").getImageData(715, 440, 1, 1).data;
  return g > 200 && r < 90 && b < 90;
}"""
BANNER = """canvas => {
  const [r, g, b] = canvas.getContext("2d").getImageData(canvas.width / 2, 4, 1, 1).data;
  return r > 140 && g < 90 && b < 90;
}"""


class Desktop:
    """The village's desktop: the helper and a form of another program."""

    def __init__(self, display: str, folder: Path) -> None:
        self.env = {**os.environ, "DISPLAY": display, "PYTHONPATH": str(ROOT)}
        self.written = folder / "written"
        self.form = subprocess.Popen([sys.executable, "-c", FORM, str(self.written)], env=self.env)
        self.helper: subprocess.Popen[bytes] | None = None

    def start_helper(self, address: str, code: str) -> None:
        self.helper = subprocess.Popen([sys.executable, "-m", "remote.helper", address, "--code", code], env=self.env)

    def typed(self) -> str:
        """What stands in the form."""
        return self.written.read_text() if self.written.exists() else ""

    def key(self, keys: str) -> None:
        """The guide's key in the helper's window."""
        found = subprocess.run(
            ["xdotool", "search", "--sync", "--onlyvisible", "--class", "jjb-helper"],
            env=self.env, check=True, capture_output=True, text=True, timeout=30,
        ).stdout.split()  # fmt: skip
        subprocess.run(
            ["xdotool", "mousemove", "--window", found[0], "20", "20", "key", keys],
            env=self.env,
            check=True,
            timeout=10,
        )

    def close(self) -> None:
        for one in (self.helper, self.form):
            if one:
                one.terminate()
                one.wait(10)


@contextmanager
def desktop(folder: Path) -> Iterator[Desktop]:
    with empty_screen() as display:
        one = Desktop(display, folder)
        try:
            yield one
        finally:
            one.close()


def allow(village_pc: Desktop, keys: str, told: Locator) -> None:
    """Press until the window had its button."""
    for _ in range(15):
        village_pc.key(keys)
        try:
            return expect(told).to_be_visible(timeout=1_000)
        except AssertionError:
            continue
    raise AssertionError(f"nothing came of {keys}")


def shows(canvas: Locator, what: str, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not canvas.evaluate(what):
        assert time.monotonic() < end, "not seen at the desk"
        time.sleep(0.05)


def meet(centre: Centre, open_browser: OpenBrowser) -> tuple[Page, Page]:
    """A village and an agent in a call."""
    village = open_browser("village").pages[0]
    register(village, centre)
    village.goto(f"{centre.url}/village/#/call")
    village.get_by_role("button", name="呼叫客服").click()
    expect(village.get_by_text("已经排上队")).to_be_visible()
    agent = log_in(open_browser("agent"), centre, "agent1")
    agent.goto(f"{centre.url}/desk/")
    agent.get_by_role("button", name="接起").first.click()
    return village, agent


def test_a_guide_lets_an_agent_see_then_operate_and_stops_him(
    centre: Centre, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    with desktop(tmp_path) as village_pc:
        village, agent = meet(centre, open_browser)
        # Given an agent who asks, and a guide who pairs the helper
        agent.get_by_role("button", name="看村里的电脑").click()
        expect(agent.get_by_text("还没有画面")).to_be_visible()
        agent.get_by_role("button", name="请求查看").click()
        expect(village.get_by_text("想看这台电脑的屏幕")).to_be_visible()
        village.get_by_role("button", name="请客服看电脑").click()
        code = re.sub(r"\D", "", village.get_by_label("配对码").inner_text())
        assert faults_of(village) == []
        village_pc.start_helper(centre.url, code)
        expect(village.get_by_text("助手程序已连上")).to_be_visible(timeout=20_000)

        # When the guide allows the view, the agent sees the screen with its banner, and can do nothing
        allow(village_pc, "alt+l", agent.get_by_text(re.compile("^只看，还有 ")))
        canvas = agent.get_by_label("村里电脑的画面")
        shows(canvas, GREEN)
        shows(canvas, BANNER)
        expect(village.get_by_text("正在看这台电脑的屏幕")).to_be_visible()
        expect(agent.get_by_label(re.compile("打一段字"))).to_have_count(0)
        assert faults_of(agent) == []

        # When the guide allows control too, the agent fills in the form
        agent.get_by_role("button", name="请求操作").click()
        allow(village_pc, "alt+c", agent.get_by_text(re.compile("^(可操作，还有|村里自己在动)")))
        agent.wait_for_timeout(3_500)  # the guide's own keys made the agent's hands rest
        expect(agent.get_by_text(re.compile("^可操作，还有 "))).to_be_visible()
        box = canvas.bounding_box()
        assert box
        canvas.click(position={"x": 950 / 1280 * box["width"], "y": 368 / 720 * box["height"]})
        agent.keyboard.type("A1-b")
        agent.get_by_label(re.compile("打一段字")).fill("张三")
        agent.get_by_role("button", name="打进去").click()
        end = time.monotonic() + 15
        while village_pc.typed() != "A1-b张三":
            assert time.monotonic() < end, village_pc.typed()
            agent.wait_for_timeout(100)
        assert faults_of(agent) == []

        # When the guide presses the stop key, both pages say so and the helper has let go
        village_pc.key("Pause")
        expect(agent.get_by_text("已停止：这台电脑上的人按了停止键。")).to_be_visible()
        expect(village.get_by_text("电脑协助已停止：这台电脑上的人按了停止键。")).to_be_visible()
        expect(canvas).to_be_hidden()
        agent.get_by_role("button", name="关闭画面").click()
        expect(agent.get_by_role("textbox", name="回复")).to_be_visible()
