"""个人信息: how long what is kept, the reports of every run, holds; and what is kept of one person, for them.

The number of a person is typed, looked for and dropped: it stands in no address, no log and no table. What comes after
the look-up goes by a sealed token that holds the subjects found, is good for ten minutes and for the same clerk.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app import clock, ledger
from app.accounts.guard import Person, current_person, may_see, needs
from app.bus import bus
from app.db import db
from app.keeping import Holding
from app.places.guard import point_names, points_in
from app.problems import Problem
from app.retention import job, rules, store
from app.settings import Settings
from app.vault import vault

bp = Blueprint("retention", __name__, template_folder="templates")

SHOWN = 30
TOKEN_S = 600
HOLDABLE = re.compile(r"NJ\d{17}[A-Z]{2}\d{4}")


@bp.record_once
def _watch(setup: BlueprintSetupState) -> None:
    job.watch(cast(Flask, setup.app))


@bp.after_request
def _not_kept(response: Response) -> Response:
    """No browser keeps a page that says something of a person."""
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/retention/")
@needs("manager", "inspector")
def home() -> str:
    """Periods with their rules, reports of the runs, holds, requests of persons."""
    return _home()


def _home(problem: Problem | None = None) -> str:
    settings: Settings = current_app.extensions["jjb_settings"]
    me = current_person()
    with db().read() as connection:
        runs = store.runs(connection, SHOWN)
        mine = point_names(connection, me.region)
        holds = [(row, reason) for row, reason in store.holds(connection) if _point_of(connection, row.subject) in mine]
        requests = store.requests(connection, SHOWN)
    reports = [{"run": one, "words": rules.in_words(json.loads(one.counts)), "stopped": _stopped(one)} for one in runs]
    periods = [(period, getattr(settings, period.setting)) for period in rules.PERIODS.values()]
    return render_template(
        "retention/home.html", periods=periods, reports=reports, holds=holds, requests=requests, reasons=rules.REASONS,
        problem=problem, typed=request.form, may_act=me.has("manager"),
    )  # fmt: skip


def _stopped(run: Any) -> bool:
    return run.ended_at is None and bool(run.started_at < clock.later(hours=-job.STOPPED_H))


@bp.post("/retention/run")
@needs("admin")
def run() -> AnyResponse:
    """Make a run now; `dry` counts only."""
    dry = "dry" in request.form
    found = job.run(current_person().id, dry=dry)
    words = rules.in_words(json.loads(found.counts))
    flash(f"{'试算，没有删除' if dry else '已清理'}：{words}。保留不删 {found.held} 项。", "ok")
    return redirect(url_for("retention.home"))


# ---- holds ----


def _point_of(connection: Connection, subject: str) -> str:
    filed = next(iter(ledger.read(connection, limit=1, subject=subject, name="case.submitted")), None)
    return str(filed.service_point) if filed else ""


@bp.post("/retention/hold")
@needs("manager")
def hold() -> AnyResponse | tuple[str, int]:
    """Keep a case from being wiped, or let it go again; both with a reason."""
    me, form = current_person(), request.form
    subject, reason = form.get("subject", "").strip().upper(), form.get("reason", "").strip()
    lift = "lift" in form
    try:
        if not HOLDABLE.fullmatch(subject):
            raise Problem("retention.hold", reason="办件编号应是 NJ 开头的 25 位")
        if not 4 <= len(reason) <= 200:
            raise Problem("retention.hold", reason="原因应是 4 到 200 个字")
        with db().write() as connection:
            point = _point_of(connection, subject)
            if point not in point_names(connection, me.region):
                raise Problem("retention.hold", reason=f"没有办件 {subject}，或者不在您的辖区")
            if lift:
                if not store.release(connection, subject, reason, me.id, point):
                    raise Problem("retention.hold", reason=f"{subject} 没有设成保留")
            elif not vault().knows(connection, subject):
                raise Problem("retention.hold", reason=f"{subject} 的个人信息已经删除，没有可保留的")
            else:
                store.hold(connection, subject, reason, (me.id, me.name), point)
    except Problem as problem:
        if problem.code != "retention.hold":
            raise
        return _home(problem), problem.kind.status
    flash(f"{subject} {'不再保留，到期会清理' if lift else '已设为保留，到期也不清理'}。", "ok")
    return redirect(url_for("retention.home"))


# ---- one person ----


@bp.get("/retention/person")
@needs("manager")
def person() -> str:
    """Where a number is typed."""
    return _person()


@bp.post("/retention/person")
@needs("manager")
def find() -> str | tuple[str, int]:
    """What is kept of a person: kinds, numbers, whether it may be deleted now. Who looked, and why, goes to the ledger."""
    number = re.sub(r"\s", "", request.form.get("number", "")).upper()
    reason = request.form.get("reason", "")
    fault = rules.number_fault(number) or ("" if reason in rules.REASONS else "请选查找的缘由")
    if fault:
        problem = Problem("retention.person", field=fault)
        return _person(problem=problem, reason=reason), problem.kind.status
    me = current_person()
    with db().write() as connection:
        found, elsewhere = _mine(connection, me, store.seek(connection, number))
        verdict = rules.judge(found, store.held(connection))
        names = point_names(connection, me.region)
        store.requested(connection, "export", reason, [one.subject for one in found], me.id)
    token = _signer().dumps([me.id, reason, [one.subject for one in found], vault().mark(number)])
    return _person(
        verdict=verdict, elsewhere=elsewhere, token=token, number=number, reason=reason, names=names, looked=True
    )


def _person(**given: Any) -> str:
    found: dict[str, Any] = {
        "verdict": None,
        "elsewhere": 0,
        "token": "",
        "number": "",
        "reason": "",
        "problem": None,
        "names": {},
        "looked": False,
    }
    return render_template("retention/person.html", reasons=rules.REASONS, **{**found, **given})


def _mine(connection: Connection, me: Person, found: list[Holding]) -> tuple[list[Holding], int]:
    """Of what was found, what lies in the clerk's region, and how much does not."""
    regions = {row.id: row.region for row in points_in(connection, "")}
    mine = [one for one in found if one.point in regions and may_see(me, regions[one.point])]
    return mine, len(found) - len(mine)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="retention-person")


