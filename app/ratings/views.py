"""Pages of 好差评 and of the 整改单 that low ratings open."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.guard import current_person, needs
from app.db import db
from app.pages import BEIJING, csv_file, day_bounds, exact
from app.places.guard import point_names
from app.problems import Problem
from app.ratings import rules, store

bp = Blueprint("ratings", __name__, template_folder="templates")


@bp.get("/ratings/")
@needs("manager", "inspector", "lead")
def ratings() -> str | Response:
    """Ratings of my subtree with counts by level; `?csv=1` gives the same list as a file."""
    return _page({})


def _page(opened: dict[str, str]) -> str | Response:
    level = request.args.get("level", type=int)
    day = request.args.get("day", "")
    as_file = "csv" in request.args
    with db().read() as connection:
        points = point_names(connection, current_person().region)
        known = level if level in rules.LEVELS else None
        rows = store.ratings(connection, list(points), known, _day(day), FILE_ROWS if as_file else SHOWN)
        counts = store.counts(connection, list(points))
        todo = store.rectifications(connection, list(points))
    shown = [_line(row, points) for row in rows]
    if as_file:
        return csv_file("ratings.csv", HEAD, [list(line.values()) for line in shown])
    today = datetime.now(UTC).astimezone(BEIJING).date().isoformat()
    return render_template(
        "ratings/ratings.html", rows=rows, points=points, counts=counts, total=sum(counts.values()),
        levels=rules.LEVELS, level=level, day=day, todo=todo, states=rules.RECTIFICATION, next_states=rules.NEXT,
        today=today, opened=opened,
        reasons=lambda row: "、".join(json.loads(row.reasons)), is_low=rules.is_low, shown=SHOWN,
    )  # fmt: skip


SHOWN = 200
FILE_ROWS = 10_000
HEAD = ("评价对象", "等级", "原因", "服务点", "评价时间", "收到时间")


def _line(row: Any, points: dict[str, str]) -> dict[str, str]:
    reasons = "、".join(json.loads(row.reasons))
    values = (
        row.matter,
        rules.LEVELS[row.level],
        reasons,
        points[row.point],
        exact(row.rated_at),
        exact(row.received_at),
    )
    return dict(zip(HEAD, values, strict=True))


def _day(day: str) -> tuple[str, str] | None:
    try:
        return day_bounds(day) if day else None
    except (ValueError, OverflowError) as error:
        raise Problem("request.format", field="日期") from error


@bp.post("/ratings/open")
@needs("manager", "lead")
def open_text() -> str | Response:
    """The same page with what one person wrote, for this view only; the reason is logged."""
    matter, reason = request.form.get("matter", ""), request.form.get("reason", "").strip()
    if not reason:
        raise Problem("request.format", field="查看原因")
    with db().write() as connection:
        _must_reach(connection, matter)
        text = store.open_text(connection, matter, reason[:200], current_person().id)
    return _page({matter: text})


def _must_reach(connection: Connection, matter: str) -> None:
    if store.point_of(connection, matter) not in point_names(connection, current_person().region):
        raise Problem("access.region")


@bp.post("/ratings/rectify")
@needs("manager", "lead")
def rectify() -> AnyResponse:
    """Move a 整改单 on with a note."""
    matter, note = request.form.get("matter", ""), request.form.get("note", "").strip()[:500]
    with db().write() as connection:
        _must_reach(connection, matter)
        store.move(connection, matter, request.form.get("state", ""), note, current_person().id)
    flash("整改单已更新。", "ok")
    return redirect(url_for("ratings.ratings"))
