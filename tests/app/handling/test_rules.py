"""智能代办, pure: tests/vectors/check_vectors.json (run by vitest too) and the states of a case."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.handling import rules
from datasets import workdays
from datasets.sources import read

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "check_vectors.json").read_text("utf-8"))
CALENDAR = workdays.load()
CHECKS = "0123456789X"


@pytest.mark.parametrize("number", VECTORS["id_valid"])
def test_a_right_citizen_number_passes(number: str) -> None:
    assert rules.id_number_fault(number) == ""


@pytest.mark.parametrize("number", [*VECTORS["id_invalid"], "", "x" * 18, "11010519491231002x"])
def test_a_wrong_citizen_number_says_why(number: str) -> None:
    assert rules.id_number_fault(number)


@given(st.sampled_from(VECTORS["id_valid"]), st.integers(0, 17), st.sampled_from(CHECKS))
def test_any_single_mistyped_digit_is_found(number: str, at: int, other: str) -> None:
    changed = number[:at] + other + number[at + 1 :]
    assert (rules.id_number_fault(changed) == "") == (changed == number)


@given(st.sampled_from(VECTORS["id_valid"]), st.integers(0, 16))
def test_two_swapped_neighbours_are_found(number: str, at: int) -> None:
    changed = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert (rules.id_number_fault(changed) == "") == (changed == number)


@pytest.mark.parametrize("code", VECTORS["uscc_valid"])
def test_a_right_credit_code_passes(code: str) -> None:
    assert rules.uscc_fault(code) == ""


@pytest.mark.parametrize("code", [*VECTORS["uscc_invalid"], "", "9135"])
def test_a_wrong_credit_code_says_why(code: str) -> None:
    assert rules.uscc_fault(code)


@pytest.mark.parametrize("one", VECTORS["masking"])
def test_masks_are_those_of_the_vectors(one: dict[str, str]) -> None:
    assert rules.mask(one["raw"]) == one["masked"]


@given(st.text(min_size=2, max_size=30))
def test_a_mask_hides_something_of_whatever_was_typed(text: str) -> None:
    assert "*" in rules.mask(text)
    assert len(rules.mask(text)) == len(text)


def test_every_state_has_a_name_and_every_way_leads_to_a_state() -> None:
    assert set(rules.NEXT) == set(rules.STATES)
    assert {target for targets in rules.NEXT.values() for target in targets} <= set(rules.STATES)


Step = rules.Step


@pytest.mark.parametrize(
    ("state", "step", "words"),
    [
        ("submitted", Step("accepted"), ""),
        ("submitted", Step("accepted", owed=("户口簿",), owed_days=5), ""),
        ("submitted", Step("accepted", owed=("房产证",), owed_days=5), "不在还缺的材料里"),
        ("submitted", Step("accepted", owed=("户口簿",)), "后补的期限"),
        ("submitted", Step("accepted", owed=("户口簿",), owed_days=61), "后补的期限"),
        ("submitted", Step("done", outcome="granted"), "不能转为"),
        ("submitted", Step("returned", " "), "缺的一次写全"),
        ("submitted", Step("returned", missing=("户口簿",)), ""),
        ("submitted", Step("returned", "照片看不清"), ""),
        ("submitted", Step("refused"), "写明原因"),
        ("returned", Step("submitted"), "不能转为"),  # only what the village sends does that
        ("returned", Step("returned", owed=("户口簿",)), "不能转为"),
        ("processing", Step("returned", "x", owed=("户口簿",)), "受理的时候"),
        ("processing", Step("done"), "准予还是不予"),
        ("processing", Step("done", outcome="maybe"), "准予还是不予"),
        ("processing", Step("done", outcome="granted"), ""),
        ("processing", Step("done", outcome="denied"), "申诉"),
        ("processing", Step("done", "不符合条件，可申请复议", outcome="denied"), ""),
        ("done", Step("processing", "x"), "不能转为"),
        ("submitted", Step("nowhere"), "不能转为"),
        ("nowhere", Step("done"), "不能转为"),
    ],
)
def test_steps(state: str, step: rules.Step, words: str) -> None:
    fault = rules.move_fault(state, step, ["户口簿"], [])
    assert words in fault
    assert bool(words) == bool(fault)


def test_nothing_is_granted_while_materials_are_owed() -> None:
    assert "户口簿" in rules.move_fault("processing", Step("done", outcome="granted"), ["户口簿"], ["户口簿"])
    assert rules.move_fault("processing", Step("done", "没有补齐", outcome="denied"), ["户口簿"], ["户口簿"]) == ""


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("15个工作日", (15, True)),
        ("审核20个工作日", (20, True)),
        ("即时办结或10个工作日", (10, True)),
        ("急难型24小时内先行救助,其余10个工作日", (10, True)),
        ("1个工作日(不含10日推送期)", (1, True)),
        ("当场或3日内", (3, False)),
        ("30日", (30, False)),
        ("一个月", (30, False)),
        ("3个月", (90, False)),
        ("当日或次日", (1, True)),
        ("当场", (0, True)),
        ("即时办结", (0, True)),
        ("一学期", (20, True)),
        ("", (20, True)),
    ],
)
def test_a_promise_in_words_becomes_a_term(text: str, term: tuple[int, bool]) -> None:
    assert rules.term_of(text, 20) == term


def test_every_promise_of_the_catalogue_becomes_a_term_that_is_near_what_it_says() -> None:
    for item in read().items:
        days, _ = rules.term_of(item["promised_limit"], 20)
        assert 0 <= days <= 60, item["promised_limit"]


@pytest.mark.parametrize(
    ("promised", "last"),
    [("当场", "2026-09-30"), ("1个工作日", "2026-10-08"), ("5日", "2026-10-08"), ("一学期", "2026-11-03")],
)
def test_a_term_never_ends_on_a_day_off(promised: str, last: str) -> None:
    assert rules.decide_by(date(2026, 9, 30), promised, 20, CALENDAR).isoformat() == last


@pytest.mark.parametrize(
    ("due", "words", "look"),
    [
        ("2026-11-25", "今天到期", "warn"),
        ("2026-11-27", "还有 2 个工作日", "warn"),
        ("2026-11-30", "还有 3 个工作日", ""),
        ("2026-11-24", "超期 1 个工作日", "bad"),
        ("2026-11-20", "超期 3 个工作日", "bad"),
    ],
)
def test_how_a_term_stands(due: str, words: str, look: str) -> None:
    assert rules.mark_of(due, date(2026, 11, 25), 2, CALENDAR) == (words, look)


def test_no_term_no_mark_and_over_on_a_weekend_is_over() -> None:
    assert rules.mark_of(None, date(2026, 11, 25), 2, CALENDAR) is None
    assert rules.mark_of("2026-11-27", date(2026, 11, 28), 2, CALENDAR) == ("超期 1 个工作日", "bad")


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("公安局(派出所)", "公安局"),
        ("民政局、残联(乡镇受理)", "民政局"),
        ("财政/民政/发改(以本地分工为准)", "财政"),
        ("人力资源和社会保障局(农业农村局联办)", "人力资源和社会保障局"),
        ("", ""),
    ],
)
def test_the_department_that_leads(text: str, department: str) -> None:
    assert rules.department_of(text) == department


def test_lines_lose_blanks_and_repeats() -> None:
    assert rules.lines(" 户口簿；\n\n照片 2 张。\n户口簿\n") == ("户口簿", "照片 2 张")
    assert len(rules.lines("\n".join(map(str, range(99))))) == 30


@pytest.mark.parametrize(
    ("number", "case_no", "words"),
    [
        ("11010519491231002X", "NJ53330100120261123AB0001", ""),
        ("110105194912310021", "NJ53330100120261123AB0001", "校验"),
        ("", "NJ53330100120261123AB0001", "没有填"),
        ("11010519491231002X", "NJ53332420420261123AB0001", "编号"),
        ("11010519491231002X", "NJ53330100120261123AC0001", "编号"),
    ],
)
def test_what_must_be_looked_at_again(number: str, case_no: str, words: str) -> None:
    reason = rules.review_reason(number, case_no, "533301001003", "AB")
    assert words in reason
    assert bool(reason) == bool(words)


BROUGHT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "brought.json").read_text("utf-8"))


@pytest.mark.parametrize("row", BROUGHT["rows"], ids=[row["name"] for row in BROUGHT["rows"]])
def test_what_has_come_stays_come(row: dict[str, Any]) -> None:
    before, now, after = (
        [{"name": name, "have": have} for name, have in row[key]] for key in ("before", "now", "after")
    )
    assert rules.brought(before, now) == after
