"""审计: search the ledger, export what was found, check the chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app import clock, ledger
from app.accounts.guard import current_person, needs
from app.accounts.rules import Person, stem
from app.db import db
from app.events import EVENTS
from app.oversight import export, rules, trail
from app.pages import BEIJING, day_bounds
from app.places import guard as places
from app.problems import Problem

FIELDS = ("name", "subject", "actor")
PREFECTURE_STEM = 4
"""Whoever oversees a whole prefecture sees entries that belong to no service point too."""


@needs("inspector", "manager")
def page() -> str | Response:
    """Entries that a search finds, newest first; `?csv=1` gives them all as a file."""
    me = current_person()
    asked = {name: request.args.get(name, "").strip()[:100] for name in FIELDS}
    try:
        days = rules.span(
            request.args.get("from"), request.args.get("to"), clock.parse(clock.now()).astimezone(BEIJING).date()
        )
    except ValueError as error:
        raise Problem("request.format", field=str(error)) from error
    as_file = "csv" in request.args
    with db().read() as connection:
        people = trail.usernames(connection)
        search = _search(connection, me, asked, people)
        start, end = day_bounds(days.first.isoformat())[0], day_bounds(days.last.isoformat())[1]
        search = replace(search, start=start, end=end)
        pages = rules.pages(request.args.get("page"), trail.count(connection, search))
        entries = trail.entries(connection, search, *(() if as_file else (pages.size, pages.offset)))
    rows = [_row(entry, people) for entry in entries]
    if as_file:
        return _file(f"ledger-{days.first}-{days.last}.csv", rows)
    query = {key: value for key, value in request.args.items() if key not in ("page", "csv") and value}
    return render_template(
        "oversight/audit.html", rows=rows, pages=pages, days=days, asked=asked, query=query, words=rules.WORDS,
        people=people, whole=search.points is None,
    )  # fmt: skip


def _search(connection: Connection, me: Person, asked: Mapping[str, str], people: Mapping[str, str]) -> trail.Search:
    """The search cut to what the person oversees; actor and subject may be typed as log-in name."""
    whole = "admin" in me.roles or len(stem(me.region)) <= PREFECTURE_STEM
    points = None if whole else frozenset(places.point_names(connection, me.region))
    ids = {username: person for person, username in people.items()}
    subject, actor = (ids.get(asked[field], asked[field]) for field in ("subject", "actor"))
    return trail.Search(asked["name"], subject, actor, points=points, own=me.id)


def _row(entry: ledger.Entry, people: Mapping[str, str]) -> dict[str, Any]:
    kind = EVENTS.get(entry.name)
    actor = "中心" if entry.actor == "centre" else people.get(entry.actor, entry.actor)
    body = rules.shown_body(entry.body, kind.sealed if kind else ())
    return {
        **asdict(entry),
        "word": rules.word_of(entry.name),
        "who": actor,
        "whom": people.get(entry.subject, entry.subject),
        "fields": body,
    }


def _file(name: str, rows: list[dict[str, Any]]) -> Response:
    head = ["序号", "收到时间", "事项", "对象", "谁", "服务点", "设备", "设备序号", "内容", "校验值"]
    return export.table(
        name,
        head,
        [
            [
                row["seq"], export.moment(row["received_at"]), row["word"], row["whom"], row["who"],
                row["service_point"], row["device"], row["device_seq"],
                ";".join(f"{word}:{value}" for word, value in row["fields"]), row["hash"],
            ]
            for row in rows
        ],
    )  # fmt: skip


@needs("inspector", "manager")
def check() -> AnyResponse:
    """Recompute every hash of the ledger and say what came out."""
    with db().read() as connection:
        verdict = ledger.verify(connection)
    if verdict.ok:
        flash(
            f"账本完好：{verdict.entries} 条记录逐条核对，没有改动、缺少或插入。末条校验值 {verdict.head[:16]}。", "ok"
        )
    else:
        flash(
            f"账本在第 {verdict.broken_at} 条对不上，前 {verdict.entries - 1} 条完好。请马上停用写入并联系系统管理员。",
            "bad",
        )
    return redirect(url_for("oversight.audit"))
