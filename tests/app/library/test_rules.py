"""What a text of the library must be, where it is cut, what of it is marked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.library import index, rules, words

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "check_vectors.json").read_text(encoding="utf-8"))
GOOD = rules.Draft(
    "临时救助实施细则", "policy", "民政局", "533300000000", "2026-05-20", "怒政办发〔2026〕1号", "一、适用范围。" * 5
)


def faulty(**change: str) -> list[str]:
    draft = rules.Draft(**{**GOOD.__dict__, **change})
    return [field for field, _ in rules.faults(draft, ["533300000000"], "2026-11-25")]


def test_what_a_text_must_have() -> None:
    assert faulty() == []
    assert faulty(title="", kind="item", department="", region="x", dated="2026-02-30", body="短") == [
        *list(rules.FIELDS)[:5],
        "body",
    ]
    assert faulty(title="题" * 121, source="源" * 201) == ["title", "source"]
    assert faulty(dated="2026-11-26") == ["dated"]
    assert faulty(body="字" * (rules.LONGEST + 1)) == ["body"]
    assert faulty(title="13800138000 来电") == ["title"]


@pytest.mark.parametrize("number", VECTORS["id_valid"])
def test_personal_numbers_are_found_and_masked(number: str) -> None:
    wide = number.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    for written in (number, wide, f"{number[:6]} {number[6:14]} {number[14:]}"):
        text = f"第一行\n张某({written})来电 138 0013 8000，卡号6222021234567890128"
        found = rules.personal(text)
        assert [one.kind for one in found] == ["身份证号", "手机号", "银行卡号"]
        said = rules.where(text, found)
        assert "第 2 行身份证号" in said
        assert number not in said and "138****8000" in said
        assert rules.personal(rules.without_personal(text)) == []


def test_numbers_of_documents_and_offices_are_not_personal() -> None:
    text = "文号〔2026〕12345 号，电话 0886-3628000、12345，办件 NJ53330100120260521AB0001，代码 91350100M000100Y43，1234567890123"
    assert rules.personal(text) == []


def test_a_text_is_kept_without_what_cannot_be_read() -> None:
    assert rules.clean("\ufeff一\r\n二\u200b\x07\u2028三   \n\n\n\n四\n") == "一\n二\n三\n\n四"
    assert rules.looks_binary("\x89PNG\x00") and rules.looks_binary("\ufffd" * 40 + "a" * 100)
    assert not rules.looks_binary("ꓡꓲ-ꓢꓴ 傈僳文，第一章\n\t总则")


@given(st.text(alphabet="一二三四。！\n；ab ", max_size=5000))
def test_passages_are_the_whole_text(text: str) -> None:
    cut = rules.passages(text)
    assert "".join(text[start:end] for start, end in cut) == text
    assert all(end - start <= 1200 for start, end in cut)


@given(st.text(max_size=300), st.lists(st.text(min_size=1, max_size=4), max_size=4))
def test_marking_keeps_every_character(text: str, wanted: list[str]) -> None:
    folded = words.fold(text)
    assert len(folded) == len(text)
    assert "".join(piece for piece, _ in rules.marked(text, folded, wanted)) == text
    start, end = rules.excerpt(folded, wanted)
    assert 0 <= start <= end <= len(text)


@given(st.text(max_size=200))
def test_any_question_can_be_read(question: str) -> None:
    for row in index.terms_of(question):
        assert row and all(row)


def test_how_a_question_is_read() -> None:
    assert index.terms_of("AND ( OR *") == [["and"], ["or"]]
    assert index.terms_of("“临时救助”") == [["临时", "救助"]]
    assert ["六", "库"] in index.terms_of("六库") or ["六库"] in index.terms_of("六库")
    assert words.fold("ＡＢＣ　戶口") == "abc 户口"
    assert words.sound("身份证") == "senfenzen" == words.near("shenfenzheng")
