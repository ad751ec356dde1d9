"""Doors of result documents: issue and withdraw at the centre, fetch from the service point that filed the case.

Nobody else gets a document: the open follow page only says that there is one, and where to fetch it.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app import ledger
from app.accounts.guard import current_person, logged_in, needs
from app.bus import bus
from app.db import db
from app.files import reader, results, rules
from app.files.cabinet import Cabinet
from app.handling.rules import WORKERS
from app.places.guard import device_of_request, point_names
from app.problems import Problem
from app.settings import Settings
from app.vault import vault

bp = Blueprint("results", __name__)

FORM = 100_000
"""Bytes of a form around its file."""


def _settings() -> Settings:
    found: Settings = current_app.extensions["jjb_settings"]
    return found


@bp.url_value_preprocessor
def larger_forms(endpoint: str | None, _values: dict[str, str] | None) -> None:
    """Room for one document, for people who are logged in, before anything reads the form."""
    if endpoint == "files.results.issue" and logged_in():
        request.max_content_length = _settings().file_limit + FORM


@bp.post("/handling/<case_no>/results")
@needs(*WORKERS)
def issue(case_no: str) -> AnyResponse | tuple[str, int]:
    """Give a decided case its document: a PDF or a JPEG, or the number of a licence. A refusal comes with what was typed."""
    me, form = current_person(), request.form
    reader.must_be_allowed(form.get("key", ""), me.id, case_no)
    file = request.files.get("file")
    paper = results.Paper(form.get("name", "").strip(), form.get("number", "").strip(), file.read() if file else b"")
    try:
        _issue(case_no, paper)
    except Problem as problem:
        if problem.code != "result.field":
            raise
        chosen = file.filename if file else ""
        page = render_template(
            "files/result_refused.html", case_no=case_no, problem=problem, typed_paper=paper, chosen=chosen, key=form["key"]
        )  # fmt: skip
        return page, problem.kind.status
    bus().publish("ledger")
    flash("结果文书已发出，服务点下次同步就能看到。", "ok")
    return redirect(url_for("handling.case", case_no=case_no))


def _issue(case_no: str, paper: results.Paper) -> None:
    me = current_person()
    fault = results.fault(paper, _settings().file_limit, rules.FAULTS)
    if fault:
        raise Problem("result.field", field=fault)
    with db().write() as connection:
        point = _decided(connection, case_no)
        if point not in point_names(connection, me.region):
            raise Problem("access.region")
        if sum(row.withdrawn_at is None for row in results.of_case(connection, case_no)) >= results.MOST:
            raise Problem("result.field", field=f"一件办件最多 {results.MOST} 份结果文书")
        sealer = vault().sealer(connection, case_no)
        if sealer is None:
            raise Problem("case.wiped")
        document = results.issue(connection, case_no, point, paper, (me.id, me.name))
        if paper.data:
            Cabinet(_settings().data, document).lay(sealer, None, paper.data)()


def _decided(connection: Connection, case_no: str) -> str:
    """The service point of a case that is decided; Problem otherwise."""
    steps = list(ledger.read(connection, subject=case_no, name="case.progressed"))
    if not steps or steps[-1].body["state"] != "done":
        raise Problem("result.field", field="先办结，再发结果文书")
    return str(steps[-1].service_point)


@bp.post("/handling/<case_no>/results/<document>/withdraw")
@needs(*WORKERS)
def withdraw(case_no: str, document: str) -> AnyResponse:
    """Take a wrong document back; the reason goes to the service point."""
    me, reason = current_person(), request.form.get("reason", "").strip()
    reader.must_be_allowed(request.form.get("key", ""), me.id, case_no)
    if not 2 <= len(reason) <= 200:
        raise Problem("result.field", field="撤回的原因应是 2 到 200 个字")
    with db().write() as connection:
        found = results.one(connection, document)
        if found is None or found.case_no != case_no:
            raise Problem("request.missing")
        if found.withdrawn_at is not None:
            raise Problem("result.withdrawn")
        results.withdraw(connection, found, reason, me.id)
    Cabinet(_settings().data, document).drop()
    bus().publish("ledger")
    flash("已撤回，服务点下次同步就能看到。", "ok")
    return redirect(url_for("handling.case", case_no=case_no))


@bp.get("/results/<document>")
def fetch(document: str) -> Response:
    """A document, for a device of the point that filed the case; signed like `POST /sync`. Range is served."""
    device = device_of_request()
    if device.revoked:
        raise Problem("device.revoked")
    with db().read() as connection:
        found = results.one(connection, document)
        if found is None or found.point != device.point or not found.kind:
            raise Problem("result.missing")
        if found.withdrawn_at is not None:
            raise Problem("result.withdrawn")
        sealer = vault().sealer(connection, found.case_no)
    try:
        data = Cabinet(_settings().data, document).whole(sealer) if sealer else None
    except OSError:
        data = None
    if data is None:
        raise Problem("result.missing")
    reply = Response(data, mimetype=found.kind)
    reply.headers["Cache-Control"] = "no-store"
    reply.make_conditional(request.environ, accept_ranges=True, complete_length=len(data))
    return reply
