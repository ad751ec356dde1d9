"""Cases from the village to the desk and back: list, page, moves, unmasking, and who may do what."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import ledger
from app.handling import store
from tests.app.village import Village

NAME, NUMBER = "阿普山", "11010519491231002X"
LogIn = Callable[[str], FlaskClient]


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


def file_case(village: Village, counter: int = 1, **applicant: str) -> str:
    """Send one case; its number."""
    event = village.case(counter)
    event["body"]["applicant"] |= applicant
    reply = village.round(event)
    assert [one["verdict"] for one in reply.json["verdicts"]] == ["accepted"], reply.json
    return str(event["body"]["case_no"])


def token(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found
    return found[1]


def post(client: FlaskClient, case_no: str, act: str, **data: str) -> Any:
    data["csrf_token"] = token(client, f"/handling/{case_no}") if "csrf_token" not in data else data["csrf_token"]
    return client.post(f"/handling/{case_no}/{act}", data=data, follow_redirects=True)


def events(app: Flask, case_no: str) -> list[ledger.Entry]:
    with app.extensions["jjb_db"].read() as connection:
        return store.history(connection, case_no)


def test_a_filed_case_is_listed_masked_and_its_page_shows_what_was_brought(village: Village, log_in: LogIn) -> None:
    case_no = file_case(village)
    agent = log_in("agent1")
    listed, page = (
        agent.get("/handling/").get_data(as_text=True),
        agent.get(f"/handling/{case_no}").get_data(as_text=True),
    )
    for text in (listed, page):
        assert case_no in text
        assert "阿*山" in text
        assert NAME not in text
        assert NUMBER not in text
    assert "户口簿" in page
    assert "需复核" not in page


def test_a_wrong_id_number_is_taken_in_and_flagged(village: Village, log_in: LogIn) -> None:
    for counter, number in enumerate(("110105194912310021", "", "长"), 1):
        case_no = file_case(village, counter, id_number=number)
        assert "需复核" in log_in("agent1").get(f"/handling/{case_no}").get_data(as_text=True)


def test_a_case_without_an_applicant_or_with_a_foreign_number_is_taken_in_and_flagged(
    village: Village, log_in: LogIn
) -> None:
    bare, foreign = village.case(1), village.case(2)
    bare["body"]["applicant"] = {}
    foreign["body"]["case_no"] = foreign["subject"] = "NJ53332420420261123ZZ0002"
    reply = village.round(bare, foreign)
    assert [one["verdict"] for one in reply.json["verdicts"]] == ["accepted"] * 2
    page = log_in("agent1").get("/handling/").get_data(as_text=True)
    assert page.count("需复核") == 2


def test_filters_stand_in_the_address_and_the_file_is_the_same_list(
    village: Village, app: Flask, log_in: LogIn
) -> None:
    first, second = file_case(village, 1), file_case(village, 2)
    far = file_case(Village(app, "dulongjiang"))
    agent = log_in("agent1")
    post(agent, second, "move", state="accepted")

    def listed(query: str) -> set[str]:
        page = agent.get(f"/handling/?{query}").get_data(as_text=True)
        rows = list(
            csv.reader(io.StringIO(agent.get(f"/handling/?{query}&csv=1").get_data(as_text=True).lstrip("\ufeff")))
        )
        numbers = {number for number in (first, second, far) if f">{number}<" in page}
        assert {row[0] for row in rows[1:]} == numbers
        return numbers

    assert listed("") == {first, second, far}
    assert listed("state=accepted") == {second}
    assert listed("point=dulongjiang") == {far}
    assert listed("item=temp-id-card&state=submitted") == {first, far}
    assert listed("day=2001-01-01") == set()
    assert listed("state=nonsense") == set()


@pytest.mark.parametrize("query", ["day=gestern", "day=9999-12-31", "state=%00"])
def test_a_filter_that_cannot_be_is_a_plain_refusal(log_in: LogIn, query: str) -> None:
    reply = log_in("agent1").get(f"/handling/?{query}", headers={"Accept": "text/html"})
    assert reply.status_code == 400
    assert "不合规定的格式" in reply.get_data(as_text=True)


@pytest.mark.parametrize("query", ["page=0", "page=-5", "page=x", "page=99999999999999999999"])
def test_an_odd_page_number_is_harmless(log_in: LogIn, query: str) -> None:
    assert log_in("agent1").get(f"/handling/?{query}").status_code == 200


def test_a_cell_that_a_spreadsheet_would_run_is_made_text(village: Village, log_in: LogIn) -> None:
    file_case(village, 1, name="=1+1")
    rows = list(csv.reader(io.StringIO(log_in("agent1").get("/handling/?csv=1").get_data(as_text=True))))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_a_move_is_a_ledger_event_and_reaches_the_village(village: Village, app: Flask, log_in: LogIn) -> None:
    case_no = file_case(village)
    page = post(log_in("agent1"), case_no, "move", state="returned", note="缺:户口簿原件、照片").get_data(as_text=True)
    assert "退回补正" in page
    assert [entry.name for entry in events(app, case_no)] == ["case.submitted", "case.progressed"]
    (down,) = village.round().json["downlink"]
    assert down["kind"] == "case.progress"
    body = down["body"]
    assert (body["case_no"], body["state"], body["state_name"]) == (case_no, "returned", "退回补正")
    assert body["note"] == "缺:户口簿原件、照片"
    assert body["at"]


def test_a_move_that_may_not_be_changes_nothing(village: Village, app: Flask, log_in: LogIn) -> None:
    case_no, agent = file_case(village), log_in("agent1")
    for data in ({"state": "done"}, {"state": "returned"}, {"state": "nowhere", "note": "x"}, {}):
        assert post(agent, case_no, "move", **data).status_code == 409
    assert [entry.name for entry in events(app, case_no)] == ["case.submitted"]
    assert village.round().json["downlink"] == []


def test_the_whole_way_to_done_keeps_the_number_of_the_provincial_platform(village: Village, log_in: LogIn) -> None:
    case_no, agent = file_case(village), log_in("agent1")
    post(agent, case_no, "move", state="accepted", external_case_no="YN-2026-001")
    post(agent, case_no, "move", state="processing")
    page = post(agent, case_no, "move", state="done", outcome="granted", result="临时身份证 1 张").get_data(
        as_text=True
    )
    assert "YN-2026-001" in page
    assert "准予。临时身份证 1 张" in page
    assert 'name="state"' not in page.split("</main>")[0]


def test_personal_data_opens_with_a_reason_is_logged_and_closes_again(
    village: Village, app: Flask, log_in: LogIn
) -> None:
    case_no, agent = file_case(village), log_in("agent1")
    assert post(agent, case_no, "unmask", reason=" ").status_code == 400
    assert [entry.name for entry in events(app, case_no)] == ["case.submitted"]
    page = post(agent, case_no, "unmask", reason="电话核实").get_data(as_text=True)
    assert NAME in page
    assert NUMBER in page
    entry = events(app, case_no)[-1]
    assert (entry.name, entry.body) == ("personal.unmasked", {"reason": "电话核实"})
    again = agent.get(f"/handling/{case_no}").get_data(as_text=True)
    assert NAME not in again
    assert "电话核实" in again


@pytest.mark.parametrize(
    ("who", "sees", "moves"), [("guide1", True, False), ("inspector", True, False), ("editor", False, False)]
)
def test_who_may_see_and_who_may_act(village: Village, log_in: LogIn, who: str, sees: bool, moves: bool) -> None:
    case_no, client = file_case(village), log_in(who)
    assert client.get(f"/handling/{case_no}").status_code == (200 if sees else 403)
    csrf = token(client, "/accounts/password")
    for act in ("move", "unmask"):
        data = {"state": "accepted", "reason": "x", "csrf_token": csrf}
        assert (client.post(f"/handling/{case_no}/{act}", data=data).status_code == 302) == moves


def test_a_guide_sees_only_the_own_point(village: Village, app: Flask, log_in: LogIn) -> None:
    mine, far = file_case(village), file_case(Village(app, "dulongjiang"))
    guide = log_in("guide1")
    page = guide.get("/handling/").get_data(as_text=True)
    assert mine in page
    assert far not in page
    assert guide.get(f"/handling/{far}").status_code == 403
    assert "查看个人信息的原因" not in guide.get(f"/handling/{mine}").get_data(as_text=True)


def test_an_unknown_case_is_a_plain_page(log_in: LogIn) -> None:
    assert log_in("agent1").get("/handling/NJ000").status_code == 404


def test_nobody_gets_in_without_a_login(client: FlaskClient) -> None:
    assert client.get("/handling/").status_code in (302, 401)
