from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.desk import store as desk
from app.oversight import rules
from app.pages import BEIJING
from app.places import guard as places
from tests.app.village import Village
from tests.conftest import LogIn


@pytest.fixture
def busy(app: Flask) -> Village:
    """Both pilot points have worked today: hexie asked 3, filed 2, rated 2; dulongjiang asked 1."""
    hexie, dulong = Village(app), Village(app, "dulongjiang")
    first, second = hexie.case(1), hexie.case(2, "=cmd|1")
    sent = hexie.round(
        hexie.question("身份证丢了咋个办"),
        hexie.question("无人机证怎么办", "handoff"),
        hexie.question("=HYPERLINK(1)", "handoff"),
        first,
        second,
        hexie.rating(first["subject"], 1),
        hexie.rating(second["subject"], 5),
    )
    assert {one["verdict"] for one in sent.json["verdicts"]} == {"accepted"}, sent.json
    assert dulong.round(dulong.question("社保卡在哪里办")).status_code == 200
    call(app, dulong)
    return hexie


def call(app: Flask, village: Village) -> None:
    """The village calls the desk, an agent answers and ends it well."""
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        device = places.device_public(connection, village.id)
        talk = desk.open_talk(connection, device, str(uuid.uuid4()), "", "temp-id-card", 1)
        desk.claim(connection, talk.id, "p-1", "坐席一号")
        desk.end(connection, talk.id, "p-1", "p-1", "solved")


def today() -> str:
    return datetime.now(UTC).astimezone(BEIJING).date().isoformat()


def page(client: FlaskClient, path: str) -> str:
    reply = client.get(path)
    assert reply.status_code == 200, reply.get_data(as_text=True)
    return reply.get_data(as_text=True)


def figures(html: str) -> dict[str, tuple[str, str]]:
    """key → (number shown, address it leads to)."""
    pattern = r'<a class="figure" href="([^"]+)"[^>]*data-figure="(\w+)">\s*<strong>([^<]+)</strong>'
    return {key: (number, href.replace("&amp;", "&")) for href, key, number in re.findall(pattern, html)}


def rows(client: FlaskClient, path: str) -> list[dict[str, str]]:
    reply = client.get(path + ("&" if "?" in path else "?") + "csv=1")
    assert reply.mimetype == "text/csv"
    body = reply.get_data(as_text=True)
    assert body.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))


def test_figures_are_the_arithmetic_of_what_arrived(busy: Village, log_in: LogIn) -> None:
    shown = figures(page(log_in("manager"), "/oversight/"))
    numbers = {key: number for key, (number, _) in shown.items()}
    expected = {
        "questions": "4",
        "unanswered": "2",
        "cases": "2",
        "talks": "1",
        "ratings": "2",
        "bad": "1",
        "points": "2 / 2",
    }
    assert numbers == expected


def test_every_figure_leads_to_exactly_its_rows(busy: Village, log_in: LogIn) -> None:
    client = log_in("inspector")
    for key, (number, href) in figures(page(client, "/oversight/")).items():
        if key != "points":
            assert len(rows(client, href)) == int(number), key
            assert f"共 {number} 条" in page(client, href)


def test_a_region_cuts_figures_rows_and_points(busy: Village, log_in: LogIn) -> None:
    client = log_in("manager")
    html = page(client, "/oversight/?region=533324000000")
    assert figures(html)["questions"][0] == "1"
    assert "独龙江乡便民服务中心" in html
    assert "和谐社区" not in html
    assert [row["服务点"] for row in rows(client, "/oversight/questions?region=533324000000")] == [
        "独龙江乡便民服务中心"
    ]


def test_a_question_counts_on_the_day_it_arrived(busy: Village, log_in: LogIn) -> None:
    shown = figures(page(log_in("manager"), "/oversight/?day=2026-01-01"))
    assert {number for key, (number, _) in shown.items() if key != "points"} == {"0"}


def test_a_table_never_runs_what_a_village_typed(busy: Village, log_in: LogIn) -> None:
    asked = {row["问题"] for row in rows(log_in("manager"), "/oversight/questions")}
    assert "'=HYPERLINK(1)" in asked


def test_filters_are_in_the_address_and_hold(busy: Village, log_in: LogIn) -> None:
    client = log_in("manager")
    assert {row["结果"] for row in rows(client, "/oversight/questions?decision=handoff")} == {"没答上来"}
    assert [row["问题"] for row in rows(client, "/oversight/questions?q=无人机")] == ["无人机证怎么办"]
    assert [row["等级"] for row in rows(client, "/oversight/ratings?level=bad")] == ["非常不满意"]
    assert len(rows(client, "/oversight/cases?point=hexie")) == 2
    assert rows(client, "/oversight/cases?point=dulongjiang") == []
    assert rows(client, "/oversight/questions?q=%25") == []


def test_an_empty_list_says_what_to_do(busy: Village, log_in: LogIn) -> None:
    html = page(log_in("manager"), "/oversight/ratings?level=3")
    assert "没有符合条件的评价" in html
    assert "去掉筛选" in html


def test_personal_data_never_appears(busy: Village, log_in: LogIn) -> None:
    client = log_in("inspector")
    for path in (
        "/oversight/",
        "/oversight/cases",
        "/oversight/ratings",
        "/oversight/audit",
        f"/oversight/devices/{busy.id}",
    ):
        for html in (page(client, path), client.get(path + "?csv=1").get_data(as_text=True)):
            assert not re.search("阿普山|11010519491231002X|13800000000|态度很好", html), path


def test_a_case_shows_how_far_it_has_come(busy: Village, log_in: LogIn) -> None:
    assert {row["进展"] for row in rows(log_in("manager"), "/oversight/cases")} == {"已提交"}


