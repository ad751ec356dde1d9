"""The open page behind the QR code of a notice: the same questions and the same list, on anybody's telephone."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request

from app.db import db
from app.guiding import rules
from app.knowledge import releases

bp = Blueprint("guiding", __name__, template_folder="templates")


@bp.get("/guide/<slug>")
def guide(slug: str) -> str:
    """`?a=` answers or `?s=` situations, as numbers; `?r=` the release of the paper. An open door: knowledge is public."""
    with db().read() as connection:
        release = releases.in_force(connection)
    path = releases.file_of(current_app.extensions["jjb_settings"], release.number)
    document = releases.document_of(path, slug)
    given = request.args
    picks = rules.picks_from(given.get("a", ""))
    chosen = [int(one) for one in given.get("s", "").split(",")[:20] if one.isdecimal() and len(one) < 4]
    paper = given.get("r", "")
    return render_template(
        "guiding/guide.html",
        document=document,
        release=release,
        page=rules.page(document, releases.purposes_of(path), picks, chosen),
        names=releases.item_names(path),
        paper=int(paper) if paper.isdecimal() and len(paper) < 10 else None,
    )
