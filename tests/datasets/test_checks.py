"""One test for each rule that an item must satisfy: each starts from a real item and breaks it in one place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from datasets.checks import FIELDS, check, check_item
from datasets.rows import Document
from datasets.sources import Fault, Sources, read

SOURCES = read()
GOOD = next(item for item in SOURCES.items if item["slug"] == "household-move")
MATERIAL = {"name": "新材料", "form": "原件", "copies": 1, "necessity": "必要", "source": "村委会"}


def broken(**changed: Any) -> list[tuple[str, str]]:
    """Faults of a good item with some fields changed."""
    return check_item({**copy.deepcopy(GOOD), **changed}, SOURCES.codes)


def test_the_real_catalogue_has_no_fault() -> None:
    assert check(SOURCES) == []
    assert len(SOURCES.items) == 75
    assert len(SOURCES.regions) == 337


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_field_is_needed(name: str) -> None:
    document = {key: value for key, value in GOOD.items() if key != name}
    assert check_item(document, SOURCES.codes) == [(name, "缺少这一项")]


def test_an_unknown_field_is_named() -> None:
    assert broken(colour="red") == [("colour", "不认识的字段")]


CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "name", "不能为空"),
    ({"name": 7}, "name", "应是文字"),
    ({"name": "长" * 2001}, "name", "超过"),
    ({"name": " 前面有空格"}, "name", "首尾有空格"),
    ({"base_code": 12}, "base_code", "应是文字"),
    ({"slug": "Bad_Slug"}, "slug", "小写字母"),
    ({"site_visits": -1}, "site_visits", "0 到 9"),
    ({"site_visits": True}, "site_visits", "0 到 9"),
    ({"site_visits": "1"}, "site_visits", "0 到 9"),
    ({"verify": "yes"}, "verify", "true 或 false"),
    ({"verified_on": "2026-02-30"}, "verified_on", "应是日期"),
    ({"verified_on": 20260101}, "verified_on", "应是日期"),
    ({"levels": []}, "levels", "至少要有一条"),
    ({"levels": ["99"]}, "levels", "不在代码表"),
    ({"aliases": "迁户口"}, "aliases", "应是列表"),
    ({"aliases": []}, "aliases", "至少要有一条"),
    ({"aliases": ["迁户口", "迁户口"]}, "aliases", "写了两次"),
    ({"steps": ["好", ""]}, "steps[2]", "不能为空"),
    ({"legal_basis": []}, "legal_basis", "至少要有一条"),
    ({"sources": []}, "sources", "至少要有一条"),
    ({"domain": "nowhere"}, "domain", "不在代码表"),
    ({"task_type": "99"}, "task_type", "不在代码表"),
    ({"project_type": "7"}, "project_type", "不在代码表"),
    ({"materials": {}}, "materials", "应是列表"),
    ({"materials": ["身份证"]}, "materials[1]", "应写明"),
    ({"materials": [{**MATERIAL, "copies": "1"}]}, "materials[1].copies", "应是份数"),
    ({"materials": [{**MATERIAL, "copies": -1}]}, "materials[1].copies", "应是份数"),
    ({"materials": [{**MATERIAL, "necessity": "也许"}]}, "materials[1].necessity", "之一"),
    ({"materials": [{**MATERIAL, "name": ""}]}, "materials[1].name", "不能为空"),
    ({"materials": [MATERIAL, MATERIAL]}, "materials", "写了两次"),
    ({"situations": []}, "situations", "至少要有一种情形"),
    ({"situations": [{"name": "只有名字"}]}, "situations[1]", "应写明"),
    ({"qa": []}, "qa", "至少要有一条问答"),
    ({"qa": [{"q": "问"}]}, "qa[1]", "应写明"),
    ({"qa": [{"q": "问", "a": ""}]}, "qa[1].a", "不能为空"),
    ({"qa": [{"q": "问", "q_full": "问", "a": "答"}]}, "qa[1].q_full", "不要写"),
    ({"project_type": "1"}, "project_type", "应是承诺件"),
    ({"promised_limit": "当场办结"}, "project_type", "应是即办件"),
    ({"site_visits": 1, "site_visits_reason": ""}, "site_visits_reason", "写明原因"),
    ({"site_visits": 0}, "site_visits_reason", "不要写原因"),
    ({"site_visits": 0, "site_visits_reason": ""}, "site_visits", "要有网上"),
    ({"verify": True, "verify_fields": []}, "verify_fields", "写明核实哪几项"),
    ({"fee": "问 13800000000"}, "fee", "身份证号或手机号"),
    ({"place": "身份证 11010519491231002X"}, "place", "身份证号或手机号"),
]


@pytest.mark.parametrize(("changed", "field", "said"), CASES, ids=[f"{field}-{said}" for _, field, said in CASES])
def test_each_fault_is_named_with_its_field(changed: dict[str, Any], field: str, said: str) -> None:
    assert any(found == field and said in message for found, message in broken(**changed)), broken(**changed)


def situation(**changed: Any) -> dict[str, Any]:
    return {"name": "一种情形", "note": "", "add_materials": [MATERIAL], "remove_materials": [], **changed}


@pytest.mark.parametrize(
    ("situations", "field", "said"),
    [
        ([situation(), situation()], "situations", "写了两次"),
        ([situation(remove_materials=["没有这份"])], "situations[1].remove_materials", "材料清单里没有"),
        ([situation(add_materials=[])], "situations", "至少有一种情形要增减"),
        ([situation(name="")], "situations[1].name", "不能为空"),
        ([situation(add_materials=[{**MATERIAL, "form": ""}])], "situations[1].add_materials[1].form", "不能为空"),
    ],
)
def test_situations_fit_the_list_of_materials(situations: list[dict[str, Any]], field: str, said: str) -> None:
    assert any(found == field and said in message for found, message in broken(situations=situations))


def test_an_item_without_visits_is_fine_when_it_can_be_done_from_afar() -> None:
    assert broken(site_visits=0, site_visits_reason="", place="手机或网上办理") == []


def folder(**changed: Any) -> Sources:
    """The real folder with some parts changed."""
    values = {"items": SOURCES.items, "regions": SOURCES.regions, "rewrites": SOURCES.rewrites, "codes": SOURCES.codes}
    return Sources(**{**values, **changed})


def twin(change: Callable[[Document], None]) -> Sources:
    other = copy.deepcopy(GOOD)
    other |= {"slug": "twin", "code": "NJ-99-XX-999", "name": "另一个事项"}
    change(other)
    return folder(items=[*SOURCES.items, other])


@pytest.mark.parametrize("name", ["slug", "code", "name"])
def test_no_two_items_share_what_names_them(name: str) -> None:
    faults = check(twin(lambda other: other.update({name: GOOD[name]})))
    assert any(fault.field == name and "与别的事项重复" in fault.message for fault in faults)


@pytest.mark.parametrize(
    ("part", "row", "said"),
    [
        ("regions", {"code": "533300000000", "name": "重复", "level": "county", "parent": ""}, "区划代码有重复"),
        ("regions", {"code": "5333", "name": "短", "level": "county", "parent": ""}, "12 位数字"),
        ("regions", {"code": "533399000000", "name": "孤", "level": "county", "parent": "999999000000"}, "不在表中"),
        ("rewrites", {"colloquial": "咋个", "standard": "", "kind": "x", "source": ""}, "两边都要写"),
    ],
)
def test_tables_hold_together(part: str, row: dict[str, str], said: str) -> None:
    faults = check(folder(**{part: [*getattr(SOURCES, part), row]}))
    assert any(said in fault.message for fault in faults)


def test_a_word_is_rewritten_one_way_only() -> None:
    word = SOURCES.rewrites[0]
    assert any("写了两次" in fault.message for fault in check(folder(rewrites=[*SOURCES.rewrites, word])))


def test_faults_are_sorted_and_read_as_one_line() -> None:
    faults = check(twin(lambda other: other.update(fee="", place="")))
    assert faults == sorted(faults)
    assert str(faults[0]) == "items/twin.yaml: fee: 不能为空"
    assert isinstance(faults[0], Fault)
