from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import text

from app import ledger
from tests.app.accounts.pages import HTML, submit
from tests.app.village import Village, enrol, new_key
from tests.conftest import LogIn

NEW = {
    "id": "laowo",
    "name": "老窝镇便民服务中心",
    "region": "533301103000",
    "address": "老窝镇",
    "hours": "",
    "phone": "",
}


def region(app: Flask) -> str:
    """Some township of 泸水市 that the catalogue has."""
    return next(
        code for code in app.extensions["jjb_region_names"] if code.startswith("533301") and code.endswith("000")
    )


def noted(app: Flask, name: str) -> list[ledger.Entry]:
    with app.extensions["jjb_db"].read() as connection:
        return list(ledger.read(connection, name=name))


def test_a_manager_adds_a_point_and_enrols_a_computer_there(app: Flask, log_in: LogIn) -> None:
    client = log_in("manager")
    assert submit(client, "/places/", **{**NEW, "region": region(app)}).location == "/places/laowo"
    page = submit(client, "/places/laowo/code", "/places/laowo").get_data(as_text=True)
    code = re.findall(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{2}\b", page)[0]
    assert "data:image/svg+xml" in page
    assert enrol(app, code, new_key()).json["point"]["id"] == "laowo"
    assert code not in client.get("/places/laowo", headers=HTML).get_data(as_text=True)
    assert [entry.name for entry in noted(app, "point.added")][-1:] == ["point.added"]
    assert noted(app, "device.code_issued")[-1].actor != "centre"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": "hexie"}, "已有了"),
        ({"id": "x"}, "代号"),
        ({"id": "有字"}, "代号"),
        ({"name": ""}, "名称"),
        ({"address": "长" * 201}, "200"),
        ({"region": "999999999999"}, "所在地"),
    ],
)
def test_a_point_that_cannot_be_is_refused_in_words(
    app: Flask, log_in: LogIn, changed: dict[str, str], said: str
) -> None:
    reply = submit(log_in("manager"), "/places/", **{**NEW, "region": region(app), **changed})
    page = reply.get_data(as_text=True)
    assert reply.status_code in (409, 422)
    assert said in page.split('class="error-summary"')[1].split("</div>")[0]
    for field in ("name", "address"):  # what was typed is still there
        assert f'name="{field}" value="{ {**NEW, **changed}[field] }"' in page


def test_a_point_is_described_anew_but_keeps_its_region(app: Flask, log_in: LogIn) -> None:
    client = log_in("manager")
    fields = {
        "name": "和谐社区",
        "address": "新址",
        "hours": "9:00–17:00",
        "phone": "0886-1234567",
        "region": "533324204000",
    }
    assert submit(client, "/places/hexie", **fields).status_code == 302
    with app.extensions["jjb_db"].read() as connection:
        kept = connection.execute(text("SELECT name, region FROM service_point WHERE id='hexie'")).one()
    assert tuple(kept) == ("和谐社区", "533301001003")


def test_a_description_that_cannot_be_keeps_what_was_typed(log_in: LogIn) -> None:
    reply = submit(log_in("manager"), "/places/hexie", name="", address="新址", hours="", phone="")
    page = reply.get_data(as_text=True)
    assert reply.status_code == 422
    assert "名称要填" in page
    assert 'name="address" value="新址"' in page


def test_a_stopped_device_is_refused_and_its_late_events_are_set_aside(app: Flask, log_in: LogIn) -> None:
    village, client = Village(app), log_in("manager")
    path = f"/places/device/{village.id}"
    missing = submit(client, path, "/places/hexie", act="revoke", reason=" ")
    assert missing.status_code == 400
    assert submit(client, path, "/places/hexie", act="revoke", reason="电脑丢了", sure="yes").status_code == 302
    reply = village.round(village.question("还能用吗"))
    assert (reply.status_code, reply.json["error"]["code"]) == (403, "device.revoked")
    assert noted(app, "device.revoked")[-1].body == {"reason": "电脑丢了"}
    assert noted(app, "question.asked") == []
    with app.extensions["jjb_db"].read() as connection:
        assert connection.execute(text("SELECT count(*) FROM quarantine")).scalar_one() == 1
    assert "电脑丢了" in client.get("/places/hexie", headers=HTML).get_data(as_text=True)