def test_a_call_shows_what_it_was_about_and_how_it_ended(busy: Village, log_in: LogIn) -> None:
    (row,) = rows(log_in("lead"), "/oversight/talks")
    assert (row["服务点"], row["结果"]) == ("独龙江乡便民服务中心", "已解决")
    assert row["当时在看的事项"] != "temp-id-card"
    assert row["等了多久"].endswith("秒")


def test_the_point_table_says_what_needs_attention(busy: Village, app: Flask, log_in: LogIn) -> None:
    busy.round(state={"waiting": 7}, have=0)
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(
            text("UPDATE device_state SET last_contact='2026-01-01T00:00:00.000Z' WHERE device<>:id"), {"id": busy.id}
        )
    found = {row["服务点"]: row["状态"] for row in rows(log_in("manager"), "/oversight/")}
    assert found["大练地街道和谐社区"] == "还没有知识、7 条待传"
    assert found["独龙江乡便民服务中心"] == "超过 24 小时没联系"
    assert next(iter(found)) == "独龙江乡便民服务中心"  # the gravest first


def test_a_device_page_tells_its_story(busy: Village, log_in: LogIn) -> None:
    html = page(log_in("manager"), f"/oversight/devices/{busy.id}")
    assert "登记设备" in html
    assert "“无人机证怎么办” 没答上来" in html
    assert "7 条，本机编到第 7 条" in html


def test_a_gap_in_the_numbers_of_a_device_is_said(busy: Village, log_in: LogIn) -> None:
    busy.seq += 2
    busy.round(busy.question("补一条"))
    assert "有 2 条没入账" in page(log_in("manager"), f"/oversight/devices/{busy.id}")


@pytest.mark.parametrize(
    "path",
    [
        "/oversight/?day=heute",
        "/oversight/questions?from=2026-11-23&to=2026-11-01",
        "/oversight/questions?decision=maybe",
        "/oversight/ratings?level=9",
        "/oversight/cases?point=nowhere",
        "/oversight/?region=999999999999",
        "/oversight/audit?from=x",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_in_words(path: str, log_in: LogIn) -> None:
    reply = log_in("manager").get(path, headers={"Accept": "text/html"})
    assert reply.status_code == 400
    assert "不合规定的格式" in reply.get_data(as_text=True)


def test_an_unknown_device_is_not_found(log_in: LogIn) -> None:
    assert log_in("manager").get("/oversight/devices/d-none").status_code == 404


@pytest.mark.parametrize("who", ["agent1", "editor", "guide1", "publisher"])
def test_other_roles_are_refused(who: str, log_in: LogIn) -> None:
    client = log_in(who)
    for path in ("/oversight/", "/oversight/questions", "/oversight/audit"):
        assert client.get(path).json["error"]["code"] == "access.denied"


def test_a_lead_sees_figures_but_not_the_audit(log_in: LogIn) -> None:
    client = log_in("lead")
    assert client.get("/oversight/").status_code == 200
    assert client.get("/oversight/audit").json["error"]["code"] == "access.denied"


def in_county(app: Flask, username: str, region: str) -> None:
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(text("UPDATE person SET region=:r WHERE username=:u"), {"r": region, "u": username})


def test_a_county_manager_sees_only_the_county(busy: Village, app: Flask, log_in: LogIn) -> None:
    in_county(app, "manager", "533324000000")
    client = log_in("manager")
    assert figures(page(client, "/oversight/"))["questions"][0] == "1"
    assert client.get("/oversight/?region=533301000000").json["error"]["code"] == "access.region"
    assert client.get(f"/oversight/devices/{busy.id}").json["error"]["code"] == "access.region"
    assert client.get("/oversight/cases?point=hexie").json["error"]["code"] == "request.format"
    assert {row["服务点"] for row in rows(client, "/oversight/audit")} == {"dulongjiang"}


def test_the_audit_finds_by_what_who_and_whom(busy: Village, log_in: LogIn) -> None:
    client = log_in("inspector")
    assert len(rows(client, "/oversight/audit?name=case.submitted")) == 2
    assert {row["谁"] for row in rows(client, f"/oversight/audit?actor={busy.id}")} == {busy.id}
    assert [row["事项"] for row in rows(client, "/oversight/audit?subject=knowledge:1")] == ["发布知识"]
    assert rows(client, "/oversight/audit?subject=_nothing_") == []


def token(client: FlaskClient, path: str) -> str:
    return page(client, path).split('name="csrf_token"')[1].split('value="')[1].split('"')[0]


def test_checking_the_chain_says_what_came_out(busy: Village, app: Flask, log_in: LogIn) -> None:
    client = log_in("inspector")
    data = {"csrf_token": token(client, "/oversight/audit")}
    good = client.post("/oversight/audit/check", data=data, follow_redirects=True)
    assert "账本完好" in good.get_data(as_text=True)
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(text("UPDATE ledger SET actor='someone' WHERE seq=5"))
    bad = client.post("/oversight/audit/check", data=data, follow_redirects=True)
    assert "账本在第 5 条对不上，前 4 条完好" in bad.get_data(as_text=True)


def test_long_lists_have_pages(app: Flask, log_in: LogIn) -> None:
    village = Village(app)
    village.round(*(village.question(f"问题{n}") for n in range(rules.PAGE_SIZE + 5)))
    client = log_in("manager")
    first, second = page(client, "/oversight/questions"), page(client, "/oversight/questions?page=2")
    assert first.count("<td>问题") == rules.PAGE_SIZE
    assert second.count("<td>问题") == 5
    assert "第 2 / 2 页" in second
    assert 'rel="next"' not in second
    assert len(rows(client, "/oversight/questions?page=2")) == rules.PAGE_SIZE + 5
    assert f'<input id="to" type="date" name="to" value="{today()}">' in first
