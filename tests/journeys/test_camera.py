"""A card under the document camera: photographed, cut, kept, and nothing lost when the camera goes."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pypdfium2
from playwright.sync_api import Page, expect

from deploy.benches import _cards
from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.test_files import enrol
from tests.journeys.test_screens import ID_NUMBER, faults_of
from tests.wire import Wire

PERSON = _cards.Person("测试丰", ID_NUMBER, "汉", "云南省怒江州泸水市大练地街道和谐社区1组3号")
TRY_NOW = "window.dispatchEvent(new Event('online'))"
"""A round now, as when the system says that the link has changed."""
VANISH = "document.querySelector('video').srcObject.getTracks().forEach((track) => track.stop())"


def camera_with(card: str, folder: Path) -> tuple[str, ...]:
    """Flags of a Chromium before whose camera lies a card: a film of two equal frames."""
    film = folder / "card.mjpeg"
    chance = random.Random(4)
    still = folder / "card.jpg"
    _cards.photo(_cards.draw(PERSON, card), chance).save(still, "JPEG", quality=92)
    film.write_bytes(still.read_bytes() * 2)
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )


def keep_a_page(page: Page) -> None:
    expect(page.locator(".advice")).to_contain_text("可以拍了")
    page.get_by_role("button", name="拍照", exact=True).click()
    page.get_by_role("button", name="用这一页").click()
    expect(page.locator(".camera video")).to_be_visible()


def read_the_card(page: Page, pages: int) -> None:
    """The only page, or the first of several."""
    page.get_by_role("button", name="读取证件").click()
    sheet = page.get_by_role("dialog", name=re.compile("^读取证件"))
    if pages > 1:
        sheet.get_by_role("button", name=re.compile("^第 1 张")).click()
    expect(sheet).to_contain_text("居民身份证", timeout=60_000)
    assert page.locator("#name").input_value() == ""  # nothing by itself
    assert faults_of(page) == []
    sheet.get_by_role("button", name="姓名对，填上").click()
    sheet.get_by_role("button", name="撤回姓名").click()
    assert page.locator("#name").input_value() == ""
    sheet.get_by_role("button", name="姓名对，填上").click()
    sheet.get_by_role("button", name="身份证号码对，填上").click()
    sheet.get_by_role("button", name="住址不对，不填").click()
    sheet.get_by_role("button", name="看完了，回到表里").click()


def test_a_card_is_photographed_cut_and_kept_and_a_lost_camera_loses_nothing(
    centre: Centre, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    with Wire(centre.port) as wire:
        # Given a village without the link, a card under its camera
        village = open_browser("village", camera_with("id-card", tmp_path))
        page = village.pages[0]
        enrol(page, centre, wire)
        page.goto(f"{wire.url}/village/#/items/id-card")
        expect(page.get_by_role("button", name="办一办")).to_be_visible()
        wire.down()
        page.get_by_role("button", name="办一办").click()
        page.get_by_role("button", name=re.compile("^给.*拍照$")).first.click()

        # Then the page says when it lies well, and finds the four corners
        expect(page.locator(".advice")).to_contain_text("可以拍了")
        assert faults_of(page) == []
        page.get_by_role("button", name="拍照", exact=True).click()
        corners = page.locator(".corner")
        expect(corners).to_have_count(4)
        expect(page.locator(".advice")).to_contain_text("四个角对不对")
        before = corners.first.evaluate("(one) => one.style.left")

        # When a corner is moved by keyboard and found again, and the page is turned
        corners.first.focus()
        page.keyboard.press("Shift+ArrowRight")
        assert corners.first.evaluate("(one) => one.style.left") != before
        page.get_by_role("button", name="自动找边").click()
        assert corners.first.evaluate("(one) => one.style.left") == before
        expect(page.locator(".preview")).to_be_visible()
        assert faults_of(page) == []
        page.get_by_role("button", name="用这一页").click()
        expect(page.get_by_role("heading", name="已存下 1 页")).to_be_visible()
        thumb = page.locator(".tray .thumb img").first
        wide = thumb.evaluate("(one) => one.decode().then(() => one.naturalWidth / one.naturalHeight)")
        assert abs(wide - 1012 / 638) < 0.03  # the card alone, straight

        # and a second page is taken, put first, and taken off and put back
        keep_a_page(page)
        expect(page.get_by_role("heading", name="已存下 2 页")).to_be_visible()
        source = thumb.get_attribute("src")
        page.get_by_role("button", name="第 2 页的操作").click()
        page.get_by_role("button", name="前移").click()
        expect(page.locator(".tray li.picked .btn-quiet")).to_contain_text("第 1 页")
        assert thumb.get_attribute("src") != source
        page.get_by_role("button", name="拿掉").last.click()
        page.get_by_role("button", name="放回来").click()
        expect(page.get_by_role("heading", name="已存下 2 页")).to_be_visible()

        # When the camera goes, what is kept stays, and it can be opened again
        page.evaluate(VANISH)
        expect(page.locator(".camera")).to_contain_text("摄像头断开了，已经存下的页都在")
        expect(page.get_by_role("heading", name="已存下 2 页")).to_be_visible()
        page.get_by_role("button", name="重新打开").click()
        expect(page.locator(".camera video")).to_be_visible()
        page.get_by_role("button", name=re.compile("^拍好了，共 2 页")).click()
        expect(page.locator(".pages li")).to_have_count(2)
        expect(page.locator(".material input[type=checkbox]").first).to_be_checked()

        # When the card is to be read, the link is needed; with it, each field is looked at, and one is taken back
        page.evaluate(TRY_NOW)
        expect(page.locator(".read-card").first).to_contain_text("现在没有网络，请对照证件手工填写")
        expect(page.get_by_role("button", name="读取证件")).to_be_disabled()
        wire.up()
        page.evaluate(TRY_NOW)
        read_the_card(page, pages=2)
        assert page.get_by_role("textbox", name="姓名", exact=True).input_value() == PERSON.name
        assert page.get_by_label("身份证号", exact=True).input_value() == PERSON.number

        # Then the case is handed in without the link, and both pages reach the centre
        wire.down()
        page.get_by_role("button", name="交到中心").click()
        number = page.locator("p.number").inner_text()

        # and its receipt fits the receipt printer's paper, the number on one line
        page.get_by_label("小票纸（80 毫米）").check()
        assert page.locator("p.number").evaluate("(one) => one.scrollWidth <= one.clientWidth && one.clientHeight < 40")
        with pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True)) as strip:
            assert (len(strip), round(strip.get_page_size(0)[0] / 72 * 25.4)) == (1, 80)
        wire.up()
        page.goto(f"{wire.url}/village/#/records/{number}")
        expect(page.locator(".pages .tag", has_text="中心已收到")).to_have_count(2, timeout=20_000)


def test_without_a_camera_or_leave_to_use_it_a_sentence_says_what_to_do(
    centre: Centre, open_browser: OpenBrowser
) -> None:
    page = open_browser("village").pages[0]
    with Wire(centre.port) as wire:
        enrol(page, centre, wire)
        page.goto(f"{wire.url}/village/#/items/id-card")
        page.get_by_role("button", name="办一办").click()
        for name, words in (("NotFoundError", "没有找到摄像头"), ("NotAllowedError", "没有让本页用摄像头")):
            page.evaluate(
                "(name) => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name)) }",
                name,
            )
            page.get_by_role("button", name=re.compile("^给.*拍照$")).first.click()
            expect(page.locator(".camera")).to_contain_text(words)
            with page.expect_file_chooser():
                page.locator(".camera").get_by_role("button", name="选文件").click()
            expect(page.locator(".camera")).to_have_count(0)
