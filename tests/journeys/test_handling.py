"""A case on its whole way: returned for additions, supplemented without the link, decided, followed, and rated."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from sync.files import JPEG
from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.test_screens import ID_NUMBER, enter, faults_of, tab_to
from tests.journeys.test_story import log_in
from tests.sync.test_files import jpeg

PHONE = {"width": 360, "height": 640}


def sync(page: Page, centre: Centre) -> None:
    """Press the button and wait for the end of the round."""
    page.goto(f"{centre.url}/village/#/device")
    page.get_by_role("button", name="立即同步").click()
    expect(page.locator(".strip")).to_contain_text("待传 0 条", timeout=30_000)


def test_a_case_comes_back_for_additions_and_ends_with_a_rating(centre: Centre, open_browser: OpenBrowser) -> None:
    # Given a case that a guide handed in, with a receipt in the person's hand
    village = open_browser("village").pages[0]
    enter(village, centre)
    village.goto(f"{centre.url}/village/#/items/id-card")
    village.get_by_role("button", name="办一办").click()
    village.get_by_label("姓名").fill("测试丰")
    village.get_by_label("身份证号", exact=True).fill(ID_NUMBER)
    village.get_by_role("button", name="交到中心").click()
    number = village.locator("p.number").inner_text()
    secret = village.locator("p.secret").inner_text()
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", secret)
    expect(village.get_by_role("img", name="二维码：用手机查这件办到哪一步")).to_be_visible()
    assert faults_of(village) == []
    sync(village, centre)

    # When the officer of that department and county sends it back, with all that is missing at once
    officer = log_in(open_browser("officer"), centre, "officer1")
    expect(officer.get_by_role("link", name=re.compile("待受理.*1"))).to_be_visible()
    assert faults_of(officer) == []
    officer.get_by_role("link", name=re.compile(number)).click()
    expect(officer.locator("dl.facts").first).to_contain_text(number)
    tab_to(officer, "退回补正")
    officer.keyboard.press("Enter")
    officer.get_by_label("还缺什么、哪里要改，一行写一样").fill("申请书要本人签名")
    assert faults_of(officer) == []
    officer.get_by_role("button", name="退回补正").click()
    expect(officer.locator(".notice.ok")).to_contain_text("退回补正")

    # Then the village learns it, and supplements it while the centre is gone
    sync(village, centre)
    village.goto(f"{centre.url}/village/#/records")
    village.get_by_role("link", name=re.compile("要补材料.*1")).click()
    village.get_by_role("link", name=re.compile(number)).click()
    expect(village.locator(".notice.warn")).to_contain_text("申请书要本人签名")
    assert faults_of(village) == []
    centre.kill()
    village.get_by_role("link", name="补交材料").click()
    boxes = village.locator(".choices input[type=checkbox]:enabled")
    expect(boxes.first).to_be_visible()
    for box in boxes.all():
        box.check()
    village.get_by_label("要部门知道的话").fill("本人已签名")
    assert faults_of(village) == []
    tab_to(village, "交到中心")
    village.keyboard.press("Enter")
    expect(village.get_by_text("补交的材料已存在本机，等着上传。")).to_be_visible()
    centre.start()
    sync(village, centre)

    # When the officer accepts and decides it, by keyboard alone
    officer.goto(f"{centre.url}/handling/{number}")
    expect(officer.locator(".steps")).to_contain_text("已补正，待审核")
    for verb in ("受理", "办结"):
        tab_to(officer, verb)
        officer.keyboard.press("Enter")
        if verb == "办结":
            tab_to(officer, "准予")
            officer.keyboard.press("Space")
            officer.get_by_label(re.compile("结果文书")).fill("居民身份证 1 张，到服务点领")
        officer.locator("details[open]").get_by_role("button", name=verb).press("Enter")
        expect(officer.locator(".notice.ok")).to_be_visible()
    expect(officer.locator("dl.facts")).to_contain_text("准予。居民身份证 1 张")
    assert faults_of(officer) == []

    # And gives it the document that the decision made
    officer.get_by_label(re.compile("^文书名称")).fill("居民身份证领取凭证")
    program = {"name": "b.pdf", "mimeType": "application/pdf", "buffer": b"MZ\x90\x00 a program"}
    officer.get_by_label(re.compile("^文件")).set_input_files(program)
    officer.get_by_role("button", name="发给服务点").click()
    expect(officer.get_by_role("alert")).to_contain_text("文件“b.pdf”要重新选一次")
    expect(officer.get_by_label(re.compile("^文书名称"))).to_have_value("居民身份证领取凭证")
    assert faults_of(officer) == []
    officer.get_by_label(re.compile("^文件")).set_input_files(
        {"name": "a.jpg", "mimeType": JPEG, "buffer": jpeg(filler=900)}
    )
    officer.get_by_role("button", name="发给服务点").click()
    expect(officer.get_by_role("article", name="居民身份证领取凭证")).to_contain_text("已发出")
    assert faults_of(officer) == []

    # Then the person follows it on a telephone by the code of the receipt, and rates it
    phone = open_browser("phone", viewport=PHONE).pages[0]
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto(f"{centre.url}/follow#{number}-{secret.replace('-', '')}")
    expect(phone.get_by_text("办完了。准予。居民身份证 1 张，到服务点领")).to_be_visible()
    assert not [url for url in asked if number in url.split("#")[0] or secret[:4] in url.split("#")[0]]
    assert ID_NUMBER not in phone.content()
    expect(phone.locator(".notice.ok")).to_contain_text("居民身份证领取凭证")
    assert faults_of(phone) == []
    phone.get_by_label("不满意", exact=True).check()
    phone.get_by_label("想说的话").fill("等得太久")
    phone.get_by_role("button", name="提交评价").click()
    expect(phone.get_by_text("您的评价已经记下。")).to_be_visible()
    sync(village, centre)
    village.goto(f"{centre.url}/village/#/records/{number}")
    expect(village.locator(".notice.ok")).to_contain_text("准予。居民身份证 1 张")
    assert faults_of(village) == []
    with village.expect_popup() as printed:
        village.get_by_role("button", name="取来打印").click()
    printed.value.wait_for_url(re.compile("^blob:"))
    printed.value.close()

    # Then the low rating is worked off: spoken with, put right, called back, rated anew
    manager = log_in(open_browser("manager"), centre, "manager")
    manager.goto(f"{centre.url}/ratings/")
    sheet = manager.get_by_role("article", name=f"整改单 {number}")
    for act, note in (("已联系本人", "致歉，说明等待的原因"), ("已整改", "窗口加了一个号"), ("回访并办结", "本人认可")):
        tab_to(manager, act)
        manager.keyboard.press("Enter")
        if act == "回访并办结":
            sheet.get_by_label("满意", exact=True).check()
        sheet.locator("details[open] textarea").fill(note)
        assert faults_of(manager) == []
        with manager.expect_navigation():
            sheet.get_by_role("button", name=act).press("Enter")
    expect(manager.get_by_text("没有要整改的差评。")).to_be_visible()
    manager.get_by_text("办完的整改单（最近 1 张）").click()
    expect(sheet).to_contain_text("再评：满意")
    assert faults_of(manager) == []
