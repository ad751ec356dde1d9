from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app import create_app
from app.accounts import store
from app.settings import Settings
from tests.app.accounts.pages import HTML, demo_password, submit, token
from tests.conftest import LogIn

PASSWORD = "过了怒江就是我的家乡"


def sql(app: Flask, statement: str, **values: object) -> None:
    with app.extensions["jjb_db"].write() as connection:
        connection.execute(text(statement), values)


def link(app: Flask, username: str) -> str:
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        person = connection.execute(text("SELECT id FROM person WHERE username=:u"), {"u": username}).scalar_one()
        return "/accounts/first/" + store.issue_link(connection, person, "centre")


@pytest.mark.parametrize(
    ("username", "home"),
    [
        ("guide1", "/village/"),
        ("agent1", "/desk/"),
        ("lead", "/desk/"),
        ("editor", "/knowledge/"),
        ("reviewer", "/knowledge/"),
        ("manager", "/oversight/"),
        ("inspector", "/oversight/"),
        ("publisher", "/opendata/"),
        ("admin", "/oversight/"),
    ],
)
def test_everybody_lands_at_home(client: FlaskClient, settings: Settings, username: str, home: str) -> None:
    reply = submit(client, "/login", username=username, password=demo_password(settings))
    assert (reply.status_code, reply.location) == (302, home)


def test_log_in_leads_on_to_where_one_wanted_to_go(client: FlaskClient, settings: Settings) -> None:
    sent = client.get("/oversight/questions?decision=handoff", headers=HTML)
    assert sent.status_code == 302
    page = client.get(sent.location, headers=HTML).get_data(as_text=True)
    wanted = page.split('name="next" value="')[1].split('"')[0]
    reply = submit(client, "/login", username="manager", password=demo_password(settings), next=wanted)
    assert reply.location == "/oversight/questions?decision=handoff"


def test_log_in_never_leads_to_another_site(client: FlaskClient, settings: Settings) -> None:
    reply = submit(client, "/login", username="manager", password=demo_password(settings), next="//evil.example/")
    assert reply.location == "/oversight/"


@pytest.mark.parametrize(
    ("username", "password"), [("manager", "wrong"), ("nobody", "wrong"), ("", ""), ("' OR 1=1 --", "x")]
)
def test_a_wrong_name_and_a_wrong_password_sound_alike(client: FlaskClient, username: str, password: str) -> None:
    reply = submit(client, "/login", username=username, password=password)
    assert reply.status_code == 401
    assert "登录名或密码不对。" in reply.get_data(as_text=True)


def test_a_locked_person_is_told_so_only_with_the_right_password(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    sql(app, "UPDATE person SET active=:no WHERE username='agent1'", no=False)
    wrong = submit(client, "/login", username="agent1", password="wrong")
    assert "登录名或密码不对。" in wrong.get_data(as_text=True)
    right = submit(client, "/login", username="agent1", password=demo_password(settings))
    assert right.status_code == 403
    assert "这个账号已停用。" in right.get_data(as_text=True)


def test_locking_ends_a_session_that_runs(app: Flask, log_in: LogIn) -> None:
    client = log_in("manager")
    assert client.get("/oversight/").status_code == 200
    sql(app, "UPDATE person SET active=:no WHERE username='manager'", no=False)
    assert client.get("/oversight/").status_code == 401


def test_passwords_are_kept_as_argon2(app: Flask) -> None:
    with app.extensions["jjb_db"].read() as connection:
        kept = connection.execute(text("SELECT password FROM person")).scalars().all()
    assert kept
    assert {password.split("$")[1] for password in kept} == {"argon2id"}


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient, settings: Settings) -> None:
    submit(client, "/login", username="manager", password=demo_password(settings))
    cookie = client.get_cookie("session")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.secure) == (True, "Lax", False)


def test_behind_https_the_cookie_travels_encrypted_only(settings: Settings) -> None:
    app = create_app(replace(settings, public_url="https://jjb.example"))
    reply = app.test_client().get("/login")
    assert "Secure" in reply.headers["Set-Cookie"]
    app.extensions["jjb_db"].close()


def test_guessing_is_slowed_down(settings: Settings) -> None:
    app = create_app(replace(settings, login_limit="3 per minute"))
    client = app.test_client()
    tries = [submit(client, "/login", username="manager", password="wrong") for _ in range(4)]
    assert [reply.status_code for reply in tries] == [401, 401, 401, 429]
    assert "操作太频繁了。" in tries[-1].get_data(as_text=True)
    assert tries[-1].headers["Retry-After"] == "60"
    app.extensions["jjb_db"].close()


