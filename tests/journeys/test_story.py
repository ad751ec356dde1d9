"""The three stories that the product exists for, told in a real browser against a real server process."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import zlib
from pathlib import Path

import apsw
from playwright.sync_api import BrowserContext, Page, expect

from datasets.build import SCHEMA
from sync.content import content_root
from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import register, unlock
from tests.journeys.test_screens import ID_NUMBER, enter, faults_of, tab_to
from tests.model_server import ModelServer, quoting
from tests.wire import Wire

MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
HELD = "navigator.locks.query().then(({ held }) => held.map(({ name }) => name))"
"""Names of the Web Locks that the windows of a browser hold."""


def log_in(context: BrowserContext, centre: Centre, username: str) -> Page:
    """Log in by keyboard alone and land on the home of the role."""
    page = context.pages[0]
    page.goto(f"{centre.url}/login")
    expect(page.get_by_label("登录名")).to_be_focused()
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(centre.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def test_a_village_serves_people_while_the_centre_is_gone(centre: Centre, open_browser: OpenBrowser) -> None:
    # Given a village page that enrolled and got its knowledge
    village = open_browser("village")
    page = village.pages[0]
    enter(page, centre)
    expect(page.locator(".strip")).to_contain_text("知识第 1 版")
    page.wait_for_function(
        "navigator.serviceWorker.controller !== null || navigator.serviceWorker.ready.then(() => true)"
    )

    # When the centre dies and the browser is started again
    centre.kill()
    village.close()
    page = open_browser("village").pages[0]
    page.goto(f"{centre.url}/village/")
    unlock(page)
    expect(page.get_by_role("heading", level=1, name="今天")).to_be_visible()

    # Then it answers, guides, prints, files and rates, and says that it is offline
    page.goto(f"{centre.url}/village/#/ask")
    page.get_by_label("用平常的话说").fill("身份证丢了咋个办")
    page.keyboard.press("Enter")
    expect(page.locator("article.answer h3")).to_have_text("居民身份证申领、换领、补领")
    expect(page.locator(".strip .state")).to_have_text("离线")
    page.get_by_role("button", name="看我要带什么").click()
    expect(page.get_by_label("丢了，找不到了")).to_be_checked()  # from the words of the question
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("满了").check()
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("能去", exact=True).check()
    page.get_by_role("button", name="下一步").click()
    expect(page.locator(".spared")).to_contain_text("旧居民身份证")
    page.get_by_role("link", name="打印告知单").click()
    sheet = page.get_by_role("article", name="告知单")
    expect(sheet).to_contain_text("居民户口簿")
    expect(sheet).to_contain_text("知识第 1 版")
    page.go_back()
    page.get_by_role("button", name="办一办").click()
    page.get_by_label("姓名").fill("测试丰")
    page.get_by_label("身份证号", exact=True).fill(ID_NUMBER)
    page.get_by_role("button", name="交到中心").click()
    number = page.locator("p.number").inner_text()
    assert re.fullmatch(r"NJ533301001\d{8}[A-Z]{2}\d{4}", number)
    expect(page.locator(".strip")).to_contain_text(re.compile(r"待传 [1-9]\d* 条"))
    page.get_by_role("link", name="请群众评价").click()
    page.get_by_text("非常满意", exact=True).click()
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_text("您的评价已经记下。")).to_be_visible()

    # When the centre is back
    centre.start()
    page.goto(f"{centre.url}/village/#/device")
    page.get_by_role("button", name="立即同步").click()
    expect(page.locator(".strip")).to_contain_text("待传 0 条", timeout=30_000)

    # Then everything arrived exactly once, and people at the centre see it
    manager = log_in(open_browser("manager"), centre, "manager")
    manager.goto(f"{centre.url}/handling/")
    expect(manager.locator("tbody tr")).to_have_count(1)
    expect(manager.locator("tbody")).to_contain_text(number)
    expect(manager.locator("tbody")).to_contain_text("533324********0018")
    assert ID_NUMBER not in manager.content()
    manager.goto(f"{centre.url}/ratings/")
    expect(manager.get_by_role("link", name=re.compile("非常满意")).first).to_contain_text("1")
    manager.goto(f"{centre.url}/oversight/")
    expect(manager.locator("main")).to_contain_text("和谐社区")

    # and it answers as the centre does: it has asked itself in between, and the centre compared
    page.get_by_role("button", name="立即同步").click()
    expect(page.locator(".facts")).to_contain_text("与中心答案一致（200 题）", timeout=60_000)
    manager.locator("tbody tr", has_text="和谐社区").locator("td").nth(3).get_by_role("link").click()
    expect(manager.locator(".facts")).to_contain_text("与中心答案一致")
    assert "账本完好" in centre.run("ledger-verify")


def test_a_corrected_fee_reaches_the_village_in_two_kilobytes(centre: Centre, open_browser: OpenBrowser) -> None:
    with Wire(centre.port) as wire:
        # Given a village on release 1, behind a wire that we can read
        village = open_browser("village")
        page = village.pages[0]
        register(page, centre, wire.url)
        expect(page.locator(".strip")).to_contain_text("知识第 1 版")

        # When an editor changes a fee
        editor = log_in(open_browser("editor", MICROPHONE), centre, "editor")
        editor.goto(f"{centre.url}/knowledge/items/id-card/edit")
        editor.get_by_label("收费").fill("补领 40 元，换领 20 元，首次不收费")
        editor.get_by_label(re.compile("修改说明")).fill("按新的收费目录")
        tab_to(editor, "提交审核")
        editor.keyboard.press("Enter")
        expect(editor.get_by_text("待审核").first).to_be_visible()
        assert faults_of(editor) == []
        address = editor.url

        # and another person approves and releases it
        reviewer = log_in(open_browser("reviewer"), centre, "reviewer")
        reviewer.goto(address)
        expect(reviewer.locator("ins").first).to_be_visible()
        tab_to(reviewer, "通过")
        reviewer.keyboard.press("Enter")
        expect(reviewer.get_by_text(re.compile("^已通过"))).to_be_visible()
        tab_to(reviewer, "去发布")
        reviewer.keyboard.press("Enter")
        expect(reviewer.get_by_role("heading", level=1, name="发布与版本")).to_be_visible()
        tab_to(reviewer, "发布说明")
        reviewer.keyboard.type("收费调整")
        reviewer.keyboard.press("Enter")
        expect(reviewer.get_by_text("知识第 2 版已发布")).to_be_visible(
            timeout=60_000
        )  # known questions are tried first
        assert faults_of(reviewer) == []

        # Then the village takes a small delta and shows the new fee with release 2
        page.goto(f"{wire.url}/village/#/device")
        page.get_by_role("button", name="立即同步").click()
        expect(page.locator(".strip")).to_contain_text("知识第 2 版")
        page.goto(f"{wire.url}/village/#/items/id-card")
        expect(page.locator("main")).to_contain_text("补领 40 元，换领 20 元，首次不收费")
        expect(page.locator("main")).to_contain_text("第 2 版")

        reply = next(
            text for text in replies(wire) if text.get("packs") and '"release":2' in text["manifests"][0]["manifest"]
        )
        pack = reply["packs"][0]
        manifest = json.loads(reply["manifests"][0]["manifest"])
        assert len(base64.b64decode(pack["data"])) + len(reply["manifests"][0]["manifest"]) <= 2048
        assert pack["sha256"] in [one["sha256"] for one in manifest["packs"] if one["from"] == 1]
        an_answer_is_spoken(page, editor, reviewer, centre, wire)

    # and both sides hold the same content: the device only shows release 2 after its own root equalled the manifest's
    file = apsw.Connection(str(centre.data / "releases" / "knowledge" / "2.db"), flags=apsw.SQLITE_OPEN_READONLY)
    assert content_root(file, SCHEMA)[0] == manifest["content_root"]


def an_answer_is_spoken(page: Page, editor: Page, reviewer: Page, centre: Centre, wire: Wire) -> None:
    """Recorded in Lisu with the browser's recorder, heard by the reviewer, played in the village without the link."""
    voices = page.get_by_role("region", name="用本地话听")
    expect(voices).to_contain_text("还没有本地话的录音")
    editor.goto(f"{centre.url}/knowledge/items/id-card/voices")
    editor.get_by_label("哪种话").select_option("傈僳语")
    editor.get_by_label("录音里说了什么（汉语）").fill("办身份证要带户口簿，到派出所照相。")
    editor.get_by_role("button", name="开始录音").click()
    expect(editor.get_by_text(re.compile("^正在录，3 秒"))).to_be_visible()
    editor.get_by_role("button", name="录好了").click()
    expect(editor.get_by_text(re.compile("^录好了（"))).to_be_visible()
    editor.get_by_label("说话人姓名").fill("阿普试")
    editor.get_by_label(re.compile("^说话人知道")).check()
    assert faults_of(editor) == []
    editor.get_by_role("button", name="交去审核").click()
    expect(editor.get_by_role("article", name="傈僳语，待审核")).to_contain_text("说话人 阿*试")

    reviewer.goto(f"{centre.url}/knowledge/items/id-card/voices")
    heard = reviewer.get_by_role("article", name="傈僳语，待审核").locator("audio")
    assert heard.evaluate("async (one) => { await one.play(); return one.currentSrc !== ''; }")
    reviewer.get_by_role("button", name="听过了，通过").click()
    reviewer.goto(f"{centre.url}/knowledge/voices")
    reviewer.get_by_label("发布说明").fill("身份证的傈僳语说明")
    reviewer.get_by_role("button", name="发布录音").click()
    expect(reviewer.get_by_text("录音第 1 版已发布")).to_be_visible()
    assert faults_of(reviewer) == []

    page.goto(f"{wire.url}/village/#/device")
    page.get_by_role("button", name="立即同步").click()
    listen = voices.get_by_role("button", name=re.compile("^听傈僳语"))
    for _ in range(40):  # the sound comes after the list of sounds
        page.goto(f"{wire.url}/village/#/items")
        page.goto(f"{wire.url}/village/#/items/id-card")
        expect(voices).to_be_visible()
        if listen.count():
            break
        page.wait_for_timeout(500)
    wire.down()
    listen.click()
    expect(voices.locator("progress")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.voices audio').currentTime > 0.3")
    expect(voices).to_contain_text("说的是：办身份证要带户口簿")
    assert faults_of(page) == []


def replies(wire: Wire) -> list[dict]:  # type: ignore[type-arg]
    """Every body of a sync reply with something to tell that passed the wire: gzip, as a browser takes it."""
    found = []
    for passed in wire.connections:
        for start in re.finditer(rb"\r\n\r\n(?=\x1f\x8b)", bytes(passed.down)):
            text = zlib.decompressobj(wbits=31).decompress(bytes(passed.down)[start.end() :])
            with contextlib.suppress(json.JSONDecodeError):
                found.append(json.loads(text))
    return [one for one in found if "manifests" in one]


def test_a_talk_survives_a_cut_line(centre: Centre, model: ModelServer, open_browser: OpenBrowser) -> None:
    with Wire(centre.port) as wire:
        # Given a village that calls about an item, over a wire that can be cut
        village = open_browser("village").pages[0]
        register(village, centre, wire.url)
        village.goto(f"{wire.url}/village/#/call?item=id-card")
        expect(village.get_by_text("要问的事项")).to_be_visible()
        village.get_by_label("想问什么").fill("老人身份证丢了，本人来不了")
        tab_to(village, "呼叫客服")
        village.keyboard.press("Enter")
        expect(village.get_by_text("已经排上队")).to_be_visible()

        # When an agent takes it, by keyboard alone
        agent = log_in(open_browser("agent"), centre, "agent1")
        expect(agent.get_by_text("大练地街道和谐社区").first).to_be_visible()
        expect(agent.locator(".strip")).to_contain_text("排队 1")
        agent.locator("body").press("a")
        expect(agent.get_by_label("回复", exact=True)).to_be_focused()
        expect(agent.locator(".context")).to_contain_text("与中心一致")
        agent.keyboard.type("您好，请讲")
        agent.keyboard.press("Enter")
        expect(village.locator(".bubble.theirs")).to_contain_text("您好，请讲")
        expect(village.get_by_text("坐席一号正在接待")).to_be_visible()
        assert "jjb-call" in village.evaluate(HELD)  # papers of cases leave the link to the talk
        say(village, "村里第一句")
        expect(agent.locator(".bubble.theirs")).to_contain_text("村里第一句")

        # and the village's line is cut for ten seconds, while both go on talking
        wire.down()
        say(village, "断线时说的一句")
        agent.get_by_label("回复", exact=True).focus()
        agent.keyboard.type("断线时坐席说的一句")
        agent.keyboard.press("Enter")
        expect(agent.locator(".bubble.mine").last).to_contain_text("已达")
        expect(village.get_by_text("正在重连")).to_be_visible()
        expect(village.locator(".bubble.mine").last).to_contain_text("待发")
        village.wait_for_timeout(10_000)
        wire.up()

        # Then nothing is lost and nothing doubled, on either side
        expect(village.locator(".bubble.theirs").last).to_contain_text("断线时坐席说的一句", timeout=30_000)
        said = ["您好，请讲", "村里第一句", "断线时坐席说的一句", "断线时说的一句"]
        for page in (village, agent):
            expect(page.locator(".bubble")).to_have_count(4)
            texts = page.locator(".bubble").all_inner_texts()
            assert sorted(text for one in texts for text in said if text in one) == sorted(said)
            assert faults_of(page) == []

        # When the agent has a reply drafted, by keyboard: cancels one, sees one fail, sends the third after editing it
        say(village, "补办身份证要多少钱")
        expect(agent.locator(".bubble.theirs").last).to_contain_text("补办身份证要多少钱")
        a_reply_is_drafted(agent, model)
        expect(village.locator(".bubble.theirs").last).to_contain_text("丢失补领40元。请记得带上", timeout=30_000)

        # When the agent hands a knowledge card and ends, by keyboard
        agent.keyboard.press("Escape")
        agent.keyboard.press("Control+k")
        agent.keyboard.type("身份证丢了咋个办")
        agent.keyboard.press("Enter")
        expect(agent.locator(".context .talks li").first).to_be_visible()
        tab_to(agent, "发给村里")
        agent.keyboard.press("Enter")
        expect(village.get_by_role("link", name="打开事项")).to_be_visible()
        agent.locator("h2").first.click()
        agent.keyboard.press("e")
        agent.keyboard.press("Enter")
        expect(village.get_by_text("这次通话已经结束")).to_be_visible()
        assert "jjb-call" not in village.evaluate(HELD)
        expect(agent.locator(".strip")).to_contain_text("我在接待 0")
    assert "账本完好" in centre.run("ledger-verify")


def a_reply_is_drafted(agent: Page, model: ModelServer) -> None:
    model.act = lambda handler, body: handler.server.over.wait(60)
    box = agent.get_by_label("回复", exact=True)
    box.press("Escape")
    agent.keyboard.press("d")
    expect(agent.get_by_text("正在拟稿")).to_be_visible()
    expect(agent.get_by_role("button", name="取消")).to_be_focused()
    agent.keyboard.press("Enter")
    expect(agent.get_by_label("拟稿")).to_have_count(0)
    expect(box).to_be_focused()

    model.act = lambda handler, body: handler.reply(b"", 500)
    tab_to(agent, "拟一句回复")
    agent.keyboard.press("Enter")
    expect(agent.get_by_role("alert")).to_contain_text("拟稿模型出错了（500）。")
    expect(box).to_have_value("")

    invented = {"text": "另交99元加急费。", "source": "S1", "quote": "加急费"}
    model.act = quoting(
        "收费", lambda fee: [{"text": "丢失补领40元。", "source": fee["id"], "quote": "丢失补领40元"}, invented]
    )
    expect(agent.get_by_role("button", name="再拟一次")).to_be_focused()
    agent.keyboard.press("Enter")
    expect(box).to_have_value("丢失补领40元。")
    expect(box).to_be_focused()
    shown = agent.get_by_label("拟稿")
    expect(shown).to_contain_text("另有 1 句没有依据")
    expect(shown.locator("blockquote")).to_have_text("丢失补领40元")
    assert faults_of(agent) == []
    agent.keyboard.press("End")
    agent.keyboard.type("请记得带上户口簿。")
    agent.keyboard.press("Enter")
    expect(shown).to_have_count(0)


def say(page: Page, text: str) -> None:
    """Write to the agent and press Enter."""
    page.get_by_label("写给客服").fill(text)
    page.get_by_label("写给客服").press("Enter")


def test_nothing_open_stands_at_rest(centre: Centre, open_browser: OpenBrowser) -> None:
    """A filed case's person is found nowhere in the data folder in the open: not in tables, logs or packs."""
    page = open_browser("village").pages[0]
    enter(page, centre)
    page.goto(f"{centre.url}/village/#/items/id-card")
    page.get_by_role("button", name="办一办").click()
    page.get_by_label("姓名").fill("测试丰")
    page.get_by_label("身份证号", exact=True).fill(ID_NUMBER)
    page.get_by_role("button", name="交到中心").click()
    expect(page.locator(".strip")).to_contain_text("待传 0 条", timeout=30_000)
    for file in sorted(Path(centre.data).rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            assert ID_NUMBER.encode() not in content, file
            assert "测试丰".encode() not in content, file
