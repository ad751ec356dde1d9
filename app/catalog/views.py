"""The page of the item catalogue: what may be done at the service points, by domain and batch."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, Response, current_app, render_template, request

from app.accounts.guard import needs
from app.catalog import store
from app.db import db
from app.knowledge import releases

bp = Blueprint("catalog", __name__, template_folder="templates")


@bp.get("/catalog/")
@needs("editor", "reviewer", "manager", "publisher", "inspector", "lead", "agent")
def items() -> str | Response:
    """Items in force, filtered by what stands in the URL; `?csv=1` gives the same list as a file."""
    with db().read() as connection:
        release = releases.in_force(connection)
        batches = store.batches(connection)
    path = releases.file_of(current_app.extensions["jjb_settings"], release.number)
    domains = releases.codes_of(path, "domain")
    wanted = {name: request.args.get(name, "").strip() for name in ("domain", "batch", "q")}
    rows = []
    for document in releases.documents_of(path).values():
        batch, opened = batches.get(document["slug"], (0, ""))
        if wanted["domain"] not in ("", document["domain"]) or wanted["batch"] not in ("", str(batch)):
            continue
        if wanted["q"] not in document["name"] + "".join(document["aliases"]):
            continue
        rows.append({**document, "batch": batch, "opened_on": opened, "domain_name": domains[document["domain"]]})
    rows.sort(key=lambda row: (row["batch"], row["domain"], row["code"]))
    if "csv" in request.args:
        return _csv(rows)
    return render_template("catalog/items.html", rows=rows, domains=domains, wanted=wanted, release=release)


def _csv(rows: list[dict[str, str]]) -> Response:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["编码", "事项", "类别", "批次", "部门", "承诺时限", "收费", "开放日期"])
    for r in rows:
        writer.writerow(
            [
                r["code"],
                r["name"],
                r["domain_name"],
                r["batch"],
                r["department"],
                r["promised_limit"],
                r["fee"],
                r["opened_on"],
            ]
        )
    headers = {"Content-Disposition": "attachment; filename=catalog.csv"}
    return Response("\ufeff" + out.getvalue(), mimetype="text/csv", headers=headers)