@pytest.mark.parametrize(("proxies", "last"), [(0, 429), (1, 401)])
def test_an_address_is_believed_only_from_our_own_proxy(settings: Settings, proxies: int, last: int) -> None:
    app = create_app(replace(settings, login_limit="3 per minute", proxies=proxies))
    client = app.test_client()
    data = {"csrf_token": token(client, "/login"), "username": "manager", "password": "wrong"}
    replies = [
        client.post("/login", data=data, headers={**HTML, "X-Forwarded-For": f"10.0.0.{n}"}).status_code
        for n in range(4)
    ]
    assert replies == [401, 401, 401, last]
    app.extensions["jjb_db"].close()


def test_a_form_without_its_token_does_nothing(client: FlaskClient, settings: Settings) -> None:
    data = {"username": "manager", "password": demo_password(settings)}
    for fields in (data, {**data, "csrf_token": "forged"}):
        reply = client.post("/login", data=fields)
        assert (reply.status_code, reply.json["error"]["code"]) == (400, "request.csrf")
    assert client.get("/oversight/").status_code == 401


def test_logging_out_ends_the_session(log_in: LogIn) -> None:
    client = log_in("manager")
    assert client.post("/logout", data={"csrf_token": token(client, "/oversight/")}).status_code == 302
    assert client.get("/oversight/").status_code == 401


def test_a_first_link_sets_a_password_once(app: Flask, client: FlaskClient) -> None:
    path = link(app, "editor")
    done = submit(client, path, password=PASSWORD, again=PASSWORD)
    assert (done.status_code, done.location) == (302, "/login")
    assert submit(client, "/login", username="editor", password=PASSWORD).location == "/knowledge/"
    again = client.get(path)
    assert (again.status_code, again.json["error"]["code"]) == (409, "link.used")


def test_a_new_link_ends_the_one_before(app: Flask, client: FlaskClient) -> None:
    first, second = link(app, "editor"), link(app, "editor")
    assert client.get(first).json["error"]["code"] == "link.used"
    assert client.get(second).status_code == 200


def test_a_late_link_is_expired(app: Flask, client: FlaskClient) -> None:
    path = link(app, "editor")
    sql(app, "UPDATE first_link SET expires_at='2026-01-01T00:00:00.000Z'")
    assert client.get(path).json["error"]["code"] == "link.expired"
    late = client.post(path, data={"csrf_token": token(client, "/login"), "password": PASSWORD, "again": PASSWORD})
    assert late.status_code == 410


def test_a_link_nobody_issued_is_wrong(client: FlaskClient) -> None:
    assert client.get("/accounts/first/guessed").json["error"]["code"] == "link.wrong"


def test_only_the_hash_of_a_link_is_kept(app: Flask) -> None:
    secret = link(app, "editor").rsplit("/", 1)[1]
    with app.extensions["jjb_db"].read() as connection:
        kept = str(connection.execute(text("SELECT * FROM first_link")).all())
        noted = str(connection.execute(text("SELECT body FROM ledger WHERE name='person.link'")).all())
    assert secret not in kept + noted


@pytest.mark.parametrize(
    ("password", "again", "said"), [("short", "short", "至少"), (PASSWORD, PASSWORD + "x", "不一样")]
)
def test_a_poor_first_password_is_refused_and_the_link_lives(
    app: Flask, client: FlaskClient, password: str, again: str, said: str
) -> None:
    path = link(app, "editor")
    reply = submit(client, path, password=password, again=again)
    assert reply.status_code == 422
    assert said in reply.get_data(as_text=True)
    assert client.get(path).status_code == 200


def test_changing_ones_password_needs_the_old_one_and_ends_other_sessions(log_in: LogIn, settings: Settings) -> None:
    here, elsewhere = log_in("editor"), log_in("editor")
    wrong = submit(here, "/accounts/password", old="wrong", password=PASSWORD, again=PASSWORD)
    assert "原密码不对" in wrong.get_data(as_text=True)
    right = submit(here, "/accounts/password", old=demo_password(settings), password=PASSWORD, again=PASSWORD)
    assert right.status_code == 302
    assert elsewhere.get("/knowledge/").status_code == 401
    assert submit(here, "/login", username="editor", password=PASSWORD).location == "/knowledge/"
