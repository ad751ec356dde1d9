"""Editors see a guided flow as a picture, write it as text, and walk the draft before anybody else does."""

from __future__ import annotations

import re

from flask import Flask

from app.knowledge import graph
from datasets.sources import read
from tests.app.knowledge.forms import HTML, fields, fill
from tests.app.knowledge.test_workflow import editions
from tests.conftest import LogIn

SLUG = "temp-id-card"
ITEM = f"/knowledge/items/{SLUG}"
FLOWS = {item["slug"]: item["flow"] for item in read().items}


def test_every_flow_is_drawn_inside_its_picture_with_a_line_for_every_answer() -> None:
    for slug, flow in FLOWS.items():
        picture = graph.draw(flow)
        assert len(picture.lines) == sum(len(q["answers"]) + 1 for q in flow), slug
        for box in picture.boxes:
            assert 0 < box.x < picture.width and box.y > 0 and box.y + box.height < picture.height + 1, slug
        for line in picture.lines:  # never backwards
            numbers = [int(n) for n in re.findall(r"\d+", line.path)]
            assert numbers[0] < numbers[-2], slug
        places = [(box.x, y) for box in picture.boxes for y in range(box.y, box.y + box.height)]
        assert len(places) == len(set(places)), f"{slug}: boxes overlap"


def test_the_item_page_shows_the_picture(log_in: LogIn) -> None:
    text = log_in("editor").get(ITEM, headers=HTML).get_data(as_text=True)
    assert 'class="flow-graph"' in text and "正式的身份证申请了吗？" in text


def test_a_flow_changed_as_text_is_walked_as_a_draft_and_shown_as_a_change(log_in: LogIn, app: Flask) -> None:
    client = log_in("editor")
    page = client.get(f"{ITEM}/edit", headers=HTML).get_data(as_text=True)
    text = fields(page)["flow"][0].replace("是没满 18 岁的孩子吗？", "办证的是孩子吗？")
    assert fill(client, f"{ITEM}/edit", {"flow": text}).status_code == 302
    (edition,) = editions(app)
    walked = client.get(f"{ITEM}/walk?a=1-1", headers=HTML).get_data(as_text=True)
    assert "办证的是孩子吗？" in walked and "村里还看不到" in walked
    changed = client.get(f"/knowledge/editions/{edition.id}", headers=HTML).get_data(as_text=True)
    assert "导办流程" in changed and "<del>" in changed
    assert client.get("/guide/temp-id-card?a=1-1", headers=HTML).get_data(as_text=True).count("是没满 18 岁的孩子吗？")


def test_a_flow_that_cannot_be_read_says_the_line_and_keeps_what_was_typed(log_in: LogIn, app: Flask) -> None:
    client = log_in("editor")
    reply = fill(client, f"{ITEM}/edit", {"flow": "原因 为什么？:\n- 丢了 ｜情况 补领\n- 不清楚 ｜说 问人"})
    text = reply.get_data(as_text=True)
    assert reply.status_code == 422 and "第 2 行：看不懂" in text
    assert "- 丢了 ｜情况 补领" in text
    assert editions(app) == []


def test_a_flow_that_goes_nowhere_is_not_saved(log_in: LogIn, app: Flask) -> None:
    client = log_in("editor")
    page = client.get(f"{ITEM}/edit", headers=HTML).get_data(as_text=True)
    text = fields(page)["flow"][0]
    for change, by, words in (
        ("去 事项 id-card", "去 事项 id-kard", "没有事项“id-kard”"),
        ("情形 急着考试或看病", "情形 急着坐车", "事项没有情形“急着坐车”"),
    ):
        reply = fill(client, f"{ITEM}/edit", {"flow": text.replace(change, by)})
        assert reply.status_code == 422 and words in reply.get_data(as_text=True)
    assert editions(app) == []


def test_a_villagers_words_are_tried_on_the_draft(log_in: LogIn) -> None:
    text = log_in("editor").get(f"{ITEM}/walk?q=高考急用&a=1-1", headers=HTML).get_data(as_text=True)
    assert re.search(r'btn-primary"[^>]+>是</a>', text) and "从问的话里看出来的" in text


def test_an_item_may_go_without_a_flow(log_in: LogIn) -> None:
    client = log_in("editor")
    assert fill(client, f"{ITEM}/edit", {"flow": ""}).status_code == 302
    assert "还没有导办流程" in client.get(f"{ITEM}/walk", headers=HTML).get_data(as_text=True)
