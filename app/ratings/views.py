"""Pages of 好差评 and of the 整改单 that low ratings open."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app import clock, ledger
from app.accounts.guard import current_person, needs
from app.bus import bus
from app.db import db
from app.pages import BEIJING, csv_file, day_bounds, exact, when
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
        ended = store.rectifications(connection, list(points), ended=True)
        notes = {
            row.matter: [
                (when(entry.received_at), entry.body, store.note_of(connection, entry))
                for entry in store.past(connection, row.matter)
            ]
            for row in [*todo, *ended]
        }
        uncounted = store.dismissed(connection, list(points))
    shown = [_line(row, points) for row in rows]
    if as_file:
        return csv_file("ratings.csv", HEAD, [list(line.values()) for line in shown])
    today = datetime.now(UTC).astimezone(BEIJING).date().isoformat()
    return render_template(
        "ratings/ratings.html", rows=rows, points=points, counts=counts, total=sum(counts.values()),
        levels=rules.LEVELS, level=level, day=day, todo=todo, ended=ended, notes=notes, states=rules.RECTIFICATION,
        acts=rules.ACTS, acts_for=rules.acts_for, review=rules.REVIEW, uncounted=uncounted,
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
@needs("manager", "lead", "inspector")
def rectify() -> AnyResponse:
    """One act on a 整改单; a review of a disputed one is a second person's."""
    form = request.form
    matter, name = form.get("matter", ""), form.get("act", "")
    me = current_person()
    if not me.has("manager", "lead") and name not in rules.REVIEW:
        raise Problem("access.denied")
    done = rules.Act(name, form.get("note", "").strip()[:500], "complex" in form, form.get("again", type=int))
    with db().write() as connection:
        _must_reach(connection, matter)
        state = store.act(connection, matter, done, me.id)
    flash(f"整改单现在是“{rules.RECTIFICATION[state]}”。", "ok")
    return redirect(url_for("ratings.ratings"))


@bp.post("/ratings/paper")
@needs("manager", "lead")
def paper() -> AnyResponse:
    """Enter a rating from a paper form."""
    form = request.form
    level, day = form.get("level", 0, type=int), form.get("written", "")
    fault = rules.paper_fault(day, level, datetime.now(UTC).astimezone(BEIJING).date())
    if fault:
        raise Problem("request.format", field=fault)
    case_no = form.get("case_no", "").strip().upper()
    with db().write() as connection:
        points = point_names(connection, current_person().region)
        point = store.point_of_case(connection, case_no) if case_no else form.get("point", "")
        if point not in points:
            raise Problem("rating.case", case_no=case_no) if case_no else Problem("request.format", field="服务点")
        matter = case_no or f"visit:{clock.new_id()}"
        text = form.get("text", "").strip()[:1000]
        entry = store.from_paper(connection, matter, point, level, day, text, current_person().id)
        ledger.project(connection, entry)
    bus().publish("ledger")
    flash("已记下纸质评价。", "ok")
    return redirect(url_for("ratings.ratings"))
