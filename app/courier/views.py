"""`/courier`: U盘传递 at the centre. Knowledge down, outboxes up, receipts back; the files are sync/PROTOCOL.md §9."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import ledger
from app.accounts.guard import current_person, logged_in, needs
from app.courier import desk
from app.db import db
from app.places.guard import Device, point_names
from app.problems import Problem
from app.settings import Settings
from sync.courier import LARGEST

bp = Blueprint("courier", __name__, template_folder="templates")

FORM = 100_000
"""Bytes of a form around its file."""
SHOWN = 100
OUTBOX = re.compile(r"[0-9a-f-]{36}")


def _settings() -> Settings:
    found: Settings = current_app.extensions["jjb_settings"]
    return found


@bp.url_value_preprocessor
def larger_forms(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Room for an outbox, for people who are logged in, before anything reads the form."""
    if endpoint == "courier.take" and logged_in():
        request.max_content_length = LARGEST + FORM


@bp.get("/courier")
@needs("manager")
def home() -> str:
    """What came by stick, newest first, each with its receipt; and the way to make a pack of knowledge."""
    with db().read() as connection:
        names = point_names(connection, current_person().region)
        rows = [one for one in ledger.read(connection, name="courier.taken") if one.service_point in names]
    rows = rows[::-1][:SHOWN]
    kept = {row.subject for row in rows if desk.receipt(_settings(), row.subject)}
    return render_template(
        "courier/home.html", rows=rows, names=names, kept=kept, most=LARGEST // 1_048_576, days=desk.RECEIPT_DAYS
    )


@bp.post("/courier")
@needs("manager")
def take() -> AnyResponse:
    """Take in one outbox; the receipt stands on the page then."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Problem("request.format", field="文件")
    data = file.stream.read(LARGEST + 1)
    with db().read() as connection:
        names = point_names(connection, current_person().region)

    def may(device: Device) -> None:
        if device.point not in names:
            raise Problem("access.region")

    taken = desk.take(_settings(), data, current_person().id, may)
    flash(f"{names[taken.device.point]}：{words(taken.body)}。请把回执拷回 U 盘，带回服务点。", "ok")
    return redirect(url_for("courier.home", new=taken.id))


def words(body: dict[str, Any]) -> str:
    """What an outbox brought, in plain words."""
    said = [f"新收 {body['accepted']} 条"]
    said += [f"早已收过 {body['duplicate']} 条"] if body["duplicate"] else []
    said += [f"没有进账 {body['refused']} 条"] if body["refused"] else []
    said += [f"附件 {body['files']} 个"] if body["files"] else []
    said += [f"附件没有收下 {body['files_refused']} 个"] if body["files_refused"] else []
    return "，".join(said)


@bp.get("/courier/<outbox>/receipt")
@needs("manager")
def receipt(outbox: str) -> Response:
    """The receipt of an outbox, sealed to its device, for the stick."""
    with db().read() as connection:
        names = point_names(connection, current_person().region)
        found = next(iter(ledger.read(connection, name="courier.taken", subject=outbox)), None)
    if found is None or not OUTBOX.fullmatch(outbox):
        raise Problem("request.missing")
    if found.service_point not in names:
        raise Problem("access.region")
    data = desk.receipt(_settings(), outbox)
    if data is None:
        raise Problem("request.missing")
    return _download(data, f"{found.device}-{outbox[-6:]}.jbreceipt")


@bp.post("/courier/pack")
@needs("manager")
def pack() -> Response:
    """The knowledge in force as one file for the stick."""
    name, data = desk.pack(_settings(), current_person().id)
    return _download(data, name)


def _download(data: bytes, name: str) -> Response:
    reply = Response(data, mimetype="application/octet-stream")
    reply.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    reply.headers["Cache-Control"] = "no-store"
    return reply


bp.add_app_template_filter(words, "courier_words")
