"""Mandates and guardians: the rules shared with the village page, and what the centre does with what devices send."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.handling import mandate
from tests.app.handling.test_cases import post
from tests.app.village import Village

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "mandate.json").read_text("utf-8"))
LogIn = Callable[[str], FlaskClient]


def named(rows: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=[row["name"] for row in rows])


@named(VECTORS["mandates"])
def test_a_mandate_holds_or_says_why_not(row: dict[str, Any]) -> None:
    day = date.fromisoformat(row["day"])
    found = mandate.mandate_fault(row["mandate"], row["applicant"], row["proxy"], row["item"], day, row["papers"])
    assert found == row["fault"]


@named(VECTORS["acting"])
def test_who_may_act_for_whom(row: dict[str, Any]) -> None:
    day = date.fromisoformat(row["day"])
    assert mandate.acting_fault(row["applicant"], row["proxy"], day, alone=row["alone"]) == row["fault"]
    assert mandate.needs_mandate(row["applicant"], row["proxy"], day) == row["needs"]


def test_ages_and_ink_are_counted_as_on_the_device() -> None:
    for row in VECTORS["ages"]:
        assert mandate.age_on(row["id_number"], date.fromisoformat(row["day"])) == row["age"]
    for row in VECTORS["ink"]:
        strokes = mandate.strokes_of(row["strokes"])
        assert (mandate.ink(strokes), len(strokes)) == (row["ink"], row["count"])


PROXY = {"name": "测试友", "id_number": "533324188803010028", "phone": "13800000000", "relation": "其他"}


def proxied(village: Village, counter: int = 1, **change: Any) -> dict[str, Any]:
    """A case that a proxy hands in with a mandate signed on the screen."""
    event = village.case(counter)
    applicant = event["body"]["applicant"]
    event["body"]["proxy"] = PROXY
    event["body"]["mandate"] = {
        "way": "signed",
        "item": event["body"]["item"],
        "powers": ["submit", "collect"],
        "since": "2026-11-23",
        "until": "2026-12-23",
        "principal_name": applicant["name"],
        "principal_id": applicant["id_number"],
        "principal_relation": "本人",
        "agent_name": PROXY["name"],
        "agent_id": PROXY["id_number"],
        "strokes": "10,10 200,40|300,80 320,200",
        "signed_at": "2026-11-23T02:00:00.000Z",
        **change,
    }
    return event


def verdict(village: Village, event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = village.round(event).json["verdicts"][0]
    return found


def test_the_department_sees_that_somebody_acts_by_a_mandate_and_the_signature_after_a_reason(
    app: Flask, log_in: LogIn
) -> None:
    village = Village(app)
    event = proxied(village)
    assert verdict(village, event)["verdict"] == "accepted"
    case_no = event["body"]["case_no"]
    agent = log_in("agent1")
    page = agent.get(f"/handling/{case_no}").get_data(as_text=True)
    assert "屏幕上签名，2026-11-23 至 2026-12-23，可代为提交申请和材料；领取结果" in page
    assert "没有委托书" not in page
    for personal in (PROXY["name"], PROXY["id_number"], "10,10"):
        assert personal not in page
    opened = post(agent, case_no, "unmask", reason="核对委托").get_data(as_text=True)
    assert '<polyline points="10,10 200,40 "/>' in opened
    assert PROXY["name"] in opened


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"principal_name": "测试水"}, "委托人和办事人对不上"),
        ({"agent_name": "测试水"}, "代办人对不上"),
        ({"item": "id-card"}, "写的不是这件事"),
        ({"until": "2026-11-22", "since": "2026-11-01"}, "已经过期，只到 2026-11-22"),
        ({"way": "paper"}, "还没有拍下纸质委托书"),
        ({"strokes": ""}, "还没有签名"),
    ],
)
def test_a_mandate_that_does_not_hold_is_refused_with_a_sentence(
    app: Flask, change: dict[str, Any], sentence: str
) -> None:
    village = Village(app)
    found = verdict(village, proxied(village, **change))
    assert found["verdict"] == "rejected"
    assert found["problem"]["code"] == "case.mandate"
    assert sentence in found["problem"]["message"]


def test_a_paper_mandate_counts_when_its_photo_is_named(app: Flask) -> None:
    village = Village(app)
    event = proxied(village, way="paper", strokes="")
    event["body"]["files"] = [{"material": "授权委托书", "sha256": "0" * 64, "bytes": 1000, "kind": "image/jpeg"}]
    assert verdict(village, event)["verdict"] == "accepted"


def test_older_programs_send_proxies_without_a_mandate_and_children_alone_and_are_flagged(
    app: Flask, log_in: LogIn
) -> None:
    village = Village(app)
    bare, child, guarded = village.case(1), village.case(2), village.case(3)
    bare["body"]["proxy"] = PROXY
    for event in (child, guarded):  # the synthetic person of 1899 was eleven then
        event["body"]["applicant"] |= {"id_number": "533324189901010018"}
        event["body"]["case_no"] = event["subject"] = event["subject"].replace("20261123", "19100501")
    guarded["body"]["proxy"] = PROXY | {"relation": "父母"}
    reply = village.round(bare, child, guarded)
    assert [one["verdict"] for one in reply.json["verdicts"]] == ["accepted"] * 3
    agent = log_in("agent1")
    pages = [
        agent.get(f"/handling/{event['body']['case_no']}").get_data(as_text=True) for event in (bare, child, guarded)
    ]
    assert "代办，没有委托书" in pages[0]
    assert "未满 18 岁，没有监护人" in pages[1]
    assert "需复核" not in pages[2]
