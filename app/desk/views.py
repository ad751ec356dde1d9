"""The desk's page and its JSON doors; the sockets are in `sock.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, redirect, request
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.guard import current_person, must_see, needs
from app.bus import bus
from app.db import db
from app.desk import drafts, left, probe, seats, service, store
from app.knowledge import releases
from app.places import guard as places
from app.problems import Problem

bp = Blueprint("desk", __name__)

PAGE = Path(__file__).resolve().parents[2] / "pwa" / "dist" / "desk.html"
REPLAY = PAGE.with_name("replay.html")
REPLAY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src data:",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
"""A page of strangers is shown in this document: it reaches no network and runs only our own script."""


@bp.get("/desk")
def bare() -> AnyResponse:
    """The address as people type it."""
    return redirect("/desk/")


@bp.get("/desk/")
@needs("agent", "lead", "officer")
def page() -> Response:
    """The agent desk, built by Vite, in the type size that the person chose for the consoles."""
    if not PAGE.is_file():
        raise Problem("desk.not_built")
    html, size = PAGE.read_text(encoding="utf-8"), request.cookies.get("size")
    if size in ("l", "xl"):
        html = html.replace("<html ", f'<html data-size="{size}" ', 1)
    return Response(html, mimetype="text/html")


@bp.get("/desk/replay")
@needs("agent", "lead")
def replay() -> Response:
    """The frame in which the desk shows a village page, under a policy of its own."""
    if not REPLAY.is_file():
        raise Problem("desk.not_built")
    reply = Response(REPLAY.read_text(encoding="utf-8"), mimetype="text/html")
    reply.headers["Content-Security-Policy"] = REPLAY_POLICY
    return reply


@bp.get("/api/desk/me")
@needs("agent", "lead", "officer")
def me() -> Response:
    """Who I am, and the CSRF token for the POSTs of this page."""
    person = current_person()
    with db().read() as connection:
        newest = releases.in_force(connection)
    return jsonify(
        id=person.id, name=person.name, csrf=generate_csrf(), release=newest.number, outcomes=list(store.OUTCOMES.items()),
        drafts=drafts.on(), roles=sorted(person.roles), languages=seats.LANGUAGES,
    )  # fmt: skip


@bp.get("/api/desk/state")
@needs("agent", "lead", "officer")
def state() -> Response:
    """Queue and own talks, for a desk whose socket was refused (1013): it asks here every few seconds."""
    person = current_person()
    with db().write() as connection:
        store.be_present(connection, person)
    seats.tick()
    with db().read() as connection:
        return jsonify(service.desk_state(connection, person))


@bp.post("/api/desk/act")
@needs("agent", "lead", "officer")
def act() -> Response:
    """Any frame of the desk's socket as a POST: {"ok": true}."""
    service.agent_act(current_person(), service.read_frame(request.get_data(), service.AgentFrame))
    return jsonify(ok=True)


def past_of(connection: Connection, point: str) -> list[dict[str, Any]]:
    """The last talks of a point, for who speaks with it now."""
    ended = store.past(connection, point)
    return [{"opened_at": row.opened_at, "item": row.item, "outcome": row.outcome} for row in ended]


@bp.post("/api/desk/test")
@needs("agent", "lead", "officer")
def link_test() -> Response:
    """The centre's answer to a link test of this desk: {"offer"} gives {"answer"}, both SDP of one data channel."""
    return jsonify(answer=probe.answer(service.read_frame(request.get_data(), probe.LinkTest).offer))


@bp.get("/api/desk/talks/<talk_id>")
@needs("agent", "lead", "officer")
def talk(talk_id: str) -> Response:
    """One talk with its transcript after `?after=` and what there is to know about the caller."""
    after = max(0, request.args.get("after", 0, type=int))
    person = current_person()
    with db().read() as connection:
        found = store.find(connection, talk_id)
        must_see(person, found.region)
        if not service.may_follow(person, found):
            raise Problem("talk.not_yours")
        device = places.device_status(connection, found.device)
        newest = releases.in_force(connection)
        past = past_of(connection, found.point)
        messages = store.messages(connection, talk_id, after, village=False)
    caller = {**device, "point_name": found.point_name, "current_release": newest.number, "past": past}
    names = ("id", "state", "item", "reason", "release", "opened_at", "last_seq", "agent_name")
    return jsonify(talk={name: getattr(found, name) for name in names}, messages=messages, caller=caller)


@bp.get("/api/desk/messages/<message_id>")
@needs("agent", "lead")
def message(message_id: str) -> Response:
    """What a village left, and what there is to know about it: {text, caller}."""
    person = current_person()
    with db().read() as connection:
        found = left.find(connection, message_id)
        if found is None:
            raise Problem("message.missing")
        must_see(person, found.region)
        newest = releases.in_force(connection)
        caller = {
            **places.device_status(connection, found.device), "point_name": found.point_name,
            "current_release": newest.number, "past": past_of(connection, found.point),
        }  # fmt: skip
        return jsonify(text=left.words(connection, found), caller=caller)


@bp.post("/api/desk/talks/<talk_id>/draft")
@needs("agent", "lead")
def draft(talk_id: str) -> Response:
    """A reply for my talk: {text, made, sentences: [{text, slug, name, part, label, release, quote, verify}], dropped}."""
    return jsonify(drafts.make(current_person(), talk_id))


@bp.get("/api/desk/items/<slug>")
@needs("agent", "lead", "officer")
def item(slug: str) -> Response:
    """An item of the release in force, whole."""
    with db().read() as connection:
        newest = releases.in_force(connection)
    file = releases.file_of(current_app.extensions["jjb_settings"], newest.number)
    document: dict[str, Any] = releases.document_of(file, slug)
    return jsonify(release=newest.number, item=document)


@bp.get("/api/desk/items")
@needs("agent", "lead", "officer")
def items() -> Response:
    """Names of all items in force, by slug."""
    with db().read() as connection:
        newest = releases.in_force(connection)
    return jsonify(releases.item_names(releases.file_of(current_app.extensions["jjb_settings"], newest.number)))


@bp.route("/api/desk/replies", methods=["GET", "POST"])
@needs("agent", "lead")
def replies() -> Response:
    """My canned replies; POST {"text"} adds one, {"drop": id} forgets one."""
    person = current_person()
    if request.method == "POST":
        data = request.get_json(silent=True) or {}
        with db().write() as connection:
            if data.get("drop"):
                store.drop_reply(connection, person.id, str(data["drop"]))
            else:
                text = str(data.get("text", "")).strip()
                if not 1 <= len(text) <= 1000:
                    raise Problem("request.format", field="常用语")
                store.add_reply(connection, person.id, text)
        bus().publish("desk")
    with db().read() as connection:
        return jsonify([{"id": row.id, "text": row.text} for row in store.replies(connection, person.id)])
