"""Pages of 好差评 and of the 整改单 that low ratings open."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.guard import current_person, needs
from app.db import db
from app.pages import BEIJING, day_bounds
from app.places.guard import point_names
from app.problems import Problem
from app.ratings import rules, store

bp = Blueprint("ratings", __name__, template_folder="templates")


@bp.get("/ratings/")
@needs("manager", "inspector", "lead")
def ratings() -> str | Response:
    """Ratings of my subtree with counts by level; `?csv=1` gives the same list as a file."""
    level = request.args.get("level", type=int)
    day = request.args.get("day", "")
    try:
        bounds = day_bounds(day) if day else None
    except ValueError as error:
        raise Problem("request.format", field="日期") from error
    with db().read() as connection:
        points = point_names(connection, current_person().region)
        rows = store.ratings(connection, list(points), level, bounds, 10_000 if "csv" in request.args else 200)
        counts = store.counts(connection, list(points))
        todo = store.rectifications(connection, list(points))
    shown = [
        {
            "matter": row.matter,
            "level": row.level,
            "word": rules.LEVELS[row.level],
            "reasons": "、".join(json.loads(row.reasons)),
            "point": points[row.point],
            "rated_at": row.rated_at,
            "received_at": row.received_at,
        }
        for row in rows
    ]
    if "csv" in request.args:
        return _csv(shown)
    today = datetime.now(UTC).astimezone(BEIJING).date().isoformat()
    return render_template(
        "ratings/ratings.html", rows=shown, counts=counts, total=sum(counts.values()), levels=rules.LEVELS, level=level,
        day=day, todo=todo, points=points, states=rules.RECTIFICATION, next_states=rules.NEXT, today=today,
    )  # fmt: skip


def _csv(rows: list[dict[str, str]]) -> Response:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["评价对象", "等级", "原因", "服务点", "评价时间", "收到时间"])
    writer.writerows([r["matter"], r["word"], r["reasons"], r["point"], r["rated_at"], r["received_at"]] for r in rows)
    headers = {"Content-Disposition": "attachment; filename=ratings.csv"}
    return Response("\ufeff" + out.getvalue(), mimetype="text/csv", headers=headers)


@bp.post("/ratings/rectify")
@needs("manager", "lead")
def rectify() -> AnyResponse:
    """Move a 整改单 on with a note."""
    matter, note = request.form.get("matter", ""), request.form.get("note", "").strip()[:500]
    with db().write() as connection:
        if store.point_of(connection, matter) not in point_names(connection, current_person().region):
            raise Problem("access.region")
        store.move(connection, matter, request.form.get("state", ""), note, current_person().id)
    flash("整改单已更新。", "ok")
    return redirect(url_for("ratings.ratings"))
