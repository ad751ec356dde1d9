"""结果文书: what a decision made goes to the service point that filed the case, and to nobody else."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.retention import job
from app.settings import Settings
from tests.app.files.test_tus import ask, on_disk
from tests.app.retention.test_retention import decide, ended, post
from tests.app.village import Village
from tests.sync.test_files import CATALOG, PAGES, jpeg, pdf

LogIn = Callable[[str], FlaskClient]
PAPER = pdf(CATALOG, PAGES)
SECRET = "ABCD2345"


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


def decided(village: Village, log_in: LogIn) -> str:
    event = village.case(1)
    event["body"]["follow"] = SECRET
    village.round(event)
    decide(log_in("agent1"), event["subject"])
    return str(event["subject"])


def act(client: FlaskClient, case_no: str, path: str = "", **data: Any) -> Any:
    page = client.get(f"/handling/{case_no}").get_data(as_text=True)
    key = re.search(r'name="key" value="([^"]+)"', page)
    data = {"key": key[1] if key else "", **data}
    return post(client, f"/handling/{case_no}/results{path}", f"/handling/{case_no}", **data)


def issue(client: FlaskClient, case_no: str, data: bytes = PAPER, name: str = "居住证", **more: Any) -> Any:
    return act(client, case_no, name=name, file=(io.BytesIO(data), "x.pdf"), **more)


def newest(village: Village) -> dict[str, Any]:
    told = village.round().json["downlink"][-1]
    return dict(told["body"]) if told["kind"] == "case.document" else {}


def test_a_document_goes_down_is_fetched_and_taken_back(
    app: Flask, village: Village, log_in: LogIn, settings: Settings
) -> None:
    case_no, agent = decided(village, log_in), log_in("agent1")
    assert "已发出" in issue(agent, case_no, number="云A-001").get_data(as_text=True)
    told = newest(village)
    assert (told["name"], told["number"], told["kind"], told["bytes"]) == (
        "居住证",
        "云A-001",
        "application/pdf",
        len(PAPER),
    )
    place = f"/results/{told['document']}"
    assert ask(village, "GET", place).data == PAPER
    part = ask(village, "GET", place, Range="bytes=10-")
    assert (part.status_code, part.data) == (206, PAPER[10:])
    assert PAPER[:40] not in on_disk(settings)
    assert app.test_client().get(place).status_code in (400, 401)
    assert ask(Village(app, point="dulongjiang"), "GET", place).status_code == 404
    follow = app.test_client()
    page = post(follow, "/follow", "/follow", no=case_no, secret=SECRET).get_data(as_text=True)
    assert "结果文书可以领了" in page
    assert told["document"] not in page
    gone = act(agent, case_no, f"/{told['document']}/withdraw", reason="名字写错了")
    assert "已撤回" in gone.get_data(as_text=True)
    assert newest(village)["withdrawn"] == "名字写错了"
    assert ask(village, "GET", place).status_code == 410
    assert act(agent, case_no, f"/{told['document']}/withdraw", reason="再撤一次").status_code == 410
    assert "结果文书可以领了" not in post(follow, "/follow", "/follow", no=case_no, secret=SECRET).get_data(
        as_text=True
    )
    assert not list((settings.data / "files").glob("*/whole"))


def test_the_number_of_a_licence_is_a_document_without_a_paper(village: Village, log_in: LogIn) -> None:
    case_no, agent = decided(village, log_in), log_in("agent1")
    assert act(agent, case_no, name="电子证照", number="ZZ-7").status_code == 200
    told = newest(village)
    assert (told["number"], told["kind"], told["bytes"]) == ("ZZ-7", "", 0)
    assert ask(village, "GET", f"/results/{told['document']}").status_code == 404


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"name": ""}, "名称"),
        ({"name": "长" * 61}, "名称"),
        ({"number": "9" * 61}, "证号"),
        ({"data": b""}, "请选文件"),
        ({"data": b"MZ\x90\x00 program"}, "不是照片，也不是 PDF"),
        ({"data": pdf(CATALOG, b"<< /S /JavaScript /JS (app.alert(1)) >>")}, "程序"),
        ({"data": PAPER[:40]}, "文件不能用"),
        ({"data": jpeg(filler=8_400_000)}, "太大"),
    ],
)
def test_what_cannot_be_issued_says_why_and_nothing_goes_down(
    village: Village, log_in: LogIn, change: dict[str, Any], word: str
) -> None:
    case_no, agent = decided(village, log_in), log_in("agent1")
    answer = issue(agent, case_no, **change)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "结果文书没有发出" in page
    assert word in page.split('class="error-summary"')[1].split("</div>")[0]
    assert newest(village) == {}


def test_a_refused_form_comes_back_with_what_was_typed_and_goes_through_when_it_is_right(
    village: Village, log_in: LogIn
) -> None:
    case_no, agent = decided(village, log_in), log_in("agent1")
    page = issue(agent, case_no, b"MZ\x90\x00 program", name='居住证"<b>', number="云A-001").get_data(as_text=True)
    assert 'value="居住证&#34;&lt;b&gt;"' in page
    assert 'value="云A-001"' in page
    assert "文件“x.pdf”要重新选一次" in page
    csrf, key = (re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("csrf_token", "key"))
    assert csrf
    assert key
    form = {
        "csrf_token": csrf[1],
        "key": key[1],
        "name": "居住证",
        "number": "云A-001",
        "file": (io.BytesIO(PAPER), "x.pdf"),
    }
    assert agent.post(f"/handling/{case_no}/results", data=form).status_code == 302
    assert newest(village)["name"] == "居住证"


def test_only_who_works_a_decided_case_may_issue(app: Flask, village: Village, log_in: LogIn) -> None:
    event = village.case(1)
    village.round(event)
    agent, case_no = log_in("agent1"), event["subject"]
    assert act(agent, case_no, name="居住证", number="1").status_code == 403  # not decided: the page gives no pass
    decide(agent, case_no)
    assert act(agent, case_no, name="居住证", number="1", key="forged").status_code == 403
    assert (
        post(log_in("editor"), f"/handling/{case_no}/results", "/knowledge/", name="居住证", number="1").status_code
        == 403
    )


def test_a_document_goes_with_its_case(app: Flask, village: Village, log_in: LogIn, settings: Settings) -> None:
    case_no, agent = decided(village, log_in), log_in("agent1")
    issue(agent, case_no)
    place = f"/results/{newest(village)['document']}"
    ended(app, case_no, 400)
    with app.app_context():
        job.run("centre", dry=False)
    assert ask(village, "GET", place).status_code == 404
    assert not list((settings.data / "files").iterdir())
