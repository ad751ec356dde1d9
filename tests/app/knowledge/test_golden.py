"""Knowledge CI, pinned questions, the page that tries a question, and the questions nobody could answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.knowledge import gaps, golden, releases
from app.knowledge.gaps import words_of
from tests.app.knowledge.forms import HTML, fields, fill
from tests.app.village import Village
from tests.conftest import LogIn


def post(client: FlaskClient, path: str, data: dict[str, Any], page: str = "/knowledge/try") -> TestResponse:
    """Send a form of a page, as its browser would."""
    token = fields(client.get(page, headers=HTML).text)["csrf_token"][0]
    return client.post(path, data={"csrf_token": token, **data}, headers=HTML)


def approve(log_in: LogIn, slug: str, **changes: str) -> None:
    """An editor changes an item, a reviewer approves it."""
    sent = fill(log_in("editor"), f"/knowledge/items/{slug}/edit", {**changes, "note": "改"}, act="submit")
    assert sent.status_code == 302, sent.text
    edition = sent.headers["Location"].rsplit("/", 1)[1]
    assert post(log_in("reviewer"), f"/knowledge/editions/{edition}/approve", {}).status_code == 302


def test_a_release_that_answers_worse_is_refused_with_its_questions(log_in: LogIn) -> None:
    # An editor takes the words of one item for another
    approve(log_in, "temp-id-card", aliases="身份证找不到了\n身份证找不到\n身份证不见了")
    reviewer = log_in("reviewer")
    assert post(reviewer, "/knowledge/pins", {"text": "身份证找不到了", "item": "id-card"}).status_code == 302
    page = post(reviewer, "/knowledge/releases", {"note": "发布"})
    assert page.status_code == 409
    assert "身份证找不到了</a>（钉住的）" in page.text
    assert reviewer.get("/api/release").json["release"] == 1
    tried = reviewer.get("/knowledge/try?q=身份证找不到了").text
    assert "1 份草稿发布以后" in tried
    # let go by the person who is responsible for it, the release goes out
    post(reviewer, "/knowledge/pins", {"text": "身份证找不到了", "act": "drop"})
    assert post(reviewer, "/knowledge/releases", {"note": "发布"}).status_code == 302


def test_an_ordinary_change_goes_out(log_in: LogIn) -> None:
    approve(log_in, "id-card", fee="免费")
    page = post(log_in("reviewer"), "/knowledge/releases", {"note": "改收费"})
    assert page.status_code == 302, page.text


def test_new_words_are_trained_and_released(log_in: LogIn, app: Flask) -> None:
    reviewer = log_in("reviewer")
    assert post(reviewer, "/knowledge/lingua", {"note": ""}).status_code == 422
    assert post(reviewer, "/knowledge/lingua", {"note": "新问法"}).status_code == 302
    with app.extensions["jjb_db"].read() as connection:
        newest = releases.newest(connection, releases.LINGUA)
        assert newest is not None
        assert newest.number == 2
        way = newest.pack_from(1)
    assert way is not None
    assert way[1] < 50_000  # the same knowledge gives the same words
    assert post(log_in("editor"), "/knowledge/lingua", {"note": "x"}).status_code == 403


def test_a_pin_can_be_let_go(log_in: LogIn, app: Flask) -> None:
    editor = log_in("editor")
    post(editor, "/knowledge/pins", {"text": "低保咋办", "item": "dibao"})
    with app.extensions["jjb_db"].read() as connection:
        assert [question.query for question in gaps.pinned(connection)] == ["低保咋办"]
    post(editor, "/knowledge/pins", {"text": "低保咋办", "act": "drop"})
    with app.extensions["jjb_db"].read() as connection:
        assert gaps.pinned(connection) == []
    assert post(editor, "/knowledge/pins", {"text": " ", "item": "dibao"}).status_code == 400


def test_questions_without_answer_are_gathered_and_become_a_way_of_asking(log_in: LogIn, app: Flask) -> None:
    hexie = Village(app)
    asked = [
        ("无人机飞行登记怎么办", "handoff"),
        ("无人机登记在哪办", "handoff"),
        ("烤酒执照", "clarify"),
        ("身份证丢了", "answer"),
    ]
    assert hexie.round(*(hexie.question(text, decision) for text, decision in asked)).status_code == 200
    editor = log_in("editor")
    page = editor.get("/knowledge/gaps").text
    assert "2 次，1 个服务点" in page
    assert "烤酒执照" in page
    assert "身份证丢了" not in page.split("<main")[1].split("<select")[0]
    numbers = re.findall(r'name="seq" value="(\d+)"', page)
    drone, wine = numbers[:2], numbers[2:]
    form = {"seq": wine, "text": "烤酒执照", "item": "food-workshop"}
    answer = post(editor, "/knowledge/gaps", form)
    assert answer.status_code == 302
    assert "烤酒执照" in editor.get(answer.headers["Location"]).text
    assert post(editor, "/knowledge/gaps", {"seq": drone, "act": "drop"}).status_code == 302
    assert "没有没答上来的问题" in editor.get("/knowledge/gaps").text
    assert post(editor, "/knowledge/gaps", {"text": "x", "item": "dibao"}).status_code == 400


@pytest.mark.parametrize("said", ["", "的", "怎么办", "无人机登记", "😀"])
def test_every_question_is_about_something(said: str) -> None:
    assert words_of(said)


def test_a_stratum_may_not_fall(app: Flask) -> None:
    class Fixed:
        """Answers every question with one item."""

        def __init__(self, slug: str) -> None:
            self.slug = slug

        def ask(self, _query: str) -> object:
            from app.answering.rules import Decision, Hit

            return Decision("answer", [Hit(self.slug, 0, [], "", None)], "")

    asked = [golden.Question(f"q{n}", frozenset(["a"]), "single", "spoken") for n in range(10)]
    worse = golden.compare(Fixed("a"), Fixed("b"), asked, [])  # type: ignore[arg-type]
    assert len(worse) == 10
    assert golden.compare(Fixed("b"), Fixed("a"), asked, []) == []  # type: ignore[arg-type]
