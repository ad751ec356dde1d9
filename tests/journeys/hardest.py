"""The item that asks most of a guide, found in the catalogue itself, and filed by hand from a question to the receipt."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from playwright.sync_api import Page, expect

from datasets.guiding import Pick, personal_list, walk
from datasets.sources import read
from tests.journeys.centre import Centre
from tests.journeys.guides import unlock
from tests.journeys.test_screens import ID_NUMBER, enter

NEIGHBOUR = "533324188803010028"


class Hardest(NamedTuple):
    """One way through one item: the answers in words, and what it asks for."""

    slug: str
    name: str
    answers: tuple[str, ...]
    materials: tuple[str, ...]

    @property
    def asks(self) -> int:
        """Questions and materials together."""
        return len(self.answers) + len(self.materials)


def hardest() -> Hardest:
    """Of all ways through all items to a filed case, the one with the most questions and materials; of equals the first."""
    return max((way for item in read().items for way in _ways(item)), key=lambda way: way.asks)


def _ways(item: dict[str, Any]) -> Iterator[Hardest]:
    flow = item["flow"]
    open_: list[tuple[Pick, ...]] = [()]
    while open_:
        picks = open_.pop(0)
        state = walk(flow, picks)
        if not state.end:
            open_ += [(*picks, (state.at, n)) for n in range(1, len(flow[state.at - 1]["answers"]) + 1)]
        elif state.end == "done":
            answers = tuple(flow[question - 1]["answers"][chosen - 1]["say"] for question, chosen in picks)
            bring = tuple(one["name"] for one in personal_list(item, state.situations)["bring"])
            yield Hardest(item["slug"], item["name"], answers, bring)


class Hand:
    """Does what a guide does and counts presses, choices, fields and keys; `pace` gives each of them a person's time.

    The times are those of the keystroke-level model (Card, Moran and Newell 1980): to think, point and press 2.5 s, a key
    0.28 s; a Chinese character counts as three keys.
    """

    ACT_S, KEY_S = 2.5, 0.28

    def __init__(self, page: Page, *, pace: bool = False) -> None:
        self.page = page
        self.pace = pace
        self.acts = 0
        self.keys = 0

    def press(self, name: str | re.Pattern[str], role: Any = "button") -> None:
        self._do(lambda: self.page.get_by_role(role, name=name, exact=True).first.click())

    def choose(self, label: str) -> None:
        self._do(lambda: self.page.get_by_label(label, exact=True).check())

    def select(self, label: str, option: str) -> None:
        self._do(lambda: self.page.get_by_label(label, exact=True).select_option(option))

    def fill(self, label: str | re.Pattern[str], text: str) -> None:
        self._do(lambda: self.page.get_by_label(label, exact=True).fill(text))
        keys = sum(3 if ord(char) > 127 else 1 for char in text)
        self.keys += keys
        self._wait(keys * self.KEY_S)

    def sign(self) -> None:
        """Draw on the pad, as a finger would."""
        self._do(self.page.locator(".pad").scroll_into_view_if_needed)
        box = self.page.locator(".pad svg").bounding_box()
        assert box
        for from_x, from_y, to_x, to_y in ((0.2, 0.3, 0.45, 0.3), (0.32, 0.15, 0.25, 0.75), (0.5, 0.25, 0.8, 0.7)):
            self.page.mouse.move(box["x"] + from_x * box["width"], box["y"] + from_y * box["height"])
            self.page.mouse.down()
            self.page.mouse.move(box["x"] + to_x * box["width"], box["y"] + to_y * box["height"], steps=8)
            self.page.mouse.up()
            self._wait(1)

    def _do(self, act: Callable[[], object]) -> None:
        self._wait(self.ACT_S)
        act()
        self.acts += 1

    def _wait(self, seconds: float) -> None:
        if self.pace:
            time.sleep(seconds)


def without_the_link(page: Page, centre: Centre) -> None:
    """Enrol, wait until the program is stored, and let the centre die."""
    enter(page, centre)
    page.wait_for_function(
        "navigator.serviceWorker.controller !== null || navigator.serviceWorker.ready.then(() => true)"
    )
    centre.kill()
    page.reload()
    unlock(page)
    expect(page.get_by_role("heading", level=1, name="今天")).to_be_visible()


def file(page: Page, way: Hardest, hand: Hand, url: str, patient: str = ID_NUMBER) -> str:
    """From the question, by the personal list, to the receipt: a neighbour acts by a mandate. The number of the case."""
    page.goto(f"{url}/village/#/ask")
    hand.fill(re.compile("^用平常的话说"), way.name)
    hand.press("问")
    expect(page.get_by_role("button", name="看我要带什么").first).to_be_visible()
    hand.press("看我要带什么")
    for answer in way.answers:
        hand.choose(answer)
        hand.press("下一步")
    expect(page.locator("#mine")).to_have_text(f"要带 {len(way.materials)} 样")
    hand.press("办一办")
    hand.fill("姓名", "测试丰")
    hand.fill("电话", "13800000000")
    hand.fill("身份证号", patient)
    hand.fill("详细地址（可不填）", "1组3号")
    hand.choose("由别人代办")
    hand.fill("代办人姓名", "测试友")
    hand.fill("代办人电话", "13800000001")
    hand.fill("代办人身份证号", NEIGHBOUR)
    hand.select("是办事人的", "其他")
    hand.sign()
    for material in way.materials:
        hand.choose(material)
    expect(page.get_by_text("材料齐了。")).to_be_visible()
    hand.press("交到中心")
    return page.locator("p.number").inner_text()
