"""`POST /guides/login`: a guide proves an account on a village computer and gets its data key (sync/PROTOCOL.md §13)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from app.accounts.guard import proved, serving
from app.db import db
from app.guides import rules, store
from app.limits import limiter, login_limit
from app.places.guard import data_key, device_of_request
from app.problems import Problem
from app.vault import vault

bp = Blueprint("guides", __name__)


@bp.post("/guides/login")
@limiter.limit(login_limit)
def login() -> Response:
    """Account and password in a request that the device signed: who it is, the key, and the people of the point."""
    device = device_of_request()
    if device.revoked:
        raise Problem("device.revoked")
    data = request.get_json(silent=True)
    username, password = _text(data, "username"), _text(data, "password")
    person = proved(username.strip(), password)
    settings = current_app.extensions["jjb_settings"]
    with db().write() as connection:
        people = serving(connection, device.region, rules.ROLE)
        if person.id not in {id_ for id_, _ in people}:
            raise Problem("guide.elsewhere", point=device.point_name)
        key = data_key(connection, vault(), device.id)
        store.note_admitted(connection, person, device)
    word = rules.word(people, settings.village_lock_minutes, settings.pin_rounds)
    reply = jsonify(guide={"id": person.id, "name": person.name}, data_key=key, people=word)
    reply.headers["Cache-Control"] = "no-store"
    return reply


def _text(data: Any, field: str) -> str:
    value = data.get(field) if isinstance(data, dict) else None
    if not isinstance(value, str) or not 1 <= len(value) <= 200:
        raise Problem("request.format", field=field)
    return value
