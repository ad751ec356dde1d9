"""Pages of cases at the centre."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.guard import current_person, needs
from app.bus import bus
from app.db import db
from app.files import reader
from app.handling import rules, store
from app.knowledge import releases
from app.ledger import Entry
from app.pages import csv_file, day_bounds, exact, when
from app.places.guard import point_names
from app.problems import Problem

bp = Blueprint("handling", __name__, template_folder="templates")

PAGE = 50
LAST_PAGE = 100_000
FILE_ROWS = 10_000
STAFF = ("agent", "lead", "manager", "inspector", "guide")


@bp.get("/handling/")
@needs(*STAFF)
def cases() -> str | Response:
    """Cases of my subtree, filtered by what stands in the URL; `?csv=1` is exactly the same list as a file."""
    equal = {name: request.args.get(name, "") for name in ("state", "point", "item")}
    day = request.args.get("day", "")
    as_file = "csv" in request.args
    page = min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
    with db().read() as connection:
        points = point_names(connection, current_person().region)
        window = (FILE_ROWS, 0) if as_file else (PAGE, (page - 1) * PAGE)
        rows, total = store.cases(connection, list(points), equal, _day(day), *window)
        names = item_names(connection)
    if as_file:
        return csv_file("cases.csv", HEAD, [_line(row, points, names) for row in rows])
    return render_template(
        "handling/cases.html", rows=rows, total=total, page=page, pages=-(-total // PAGE), points=points, names=names,
        states=rules.STATES, equal=equal, day=day,
    )  # fmt: skip


def _day(day: str) -> tuple[str, str] | None:
    try:
        return day_bounds(day) if day else None
    except (ValueError, OverflowError) as error:
        raise Problem("request.format", field="日期") from error


HEAD = ("办件编号", "事项", "服务点", "申请人", "状态", "提交时间", "收到时间", "提示")


def _line(row: Any, points: dict[str, str], names: dict[str, str]) -> tuple[str, ...]:
    item, point, state = names.get(row.item, row.item), points[row.point], rules.STATES[row.state]
    return (
        row.case_no,
        item,
        point,
        row.applicant_masked,
        state,
        exact(row.submitted_at),
        exact(row.received_at),
        row.flag,
    )


@bp.get("/handling/<case_no>")
@needs(*STAFF)
def case(case_no: str) -> str:
    """One case, masked."""
    return _page(case_no, None)


@bp.post("/handling/<case_no>/unmask")
@needs("agent", "lead", "manager")
def unmask(case_no: str) -> str:
    """The same page with the personal fields, for this view only; the reason is logged."""
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise Problem("request.format", field="查看原因")
    with db().write() as connection:
        found = store.case(connection, case_no)
        _must_reach(connection, found.point)
        opened = store.unmask(connection, found, reason[:200], current_person().id)
    return _page(case_no, opened)


@bp.post("/handling/<case_no>/move")
@needs("agent", "lead", "manager")
def move(case_no: str) -> AnyResponse:
    """Accept, return, process, finish: the village hears of it at its next sync."""
    target, note = request.form.get("state", ""), request.form.get("note", "").strip()[:1000]
    with db().write() as connection:
        _must_reach(connection, store.case(connection, case_no).point)
        external = request.form.get("external_case_no", "").strip()[:50]
        entry = store.move(connection, case_no, target, note, current_person().id, external)
        for handler in current_app.extensions["jjb_handlers"].get(entry.name, ()):
            handler(connection, entry)
    bus().publish("ledger")
    flash(f"已转为“{rules.STATES[target]}”。", "ok")
    return redirect(url_for("handling.case", case_no=case_no))


PAST = ("case.submitted", "case.file_stored", "case.progressed", "personal.unmasked")


def _must_reach(connection: Any, point: str) -> None:
    if point not in point_names(connection, current_person().region):
        raise Problem("access.region")


def _page(case_no: str, opened: dict[str, Any] | None) -> str:
    with db().read() as connection:
        found = store.case(connection, case_no)
        _must_reach(connection, found.point)
        points = point_names(connection, current_person().region)
        names = item_names(connection)
        files = reader.of_case(connection, case_no, current_person().id if opened is not None else None)
        past = [entry for entry in store.history(connection, case_no) if entry.name in PAST]
    timeline = [{"at": when(entry.received_at), **_step(entry)} for entry in past]
    return render_template(
        "handling/case.html", case=found, item_name=names.get(found.item, found.item), point_name=points[found.point],
        materials=json.loads(found.materials), situations=json.loads(found.situations), states=rules.STATES,
        next_states=rules.NEXT[found.state], timeline=timeline, opened=opened,
        files=files,
    )  # fmt: skip


def _step(entry: Entry) -> dict[str, str]:
    """One line of a case's history: what happened, and what was written to it."""
    if entry.name == "case.progressed":
        return {"what": entry.body["state_name"], "note": entry.body["note"]}
    if entry.name == "personal.unmasked":
        return {"what": "查看个人信息", "note": entry.body["reason"]}
    if entry.name == "case.file_stored":
        return {"what": "附件传到", "note": f"{entry.body['bytes'] / 1000:.0f} kB，已核对"}
    return {"what": "服务点提交", "note": ""}


def item_names(connection: Any) -> dict[str, str]:
    """Names of the items in force, by slug."""
    newest = releases.newest(connection)
    if newest is None:
        return {}
    return releases.item_names(releases.file_of(current_app.extensions["jjb_settings"], newest.number))
