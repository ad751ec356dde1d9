from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app import OPEN_DOORS
from tests.app.accounts.pages import HTML
from tests.conftest import LogIn


def path_of(rule: Rule) -> str:
    """An address of the rule; its parts are made up."""
    return re.sub(r"<[^>]+>", "1", rule.rule)


def test_every_door_that_is_not_listed_is_locked(app: Flask, client: FlaskClient) -> None:
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OPEN_DOORS:
            continue
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            # A browser's form would also carry the CSRF token; without log-in neither helps.
            app.config["WTF_CSRF_ENABLED"] = False
            reply = client.open(path_of(rule), method=method)
            assert reply.status_code == 401, f"{method} {rule.rule}"
            assert reply.json["error"]["code"] == "access.login"
            tried += 1
    assert tried > 30


def test_every_open_door_exists(app: Flask) -> None:
    assert set(OPEN_DOORS) - {"static"} <= {rule.endpoint for rule in app.url_map.iter_rules()}


def test_a_person_is_led_to_the_log_in_page_and_a_program_is_told(client: FlaskClient) -> None:
    person = client.get("/places/hexie", headers=HTML)
    assert (person.status_code, person.location) == (302, "/login?next=/places/hexie")
    assert client.get("/places/hexie").json["error"]["message"] == "请先登录。"


def test_pages_behind_the_wall_are_never_kept_and_never_framed(log_in: LogIn) -> None:
    headers = log_in("manager").get("/oversight/", headers=HTML).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy


@pytest.mark.parametrize("path", ["/nowhere", "/oversight/nowhere", "/village/nowhere.js"])
def test_a_wrong_address_is_a_plain_chinese_page(client: FlaskClient, path: str) -> None:
    page = client.get(path, headers=HTML)
    assert page.status_code == 404
    assert "没有找到这个页面或记录。" in page.get_data(as_text=True)


@pytest.mark.parametrize("who", ["admin", "manager", "inspector", "lead", "agent1", "editor", "reviewer", "publisher"])
def test_every_menu_entry_of_a_role_opens_for_it(log_in: LogIn, who: str) -> None:
    client = log_in(who)
    page = client.get("/accounts/password", headers=HTML).get_data(as_text=True)
    menu = re.findall(r'<a href="([^"]+)"', page.split('class="rail')[1].split("</nav>")[0])
    assert menu
    for path in menu:
        opened = client.get(path, headers=HTML)
        if path == "/desk/":  # a Vite page with a shell of its own, built or not
            assert opened.status_code in (200, 503)
            continue
        assert opened.status_code == 200, f"{who} {path}"
        rail = opened.get_data(as_text=True).split('class="rail')[1].split("</nav>")[0]
        assert rail.count('aria-current="page"') == 1, path


def test_pages_hold_no_inline_script_or_style(log_in: LogIn) -> None:
    client = log_in("admin")
    for path in (
        "/",
        "/oversight/",
        "/oversight/audit",
        "/places/",
        "/places/hexie",
        "/accounts/people",
        "/accounts/password",
    ):
        page = client.get(path, headers=HTML).get_data(as_text=True)
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", page), path


def test_type_size_turns_in_a_circle(client: FlaskClient) -> None:
    shown = []
    for _ in range(4):
        page = client.get("/login", headers=HTML).get_data(as_text=True)
        shown.append(re.findall("字号：(标准|大|特大)<", page)[0])
        client.get("/size?next=/login")
    assert shown == ["标准", "大", "特大", "标准"]
