"""The department's worklist at 10,000 cases: what filtering, paging and opening cost at the centre; and a notice.

Pages are asked for as a browser does, log-in and template included, over SQLite in a folder of its own. Rows are written
as `case.submitted` projects them; the ledger gets one entry for each, so that opening a case reads a real history.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from app import clock, create_app, ledger
from app.handling import store
from app.settings import Settings
from app.setup import setup
from datasets.sources import read
from deploy.benches import Row, percentile, row

CASES = 10_000
ASKED = {
    "open the list": "",
    "filter: overdue": "mark=overdue",
    "filter: near": "mark=near",
    "filter: department and state": "department=民政局&state=submitted",
    "filter: item": "item=id-card",
    "filter: end of the number": "no={tail}",
    "page 150": "page=150",
}


def run(quick: bool) -> list[Row]:
    """p50 and p95 of each way in; `quick` asks less often."""
    times = 30 if quick else 200
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder)))
        setup(app, demo=True)
        numbers = _fill(app)
        client = _log_in(app, Path(folder))
        chance = random.Random(1)  # noqa: S311 - which case is opened, no secret
        rows: list[Row] = []
        for name, query in ASKED.items():
            rows += _both(
                name,
                [_ask(client, f"/handling/?{query.format(tail=chance.choice(numbers)[-6:])}") for _ in range(times)],
            )
        rows += _both("open a case", [_ask(client, f"/handling/{chance.choice(numbers)}") for _ in range(times)])
        slugs = [item["slug"] for item in read().items]
        notices = [_ask(client, f"/guide/{chance.choice(slugs)}?s=1,2") for _ in range(times)]
        rows += _both("compose a notice", notices, at_most=100)
        app.extensions["jjb_db"].close()
    return rows


def _both(name: str, spent: list[float], at_most: float = 200) -> list[Row]:
    return [row(f"{name}, p50", spent, "ms"), row(f"{name}, p95", [percentile(spent, 95)], "ms", at_most=at_most)]


def _ask(client: FlaskClient, address: str) -> float:
    began = time.perf_counter()
    reply = client.get(address)
    assert reply.status_code == 200, reply.status
    return (time.perf_counter() - began) * 1000


def _log_in(app: Flask, folder: Path) -> FlaskClient:
    client = app.test_client()
    password = json.loads((folder / "demo.json").read_text())["password"]
    token = client.get("/login").get_data(as_text=True).split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    client.post("/login", data={"username": "manager", "password": password, "csrf_token": token})
    return client


def _fill(app: Flask) -> list[str]:
    """Ten thousand cases over every item, both demo points, all states and a year of terms."""
    chance = random.Random(2)  # noqa: S311
    items = [item["slug"] for item in read().items]
    numbers = [
        f"NJ53330100120261123AA{n:04d}" if n < 10_000 else f"NJ53330100120261124AA{n - 10_000:04d}"
        for n in range(CASES)
    ]
    states = ("submitted", "accepted", "processing", "returned", "done", "refused")
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        rows: list[dict[str, Any]] = []
        for number in numbers:
            item, now = chance.choice(items), clock.now()
            known = store.promise(connection, item, 1)
            point = chance.choice(("hexie", "dulongjiang"))
            body = {"case_no": number, "state": "submitted", "state_name": "已提交", "note": ""}
            event = ledger.Event(clock.new_id(), "case.progressed", number, "centre", now, body, service_point=point)
            ledger.append(connection, event)
            rows.append(
                {
                    "case_no": number, "item": item, "point": point, "device": "d-bench", "state": chance.choice(states),
                    "release": 1, "situations": "[]", "materials": '[{"name":"户口簿","have":false}]',
                    "applicant_masked": "测*丰 533324********0018", "flag": "", "sealed": "{}", "submitted_at": now,
                    "received_at": now, "changed_at": now, "department": known.department if known else "",
                    "promised": known.promised if known else "", "due": f"2026-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
                }
            )  # fmt: skip
        connection.execute(insert(store.case_file), rows)
    return numbers
