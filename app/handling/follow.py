"""The open page on which a person follows a case: receipt number and short secret, nothing of it in the address.

A guess at one number is counted apart from the guesses of one address, so that neither many numbers nor many addresses
help; a wrong number and a wrong secret get the same answer after the same work.
"""

from __future__ import annotations

import hmac
import json
import re
from typing import Any

from flask import Blueprint, make_response, render_template, request
from sqlalchemy import Connection, Row, select
from werkzeug.wrappers import Response

from app import clock, ledger
from app.bus import bus
from app.db import db
from app.files import reader
from app.handling import rules, store
from app.limits import follow_limit, limiter
from app.matters import DECIDED
from app.pages import when
from app.places.guard import points_in
from app.problems import Problem
from app.ratings.rules import LEVELS
from app.vault import vault
from datasets import workdays

bp = Blueprint("follow", __name__, template_folder="templates", static_folder="static", static_url_path="/follow/files")

GUESSES = "10 per hour"
"""Wrong secrets for one receipt number, from anywhere."""


def _number() -> str:
    """The receipt number as typed: spaces and small letters do not matter."""
    return re.sub(r"[^0-9A-Z]", "", request.form.get("no", "").upper())[:30]


def _secret() -> str:
    return re.sub(r"[^0-9A-Z]", "", request.form.get("secret", "").upper())[:20]


def _counted() -> str:
    return f"follow:{_number()}"


def _was_wrong(response: Any) -> bool:
    return bool(response.status_code == 404)


@bp.get("/follow")
def form() -> str:
    """Where number and secret are typed, or brought by the QR code after the "#"."""
    return render_template("handling/follow.html", problem=None, no="", case=None)


@bp.post("/follow")
@limiter.limit(follow_limit)
@limiter.limit(GUESSES, key_func=_counted, deduct_when=_was_wrong)
def look() -> str | Response:
    """How far a case is, masked."""
    with db().read() as connection:
        found = _case(connection)
        if found is None:
            return _again(Problem("follow.wrong"))
        return _page(connection, found)


@bp.post("/follow/rate")
@limiter.limit(follow_limit)
@limiter.limit(GUESSES, key_func=_counted, deduct_when=_was_wrong)
def rate() -> str | Response:
    """A rating by the person who follows; one for each matter, and only of a handled one."""
    level = request.form.get("level", 0, type=int)
    try:
        with db().write() as connection:
            found = _case(connection)
            if found is None:
                return _again(Problem("follow.wrong"))
            if level not in LEVELS or found.state not in DECIDED:
                raise Problem("follow.level")
            _give(connection, found, level, request.form.get("text", "").strip()[:500])
    except Problem as problem:
        if problem.code not in ("follow.level", "rating.twice"):
            raise
        with db().read() as connection:
            found = _case(connection)
            page = _page(connection, found, problem) if found else ""
        return make_response(page, problem.kind.status)
    bus().publish("ledger")
    with db().read() as connection:
        return _page(connection, found, thanks=True)


def _give(connection: Connection, found: Row[Any], level: int, text: str) -> None:
    now = clock.now()
    body = {
        "matter": found.case_no,
        "level": level,
        "rated_at": now,
        "reasons": [],
        "text": vault().seal(connection, found.case_no, text) if text else "",
        "channel": "移动端",
    }
    event = ledger.Event(
        clock.new_id(), "rating.given", found.case_no, "citizen", now, body, service_point=found.point, client_at=now
    )
    entry = ledger.append(connection, event)
    ledger.project(connection, entry)


def _case(connection: Connection) -> Row[Any] | None:
    """The case whose number and secret were given, else None."""
    number, secret = _number(), _secret()
    found = connection.execute(select(store.case_file).where(store.case_file.c.case_no == number)).first()
    sealed = found.follow if found else ""
    kept = vault().open(connection, number, sealed) if sealed else None
    right = hmac.compare_digest(str(kept or "-").encode(), secret.encode())
    return found if found and kept and right else None


def _again(problem: Problem) -> Response:
    page = render_template("handling/follow.html", problem=problem, no=_number(), case=None)
    return make_response(page, problem.kind.status)


def _page(connection: Connection, found: Row[Any], problem: Problem | None = None, *, thanks: bool = False) -> str:
    past = [entry for entry in store.history(connection, found.case_no) if entry.name == "case.progressed"]
    steps = [
        {
            "at": when(entry.received_at),
            "what": entry.body["state_name"],
            "note": store.shown(connection, entry, "note"),
            "missing": entry.body.get("missing", []),
        }
        for entry in past
    ]
    decided = next((entry.seq for entry in past if entry.body["state"] in DECIDED), None)
    given = ledger.read(connection, decided or 0, limit=1, subject=found.case_no, name="rating.given")
    rated = decided is not None and next(iter(given), None) is not None
    point = next((row for row in points_in(connection, "") if row.id == found.point), None)
    known = store.promise(connection, found.item, found.release)
    due = found.due if found.state in rules.OURS else None
    return render_template(
        "handling/follow.html", case=found, no=found.case_no, secret=_secret(), problem=problem, thanks=thanks,
        item_name=known.name if known else "（事项已下架）", state=rules.STATES[found.state], steps=steps, point=point,
        missing=json.loads(found.missing), owed=store.owed(connection, found.case_no) if found.state in rules.OPEN else [],
        due=due, due_sure=workdays.load().sure(clock.day_of(due)) if due else True, levels=LEVELS,
        name=found.applicant_masked.split(" ")[0],
        papers=[one for one in reader.results_of(connection, found.case_no) if not one.withdrawn_at],
        result=store.result_of(connection, found), may_rate=found.state in DECIDED and not rated, rated=rated,
    )  # fmt: skip
