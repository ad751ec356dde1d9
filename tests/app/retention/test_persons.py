"""What a person may ask for (个人信息保护法 44 至 47): to see it, to take it along, to have it deleted; and who may help."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import ledger
from app.accounts import store as accounts
from tests.app.retention.test_retention import decide, post, row
from tests.app.village import Village

LogIn = Callable[[str], FlaskClient]
NUMBER, OTHER = "11010519491231002X", "533324189901010018"
PERSON = "/retention/person"


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


def file(village: Village, counter: int, **change: Any) -> str:
    event = village.case(counter)
    event["body"] |= change
    (verdict,) = village.round(event).json["verdicts"]
    assert verdict["verdict"] == "accepted", verdict
    return str(event["subject"])


def look(client: FlaskClient, number: str = NUMBER, reason: str = "self") -> Any:
    return post(client, PERSON, PERSON, number=number, reason=reason)


def then(client: FlaskClient, page: Any, act: str, number: str = NUMBER, **data: str) -> Any:
    token = re.search(r'name="token" value="([^"]+)"', page.get_data(as_text=True))
    assert token
    return post(client, f"{PERSON}/{act}", PERSON, token=token[1], number=number, **data)


def requests(app: Flask) -> list[tuple[str, str, int]]:
    with app.extensions["jjb_db"].read() as connection:
        found = list(ledger.read(connection, name="personal.requested"))
    assert NUMBER not in str(found)
    return [(one.body["act"], one.body["reason"], len(one.body["subjects"])) for one in found]


def test_a_person_gets_everything_that_is_kept_of_them_and_nothing_of_others(
    app: Flask, village: Village, log_in: LogIn
) -> None:
    mine = file(village, 1)
    others = file(village, 2, applicant={"name": "别人", "id_number": OTHER, "phone": "", "region": "", "address": ""})
    decide(log_in("agent1"), mine)
    village.round({**village.rating(mine, 2)})
    manager = log_in("manager")
    page = look(manager, " 110105 19491231 002x ")
    assert mine in page.get_data(as_text=True)
    assert others not in page.get_data(as_text=True)
    assert page.headers["Cache-Control"] == "no-store"
    copy = then(manager, page, "copy", **{"as": "json"})
    (told,) = json.loads(copy.get_data(as_text=True))["记录"]
    assert (told["编号"], told["申请人"]["phone"], told["办理结果"]) == (mine, "13800000000", "准予。证号 云A-001")
    assert told["评价"][0]["想说的话"] == "态度很好"
    printed = then(manager, page, "copy").get_data(as_text=True)
    assert all(word in printed for word in ("阿普山", "13800000000", "态度很好", "请阿普山来领"))
    assert requests(app) == [("export", "self", 1)]


def test_what_is_over_is_deleted_on_request_and_what_runs_stays_with_its_reason(
    app: Flask, village: Village, log_in: LogIn
) -> None:
    over, running = file(village, 1), file(village, 2, item="residence-permit")
    decide(log_in("agent1"), over)
    manager = log_in("manager")
    page = look(manager)
    assert "办件还是“已提交”" in page.get_data(as_text=True)
    said = then(manager, page, "delete").get_data(as_text=True)
    assert "已删除 1 项" in said
    assert "还有 1 项没有删除" in said
    assert row(app, over).sealed == "{}"
    assert row(app, running).sealed != "{}"
    assert requests(app) == [("export", "self", 2), ("delete", "self", 1)]
    assert over not in look(manager).get_data(as_text=True)
    assert village.round().json["downlink"][-1]["kind"] == "case.forget"
    refused = then(manager, look(manager), "delete")
    assert refused.status_code == 409
    assert refused.json["error"]["message"] == "没有删除：办件还是“已提交”。"


def test_a_hold_keeps_it_back(village: Village, log_in: LogIn) -> None:
    case_no = file(village, 1)
    decide(log_in("agent1"), case_no)
    manager = log_in("manager")
    post(manager, "/retention/hold", subject=case_no, reason="行政诉讼正在审理")
    page = look(manager)
    assert "已设为保留" in page.get_data(as_text=True)
    assert then(manager, page, "delete").status_code == 409


def test_whoever_acted_for_another_is_found_and_goes_with_that_case(village: Village, log_in: LogIn) -> None:
    proxy = {"name": "代办人", "id_number": OTHER, "phone": "13900000000", "relation": "子女"}
    case_no = file(village, 1, proxy=proxy)
    decide(log_in("agent1"), case_no)
    manager = log_in("manager")
    page = look(manager, OTHER)
    assert "别人的办件" in page.get_data(as_text=True)
    told = then(manager, page, "copy", OTHER, **{"as": "json"}).get_data(as_text=True)
    assert "13900000000" in told
    assert "阿普山" not in told
    assert then(manager, page, "delete", OTHER).status_code == 409


@pytest.mark.parametrize(
    ("number", "reason", "word"),
    [
        ("110105194912310021", "self", "校验不对"),
        ("91350100M000100Y44", "self", "统一社会信用代码"),
        ("张三", "self", "7 到 20 位"),
        ("", "self", "7 到 20 位"),
        (NUMBER, "", "缘由"),
        (NUMBER, "好奇", "缘由"),
    ],
)
def test_a_look_up_that_means_nothing_is_refused_and_the_number_not_shown_again(
    app: Flask, log_in: LogIn, number: str, reason: str, word: str
) -> None:
    answer = look(log_in("manager"), number, reason)
    assert answer.status_code == 422
    assert word in answer.get_data(as_text=True)
    assert not number or number not in answer.get_data(as_text=True)
    assert requests(app) == []


def test_nobody_else_may_and_nobody_goes_on_with_another_ones_find(app: Flask, village: Village, log_in: LogIn) -> None:
    file(village, 1)
    assert log_in("agent1").get(PERSON).status_code == 403
    assert log_in("inspector").get(PERSON).status_code == 403
    manager = log_in("manager")
    page = look(manager)
    assert then(manager, page, "delete", OTHER).status_code == 410  # another number under the same find
    assert then(log_in("admin"), page, "copy").status_code == 410
    assert post(manager, f"{PERSON}/copy", PERSON, token="x", number=NUMBER).status_code == 410


def test_what_lies_elsewhere_is_said_but_not_shown(app: Flask, village: Village, log_in: LogIn) -> None:
    case_no = file(village, 1)
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(
            accounts.person.update().where(accounts.person.c.username == "manager").values(region="533324000000")
        )
    page = look(log_in("manager")).get_data(as_text=True)
    assert case_no not in page
    assert "还有 1 项不在您的辖区" in page
