"""The publisher's page: what would be published, build, approve by a second person, history."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.guard import current_person, needs
from app.db import db
from app.opendata import store
from app.problems import Problem

bp = Blueprint("opendata", __name__, template_folder="templates")

TABLES = {
    "items": "事项",
    "materials": "材料",
    "situations": "情形",
    "questions": "问答",
    "service_points": "服务点",
    "monthly_counts": "每月数量",
}


@bp.get("/opendata/")
@needs("publisher", "manager")
def home() -> str:
    """Builds with their state; a waiting one is shown before it is approved."""
    settings = current_app.extensions["jjb_settings"]
    with db().read() as connection:
        builds = store.builds(connection)
    waiting = next((one for one in builds if one.state == "waiting"), None)
    preview = _preview(str(store.build_file(settings, waiting.id))) if waiting else None
    return render_template(
        "opendata/home.html", builds=builds, waiting=waiting, preview=preview, tables=TABLES, settings=settings,
        states={"waiting": "等审批", "live": "在网上", "past": "已换下"},
    )  # fmt: skip


def _preview(path: str) -> dict[str, object]:
    file = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        counts = {name: file.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}  # noqa: S608
        cells = file.execute("SELECT month, county, measure, count FROM monthly_counts ORDER BY 1 DESC, 2, 3 LIMIT 200")
        return {"counts": counts, "cells": cells.fetchall()}
    finally:
        file.close()


@bp.post("/opendata/build")
@needs("publisher")
def build() -> Response:
    """Build a new file; it goes nowhere until a second person approves it."""
    settings = current_app.extensions["jjb_settings"]
    with db().write() as connection:
        store.build(connection, settings, current_app.extensions["jjb_region_names"], current_person().id)
    flash("已生成，请另一位同事审批后上网。", "ok")
    return redirect(url_for("opendata.home"))


@bp.post("/opendata/approve")
@needs("publisher", "manager")
def approve() -> Response:
    """Put a build on the open-data site."""
    build_id = request.form.get("id", "")
    if not build_id:
        raise Problem("request.missing")
    with db().write() as connection:
        store.approve(connection, current_app.extensions["jjb_settings"], build_id, current_person().id)
    flash("已上网。", "ok")
    return redirect(url_for("opendata.home"))
