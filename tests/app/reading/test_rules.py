"""From lines of print to proposals: every field found, every doubt said, nothing made up."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reading.rules import DOUBTED, NATIONS, Field, Line, read
from tests.app.reading import vectors

TODAY = date(2026, 11, 25)
KNOWN = json.loads((Path(__file__).parents[2] / "vectors" / "check_vectors.json").read_text(encoding="utf-8"))
VECTORS = json.loads(vectors.FILE.read_text(encoding="utf-8"))
"""The device's twin reads them too (pwa/src/reading/rules.test.ts)."""
NUMBER = "533324189901010018"
HEIGHT = 0.06


def line(text: str, x: float, y: float, width: float = 0.3, sure: float = 0.99) -> Line:
    return Line(text, sure, (x, y, x + width, y + HEIGHT))


def front(number: str = NUMBER, **other: str) -> list[Line]:
    """An identity card as an engine sees it; `other` puts another text in the place of a line."""
    texts = {
        "name": "姓名测试丰", "sex": "性别男", "nation": "民族独龙", "birth": "出生 1899年1月1日",
        "address": "住址 云南省怒江州贡山县独龙江", "more": "乡孔当村4组6号", "word": "公民身份号码", "number": number, **other,
    }  # fmt: skip
    places = {
        "name": (0.05, 0.1), "sex": (0.05, 0.22), "nation": (0.4, 0.22), "birth": (0.05, 0.35), "address": (0.05, 0.48),
        "more": (0.13, 0.56), "word": (0.05, 0.85), "number": (0.33, 0.85),
    }  # fmt: skip
    widths = {"address": 0.45, "number": 0.45, "nation": 0.2, "word": 0.16}
    return [line(text, *places[name], widths.get(name, 0.3)) for name, text in texts.items() if text]


def fields(lines: list[Line]) -> dict[str, Field]:
    return {one.name: one for one in read(lines, TODAY).fields}


def test_an_identity_card_is_read_whole() -> None:
    found = read(front(), TODAY)
    assert found.kind == "id-card"
    assert {one.name: one.value for one in found.fields} == {
        "name": "测试丰",
        "sex": "男",
        "nation": "独龙",
        "birth": "1899-01-01",
        "address": "云南省怒江州贡山县独龙江乡孔当村4组6号",
        "id_number": NUMBER,
    }
    assert all(one.sure == 0.99 and not one.note for one in found.fields)
    number = fields(front())["id_number"].box
    assert number == (0.33, 0.85, 0.78, 0.85 + HEIGHT)  # so that the page can show the very place


@pytest.mark.parametrize("number", KNOWN["id_valid"])
def test_every_valid_number_is_believed_also_with_the_prefix_that_the_county_had_before(number: str) -> None:
    lines = front(number, birth="", sex="")
    found = fields(lines)["id_number"]
    assert (found.value, found.note) == (number, "")


@pytest.mark.parametrize("number", [one for one in KNOWN["id_invalid"] if len(one) == 18])
def test_a_number_with_a_wrong_check_digit_or_date_is_shown_with_its_doubt(number: str) -> None:
    found = fields(front(number, birth=""))["id_number"]
    assert found.note and found.sure <= DOUBTED


@pytest.mark.parametrize(
    ("seen", "meant"),
    [
        ("5333Z418990l0I00l8", NUMBER),
        ("53332418990101OO18", NUMBER),
        ("533324 1899 0101 0018", NUMBER),
        ("５３３３２４１８９９０１０１００１８", NUMBER),
        ("11010519491231002x", "11010519491231002X"),
        ("11010519491231002×", "11010519491231002X"),
        ("110105194912310O2X", "11010519491231002X"),
    ],
)
def test_signs_that_look_like_digits_are_digits(seen: str, meant: str) -> None:
    assert fields(front(seen, birth="", sex=""))["id_number"].value == meant


def test_a_number_in_two_pieces_or_behind_its_word_is_one() -> None:
    pieces = [*front("", word="公民身份号码533324"), line("189901010018", 0.4, 0.85)]
    assert fields(pieces)["id_number"].value == NUMBER
    assert fields(front("", word=f"公民身份号码:{NUMBER}"))["id_number"].value == NUMBER


def test_a_date_misread_within_the_number_is_taken_from_the_date_that_is_printed_and_said_so() -> None:
    found = fields(front("533324189907010018"))["id_number"]
    assert found.value == NUMBER
    assert "1899-01-01" in found.note and found.sure <= DOUBTED


def test_what_contradicts_the_number_is_said() -> None:
    found = fields(front(sex="性别女", birth="出生1899年2月1日"))
    assert "第 17 位（男）" in found["sex"].note
    assert "1899-01-01" in found["birth"].note
    assert fields(front(birth="出生1899年2月30日"))["birth"].note == "没有这一天，请对照填写"
    assert fields(front("", birth="出生2099年2月3日"))["birth"].note == "晚于今天，请对照填写"


def test_birth_and_sex_that_are_not_printed_come_from_the_number_and_are_marked() -> None:
    found = fields(front(sex="", birth=""))
    assert (found["sex"].value, found["birth"].value) == ("男", "1899-01-01")
    assert "按身份证号推出" in found["sex"].note and found["birth"].sure <= DOUBTED
    assert {"sex", "birth"}.isdisjoint(
        fields(front("533324189901010011", sex="", birth=""))
    )  # a wrong one proves nothing


