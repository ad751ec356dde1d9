"""Synthetic persons go in through every door; then every byte that the centre wrote is read. Nothing of them may stand
open anywhere, and after they had themselves deleted nothing may be readable with every key that is left."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, ledger
from app.courier import desk as courier
from app.db import metadata
from app.retention import job
from app.settings import Settings
from app.vault import vault, vault_key
from sync import stick
from sync.uploads import Paper
from tests.app.desk.conftest import call, new
from tests.app.retention.test_persons import look, then
from tests.app.retention.test_retention import ended, post
from tests.app.village import Village
from tests.sync.conftest import Centre, Settle
from tests.sync.test_files import jpeg
from tests.wire import Wire

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "check_vectors.json").read_text(encoding="utf-8"))
SELF, PROXY = VECTORS["id_valid"][1], VECTORS["id_valid"][2]
PHONE, PROXY_PHONE = "13911112222", "13933334444"
NAME, PROXY_NAME = "欧试珊瑚", "司测琥珀"
NEEDLES = (SELF, PROXY, PHONE, PROXY_PHONE, NAME, PROXY_NAME)
ASKED = f"我叫{NAME}，身份证{SELF}，电话{PHONE}，补办要多久"
"""On the device numbers are masked before they are stored; this one is an older program."""
WORDS = f"我叫{NAME}，身份证{SELF}，电话{PHONE}，委托{PROXY_NAME}（{PROXY}，{PROXY_PHONE}）"
LogIn = Callable[[str], FlaskClient]


def forms(needle: str) -> Iterator[bytes]:
    """How a text may stand in a file."""
    for one in {needle, needle.lower(), json.dumps(needle)[1:-1]}:
        yield one.encode()
        yield one.encode("utf-16-le")
    for lead in range(3):  # inside something longer in base64
        yield base64.b64encode(b"\0" * lead + needle.encode())[4:-4]
    yield "".join(f"%{byte:02X}" for byte in needle.encode()).encode()


PATTERN = re.compile(b"|".join(re.escape(form) for needle in NEEDLES for form in forms(needle)))


def rows(app: Flask) -> bytes:
    """Every cell of every table, as text."""
    with app.extensions["jjb_db"].read() as connection:
        return "\n".join(
            str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))
        ).encode()


def found_open(app: Flask, settings: Settings) -> list[str]:
    """Where something of a person stands open, in files (database and its log too) and rows."""
    files = {str(path): path.read_bytes() for path in settings.data.rglob("*") if path.is_file()}
    files["tables"] = rows(app)
    return [f"{name}: {hit.group()!r}" for name, data in files.items() if (hit := PATTERN.search(data))]


def readable(app: Flask) -> str:
    """Everything sealed that opens with a key of the vault, wherever it stands."""
    return opened(app, rows(app).decode())


def person(name: str, number: str, phone: str) -> dict[str, str]:
    return {"name": name, "id_number": number, "phone": phone, "region": "", "address": f"{name}家"}


def filled(body: dict[str, Any]) -> dict[str, Any]:
    """A case with a person in every field that takes one."""
    mandate = {
        "way": "signed", "item": body["item"], "powers": ["submit", "amend", "collect"], "since": "2026-11-23",
        "until": "2026-12-23", "principal_name": NAME, "principal_id": SELF, "principal_relation": "本人",
        "agent_name": PROXY_NAME, "agent_id": PROXY, "strokes": "10,10 200,40|300,80 320,200", "signed_at": clock.now(),
    }  # fmt: skip
    proxy = {"name": PROXY_NAME, "id_number": PROXY, "phone": PROXY_PHONE, "relation": "其他"}
    return body | {
        "applicant": person(NAME, SELF, PHONE), "proxy": proxy, "mandate": mandate, "note": WORDS, "follow": "ABCD2345",
    }  # fmt: skip


@pytest.fixture
def heard(app: Flask, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Every address that is asked for, and every line that is logged."""
    caplog.set_level(logging.DEBUG)
    lines: list[str] = []
    inner = app.wsgi_app

    def listening(environ: Any, start: Any) -> Any:
        lines.append(f"{environ.get('PATH_INFO')}?{environ.get('QUERY_STRING')} {environ.get('HTTP_REFERER')}")
        return inner(environ, start)

    app.wsgi_app = listening  # type: ignore[method-assign]
    return lines