def test_a_device_gets_a_name_that_people_use(app: Flask, log_in: LogIn) -> None:
    village, client = Village(app), log_in("manager")
    assert submit(client, f"/places/device/{village.id}", "/places/hexie", name="窗口一").status_code == 302
    assert "窗口一" in client.get("/places/hexie", headers=HTML).get_data(as_text=True)
    refused = submit(client, f"/places/device/{village.id}", "/places/hexie", name="")
    assert refused.status_code == 400


@pytest.mark.parametrize("who", ["inspector", "lead"])
def test_who_only_looks_cannot_change(app: Flask, log_in: LogIn, who: str) -> None:
    village, client = Village(app), log_in(who)
    page = client.get("/places/hexie", headers=HTML)
    assert page.status_code == 200
    assert "生成登记码" not in page.get_data(as_text=True)
    for path in ("/places/", "/places/hexie", "/places/hexie/code", f"/places/device/{village.id}"):
        reply = submit(client, path, "/accounts/password", name="改", act="revoke", reason="x", sure="yes")
        assert reply.status_code == 403, path


@pytest.mark.parametrize("who", ["agent1", "editor", "guide1", "publisher"])
def test_other_roles_see_no_points(log_in: LogIn, who: str) -> None:
    assert log_in(who).get("/places/").json["error"]["code"] == "access.denied"


def test_a_county_manager_keeps_to_the_county(app: Flask, log_in: LogIn) -> None:
    village = Village(app)
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(text("UPDATE person SET region='533324000000' WHERE username='manager'"))
    client = log_in("manager")
    page = client.get("/places/", headers=HTML).get_data(as_text=True)
    assert "独龙江乡便民服务中心" in page
    assert "和谐社区" not in page.split("<tbody>")[1].split("</tbody>")[0]
    assert client.get("/places/hexie").json["error"]["code"] == "access.region"
    refused = [
        submit(client, "/places/hexie/code", "/places/dulongjiang"),
        submit(client, f"/places/device/{village.id}", "/places/dulongjiang", act="revoke", reason="x", sure="yes"),
        submit(client, "/places/", **{**NEW, "region": region(app)}),
    ]
    assert [reply.status_code for reply in refused] == [403, 403, 403]


def test_an_unknown_point_is_not_found(log_in: LogIn) -> None:
    assert log_in("manager").get("/places/nowhere").json["error"]["code"] == "request.missing"


def test_a_manager_sees_devices_and_asks_them_to_move_or_send_again(app: Flask, log_in: LogIn) -> None:
    village, client = Village(app), log_in("manager")
    village.round()
    path, page = f"/places/device/{village.id}", "/devices/"
    assert village.id not in client.get("/devices/?show=orders", headers=HTML).get_data(as_text=True)
    moving = {"act": "move", "target": "dulongjiang", "reason": "换窗口"}
    assert submit(client, path, page, **moving).status_code == 400  # nobody looked twice
    assert submit(client, path, page, **moving, sure="yes").status_code == 302
    assert submit(client, path, page, **moving, sure="yes").status_code == 409
    again = {"act": "resend", "reason": "备份旧了", "sure": "yes"}
    assert submit(client, path, page, **again, start="0").status_code == 400
    assert submit(client, path, page, **again, start="3").status_code == 302
    text_of = client.get(path, headers=HTML).get_data(as_text=True)
    assert "等它换到 独龙江乡便民服务中心" in text_of
    assert "等它从第 3 条起重传" in text_of
    assert "程序太旧" in text_of  # this village speaks version 1
    table = client.get("/devices/table.csv?show=orders").get_data(as_text=True)
    assert village.id in table
    assert "等它换到 独龙江乡便民服务中心" in table
    assert noted(app, "device.move_ordered")[-1].body == {"reason": "换窗口", "point": "dulongjiang"}
    first = re.findall(r"/places/order/(\d+)/drop", text_of)[0]
    assert submit(client, f"/places/order/{first}/drop", path).status_code == 302
    assert "等它换到" not in client.get(path, headers=HTML).get_data(as_text=True)
    assert submit(client, f"/places/order/{first}/drop", path).status_code == 404
    assert log_in("inspector").get(path, headers=HTML).status_code == 200
    assert submit(log_in("inspector"), path, "/accounts/password", **again, start="1").status_code == 403
