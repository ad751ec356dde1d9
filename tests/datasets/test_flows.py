"""Guided flows: every rule that holds one back, the written form, the walk, and the whole catalogue's flows."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml

from datasets.__main__ import coverage
from datasets.checks import check_item
from datasets.flow_checks import check_flow, check_targets, ends
from datasets.flow_text import Flow, parse, write
from datasets.guiding import personal_list, preselect, remaining, walk
from datasets.sources import FOLDER, read
from tests.datasets import flow_vectors

SOURCES = read()
ITEMS = {item["slug"]: item for item in SOURCES.items}
CARD = ITEMS["id-card"]
BY_SLUG = pytest.mark.parametrize("item", SOURCES.items, ids=list(ITEMS))


def faults(change: str, by: str) -> list[str]:
    """Faults of the identity card's flow with one piece of its text put in place of another."""
    text = write(CARD["flow"])
    assert change in text
    flow, unreadable = parse(text.replace(change, by, 1))
    return [message for _, message in unreadable] + [m for _, m in check_flow({**copy.deepcopy(CARD), "flow": flow})]


@BY_SLUG
def test_every_item_has_a_flow_that_comes_back_from_its_text(item: dict[str, Any]) -> None:
    flow = item["flow"]
    assert flow
    assert parse(write(flow)) == (flow, [])


@BY_SLUG
def test_every_way_through_every_flow_ends_with_something_to_do(item: dict[str, Any]) -> None:
    asked = 0
    for picks, state in ends(item["flow"]):
        asked = max(asked, len(picks))
        assert state.end in ("done", "human", "stop", "item")
        if state.end == "done":
            assert personal_list(item, state.situations)["bring"]
        else:
            assert state.notes
    assert 2 <= asked <= 5
    assert remaining(item["flow"], 1) == asked


@BY_SLUG
def test_every_situation_of_an_item_is_the_end_of_some_way(item: dict[str, Any]) -> None:
    reached = {name for _, state in ends(item["flow"]) for name in state.situations}
    assert reached == {situation["name"] for situation in item["situations"]}


def test_the_coverage_is_said_in_one_line() -> None:
    assert coverage(SOURCES).startswith("流程覆盖 75/75：")
    assert "情形 308/308" in coverage(SOURCES)


def test_the_files_are_yaml_too() -> None:
    for path in (FOLDER / "flows").glob("*.yaml"):
        questions = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert [key.split()[0] for key in questions] == [question["id"] for question in ITEMS[path.stem]["flow"]]


@pytest.mark.parametrize(
    ("change", "by", "expected"),
    [
        ("去 行动", "去 行走", "没有短名为“行走”的问题"),
        ("能去 ｜词 能去 ｜情形 一般情况", "能去 ｜情形 一般情况 ｜去 原因", "绕回去了：原因 → 年龄 → 行动 → 原因"),
        ("情形 首次申领", "情形 头次申领", "事项没有情形“头次申领”"),
        ("情形 丢失补领", "情形 到期换领", "情形“丢失补领”走不到"),
        ("- 不清楚 ｜说 先找找", "- 说不好 ｜去 问人 ｜说 先找找", "缺少“不清楚”这一行"),
        ("、头一回", "、丢了", "“丢了”写给了两个回答"),
        ("、头一回", "、新", "“词”至少两个字"),
        ("｜词 第一次", "｜词语 第一次", "看不懂“词语 第一次"),
        ("｜情形 首次申领", "｜情形 首次申领 ｜情形 首次申领", "“情形”写了两次"),
        ("年龄 办证的人满 16 岁了吗？:", "年龄 办证的人满 16 岁了吗？", "问题应写成"),
        ("年龄 办证", "办 办证", "短名不能用“办”"),
        ("- 满了", "- ｜去 问人", "回答前面要写"),
        ("- 还没满", "- 满了", "回答“满了”写了两次"),
        ("｜说 第一次办不收工本费。", "｜去 不用办", "要用“说”讲清楚"),
        ("原因 这次为什么办身份证？:", "- 早了一行\n原因 这次为什么办身份证？:", "回答前面要先写一个问题"),
    ],
)
def test_a_broken_flow_is_held_back_with_the_reason(change: str, by: str, expected: str) -> None:
    assert any(expected in message for message in faults(change, by)), faults(change, by)


def test_a_fault_names_its_line() -> None:
    text = "原因 为什么？:\n- 丢了\n\n# 说明行不算\n- 坏了 ｜那 里\n"
    assert parse(text)[1] == [(5, "看不懂“那 里”：｜后面应是 词、情形、去、说 之一，空一格再写内容")]


def test_a_question_that_nobody_reaches_is_named() -> None:
    flow = copy.deepcopy(CARD["flow"])
    for answer in (*flow[0]["answers"], flow[0]["unsure"]):
        answer["go"], answer["target"] = "done", ""
    assert ("flow", "问题“年龄”谁也走不到") in check_flow({**CARD, "flow": flow})


def test_an_end_without_situation_or_without_materials_is_held_back() -> None:
    flow = copy.deepcopy(CARD["flow"])
    for question in flow:
        for answer in (*question["answers"], question["unsure"]):
            answer["situations"] = [name for name in answer["situations"] if name != "一般情况"]
    assert any("没有对上任何情形" in message for _, message in check_flow({**CARD, "flow": flow}))
    forest = copy.deepcopy(ITEMS["forest-cutting"])
    forest["flow"][0]["answers"][0]["go"] = "done"
    assert any("一样材料也没有" in message for _, message in check_flow(forest))


def test_a_flow_may_lead_to_an_item_that_there_is_and_not_to_itself() -> None:
    assert check_targets(ITEMS["food-operation"], set(ITEMS)) == []
    assert check_targets(ITEMS["food-operation"], set(ITEMS) - {"food-workshop"}) == [
        ("flow", "没有事项“food-workshop”")
    ]
    assert check_targets({**ITEMS["food-operation"], "slug": "food-workshop"}, set(ITEMS)) == [
        ("flow", "“去 事项”指着自己")
    ]


def test_an_item_without_a_flow_is_no_fault() -> None:
    assert check_item({**CARD, "flow": []}, SOURCES.codes) == []
    assert walk([], [(1, 1)]).end == "done"


@pytest.mark.parametrize("flow", [None, "原因", [{"id": "原因"}], [CARD["flow"][0]], CARD["flow"] * 2])
def test_a_flow_of_another_shape_is_a_fault_and_no_crash(flow: Flow) -> None:
    if flow is None:
        flow = []
        assert check_flow({**CARD, "flow": flow}) == []
    else:
        assert check_flow({**CARD, "flow": flow})


def test_words_of_a_question_choose_an_answer_and_denial_does_not() -> None:
    flow = CARD["flow"]
    chosen = {1: 3}
    assert preselect(flow, "身份证丢了咋个办") == chosen
    assert flow[0]["answers"][2]["situations"] == ["丢失补领"]
    assert preselect(flow, "身份证没丢了") == {}
    assert preselect(flow, "娃娃的身份证掉了") == {1: 3, 2: 2}


def test_the_vectors_are_those_of_today() -> None:
    assert json.loads(flow_vectors.VECTORS.read_text(encoding="utf-8")) == json.loads(json.dumps(flow_vectors.cases()))
