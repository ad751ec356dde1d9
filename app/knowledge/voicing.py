"""本地话录音: the pages where answers in local languages are recorded, heard by a second person, released and stopped."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.accounts.guard import current_person, logged_in, needs
from app.bus import bus
from app.db import db
from app.handling.rules import mask
from app.knowledge import media, releases, voices
from app.pages import beijing_day
from app.problems import Problem
from app.settings import Settings
from datasets.media import languages
from sync.choosing import media_kind

bp = Blueprint(
    "voices", __name__, template_folder="templates", static_folder="static", static_url_path="/knowledge/voices/files"
)

READERS = ("editor", "reviewer", "manager", "inspector")
FORM = 64 * 1024
"""Bytes of a form beside the recording."""
WORDS = {
    "approve": "已通过，等待发布。",
    "reject": "已退回。",
    "withdraw": "已撤回。",
    "stop": "已定下停用，发布后各服务点不再播放。",
}


@bp.url_value_preprocessor
def larger_forms(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Room for a recording, for people who are logged in, before anything reads the form."""
    if endpoint == "knowledge.voices.item" and request.method == "POST" and logged_in():
        request.max_content_length = _settings().media_limit + FORM


@bp.get("/knowledge/voices")
@needs(*READERS)
def home() -> str:
    """What waits for whom, what is in use, and what the next release changes."""
    with db().read() as connection:
        names = _names()
        every = voices.voices(connection)
        newest = releases.newest(connection, releases.MEDIA)
    return render_template(
        "knowledge/voices.html", every=every, names=names, states=voices.STATES, spoken=_spoken(), release=newest,
        waiting=[one for one in every if one.state == "submitted"],
        pending=[one for one in every if one.state in ("approved", "stopping")],
        used=[one for one in every if one.state == "released"], consents=voices.CONSENTS,
    )  # fmt: skip


@bp.route("/knowledge/items/<slug>/voices", methods=["GET", "POST"])
@needs(*READERS)
def item(slug: str) -> str | AnyResponse | tuple[str, int]:
    """The recordings of an item, and the form that makes one. What was typed is shown again after a fault."""
    if request.method == "GET":
        return _item_page(slug, "")
    me = current_person()
    if not me.has("editor"):
        raise Problem("access.denied")
    form = request.form
    said = voices.Said(
        slug, form.get("language", ""), form.get("text", "").strip()[:1000], mask(form.get("speaker", "").strip()[:50]),
        form.get("consent_on", ""), form.get("consent_form", ""),
    )  # fmt: skip
    fault = voices.said_fault(said, form.get("agreed") == "yes", date.fromisoformat(beijing_day(clock.now())))
    sound = request.files.get("sound")
    data = sound.read() if sound else b""
    if not fault and not data:
        fault = "还没有录音：请录一段，或选一个录好的文件"
    if fault:
        return _item_page(slug, fault), 422
    try:
        kept, seconds = _heard(data)
    except Problem as problem:
        return _item_page(slug, problem.sentence + problem.kind.next), problem.kind.status
    if slug not in _names():
        raise Problem("request.missing")
    with db().write() as connection:
        voices.hand_in(connection, said, kept, seconds, me.id, me.name)
    flash("录音已交，等另一位审核员听过再发布。", "ok")
    return redirect(url_for("knowledge.voices.item", slug=slug))


def _heard(data: bytes) -> tuple[media.Taken, float]:
    """Nothing is kept before it was heard to its end."""
    if len(data) > _settings().media_limit:
        raise Problem("media.large", bytes=len(data), limit=_settings().media_limit)
    if not media_kind(data[:16]).startswith("audio/"):
        raise Problem("media.kind")
    seconds = voices.hear(data)
    return media.take(_settings(), data), seconds


def _item_page(slug: str, fault: str) -> str:
    names = _names()
    if slug not in names:
        raise Problem("request.missing")
    with db().read() as connection:
        found = voices.voices(connection, item=slug)
    return render_template(
        "knowledge/voice.html", slug=slug, name=names[slug], found=found, states=voices.STATES, spoken=_spoken(), fault=fault,
        consents=voices.CONSENTS, form=request.form, longest=voices.LONGEST_S, today=beijing_day(clock.now()),
    )  # fmt: skip


@bp.get("/knowledge/voices/<voice_id>/sound")
@needs(*READERS)
def sound(voice_id: str) -> Response:
    """The recording itself, to listen to."""
    with db().read() as connection:
        found = voices.find(connection, voice_id)
    data = io.BytesIO(media.read(_settings(), found.sha256))
    return send_file(data, mimetype=found.type, download_name=f"{found.item}-{found.language}", conditional=True)


@bp.post("/knowledge/voices/<voice_id>/<name>")
@needs("editor", "reviewer")
def act(voice_id: str, name: str) -> AnyResponse:
    """withdraw (who recorded it); approve, reject or stop (a reviewer)."""
    me = current_person()
    if name not in voices.ACTS:
        raise Problem("request.missing")
    if not me.has("editor" if name == "withdraw" else "reviewer"):
        raise Problem("access.denied")
    with db().write() as connection:
        found = voices.act(connection, voice_id, name, me.id, me.name, request.form.get("note", "").strip()[:500])
    flash(WORDS[name], "ok")
    return redirect(url_for("knowledge.voices.item", slug=found.item))


@bp.post("/knowledge/voices")
@needs("reviewer")
def release() -> AnyResponse:
    """Issue the next release of recordings."""
    me, note = current_person(), request.form.get("note", "").strip()[:500]
    if not note:
        raise Problem("knowledge.note")
    with db().write() as connection:
        issued = voices.release(connection, _settings(), note, me.id)
    bus().publish("release", issued.number)
    flash(f"录音第 {issued.number} 版已发布，各服务点下次同步时收到。", "ok")
    return redirect(url_for("knowledge.voices.home"))


def _names() -> dict[str, str]:
    with db().read() as connection:
        return releases.item_names(releases.file_of(_settings(), releases.in_force(connection).number))


def _spoken() -> dict[str, str]:
    return {code: name for code, name, _ in languages()}


def _settings() -> Settings:
    settings: Settings = current_app.extensions["jjb_settings"]
    return settings
