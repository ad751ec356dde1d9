"""A photo taken without the link arrives exactly once, through cuts and a restart, and stands beside its case."""

from __future__ import annotations

import base64
import re

from playwright.sync_api import FilePayload, Page, expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import register, unlock
from tests.journeys.test_screens import ID_NUMBER, faults_of
from tests.journeys.test_story import log_in
from tests.sync.test_files import CASES
from tests.wire import Wire

PAINT = """async ([width, height]) => {
  const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext("2d");
  pen.fillStyle = "#fdfcf5"; pen.fillRect(0, 0, width, height);
  pen.fillStyle = "#222"; pen.font = "80px sans-serif";
  for (let y = 200; y < height; y += 110) pen.fillText("居民户口簿 户主 测试丰 " + Math.sin(y), 120, y);
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 })).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


def payload(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def photo(page: Page, width: int, height: int) -> bytes:
    """A page as a document camera takes it."""
    return base64.b64decode(page.evaluate(PAINT, [width, height]))


def enrol(page: Page, centre: Centre, wire: Wire) -> None:
    register(page, centre, wire.url)
    expect(page.locator(".strip")).to_contain_text("知识第 1 版")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def test_a_photo_taken_offline_arrives_once_and_stands_beside_its_case(
    centre: Centre, open_browser: OpenBrowser
) -> None:
    with Wire(centre.port) as wire:
        # Given a village without the link that fills in a case
        village = open_browser("village")
        page = village.pages[0]
        enrol(page, centre, wire)
        large = photo(page, 3000, 4000)
        page.goto(f"{wire.url}/village/#/items/id-card")
        wire.down()
        page.get_by_role("button", name="办一办").click()
        picker = page.locator("input[type=file]").first

        # When it adds what must not be added, each is told by its name and the photo among them is taken
        wrong = ("a renamed program", "a paper with a script", "a paper with a password", "a photo of 30,000 by 30,000")
        picker.set_input_files(
            [*(payload(f"{name[:16]}.jpg", CASES[name][0]) for name in wrong), payload("a.jpg", large)]
        )
        notices = page.locator(".papers .notice")
        expect(notices).to_have_count(4)
        for at, words in enumerate(("是程序", "不安全", "加了密码", "尺寸太大")):
            expect(notices.nth(at)).to_contain_text(words)
        pages = page.locator(".pages li")
        expect(pages).to_have_count(1)
        expect(page.locator(".material input[type=checkbox]").first).to_be_checked()
        kept = int(re.sub(r"\D", "", pages.first.locator(".quiet").inner_text()))
        assert 0 < kept <= 300 < len(large) / 1000  # a page is kept in at most 300 kB

        # and takes it off and puts it back, and looks at it large
        page.get_by_role("button", name=re.compile("^拿掉")).click()
        expect(pages).to_have_count(0)
        page.get_by_role("button", name="放回来").click()
        page.get_by_role("button", name=re.compile("^放大看")).click()
        assert page.locator("dialog img").evaluate("(image) => image.decode().then(() => image.naturalHeight)") == 2000
        page.get_by_role("button", name="关上").click()
        assert faults_of(page) == []

        # and hands it in
        page.get_by_label("姓名").fill("测试丰")
        page.get_by_label("身份证号", exact=True).fill(ID_NUMBER)
        page.get_by_role("button", name="交到中心").click()
        number = page.locator("p.number").inner_text()
        expect(page.locator(".strip")).to_contain_text("待传 1 条 1 个附件")

        # and the link returns, but dies after 50 kB of each connection
        wire.cut_up_at = 50_000
        wire.up()
        page.goto(f"{wire.url}/village/#/device")
        page.get_by_role("button", name="立即同步").click()
        bar = page.locator(".papers-on-way")
        expect(bar).to_contain_text(re.compile(r"[1-9]\d* kB / \d+ kB"))
        page.get_by_role("button", name="先不传").click()
        expect(bar).to_contain_text("附件先不传")
        assert faults_of(page) == []
        village.close()

        # Then after a restart it goes on where it stopped
        wire.cut_up_at = None
        village = open_browser("village")
        page = village.pages[0]
        page.goto(f"{wire.url}/village/#/records/{number}")
        unlock(page)
        before = wire.bytes_up
        page.get_by_role("button", name="接着传").click()
        expect(page.locator(".pages")).to_contain_text("中心已收到")
        expect(page.locator(".strip")).to_contain_text("待传 0 条")
        assert wire.bytes_up - before < kept * 1000  # not all of it again
        expect(page.get_by_role("button", name=re.compile("^放大看"))).to_be_visible()  # the small picture stays

    # and at the centre it opens for who says why, once
    staff = log_in(open_browser("staff"), centre, "agent1")
    staff.goto(f"{centre.url}/handling/{number}")
    expect(staff.locator(".attachments")).to_contain_text("已传到")
    expect(staff.locator(".attachments img")).to_have_count(0)
    expect(staff.locator(".steps")).to_contain_text(re.compile("附件传到"))
    assert staff.locator(".steps").inner_text().count("附件传到") == 1
    staff.get_by_label("查看个人信息的原因").fill("核对材料")
    staff.get_by_role("button", name="查看（会记录）").click()
    image = staff.locator(".attachments img")
    image.scroll_into_view_if_needed()
    assert image.evaluate("(image) => image.decode().then(() => image.naturalHeight)") == 2000
    assert faults_of(staff) == []
