from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import ledger
from tests.app.accounts.pages import HTML, submit
from tests.conftest import LogIn

NEW = {"username": "guide3", "name": "新来的导办员", "roles": ["guide"], "region": "533301001003"}


def person_id(app: Flask, username: str) -> str:
    with app.extensions["jjb_db"].read() as connection:
        return str(connection.execute(text("SELECT id FROM person WHERE username=:u"), {"u": username}).scalar_one())


def noted(app: Flask, name: str) -> list[dict[str, Any]]:
    with app.extensions["jjb_db"].read() as connection:
        return [entry.body for entry in ledger.read(connection, name=name)]


def change(client: FlaskClient, app: Flask, username: str, **fields: Any) -> TestResponse:
    """Save the form of a person with some fields changed."""
    values = {"name": username, "roles": ["admin"], "region": "533300000000", "active": "yes", **fields}
    return submit(client, f"/accounts/people/{person_id(app, username)}", **values)


def test_a_new_person_gets_a_link_and_logs_in_with_it(app: Flask, log_in: LogIn, client: FlaskClient) -> None:
    admin = log_in("admin")
    assert submit(admin, "/accounts/people", **NEW).status_code == 302
    page = admin.get("/accounts/people", headers=HTML).get_data(as_text=True)
    path = re.findall(r"http://127\.0\.0\.1:8080(/accounts/first/[\w-]+)", page)[0]
    assert path not in admin.get("/accounts/people", headers=HTML).get_data(as_text=True)  # shown once
    submit(client, path, password="山里的路要慢慢走才稳", again="山里的路要慢慢走才稳")
    assert submit(client, "/login", username="guide3", password="山里的路要慢慢走才稳").location == "/village/"
    assert noted(app, "person.added")[-1] == {"username": "guide3", "roles": ["guide"], "region": "533301001003"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"username": "guide1"}, "已有人用"),
        ({"username": "x"}, "登录名"),
        ({"username": "有 空格"}, "登录名"),
        ({"name": ""}, "姓名"),
        ({"roles": []}, "岗位"),
        ({"roles": ["emperor"]}, "岗位"),
        ({"region": "999999999999"}, "辖区"),
    ],
)
def test_a_person_that_cannot_be_is_refused_in_words(
    app: Flask, log_in: LogIn, changed: dict[str, Any], said: str
) -> None:
    before = len(noted(app, "person.added"))
    reply = submit(log_in("admin"), "/accounts/people", **{**NEW, **changed})
    page = reply.get_data(as_text=True)
    assert reply.status_code in (409, 422)
    assert said in page.split('class="error-summary"')[1].split("</div>")[0]
    for field, value in {**NEW, **changed}.items():  # what was typed is still there
        if field in ("username", "name"):
            assert f'name="{field}" value="{value}"' in page
    assert len(noted(app, "person.added")) == before


def test_the_last_admin_cannot_lock_everybody_out(app: Flask, log_in: LogIn) -> None:
    client = log_in("admin")
    for fields in ({"active": "no"}, {"roles": ["guide"]}):
        reply = change(client, app, "admin", **fields)
        assert reply.status_code == 409
        assert "最后一位管理员" in reply.get_data(as_text=True)
    assert client.get("/accounts/people").status_code == 200


def test_with_a_second_admin_the_first_may_go(app: Flask, log_in: LogIn) -> None:
    client = log_in("admin")
    assert change(client, app, "manager", roles=["admin", "manager"]).status_code == 302
    assert change(client, app, "admin", active="no").status_code == 302
    assert client.get("/accounts/people").status_code == 401


def test_a_locked_admin_does_not_count_as_one(app: Flask, log_in: LogIn) -> None:
    client = log_in("admin")
    change(client, app, "manager", roles=["admin"], active="no")
    assert change(client, app, "admin", active="no").status_code == 409


def test_new_roles_hold_at_once_and_are_noted(app: Flask, log_in: LogIn) -> None:
    editor = log_in("editor")
    change(log_in("admin"), app, "editor", roles=["guide"])
    assert editor.get("/knowledge/").status_code == 401  # the old session ended
    assert log_in("editor").get("/knowledge/").json["error"]["code"] == "access.denied"
    assert noted(app, "person.changed")[-1]["roles"] == ["guide"]


@pytest.mark.parametrize("who", ["inspector", "lead", "agent1", "editor", "guide1"])
def test_other_roles_do_not_see_people(log_in: LogIn, who: str) -> None:
    assert log_in(who).get("/accounts/people").json["error"]["code"] == "access.denied"


def test_a_manager_sees_people_but_changes_none(app: Flask, log_in: LogIn) -> None:
    client = log_in("manager")
    page = client.get("/accounts/people", headers=HTML).get_data(as_text=True)
    assert "guide1" in page
    assert client.get(f"/accounts/people/{person_id(app, 'guide1')}").json["error"]["code"] == "access.denied"
    assert submit(client, "/accounts/people", "/accounts/password", **NEW).status_code == 403


def test_the_list_is_cut_to_the_subtree_and_searched(app: Flask, log_in: LogIn) -> None:
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(text("UPDATE person SET region='533324000000' WHERE username IN ('manager', 'admin')"))
    page = log_in("manager").get("/accounts/people", headers=HTML).get_data(as_text=True)
    assert "guide2" in page
    assert "guide1" not in page
    admin = log_in("admin")
    assert admin.get(f"/accounts/people/{person_id(app, 'guide1')}").json["error"]["code"] == "access.region"
    assert submit(admin, "/accounts/people", **NEW).status_code == 403
    found = admin.get("/accounts/people?q=guide9", headers=HTML).get_data(as_text=True)
    assert "没有找到" in found


def test_an_unknown_person_is_not_found(log_in: LogIn) -> None:
    assert log_in("admin").get("/accounts/people/nobody").json["error"]["code"] == "request.missing"
