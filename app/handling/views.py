"""Pages of cases at the centre: the department's worklist, one case and its steps, who works what."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import Connection, Row
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.accounts.guard import Person, colleagues, current_person, may_see, needs
from app.bus import bus
from app.db import db
from app.files import reader
from app.handling import follow, mandate, rules, store, work
from app.knowledge import releases
from app.ledger import Entry
from app.pages import BEIJING, beijing_day, csv_file, day_bounds, exact, when
from app.places.guard import point_names, points_in
from app.problems import Problem
from app.settings import Settings
from datasets import workdays

bp = Blueprint("handling", __name__, template_folder="templates")
bp.register_blueprint(follow.bp)

PAGE = 50
LAST_PAGE = 100_000
FILE_ROWS = 10_000
STAFF = (*rules.WORKERS, "inspector", "guide")
"""Roles that may look; those of `rules.WORKERS` take steps."""
MARKS = {
    "todo": "待受理",
    "working": "在办",
    "near": "快到期",
    "overdue": "已超期",
    "owed": "欠材料",
    "returned": "等补正",
    "mine": "我经办的",
    "free": "还没人办",
}


def _today() -> date:
    return datetime.now(UTC).astimezone(BEIJING).date()


def _days() -> store.Days:
    settings: Settings = current_app.extensions["jjb_settings"]
    today = _today()
    return store.Days(today.isoformat(), workdays.load().after(today, settings.near_days).isoformat())


def _reach(connection: Connection) -> tuple[store.Reach, dict[str, str]]:
    """What the person may see, and the names of the points in it."""
    me = current_person()
    points = point_names(connection, me.region)
    wide = me.has("agent", "lead", "manager", "inspector", "guide")
    departments = None if wide else store.desks(connection).get(me.id, [])
    return store.Reach(list(points), departments, me.id), points


@bp.get("/handling/")
@needs(*STAFF)
def cases() -> str | Response:
    """Cases of my subtree and department, filtered by what stands in the URL; `?csv=1` is exactly the same list as a file."""
    filters = {name: request.args.get(name, "") for name in ("mark", "state", "department", "point", "item", "no")}
    day = request.args.get("day", "")
    as_file = "csv" in request.args
    page = min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
    days = _days()
    with db().read() as connection:
        reach, points = _reach(connection)
        window = (FILE_ROWS, 0) if as_file else (PAGE, (page - 1) * PAGE)
        rows, total = store.cases(connection, reach, filters, days, _day(day), *window)
        names = item_names(connection)
        counts = {} if as_file else store.counts(connection, reach, days)
        departments = store.departments(connection)
    if as_file:
        return csv_file("cases.csv", HEAD, [_line(row, points, names) for row in rows])
    return render_template(
        "handling/cases.html", rows=rows, total=total, page=page, pages=-(-total // PAGE), points=points, names=names,
        states=rules.STATES, filters=filters, day=day, counts=counts, marks=MARKS, mark_of=_mark, departments=departments,
        reach=reach, today=days.today,
    )  # fmt: skip


def _day(day: str) -> tuple[str, str] | None:
    try:
        return day_bounds(day) if day else None
    except (ValueError, OverflowError) as error:
        raise Problem("request.format", field="日期") from error


def _mark(found: Row[Any]) -> rules.Mark | None:
    """How the term of a case stands today; none where nobody at the centre has to act."""
    settings: Settings = current_app.extensions["jjb_settings"]
    due = found.due if found.state in rules.OURS else None
    return rules.mark_of(due, _today(), settings.near_days, workdays.load())


HEAD = (
    "办件编号",
    "事项",
    "办理部门",
    "服务点",
    "申请人",
    "状态",
    "经办人",
    "期限",
    "期限情况",
    "后补材料期限",
    "省平台办件号",
    "提交时间",
    "收到时间",
    "提示",
)


def _line(row: Any, points: dict[str, str], names: dict[str, str]) -> tuple[str, ...]:
    mark = _mark(row)
    return (
        row.case_no,
        names.get(row.item, row.item),
        row.department,
        points[row.point],
        row.applicant_masked,
        rules.STATES[row.state],
        row.handler_name,
        row.due if mark and row.due else "",
        mark.words if mark else "",
        row.owed_due or "",
        row.external_case_no or "",
        exact(row.submitted_at),
        exact(row.received_at),
        "；".join(text for text in (row.flag, f"可能与 {row.twin} 重复" if row.twin else "") if text),
    )


@bp.get("/handling/<case_no>")
@needs(*STAFF)
def case(case_no: str) -> str:
    """One case, masked."""
    return _page(case_no)


@bp.post("/handling/<case_no>/unmask")
@needs(*rules.WORKERS)
def unmask(case_no: str) -> str:
    """The same page with the personal fields, for this view only; the reason is logged."""
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise Problem("request.format", field="查看原因")
    with db().write() as connection:
        found = _within_reach(connection, case_no)
        if found.wiped_at:
            raise Problem("case.wiped")
        opened = work.unmask(connection, found, reason[:200], current_person().id)
    return _page(case_no, opened=opened)


Act = Callable[[Connection, Row[Any], Person], str]


def _act(case_no: str, act: Act, *, guarded: bool = True) -> AnyResponse | tuple[str, int]:
    """Run one act in one transaction. When it may not be, the page comes again with what was typed: nothing is lost."""
    try:
        with db().write() as connection:
            found = _within_reach(connection, case_no)
            if guarded:
                work.expect(found, request.form.get("version", type=int))
            said = act(connection, found, current_person())
            stays = store.reaches(_reach(connection)[0], store.one(connection, case_no))
    except Problem as problem:
        if problem.code not in ("case.changed", "case.move", "case.field"):
            raise
        return _page(case_no, problem=problem, typed=request.form.to_dict(flat=False)), problem.kind.status
    bus().publish("ledger")
    flash(said, "ok")
    return redirect(url_for("handling.case", case_no=case_no) if stays else url_for("handling.cases"))


@bp.post("/handling/<case_no>/move")
@needs(*rules.WORKERS)
def move(case_no: str) -> AnyResponse | tuple[str, int]:
    """Accept, return, decide: the village hears of it at its next sync."""
    form = request.form
    target = form.get("state", "")
    missing = (*form.getlist("missing"), *rules.lines(form.get("more", ""))) if target == "returned" else ()
    step = rules.Step(
        target,
        form.get("note", "").strip()[:1000],
        tuple(dict.fromkeys(name[:200] for name in missing))[:30],
        tuple(form.getlist("owed")) if target == "accepted" else (),
        form.get("owed_days", 0, type=int),
        form.get("outcome", ""),
        form.get("result", "").strip()[:300],
    )

    def act(connection: Connection, found: Row[Any], me: Person) -> str:
        work.move(connection, found, step, me.id, me.name)
        external = form.get("external_case_no", "").strip()[:50]
        if external and external != found.external_case_no:
            work.link(connection, store.one(connection, case_no), external, me.id, me.name)
        return f"已转为“{rules.STATES[step.target]}”。服务点下次同步就能看到。"

    return _act(case_no, act)


@bp.post("/handling/<case_no>/owed")
@needs(*rules.WORKERS)
def owed(case_no: str) -> AnyResponse | tuple[str, int]:
    """Owed materials came."""

    def act(connection: Connection, found: Row[Any], me: Person) -> str:
        work.settle_owed(connection, found, request.form.getlist("come"), me.id, me.name)
        return "已记下收到的材料。"

    return _act(case_no, act)


@bp.post("/handling/<case_no>/assign")
@needs(*rules.WORKERS)
def assign(case_no: str) -> AnyResponse | tuple[str, int]:
    """Take a case, hand it over to a colleague, or pass it to another department."""
    form = request.form

    def act(connection: Connection, found: Row[Any], me: Person) -> str:
        if found.state not in rules.OPEN:
            raise Problem("case.move", reason="这件已经办完了")
        department = form.get("department") or found.department
        if department != found.department and department not in store.departments(connection):
            raise Problem("case.field", field="没有这个部门")
        people = _hands(connection, found.point, department)
        to = form.get("handler", "")
        if to == "me":
            to = me.id
        if to and to not in people and to != me.id:
            raise Problem("case.field", field="请从名单里选接手的人")
        note = form.get("note", "").strip()[:200]
        if not note and to != me.id:
            raise Problem("case.field", field="请写一句为什么转交")
        work.assign(connection, found, (to, people.get(to, me.name) if to else ""), department, note, me.id, me.name)
        return "已经是您经办。" if to == me.id else "已转交。"

    return _act(case_no, act)


@bp.post("/handling/<case_no>/link")
@needs(*rules.WORKERS)
def link(case_no: str) -> AnyResponse | tuple[str, int]:
    """Keep the number of the provincial platform."""

    def act(connection: Connection, found: Row[Any], me: Person) -> str:
        external = request.form.get("external_case_no", "").strip()
        if not external or len(external) > 50:
            raise Problem("case.field", field="省平台办件号应是 1 到 50 个字")
        work.link(connection, found, external, me.id, me.name)
        return "已记下省平台办件号。"

    return _act(case_no, act)


@bp.post("/handling/<case_no>/note")
@needs(*rules.WORKERS)
def note(case_no: str) -> AnyResponse | tuple[str, int]:
    """A word to colleagues about a case; the village does not see it."""

    def act(connection: Connection, found: Row[Any], me: Person) -> str:
        text = request.form.get("text", "").strip()
        if not text or len(text) > 1000:
            raise Problem("case.field", field="备注应是 1 到 1000 个字")
        work.note(connection, found, text, me.id)
        return "已记下备注。"

    return _act(case_no, act, guarded=False)


@bp.get("/handling/desks")
@needs("manager")
def desks() -> str:
    """Who works the cases of which department."""
    with db().read() as connection:
        people = colleagues(connection, current_person().region, "officer")
        held, departments = store.desks(connection), store.departments(connection)
    return render_template("handling/desks.html", people=people, held=held, departments=departments)


@bp.post("/handling/desks")
@needs("manager")
def set_desk() -> AnyResponse:
    """Give a person their departments."""
    person, names = request.form.get("person", ""), request.form.getlist("departments")
    with db().write() as connection:
        if person not in [one[0] for one in colleagues(connection, current_person().region, "officer")]:
            raise Problem("request.missing")
        known = {*store.departments(connection), *store.desks(connection).get(person, [])}
        if not set(names) <= known:
            raise Problem("request.format", field="部门")
        store.set_desk(connection, person, names, current_person().id)
    flash("已保存。", "ok")
    return redirect(url_for("handling.desks"))


PAST = (
    "case.submitted",
    "case.file_stored",
    "case.progressed",
    "case.supplemented",
    "case.withdrawn",
    "case.assigned",
    "case.linked",
    "case.noted",
    "personal.unmasked",
    "result.issued",
    "result.withdrawn",
)


def _within_reach(connection: Connection, case_no: str) -> Row[Any]:
    """A case that the person may see; Problem access.region otherwise."""
    found = store.one(connection, case_no)
    if not store.reaches(_reach(connection)[0], found):
        raise Problem("access.region")
    return found


def _hands(connection: Connection, point: str, department: str) -> dict[str, str]:
    """Names of those who may work a case of a point and a department, by id."""
    region = next((row.region for row in points_in(connection, "") if row.id == point), "")
    held = store.desks(connection)
    people = colleagues(connection, "", *rules.WORKERS)
    officers = {one[0] for one in colleagues(connection, "", "officer")}
    wide = {one[0] for one in colleagues(connection, "", "agent", "lead", "manager")}
    return {
        person: name
        for person, name, theirs in people
        if may_see(Person(person, name, frozenset(), theirs), region)
        and (person in wide or (person in officers and department in held.get(person, [])))
    }


def _page(
    case_no: str,
    *,
    opened: dict[str, Any] | None = None,
    problem: Problem | None = None,
    typed: dict[str, list[str]] | None = None,
) -> str:
    me = current_person()
    worker = me.has(*rules.WORKERS)
    with db().read() as connection:
        found = _within_reach(connection, case_no)
        _, points = _reach(connection)
        names = item_names(connection)
        people = {person: name for person, name, _ in colleagues(connection, "", *rules.WORKERS)}
        past = [entry for entry in store.history(connection, case_no) if entry.name in PAST]
        timeline = [
            {
                "at": when(entry.received_at),
                "who": people.get(entry.actor, ""),
                **_step(connection, entry, people, worker),
            }
            for entry in past
        ]
        owed_now = store.owed(connection, case_no)
        files = reader.of_case(connection, case_no, me.id if opened is not None else None)
        hands = _hands(connection, found.point, found.department) if worker else {}
        departments = store.departments(connection)
        result = store.result_of(connection, found)
        papers = reader.results_of(connection, case_no)
    settings: Settings = current_app.extensions["jjb_settings"]
    due_sure = workdays.load().sure(date.fromisoformat(found.due)) if found.due else True
    return render_template(
        "handling/case.html", case=found, item_name=names.get(found.item, found.item), point_name=points[found.point],
        materials=json.loads(found.materials), situations=json.loads(found.situations), states=rules.STATES,
        verbs={state: rules.VERBS[state] for state in rules.VERBS if state in rules.NEXT[found.state]},
        lacking=work.lacking(found), owed=owed_now, missing=json.loads(found.missing), mark=_mark(found), due_sure=due_sure,
        timeline=timeline, opened=opened, worker=worker, hands=hands, departments=departments, outcomes=rules.OUTCOMES,
        open=found.state in rules.OPEN, owed_days=settings.owed_days, retired=found.item not in names,
        problem=problem, typed=typed or {}, was=lambda name, default="": (typed or {}).get(name, [default])[0],
        today=beijing_day(clock.now()), files=files, result=result, papers=papers,
        key=reader.pass_for(me.id, case_no) if worker else "", kilo=kilo, mandate=json.loads(found.mandate), ways=mandate.WAYS,
        powers=mandate.POWERS, self_word=mandate.SELF,
        signature=mandate.strokes_of(opened["mandate"]["strokes"]) if opened and opened.get("mandate") else [],
    )  # fmt: skip


def kilo(size: int) -> str:
    """Bytes as people read them, never 0 for something."""
    return f"{-(-size // 1000)} kB"


def _step(connection: Connection, entry: Entry, people: dict[str, str], worker: bool) -> dict[str, Any]:
    """One line of a case's history: what happened, and what was written to it."""
    body = entry.body
    if entry.name == "case.progressed":
        return {
            "what": body["state_name"],
            "note": store.shown(connection, entry, "note"),
            "missing": body.get("missing", []),
        }
    if entry.name == "case.assigned":
        to = people.get(body["handler"], "") or "没有定人"
        return {
            "what": f"转到{body['department'] or '（没有部门）'}，经办：{to}",
            "note": store.shown(connection, entry, "note"),
        }
    if entry.name == "case.linked":
        return {"what": f"省平台办件号 {body['external_case_no']}", "note": ""}
    if entry.name == "case.noted":
        return {"what": "内部备注", "note": work.opened_note(connection, entry) if worker else "（经办人员可看）"}
    if entry.name == "personal.unmasked":
        return {"what": "查看个人信息", "note": body["reason"]}
    if entry.name == "case.file_stored":
        return {"what": "附件传到", "note": f"{kilo(body['bytes'])}，已核对"}
    if entry.name in ("result.issued", "result.withdrawn"):
        return {"what": "发出结果文书" if entry.name == "result.issued" else "撤回结果文书", "note": ""}
    words = {"case.supplemented": "服务点补交材料", "case.withdrawn": "申请人要求撤回"}
    return {"what": words.get(entry.name, "服务点提交"), "note": ""}


def item_names(connection: Connection) -> dict[str, str]:
    """Names of the items in force, by slug."""
    newest = releases.newest(connection)
    if newest is None:
        return {}
    return releases.item_names(releases.file_of(current_app.extensions["jjb_settings"], newest.number))
