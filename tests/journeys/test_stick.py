"""A village whose link is gone for good: its case, its papers and its news travel on a USB stick."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.test_files import enrol, payload, photo
from tests.journeys.test_screens import ID_NUMBER, faults_of
from tests.journeys.test_story import log_in
from tests.wire import Wire


def saved(page: Page, press: str, role: str, path: Path) -> bytes:
    with page.expect_download() as download:
        page.get_by_role(role, name=press).first.click()  # type: ignore[arg-type]
    download.value.save_as(path)
    return path.read_bytes()


def test_a_village_without_a_link_is_served_by_stick(centre: Centre, open_browser: OpenBrowser, tmp_path: Path) -> None:
    with Wire(centre.port) as wire:
        # Given a village that enrolled once, lost its link, and filed a case with a photo
        page = open_browser("village", accept_downloads=True).pages[0]
        enrol(page, centre, wire)
        wire.down()
        page.goto(f"{wire.url}/village/#/items/id-card")
        page.get_by_role("button", name="办一办").click()
        page.locator("input[type=file]").first.set_input_files(payload("a.jpg", photo(page, 800, 1000)))
        expect(page.locator(".pages li")).to_have_count(1)
        page.get_by_label("姓名").fill("测试丰")
        page.get_by_label("身份证号", exact=True).fill(ID_NUMBER)
        page.get_by_role("button", name="交到中心").click()
        expect(page.locator(".strip")).to_contain_text("待传 1 条 1 个附件")

        # When it exports what waits, nothing personal can be read, and nothing is cleared
        page.goto(f"{wire.url}/village/#/device")
        page.get_by_role("link", name="U盘传递").last.click()
        outbox = saved(page, "导出到文件", "button", tmp_path / "a.jbup")
        expect(page.locator(".notice.ok")).to_contain_text("已导出 1 条记录、1 个附件")
        assert ID_NUMBER.encode() not in outbox
        assert "测试丰".encode() not in outbox
        expect(page.locator(".strip")).to_contain_text("待传 1 条 1 个附件")
        assert faults_of(page) == []

        # and the centre refuses half a file, takes the whole one, and the same one again without doubling it
        staff = log_in(open_browser("staff", accept_downloads=True), centre, "manager")
        staff.goto(f"{centre.url}/courier")
        for data, words in ((outbox[:-50], "文件不完整"), (outbox, "新收 1 条"), (outbox, "早已收过 1 条")):
            staff.goto(f"{centre.url}/courier")
            staff.get_by_label("村里导出的文件（.jbup）").set_input_files(payload("a.jbup", data))
            staff.get_by_role("button", name="收进来").click()
            expect(staff.locator("main")).to_contain_text(words)
        receipt = saved(staff, "下载回执", "link", tmp_path / "a.jbreceipt")
        pack = saved(staff, "下载知识包（.jbpack）", "button", tmp_path / "a.jbpack")
        assert faults_of(staff) == []

        # Then half a receipt clears nothing, the whole one does, and twice is harmless
        picker = page.locator("#stick-file")
        picker.set_input_files(payload("a.jbreceipt", receipt[:-50]))
        expect(page.get_by_role("alert")).to_contain_text(f"不完整（读到 {len(receipt) - 50} 字节）")
        expect(page.locator(".strip")).to_contain_text("待传 1 条 1 个附件")
        picker.set_input_files(payload("a.jbreceipt", receipt))
        expect(page.locator(".notice.ok")).to_contain_text("中心答复了 1 条记录，收下 1 个附件")
        expect(page.locator(".strip")).to_contain_text("待传 0 条")
        picker.set_input_files(payload("a.jbreceipt", receipt))
        expect(page.locator(".notice.ok")).to_contain_text("中心答复了 0 条记录，收下 0 个附件")
        picker.set_input_files(payload("a.jbpack", pack))
        expect(page.locator(".notice.ok")).to_contain_text("本机已经是第 1 版")
        assert faults_of(page) == []