def _found_before(connection: Connection) -> tuple[list[Holding], str, str]:
    """What a look-up of this clerk found within ten minutes, as it stands now; Problem retention.stale."""
    me = current_person()
    try:
        person, reason, subjects, mark = _signer().loads(request.form.get("token", ""), max_age=TOKEN_S)
    except (BadSignature, ValueError) as error:
        raise Problem("retention.stale") from error
    number = re.sub(r"\s", "", request.form.get("number", "")).upper()
    if person != me.id or vault().mark(number) != mark:
        raise Problem("retention.stale")
    found, _ = _mine(connection, me, store.seek(connection, number))
    return [one for one in found if one.subject in subjects], reason, number


@bp.post("/retention/person/copy")
@needs("manager")
def copy() -> Response | str:
    """Everything that is kept of a person, as a file that programs read (`as=json`) or a page to print."""
    with db().read() as connection:
        found, _, _ = _found_before(connection)
        told = [store.told(connection, one) for one in found]
    made = clock.now()
    if request.form.get("as") == "json":
        text = json.dumps({"制作时间": made, "记录": told}, ensure_ascii=False, indent=2, default=str)
        headers = {"Content-Disposition": "attachment; filename=personal-data.json"}
        return Response(text, mimetype="application/json", headers=headers)
    return render_template("retention/copy.html", told=told, made=made, words=rules.FIELDS)


@bp.post("/retention/person/delete")
@needs("manager")
def delete() -> AnyResponse:
    """Delete what may be deleted; what may not stays, each with its reason. Problem retention.refused when nothing may."""
    me = current_person()
    with db().write() as connection:
        found, reason, _ = _found_before(connection)
        verdict = rules.judge(found, store.held(connection))
        if not verdict.goes:
            why = "；".join(dict.fromkeys(reason for _, reason in verdict.stays)) or "没有找到这个人的记录"
            raise Problem("retention.refused", reason=why)
        for one in verdict.goes:
            store.forget(connection, one.subject, one.kind, "request", me.id)
        store.requested(connection, "delete", reason, [one.subject for one in verdict.goes], me.id)
    job.tidy_up()
    bus().publish("ledger")
    stays = f"还有 {len(verdict.stays)} 项没有删除，原因见查找结果。" if verdict.stays else ""
    flash(f"已删除 {len(verdict.goes)} 项，备份里的也不能再读。{stays}", "ok")
    return redirect(url_for("retention.person"))