@pytest.mark.parametrize(("seen", "meant"), [("漢", "汉"), ("傈傈", "傈僳"), ("独龙族", "独龙"), ("纳酉", "纳西")])
def test_a_nationality_is_one_of_the_56(seen: str, meant: str) -> None:
    assert fields(front(nation=f"民族{seen}"))["nation"].value == meant


def test_the_56_are_complete_and_another_word_is_doubted() -> None:
    assert len(NATIONS) == len(set(NATIONS)) == 56
    assert "不在 56 个" in fields(front(nation="民族某某某"))["nation"].note


def test_values_beside_their_words_are_found_and_names_keep_their_dot() -> None:
    lines = [
        *front(name="", address=""),
        line("姓 名", 0.05, 0.1, 0.08),
        line("阿普•试验", 0.15, 0.1, 0.2),
        line("住址", 0.05, 0.48, 0.08),
        line("云南省怒江州福贡县民族村", 0.14, 0.48, 0.4),
    ]
    found = fields(lines)
    assert found["name"].value == "阿普·试验"
    assert found["address"].value == "云南省怒江州福贡县民族村乡孔当村4组6号"


def test_a_village_called_like_a_word_of_the_form_stays_in_the_address() -> None:
    assert fields(front(address="住址 云南省怒江州民族村", more=""))["address"].value == "云南省怒江州民族村"


def test_the_back_of_the_card_tells_office_and_term() -> None:
    def back(term: str) -> dict[str, Field]:
        lines = [line("中华人民共和国", 0.3, 0.1), line("居民身份证", 0.3, 0.2)]
        return fields([*lines, line("签发机关泸水市公安局", 0.2, 0.7), line(f"有效期限 {term}", 0.2, 0.8)])

    found = back("2020.03.05-2040.03.05")
    assert found["office"].value == "泸水市公安局"
    assert (found["valid"].value, found["valid"].note) == ("2020-03-05 至 2040-03-05", "")
    assert back("2010.01.01-长期")["valid"].value == "2010-01-01 至 长期"
    assert back("2005.01.01-2015.01.01")["valid"].note == "证件已过有效期"
    assert back("2020.01.01-2010.01.01")["valid"].note == "起止日期不对，请对照填写"


def test_a_household_page_a_social_security_card_and_a_licence() -> None:
    page = [
        line("常住人口登记卡", 0.4, 0.02),
        line("姓名 测试花", 0.05, 0.2),
        line("户主或与户主关系户主", 0.6, 0.2),
        line("性别男民族怒族", 0.05, 0.3),
        line("出生日期1899年01月01日", 0.05, 0.4),
        line(f"公民身份号码 {NUMBER}", 0.05, 0.6, 0.5),
        line("宗教信仰", 0.6, 0.6, 0.1),
        line("本市（县）其他住址", 0.05, 0.8, 0.2),
        line("云南省怒江州贡山县独龙江乡", 0.3, 0.8, 0.5),
    ]
    found = read(page, TODAY)
    assert found.kind == "household"
    assert [one.value for one in found.fields] == [
        "测试花",
        "男",
        "怒",
        "1899-01-01",
        "云南省怒江州贡山县独龙江乡",
        NUMBER,
    ]

    card = [
        line("中华人民共和国社会保障卡", 0.3, 0.1),
        line("姓名测试丰", 0.3, 0.3),
        line(f"社会保障号码 {NUMBER}", 0.3, 0.5),
    ]
    found = read(card, TODAY)
    assert (found.kind, [one.name for one in found.fields]) == (
        "social-security",
        ["name", "sex", "birth", "id_number"],
    )

    for code in KNOWN["uscc_valid"]:
        seen = code.replace("0", "O", 1) if "O" not in code else code
        licence = [
            line("营业执照", 0.4, 0.1),
            line(f"统一社会信用代码 {seen}", 0.1, 0.2),
            line("名称 怒江测试小吃店", 0.1, 0.3),
        ]
        found = read([*licence, line("经营者 测试丰", 0.1, 0.4)], TODAY)
        assert [(one.value, one.note) for one in found.fields] == [(code, ""), ("怒江测试小吃店", "")]
    licence[1] = line(f"统一社会信用代码 {KNOWN['uscc_invalid'][0]}", 0.1, 0.2)
    assert read(licence, TODAY).fields[0].note


def test_what_is_no_card_gives_nothing() -> None:
    for lines in ([], [line("通知", 0.4, 0.1), line("请各村民小组注意防火", 0.1, 0.3)]):
        found = read(lines, TODAY)
        assert (found.kind, found.fields) == ("", ())


@pytest.mark.parametrize("at", range(0, len(VECTORS), 10))
def test_the_pages_of_the_vectors_read_as_written(at: int) -> None:
    for one in VECTORS[at : at + 10]:
        assert vectors.case(vectors.lines_of(one), date.fromisoformat(one["today"])) == one


@given(st.lists(st.tuples(st.text(max_size=30), st.floats(0, 1), st.floats(0, 0.9), st.floats(0, 0.9)), max_size=12))
def test_no_print_breaks_it(seen: list[tuple[str, float, float, float]]) -> None:
    words = ["姓名", "公民身份号码", "出生", "有效期限2020.1.1-", "统一社会信用代码"]
    lines = [line(words[at % 5] + text, x, y, 0.1, sure) for at, (text, sure, x, y) in enumerate(seen)]
    for one in read(lines, TODAY).fields:
        assert one.value and 0 <= one.sure <= 1
