"""智能问答 at the centre: the same answer that a village gets from the same release."""

from __future__ import annotations

from typing import Any

import apsw
from flask import Blueprint, Response, current_app, jsonify, request

from app.answering import index
from app.db import db
from app.knowledge import releases

bp = Blueprint("answering", __name__)


@bp.get("/api/release")
def release_info() -> Response:
    """The release in force: {release, issued_at, content_root}. An open door; knowledge is public."""
    with db().read() as connection:
        newest = releases.in_force(connection)
    return jsonify(release=newest.number, issued_at=newest.issued_at, content_root=newest.content_root)


@bp.get("/api/ask")
def ask() -> Response:
    """`?q=`: {release, decision, advice, hits: [{slug, name, score, matched, phrase, answer}]}."""
    with db().read() as connection:
        newest = releases.in_force(connection)
    path = releases.search_file_of(current_app.extensions["jjb_settings"], newest.number)
    knowledge = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        decision = index.ask(knowledge, request.args.get("q", ""))
        hits = [_shown(knowledge, hit) for hit in decision.hits]
    finally:
        knowledge.close()
    return jsonify(release=newest.number, decision=decision.decision, advice=decision.advice, hits=hits)


def _shown(knowledge: apsw.Connection, hit: Any) -> dict[str, Any]:
    [(name, department)] = knowledge.execute("SELECT name, department FROM item WHERE slug=?", (hit.slug,))
    names = [
        name,
        *(t for (t,) in knowledge.execute("SELECT text FROM item_alias WHERE item=? ORDER BY pos", (hit.slug,))),
    ]
    pairs = list(knowledge.execute("SELECT q, a FROM qa WHERE item=? ORDER BY pos", (hit.slug,)))
    nearest = pairs[hit.qa] if hit.qa is not None and hit.qa < len(pairs) else None
    return {
        "slug": hit.slug,
        "name": name,
        "department": department,
        "score": hit.score,
        "matched": hit.matched,
        "phrase": "" if hit.phrase is None else names[hit.phrase],
        "answer": {"q": nearest[0], "a": nearest[1]} if nearest else None,
    }
