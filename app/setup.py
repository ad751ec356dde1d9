"""Brings a data folder to where the centre can run: tables, roles, places, people, catalogue, release 1, open data.

Every step first looks whether it is done, so that running it again changes nothing.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable

from flask import Flask
from sqlalchemy import Connection

from app.accounts import store as accounts
from app.accounts.rules import ROLES
from app.catalog import store as catalog
from app.db import Database
from app.handling import store as handling
from app.knowledge import publish, releases
from app.library.index import Shelf
from app.opendata import store as opendata
from app.places import store as places
from app.settings import Settings
from datasets.checks import check
from datasets.sources import read

Say = Callable[[str], None]

DEMO_POINTS = (
    {
        "id": "hexie",
        "name": "大练地街道和谐社区",
        "region": "533301001003",
        "address": "泸水市大练地街道和谐社区便民服务站",
    },
    {
        "id": "dulongjiang",
        "name": "独龙江乡便民服务中心",
        "region": "533324204000",
        "address": "贡山县独龙江乡便民服务中心",
    },
)
DEMO_PEOPLE = (
    ("admin", "州管理员", ("admin",), "533300000000"),
    ("editor", "知识编辑甲", ("editor",), "533300000000"),
    ("reviewer", "知识审核乙", ("reviewer",), "533300000000"),
    ("agent1", "坐席一号", ("agent",), "533300000000"),
    ("agent2", "坐席二号", ("agent",), "533300000000"),
    ("lead", "坐席班长", ("lead",), "533300000000"),
    ("manager", "综合管理员", ("manager",), "533300000000"),
    ("officer1", "泸水公安经办", ("officer",), "533301000000"),
    ("officer2", "怒江民政经办", ("officer",), "533300000000"),
    ("inspector", "督察员", ("inspector",), "533300000000"),
    ("publisher", "数据员甲", ("publisher",), "533300000000"),
    ("publisher2", "数据员乙", ("publisher",), "533300000000"),
    ("guide1", "和谐社区导办员", ("guide",), "533301001003"),
    ("guide2", "独龙江乡导办员", ("guide",), "533324204000"),
)
DEMO_DESKS = {"officer1": ["公安局"], "officer2": ["民政局", "退役军人事务局"]}
FIRST_ADMIN = "admin"
PREFECTURE = "533300000000"


def setup(app: Flask, demo: bool, say: Say = lambda _line: None) -> None:
    """Set the application's data folder up; `say` hears each step in words."""
    settings: Settings = app.extensions["jjb_settings"]
    store: Database = app.extensions["jjb_db"]
    with app.app_context():
        say("准备数据库")
        migrate(app)
        with store.write() as connection:
            accounts.add_roles(connection, ROLES)
            catalog.seed(connection)
            if demo:  # before the first release, which tells every village where the service points are
                say("建立示范服务点和人员")
                demo_organisation(connection, settings)
            if releases.newest(connection) is None:
                say("检查并装入事项目录，发布第 1 版知识")
                first_release(connection, settings)
            if releases.newest(connection, releases.LINGUA) is None:
                say("用群众问法训练问答，发布第 1 版问答词库")
                publish.publish_lingua(connection, settings, "首次发布", "centre")
        with store.write() as connection:
            handling.give_departments(connection)
        say("准备资料库的检索目录")
        with store.read() as connection:
            Shelf(settings, connection).refresh()
        say("生成开放数据")
        opendata.build_first(app)


def migrate(app: Flask) -> None:
    """Bring the tables of the store to the newest revision."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "app:migrations")
    config.attributes["engine"] = app.extensions["jjb_db"].engine
    command.upgrade(config, "head")


def first_release(connection: Connection, settings: Settings) -> None:
    """Issue release 1 from `datasets/`; the sources must be free of faults."""
    sources = read()
    faults = check(sources)
    if faults:
        raise SystemExit("\n".join(map(str, faults)))
    publish.publish(connection, settings, sources.items, "首次发布", "centre", sources)


def demo_organisation(connection: Connection, settings: Settings) -> None:
    """Both pilot sites of the plan and one person for each role; one random password for all, kept in demo.json."""
    if accounts.count(connection):
        return
    password = "-".join(secrets.token_hex(2) for _ in range(3))
    for point in DEMO_POINTS:
        places.add_point(connection, {**point, "hours": "工作日 9:00–17:00", "phone": ""}, "centre")
    for username, name, roles, region in DEMO_PEOPLE:
        person = accounts.add_person(connection, username, name, roles, region, "centre", password)
        if username in DEMO_DESKS:
            handling.set_desk(connection, person, DEMO_DESKS[username], "centre")
    people = [{"username": u, "name": n, "roles": [ROLES[r] for r in roles]} for u, n, roles, _ in DEMO_PEOPLE]
    path = settings.data / "demo.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"password": password, "people": people}, file, ensure_ascii=False, indent=1)


def first_admin_link(connection: Connection, settings: Settings) -> str | None:
    """A one-time link for the first admin of an empty centre; None when somebody is there already."""
    if accounts.count(connection):
        return None
    person = accounts.add_person(connection, FIRST_ADMIN, "管理员", ("admin",), PREFECTURE, "centre")
    return f"{settings.public_url}/accounts/first/{accounts.issue_link(connection, person, 'centre')}"
