"""Following a case with the number and the secret of the receipt: what is shown, what is not, and who keeps out."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import ledger
from tests.app.handling.test_cases import NAME, NUMBER, post
from tests.app.handling.test_worklist import file, send, told
from tests.app.village import Village
from tests.conftest import LogIn

SECRET = "ABCD2345"


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


def look(client: FlaskClient, case_no: str, secret: str = SECRET, path: str = "/follow", **data: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/follow").get_data(as_text=True))
    assert token
    return client.post(path, data={"csrf_token": token[1], "no": case_no, "secret": secret, **data})


def rate(client: FlaskClient, case_no: str, level: str, **data: str) -> TestResponse:
    return look(client, case_no, path="/follow/rate", level=level, **data)


def finished(village: Village, log_in: LogIn, counter: int = 1) -> str:
    case_no, agent = file(village, counter, follow=SECRET), log_in("agent1")
    post(agent, case_no, "move", state="accepted")
    post(agent, case_no, "move", state="done", outcome="granted", result="临时身份证 1 张，到服务点领")
    return case_no


def test_number_and_secret_show_how_far_it_is_and_no_more_of_the_person(
    village: Village, client: FlaskClient, log_in: LogIn
) -> None:
    case_no = file(village, follow=SECRET)
    reply = look(client, f" {case_no[:11].lower()} {case_no[11:]} ", "abcd-2345")  # as people type
    page = reply.get_data(as_text=True)
    assert reply.status_code == 200
    assert "部门收到了" in page
    assert "阿*山" in page
    assert "和谐社区" in page
    for personal in (NAME, NUMBER, "1101", "13800000000"):
        assert personal not in page
    assert "/handling/" not in page
    agent = log_in("agent1")
    post(agent, case_no, "move", state="returned", missing="照片", more="申请书要签名", note="都齐了再来")
    post(agent, case_no, "note", text="内部的话")
    page = look(client, case_no).get_data(as_text=True)
    for words in ("要补材料", "<strong>照片</strong>", "申请书要签名", "都齐了再来"):
        assert words in page
    assert "内部的话" not in page
    assert "坐席一号" not in page
    send(village, "case.supplemented", case_no, materials=[])
    post(agent, case_no, "move", state="accepted")
    page = look(client, case_no).get_data(as_text=True)
    assert "正在办，最晚" in page
    post(agent, case_no, "move", state="done", outcome="granted", result="证 1 本")
    assert "办完了。准予。证 1 本" in look(client, case_no).get_data(as_text=True)


def test_a_wrong_secret_and_a_wrong_number_get_the_same_answer(village: Village, client: FlaskClient) -> None:
    case_no = file(village, 1, follow=SECRET)
    old = file(village, 2)  # handed in with an earlier program: no secret, nobody follows it
    unknown = case_no[:-4] + "0099"
    tries = [
        (case_no, "ABCD2346"),
        (unknown, SECRET),
        (old, SECRET),
        (old, ""),
        (case_no, ""),
        ("", SECRET),
        ("x" * 99, "-"),
    ]
    answers = [look(client, number, secret) for number, secret in tries]
    assert [answer.status_code for answer in answers] == [404] * len(tries)
    assert {"没有查到" in answer.get_data(as_text=True) for answer in answers} == {True}
    assert "部门收到了" not in "".join(answer.get_data(as_text=True) for answer in answers)


def test_guessing_is_counted_by_number_and_by_address(village: Village, client: FlaskClient) -> None:
    case_no, other = file(village, 1, follow=SECRET), file(village, 2, follow=SECRET)
    codes = [look(client, case_no, f"WRNG{n:04d}").status_code for n in range(11)]
    assert codes == [404] * 10 + [429]
    assert look(client, case_no).status_code == 429  # the right one too: else one could go on guessing
    assert look(client, other).status_code == 200  # another case of the same village is not shut out
    codes = [look(client, other).status_code for _ in range(20)]
    assert codes[-1] == 429


def test_nothing_personal_stands_in_an_address_or_is_kept_by_the_browser(village: Village, client: FlaskClient) -> None:
    case_no = file(village, follow=SECRET)
    assert f'value="{SECRET}"' not in client.get(f"/follow?secret={SECRET}").get_data(as_text=True)  # no such way in
    reply = look(client, case_no)
    assert reply.headers["Cache-Control"] == "no-store"
    assert not re.search(rf'(href|action|src)="[^"]*({case_no}|{SECRET})', reply.get_data(as_text=True))
    assert client.get("/follow/files/follow.js").status_code == 200
    assert client.get("/follow/files/../views.py").status_code == 404
    assert client.post("/follow", data={"no": case_no, "secret": SECRET}).status_code == 400  # forged from elsewhere


def test_the_secret_is_sealed_at_rest(village: Village, app: Flask) -> None:
    case_no = file(village, follow=SECRET)
    with app.extensions["jjb_db"].read() as connection:
        rows = [
            *connection.exec_driver_sql("SELECT body FROM ledger"),
            *connection.exec_driver_sql("SELECT * FROM case_file"),
        ]
    raw = str([tuple(row) for row in rows])
    assert SECRET not in raw
    assert case_no in raw


def test_a_person_rates_once_when_the_matter_is_handled(
    village: Village, app: Flask, client: FlaskClient, log_in: LogIn
) -> None:
    case_no = file(village, 9, follow=SECRET)
    assert rate(client, case_no, "5").status_code == 422  # not handled yet
    case_no = finished(village, log_in)
    assert "checked" not in look(client, case_no).get_data(as_text=True)  # no default choice
    for level in ("", "0", "6", "x"):
        assert rate(client, case_no, level).status_code == 422
    page = rate(client, case_no, "5", text="等了太久，我是木某某").get_data(as_text=True)
    assert "您的评价已经记下" in page
    assert "木某某" not in page
    assert rate(client, case_no, "1").status_code == 409
    assert rate(client, case_no, "1", secret="WRONG234").status_code == 404
    again = look(client, case_no).get_data(as_text=True)
    assert "已经评价过了" in again
    assert "提交评价" not in again
    manager = log_in("manager").get("/ratings/").get_data(as_text=True)
    assert case_no in manager
    assert "木某某" not in manager
    with app.extensions["jjb_db"].read() as connection:
        (entry,) = ledger.read(connection, name="rating.given")
    assert (entry.actor, entry.device, entry.body["channel"]) == ("citizen", None, "移动端")
    event = village.rating(case_no, 1)
    (verdict,) = village.round(event).json["verdicts"]
    assert verdict["problem"]["code"] == "rating.twice"


def test_a_withdrawn_case_is_told_as_such_and_not_rated(village: Village, client: FlaskClient) -> None:
    case_no = file(village, follow=SECRET)
    send(village, "case.withdrawn", case_no, reason="不办了")
    page = look(client, case_no).get_data(as_text=True)
    assert "已经撤回" in page
    assert "提交评价" not in page
    assert told(village)[-1]["state"] == "withdrawn"


def test_a_centre_that_forgot_the_person_forgets_the_secret(village: Village, app: Flask, client: FlaskClient) -> None:
    case_no = file(village, follow=SECRET)
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        app.extensions["jjb_vault"].forget(connection, case_no)
    assert look(client, case_no).status_code == 404