def through_every_door(
    app: Flask,
    settings: Settings,
    log_in: LogIn,
    village: Village,
    settle: Settle,
    wire: Wire,
) -> list[str]:
    """The person asks, files, calls, rates, by link and by stick; staff write the name wherever they can. Case numbers."""
    agent, manager = log_in("agent1"), log_in("manager")
    first = village.case(1)
    first["body"] = filled(first["body"])
    wrong = village.case(2)
    wrong["body"] |= {"applicant": person(NAME, SELF, PHONE), "release": "不是数"}
    unknown = village.event("nobody.knows", "x", {"name": NAME, "id_number": SELF})
    village.round(village.question(ASKED, "handoff"), first, wrong, unknown)
    case_no = first["subject"]
    by_stick = settle("stick")
    assert by_stick.sync().ok
    photo = jpeg(filler=400)[:-2] + NAME.encode() + SELF.encode() + b"\xff\xd9"
    body = filled(village.case(3)["body"]) | {"case_no": by_stick.case_no(1, "20261123")}
    by_stick.file_case(body, [Paper("户口簿", photo)])
    outbox = stick.export(by_stick).data
    assert not PATTERN.search(outbox)
    with app.app_context():
        assert courier.take(settings, outbox, "centre", lambda _: None).body["files"] == 1
    for number in (case_no, body["case_no"]):
        at = f"/handling/{number}"
        post(agent, f"{at}/unmask", at, reason="核对材料")
        post(agent, f"{at}/note", at, text=WORDS)
        post(agent, f"{at}/assign", at, handler="me", note=WORDS)
        post(agent, f"{at}/move", at, state="accepted", note=WORDS)
        post(agent, f"{at}/move", at, state="done", outcome="granted", result=f"{NAME}的证", note=WORDS)
        token = re.search(r'name="csrf_token" value="([^"]+)"', manager.get("/follow").get_data(as_text=True))
        assert token
        manager.post(
            "/follow/rate",
            data={"csrf_token": token[1], "no": number, "secret": "ABCD2345", "level": "4", "text": WORDS},
        )
        for act in ({"act": "contact"}, {"act": "fix"}, {"act": "close", "again": "2"}):
            post(manager, "/ratings/rectify", "/ratings/", matter=number, note=WORDS, **act)
    calling(village, wire)
    post(manager, "/retention/hold", subject=case_no, reason=WORDS[:150])
    return [case_no, body["case_no"]]


def calling(village: Village, wire: Wire) -> None:
    """A call in which the person says who they are."""
    end = call(wire, village)
    end.send(type="open", client_id=new(), reason=ASKED)
    end.next("state")
    end.send(type="say", client_id=new(), text=WORDS)
    end.next("message")
    end.send(type="end")
    end.until(lambda frame: frame.get("state") == "ended")
    end.ws.close()


PAGES = (
    "/handling/?csv=1", "/oversight/?csv=1", "/oversight/questions?csv=1", "/oversight/cases?csv=1",
    "/oversight/ratings?csv=1", "/oversight/talks?csv=1", "/oversight/audit?csv=1", "/ratings/?csv=1", "/healthz",
    "/handling/", "/oversight/audit", "/syncing/quarantine", "/knowledge/gaps", "/retention/",
)  # fmt: skip
"""Lists, files and figures for staff: masked at most."""


def test_nothing_of_a_person_stands_open_and_nothing_is_left_of_whom_was_deleted(
    app: Flask,
    settings: Settings,
    log_in: LogIn,
    heard: list[str],
    caplog: pytest.LogCaptureFixture,
    centre: Centre,
    settle: Settle,
    wire: Wire,
) -> None:
    village = Village(app)
    cases = through_every_door(app, settings, log_in, village, settle, wire)
    admin = log_in("admin")
    for page in PAGES:
        reply = admin.get(page)
        assert reply.status_code == 200, page
        assert not PATTERN.search(reply.data.replace(WORDS[:150].encode(), b"")), (
            page
        )  # the hold's reason, for its keeper
    post(admin, "/opendata/build", "/opendata/")
    assert NAME in readable(app)
    assert found_open(app, settings) == []
    assert not PATTERN.search("\n".join([*heard, caplog.text]).encode())
    told = village.round().json["downlink"]
    assert WORDS in str(told), "the village hears what the department says"

    before = rows(app).decode()  # the database of any backup: its keys are in a book of their own (app/backup.py)
    gone(app, admin, cases)
    assert found_open(app, settings) == []
    left = readable(app)
    assert not any(needle in left for needle in NEEDLES)
    assert not any(needle in opened(app, before) for needle in NEEDLES), "a copy from before opens with no key of today"
    assert not PATTERN.search("\n".join([*heard, caplog.text]).encode())
    assert all(one["kind"] == "case.forget" for one in village.round().json["downlink"])
    with app.extensions["jjb_db"].read() as connection:
        assert ledger.verify(connection).ok


def gone(app: Flask, admin: FlaskClient, cases: list[str]) -> None:
    """Both persons ask that everything go; what they can not ask for goes with its time."""
    post(admin, "/retention/hold", subject=cases[0], reason="不再需要", lift="1")
    for number in (SELF, PROXY):
        page = look(admin, number)
        if 'name="token"' in page.get_data(as_text=True) and "可以删除" in page.get_data(as_text=True):
            assert then(admin, page, "delete", number).status_code == 200
    for case_no in cases:
        ended(app, case_no, 400)
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        old = {"settled_at": clock.later(days=-400), "settled_by": "x", "settlement": "已作废"}
        connection.execute(metadata.tables["quarantine"].update().values(**old))
        connection.execute(metadata.tables["talk"].update().values(ended_at=clock.later(days=-400)))
    with app.app_context():
        job.run("centre", dry=False)


def opened(app: Flask, text: str) -> str:
    """What of a text opens with the keys of today."""
    found = []
    sealed = set(re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", text))
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        for subject in connection.execute(select(vault_key.c.subject)).scalars().all():
            for one in sealed:
                try:
                    found.append(str(vault().open(connection, subject, one)))
                except ValueError:
                    continue
    return "\n".join(found)
