"""The recognition pack: fetched at a press, and then a card is read without the link; a pack that is broken says so."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import unlock
from tests.journeys.test_camera import PERSON, TRY_NOW, camera_with, keep_a_page, read_the_card
from tests.journeys.test_files import enrol
from tests.journeys.test_screens import faults_of
from tests.wire import Wire

LITTLE = 30_000_000
"""Bytes that an origin may store, of which the village page without the pack takes two thirds."""
SPOIL = """async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("jjb-reading");
  for await (const file of folder.values()) {
    const pen = await file.createWritable({ keepExistingData: true });
    await pen.write({ type: "write", position: 4000, data: new Uint8Array(64) });
    await pen.close();
  }
}"""
"""Some bytes of the stored pack become others, as on a bad disk."""


def test_with_the_pack_a_card_is_read_without_the_link_and_a_broken_pack_hands_over_to_the_centre(
    centre: Centre, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    with Wire(centre.port) as wire:
        village = open_browser("village", camera_with("id-card", tmp_path))
        page = village.pages[0]
        enrol(page, centre, wire)

        # When the disk gets full while the pack comes, it stops and says so; with room again it goes on where it was
        page.goto(f"{wire.url}/village/#/device")
        pack = page.locator(".recognition")
        expect(pack.locator("h2")).to_contain_text("未装")
        session = village.new_cdp_session(page)
        pack.get_by_role("button", name="装识别包").click()
        expect(pack).to_contain_text(re.compile("要下载 .*MB"), timeout=20_000)
        assert faults_of(page) == []
        session.send("Storage.overrideQuotaForOrigin", {"origin": wire.url, "quotaSize": LITTLE})
        pack.get_by_role("button", name="开始下载").click()
        expect(pack).to_contain_text("电脑的存储空间满了", timeout=20_000)
        expect(pack).to_contain_text("已停下")
        session.send("Storage.overrideQuotaForOrigin", {"origin": wire.url})
        pack.get_by_role("button", name="接着下载").click()
        expect(pack.locator("h2")).to_contain_text(re.compile("已装 .*MB"), timeout=30_000)
        assert faults_of(page) == []

        # Then a card is read with no link at all
        page.goto(f"{wire.url}/village/#/items/id-card")
        wire.down()
        page.get_by_role("button", name="办一办").click()
        page.get_by_role("button", name=re.compile("^给.*拍照$")).first.click()
        keep_a_page(page)
        page.get_by_role("button", name=re.compile("^拍好了，共 1 页")).click()
        page.evaluate(TRY_NOW)
        expect(page.locator(".read-card").first).to_contain_text("照片不离开这台电脑")
        read_the_card(page, pages=1)
        assert page.get_by_role("textbox", name="姓名", exact=True).input_value() == PERSON.name
        assert page.get_by_label("身份证号", exact=True).input_value() == PERSON.number

        # When what is stored was spoilt, that is said, the photo does not leave, and a press of its own asks the centre
        page.evaluate(SPOIL)
        wire.up()
        page.reload()
        unlock(page)
        page.get_by_role("button", name="读取证件").click()
        sheet = page.get_by_role("dialog", name=re.compile("^读取证件"))
        expect(sheet).to_contain_text("本机的识别包坏了，这张没有读，照片没有离开本机", timeout=20_000)
        assert faults_of(page) == []
        sheet.get_by_role("button", name="交中心读").click()
        expect(sheet).to_contain_text("居民身份证", timeout=60_000)
        assert "在这台电脑上读的" not in sheet.inner_text()
