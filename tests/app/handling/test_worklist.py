"""The department's worklist: who sees what, terms, owed materials, two people on one case, and the way back and forth."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import ledger
from app.handling import store
from tests.app.handling.test_cases import events, file_case, post
from tests.app.village import Village
from tests.conftest import LogIn

BRING = [{"name": "户口簿", "have": True}, {"name": "照片", "have": False}, {"name": "居住证明", "have": False}]


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


def file(village: Village, counter: int = 1, item: str = "temp-id-card", **body: Any) -> str:
    """Send one case with three materials of which one was brought; its number."""
    event = village.case(counter, item)
    event["body"] |= {"materials": BRING, **body}
    (verdict,) = village.round(event).json["verdicts"]
    assert verdict["verdict"] == "accepted", verdict
    return str(event["body"]["case_no"])


def version(client: FlaskClient, case_no: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', client.get(f"/handling/{case_no}").get_data(as_text=True))
    assert found
    return found[1]


def send(village: Village, name: str, case_no: str, **body: Any) -> tuple[str, str | None]:
    """(verdict, problem code) of one event about a case."""
    (verdict,) = village.round(village.event(name, case_no, {"case_no": case_no, **body})).json["verdicts"]
    return verdict["verdict"], verdict["problem"] and verdict["problem"]["code"]


def told(village: Village) -> list[dict[str, Any]]:
    """What the centre has told the village of its cases."""
    return [one["body"] for one in village.round().json["downlink"] if one["kind"] == "case.progress"]


def change(app: Flask, case_no: str, **values: Any) -> None:
    """Let time go by: set columns of a case."""
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(update(store.case_file).where(store.case_file.c.case_no == case_no).values(values))


def listed(client: FlaskClient, query: str = "") -> str:
    return client.get(f"/handling/?{query}").get_data(as_text=True)


# ---- who sees what ----


def test_an_officer_sees_the_own_department_in_the_own_region(village: Village, app: Flask, log_in: LogIn) -> None:
    police, civil = file(village, 1), file(village, 2, "dibao")
    far = file(Village(app, "dulongjiang"))
    officer = log_in("officer1")  # 公安局, 泸水
    page = listed(officer)
    assert [number in page for number in (police, civil, far)] == [True, False, False]
    assert officer.get(f"/handling/{police}").status_code == 200
    for other in (civil, far):
        assert officer.get(f"/handling/{other}").status_code == 403
        assert post(officer, other, "move", csrf_token=_csrf(officer), state="accepted").status_code == 403


def _csrf(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/accounts/password").get_data(as_text=True))
    assert found
    return found[1]


def test_a_manager_says_who_works_which_department(village: Village, app: Flask, log_in: LogIn) -> None:
    civil = file(village, 1, "dibao")
    manager, officer = log_in("manager"), log_in("officer1")
    page = manager.get("/handling/desks").get_data(as_text=True)
    person = re.search(r'name="person" value="([^"]+)">\s*<h2>泸水公安经办', page)
    assert person
    data = {"csrf_token": _csrf(manager), "person": person[1], "departments": ["民政局"]}
    assert manager.post("/handling/desks", data=data).status_code == 302
    assert civil in listed(officer)
    manager.post("/handling/desks", data={**data, "departments": []})
    assert "还没有给您分部门" in listed(officer)
    assert manager.post("/handling/desks", data={**data, "departments": ["魔法部"]}).status_code == 400
    assert manager.post("/handling/desks", data={**data, "person": "nobody"}).status_code == 404
    assert officer.get("/handling/desks").status_code == 403
    with app.extensions["jjb_db"].read() as connection:
        said = [entry.body["departments"] for entry in ledger.read(connection, name="person.departments")]
    assert said[-2:] == [["民政局"], []]


def test_a_case_of_an_item_that_nobody_knows_any_more_is_kept(village: Village, log_in: LogIn) -> None:
    case_no = file(village, 1, "gone-item")
    page = log_in("agent1").get(f"/handling/{case_no}").get_data(as_text=True)
    assert "没有部门" in page
    assert "事项已下架" in page


# ---- terms ----


def test_terms_run_by_state_and_stand_in_the_list_and_the_counts(village: Village, app: Flask, log_in: LogIn) -> None:
    late, near, calm, back = (file(village, counter) for counter in range(1, 5))
    agent = log_in("agent1")
    change(app, late, due="2001-01-01")
    change(app, near, due=_days(app).today)
    change(app, calm, due="2999-01-01")
    post(agent, back, "move", state="returned", note="缺照片")
    assert _numbers(listed(agent, "mark=overdue"), late, near, calm, back) == [True, False, False, False]
    assert _numbers(listed(agent, "mark=near"), late, near, calm, back) == [False, True, False, False]
    assert _numbers(listed(agent, "mark=returned"), late, near, calm, back) == [False, False, False, True]
    assert _numbers(listed(agent, "mark=nonsense"), late, near, calm, back) == [False] * 4
    page = listed(agent)
    assert re.findall(r"(待受理|快到期|已超期|等补正)&nbsp;(\d+)", page) == [
        ("待受理", "3"), ("快到期", "1"), ("已超期", "1"), ("等补正", "1"),
    ]  # fmt: skip
    assert "今天到期" in page
    assert "超期" in page


def _days(app: Flask) -> store.Days:
    from app.handling import views

    with app.test_request_context():
        return views._days()


def _numbers(page: str, *numbers: str) -> list[bool]:
    return [number in page for number in numbers]


def test_a_case_is_found_by_the_end_of_its_number_and_by_that_of_the_province(village: Village, log_in: LogIn) -> None:
    first, second = file(village, 1), file(village, 2)
    agent = log_in("agent1")
    assert _numbers(listed(agent, f"no={second[-6:].lower()}"), first, second) == [False, True]
    post(agent, first, "link", external_case_no="YN-77")
    assert _numbers(listed(agent, "no=YN-77"), first, second) == [True, False]
    assert _numbers(listed(agent, "no=%25"), first, second) == [True, True]  # a wildcard is not one


def test_pages_turn_and_keep_the_filter(village: Village, app: Flask, log_in: LogIn, monkeypatch: Any) -> None:
    monkeypatch.setattr("app.handling.views.PAGE", 2)
    numbers = [file(village, counter) for counter in range(1, 6)]
    agent = log_in("agent1")
    seen = [number for page in (1, 2, 3) for number in numbers if number in listed(agent, f"mark=todo&page={page}")]
    assert sorted(seen) == sorted(numbers)
    assert "共 5 件，第 2 页，共 3 页" in listed(agent, "mark=todo&page=2")
    assert "mark=todo" in listed(agent, "mark=todo&page=2").split("翻页")[1]


# ---- the way back and forth ----


def test_returned_with_everything_at_once_supplemented_and_taken_up_again(
    village: Village, app: Flask, log_in: LogIn
) -> None:
    case_no, agent = file(village), log_in("agent1")
    page = post(
        agent, case_no, "move", state="returned", missing="照片", more="申请书要签名\n\n照片\n", note="都齐了再交"
    ).get_data(as_text=True)
    assert "照片、申请书要签名" in page
    (down,) = told(village)
    assert down["missing"] == ["照片", "申请书要签名"]
    assert (down["state"], down["due"], down["owed"]) == ("returned", "", [])
    now = [{**one, "have": one["name"] != "居住证明"} for one in BRING]
    assert send(village, "case.supplemented", case_no, materials=now, note="本人已签名") == ("accepted", None)
    assert [one["state_name"] for one in told(village)] == ["退回补正", "已补正，待审核"]
    page = agent.get(f"/handling/{case_no}").get_data(as_text=True)
    assert "服务点补交材料" in page
    assert page.count("还缺</span>") == 1
    assert "已提交" in page
    assert "本人已签名" not in page  # sealed: people write personal things into it
    with app.extensions["jjb_db"].read() as connection:
        assert store.one(connection, case_no).due > "2026"


def test_a_correction_of_the_applicant_takes_the_flag_away(village: Village, log_in: LogIn) -> None:
    case_no, agent = file_case(village, 1, id_number="110105194912310021"), log_in("agent1")
    assert "需复核" in listed(agent)
    post(agent, case_no, "move", state="returned", note="身份证号不对")
    right = {"name": "阿普山", "id_number": "11010519491231002X", "phone": "", "region": "", "address": ""}
    materials = [{"name": "户口簿", "have": True}]
    assert send(village, "case.supplemented", case_no, materials=materials, applicant=right)[0] == "accepted"
    assert "需复核" not in listed(agent)
    opened = post(agent, case_no, "unmask", reason="核对").get_data(as_text=True)
    assert "11010519491231002X" in opened


def test_owed_materials_have_a_day_and_are_paid_off_by_the_village(village: Village, log_in: LogIn) -> None:
    case_no, agent = file(village), log_in("agent1")
    post(agent, case_no, "move", state="accepted", owed="照片", owed_days="3")
    down = told(village)[-1]
    assert down["owed"] == ["照片"]
    assert down["owed_due"] > "2026"
    assert down["due"] > "2026"
    page = listed(agent, "mark=owed")
    assert case_no in page
    assert "欠材料" in page
    refused = post(agent, case_no, "move", state="done", outcome="granted")
    assert refused.status_code == 409
    assert "容缺的材料还没有收到：照片" in refused.get_data(as_text=True)
    now = [{**one, "have": True} for one in BRING]
    assert send(village, "case.supplemented", case_no, materials=now) == ("accepted", None)
    assert told(village)[-1]["owed"] == []
    assert case_no not in listed(agent, "mark=owed")
    assert post(agent, case_no, "move", state="done", outcome="granted").status_code == 200


def test_owed_materials_may_also_come_to_the_department(village: Village, log_in: LogIn) -> None:
    case_no, agent = file(village), log_in("agent1")
    post(agent, case_no, "move", state="accepted", owed="照片", owed_days="3")
    assert post(agent, case_no, "owed").status_code == 422
    assert post(agent, case_no, "owed", come="房产证").status_code == 422
    page = post(agent, case_no, "owed", come="照片").get_data(as_text=True)
    assert "已收到后补的材料：照片" in page
    assert told(village)[-1]["owed"] == []


def test_a_denial_tells_why_and_a_result_goes_down(village: Village, log_in: LogIn) -> None:
    case_no, agent = file(village), log_in("agent1")
    post(agent, case_no, "move", state="accepted")
    refused = post(agent, case_no, "move", state="done", outcome="denied", result="决定书 12 号")
    assert refused.status_code == 409
    page = refused.get_data(as_text=True)
    assert "决定书 12 号" in page  # what was typed is still there
    post(
        agent,
        case_no,
        "move",
        state="done",
        outcome="denied",
        note="收入超过标准，60 日内可申请复议",
        result="决定书 12 号",
    )
    down = told(village)[-1]
    assert (down["state"], down["result"]) == ("done", "不予。决定书 12 号")
    assert "复议" in down["note"]


def test_a_person_withdraws_at_the_service_point(village: Village, log_in: LogIn) -> None:
    case_no, agent = file(village), log_in("agent1")
    assert send(village, "case.withdrawn", case_no, reason="木某某改主意了") == ("accepted", None)
    page = agent.get(f"/handling/{case_no}").get_data(as_text=True)
    assert "已撤回" in page
    assert "木某某" not in page
    assert told(village)[-1]["state"] == "withdrawn"
    assert send(village, "case.withdrawn", case_no, reason="再来一次") == ("rejected", "case.closed")
    assert send(village, "case.supplemented", case_no, materials=BRING) == ("rejected", "case.closed")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"materials": "all"}, "event.field"),
        ({"materials": [{"name": "照片"}]}, "event.field"),
        ({"materials": [], "state": "done"}, "event.field"),
        ({"materials": [], "note": "x" * 4001}, "event.field"),
    ],
)
def test_a_supplement_against_the_rules_is_rejected(village: Village, body: dict[str, Any], code: str) -> None:
    case_no = file(village)
    assert send(village, "case.supplemented", case_no, **body) == ("rejected", code)


def test_a_supplement_of_an_unknown_or_a_foreign_case_is_rejected(village: Village, app: Flask) -> None:
    foreign = file(Village(app, "dulongjiang"))
    assert send(village, "case.supplemented", foreign, materials=BRING) == ("rejected", "case.elsewhere")
    assert send(village, "case.withdrawn", foreign, reason="x") == ("rejected", "case.elsewhere")
    unknown = foreign[:-4] + "0077"
    assert send(village, "case.supplemented", unknown, materials=BRING) == ("rejected", "case.missing")


# ---- two people on one case ----


def test_the_second_of_two_people_is_told_and_loses_nothing(village: Village, app: Flask, log_in: LogIn) -> None:
    case_no = file(village)
    first, second = log_in("agent1"), log_in("officer1")
    opened = version(second, case_no)
    post(first, case_no, "move", state="accepted", version=version(first, case_no))
    reply = post(second, case_no, "move", state="returned", more="申请书要签名", note="我写了很久", version=opened)
    page = reply.get_data(as_text=True)
    assert reply.status_code == 409
    assert "坐席一号已经办了一步，现在是“已受理”" in page
    assert "申请书要签名" in page
    assert "我写了很久" in page
    assert [entry.name for entry in events(app, case_no)] == ["case.submitted", "case.progressed"]
    assert (
        post(
            second, case_no, "move", state="returned", more="申请书要签名", version=version(second, case_no)
        ).status_code
        == 200
    )


def test_what_the_village_sends_meanwhile_counts_as_well(village: Village, log_in: LogIn) -> None:
    case_no, agent = file(village), log_in("agent1")
    opened = version(agent, case_no)
    send(village, "case.withdrawn", case_no, reason="x")
    reply = post(agent, case_no, "move", state="accepted", version=opened)
    assert reply.status_code == 409
    assert "服务点已经办了一步" in reply.get_data(as_text=True)


def test_two_guides_supplement_without_knowing_of_each_other_and_both_papers_count(
    village: Village, app: Flask, log_in: LogIn
) -> None:
    case_no, agent, other = file(village), log_in("agent1"), Village(app)
    post(agent, case_no, "move", state="accepted", owed=["照片", "居住证明"], owed_days="3")
    only = [{**one, "have": one["name"] == "照片"} for one in BRING]
    assert send(village, "case.supplemented", case_no, materials=only) == ("accepted", None)
    only = [{**one, "have": one["name"] == "居住证明"} for one in BRING]  # a form opened before that
    assert send(other, "case.supplemented", case_no, materials=only) == ("accepted", None)
    assert told(village)[-1]["owed"] == []
    page = agent.get(f"/handling/{case_no}").get_data(as_text=True)
    assert page.count(">已带<") == 3
    assert send(other, "case.withdrawn", case_no, reason="x") == ("accepted", None)
    assert send(village, "case.supplemented", case_no, materials=BRING) == ("rejected", "case.closed")
    assert send(village, "case.withdrawn", case_no, reason="x") == ("rejected", "case.closed")
    assert [entry.name for entry in events(app, case_no)].count("case.supplemented") == 2


# ---- an item that was retired meanwhile ----


def test_a_case_of_a_retired_item_is_supplemented_and_decided_as_it_was_filed(village: Village, log_in: LogIn) -> None:
    case_no, agent = file(village, 1, "gone-item"), log_in("agent1")
    assert post(agent, case_no, "move", state="returned", more="照片").status_code == 200
    now = [{**one, "have": True} for one in BRING]
    assert send(village, "case.supplemented", case_no, materials=now) == ("accepted", None)
    for step in ({"state": "accepted"}, {"state": "done", "outcome": "granted", "result": "证 1 本"}):
        page = post(agent, case_no, "move", **step)
        assert page.status_code == 200, page.get_data(as_text=True)
    assert told(village)[-1]["result"].startswith("准予")
    page = agent.get(f"/handling/{case_no}").get_data(as_text=True)
    assert "事项已下架，按收件时的规定办" in page
    assert case_no in listed(agent, "item=gone-item")


def test_a_note_to_colleagues_is_sealed_and_hinders_nobody(village: Village, app: Flask, log_in: LogIn) -> None:
    case_no = file(village)
    first, second = log_in("agent1"), log_in("officer1")
    opened = version(second, case_no)
    assert "电话没人接" in post(first, case_no, "note", text="电话没人接").get_data(as_text=True)
    assert post(second, case_no, "move", state="accepted", version=opened).status_code == 200
    assert "电话没人接" in second.get(f"/handling/{case_no}").get_data(as_text=True)
    assert "电话没人接" not in log_in("guide1").get(f"/handling/{case_no}").get_data(as_text=True)
    assert "电话没人接" not in str(events(app, case_no))
    assert told(village)[-1]["note"] == ""
    for text in ("", "x" * 1001):
        assert post(first, case_no, "note", text=text).status_code == 422


# ---- hand-over ----


def test_whoever_acts_first_stays_responsible_until_it_is_handed_over(
    village: Village, app: Flask, log_in: LogIn
) -> None:
    case_no = file(village)
    agent, officer = log_in("agent1"), log_in("officer1")
    post(agent, case_no, "move", state="accepted")
    assert case_no in listed(agent, "mark=mine")
    page = officer.get(f"/handling/{case_no}").get_data(as_text=True)
    me = re.search(r'<option value="([^"]+)"[^>]*>泸水公安经办', page)
    assert me
    assert "怒江民政经办" not in page  # works another department
    assert post(agent, case_no, "assign", handler=me[1], department="公安局").status_code == 422  # says not why
    post(agent, case_no, "assign", handler=me[1], department="公安局", note="属地派出所办")
    assert case_no in listed(officer, "mark=mine")
    assert case_no not in listed(agent, "mark=mine")
    entry = events(app, case_no)[-1]
    assert (entry.name, entry.body["note"][:7]) == ("case.assigned", "sealed:")
    assert post(agent, case_no, "assign", handler="me").status_code == 200
    assert case_no in listed(agent, "mark=mine")


def test_a_case_passes_to_another_department(village: Village, log_in: LogIn) -> None:
    case_no = file(village)
    officer = log_in("officer1")
    page = post(officer, case_no, "assign", department="民政局", handler="", note="应由民政办").get_data(as_text=True)
    assert "已转交" in page
    assert case_no not in page  # passed on: no longer within reach
    assert officer.get(f"/handling/{case_no}").status_code == 403
    assert case_no in listed(log_in("officer2"))
    agent = log_in("agent1")
    assert post(agent, case_no, "assign", department="魔法部", note="x").status_code == 422
    assert post(agent, case_no, "assign", handler="somebody", note="x").status_code == 422


# ---- duplicates ----


def test_the_same_person_with_the_same_item_is_pointed_out(village: Village, app: Flask, log_in: LogIn) -> None:
    first, other_item, again = file(village, 1), file(village, 2, "dibao"), file(village, 3)
    agent = log_in("agent1")
    assert listed(agent).count("可能重复") == 1
    assert f"同一人在办 {first}" in agent.get(f"/handling/{again}").get_data(as_text=True)
    assert "可能重复" not in agent.get(f"/handling/{other_item}").get_data(as_text=True)
    send(village, "case.withdrawn", again, reason="重复")
    send(village, "case.withdrawn", first, reason="重复")
    assert "可能重复" not in agent.get(f"/handling/{file(village, 4)}").get_data(as_text=True)
    with app.extensions["jjb_db"].read() as connection:
        assert "11010519491231002X" not in str(connection.execute(store.case_file.select()).all())
