"""智能问答 at the centre: the same answer that a village gets from the same release."""

from __future__ import annotations

from typing import Any

import apsw
from flask import Blueprint, Response, current_app, jsonify, request

from app.answering.asking import asking
from app.db import db
from app.knowledge import releases
from app.settings import Settings

bp = Blueprint("answering", __name__)


@bp.get("/api/release")
def release_info() -> Response:
    """The release in force: {release, issued_at, content_root}. An open door; knowledge is public."""
    with db().read() as connection:
        newest = releases.in_force(connection)
    return jsonify(release=newest.number, issued_at=newest.issued_at, content_root=newest.content_root)


@bp.get("/api/ask")
def ask() -> Response:
    """`?q=`: {release, lingua, decision, advice, part, hits: [{slug, name, score, matched, phrase, answer}]}."""
    settings: Settings = current_app.extensions["jjb_settings"]
    with db().read() as connection:
        newest, words = releases.pair_in_force(connection)
    with asking(settings, newest, words) as asker:
        found = asker.ask(request.args.get("q", ""))
        hits = [_shown(asker.knowledge, hit) for hit in found.hits]
    return jsonify(
        release=newest, lingua=words, decision=found.decision, advice=found.advice,
        part=found.part, hits=hits,
    )  # fmt: skip


def _shown(knowledge: apsw.Connection, hit: Any) -> dict[str, Any]:
    [(name, department)] = knowledge.execute("SELECT name, department FROM item WHERE slug=?", (hit.slug,))
    pairs = list(knowledge.execute("SELECT q, a FROM qa WHERE item=? ORDER BY pos", (hit.slug,)))
    nearest = pairs[hit.qa] if hit.qa is not None and hit.qa < len(pairs) else None
    return {
        "slug": hit.slug,
        "name": name,
        "department": department,
        "score": hit.score,
        "matched": hit.matched,
        "phrase": hit.phrase,
        "answer": {"q": nearest[0], "a": nearest[1]} if nearest else None,
    }
