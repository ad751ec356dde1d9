"""The open page behind a notice's QR code: anybody's telephone walks the same flow to the same list."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.guiding import rules
from datasets.sources import read

CARD = next(item for item in read().items if item["slug"] == "id-card")
PURPOSES = {"监护人身份证": "核对监护人"}
HTML = {"Accept": "text/html"}


def page_of(app: Flask, address: str) -> str:
    reply = app.test_client().get(address, headers=HTML)
    assert reply.status_code == 200, reply.get_data(as_text=True)
    return reply.get_data(as_text=True)


def test_a_telephone_walks_from_question_to_list_without_a_log_in(app: Flask) -> None:
    address = "/guide/id-card"
    for answer in ("丢了，找不到了", "还没满", "能去"):
        found = re.search(rf'href="([^"]+)">{answer}</a>', page_of(app, address))
        assert found, answer
        address = found[1]
    text = page_of(app, address)
    assert "要带这些（2 样）" in text
    assert "监护人身份证" in text and "孩子由监护人代办，要核对是谁" in text
    assert "<s>旧居民身份证</s>" in text
    assert "派出所户籍窗口" in text and "以窗口答复为准" in text
    assert "第 1 版" in text and "您手上的单子" not in text


def test_the_paper_of_an_earlier_release_is_told_apart(app: Flask) -> None:
    assert "您手上的单子是按第 7 版知识出的" in page_of(app, "/guide/id-card?a=1-3.2-2.3-1&r=7")
    assert "您手上的单子" not in page_of(app, "/guide/id-card?a=1-3.2-2.3-1&r=1")


def test_situations_chosen_without_questions_lead_to_their_list(app: Flask) -> None:
    assert "您的情况：丢失补领；未满16周岁" in page_of(app, "/guide/id-card?s=3,4")


@pytest.mark.parametrize(
    "query", ["a=x", "a=1-99", "a=9-9", "a=" + "1-1." * 500, "s=,,-1,99999999999", "r=-1", "r=99999999999999", "a=1-3&a=1-2", "a=１-3"]
)  # fmt: skip
def test_an_odd_address_asks_from_the_start_and_never_breaks(app: Flask, query: str) -> None:
    assert "居民身份证申领" in page_of(app, f"/guide/id-card?{query}")


def test_an_item_that_there_is_not_says_so(app: Flask) -> None:
    assert app.test_client().get("/guide/nothing", headers=HTML).status_code == 404


def test_ends_that_are_no_list_say_what_to_do(app: Flask) -> None:
    assert "先找找旧证还在不在" in page_of(app, "/guide/id-card?a=1-0")
    assert "这件事您先不用办" in page_of(app, "/guide/forest-cutting?a=1-1")
    assert 'href="/guide/food-workshop"' in page_of(app, "/guide/food-operation?a=1-1.2-3")


def test_a_page_knows_where_it_is() -> None:
    page = rules.page(CARD, PURPOSES, [(1, 3)], [], "娃娃的身份证掉了")
    assert (page.number, page.most) == (2, 3)
    assert [(say, guessed) for say, _, guessed in page.choices] == [
        ("满了", False),
        ("还没满", True),
        ("不清楚", False),
    ]
    assert page.steps[0].back == "" and page.choices[-1][1] == "1-3.2-0"


def test_an_answer_without_a_sentence_takes_those_of_its_situations() -> None:
    card = {**CARD, "flow": [{**q, "answers": [{**a, "note": ""} for a in q["answers"]]} for q in CARD["flow"]]}
    page = rules.page(card, PURPOSES, [(1, 3), (2, 2), (3, 1)], [])
    assert page.notes == ["丢失补领：先在平台登记挂失,补领需本人到场", "未满16周岁：监护人陪同采集人像指纹"]
    assert page.bring[-1]["use"] == "核对监护人"


@pytest.mark.parametrize(
    ("form", "necessity", "words"),
    [
        ("原件", "必要", ""),
        ("原件核验", "可容缺", "没有也能先受理"),
        ("数据核验", "必要", "窗口联网查"),
        ("原件或承诺", "必要", "没有的可以写承诺书"),
        ("承诺", "必要", "写一份承诺书"),
        ("原件", "情形必要", "用得上才要"),
    ],
)
def test_what_one_may_do_without_it(form: str, necessity: str, words: str) -> None:
    said = rules.instead_of({"form": form, "necessity": necessity})
    assert said.startswith(words) and bool(said) == bool(words)
