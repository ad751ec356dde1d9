"""`POST /reading`: what a photo of a card says. Signed by a device; the photo is looked at in memory and forgotten.
`GET /reading/pack`: with what a device reads by itself.

The promises with their proofs are in [READING.md](READING.md).
"""

from __future__ import annotations

import logging
import time
from datetime import date
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from app import clock
from app.limits import by_device, limiter, reading_limit
from app.pages import beijing_day
from app.places.guard import device_of_request
from app.problems import Problem
from app.reading import pack, rules
from app.reading.engine import Desk
from app.settings import Settings
from sync.files import JPEG, fault_of

bp = Blueprint("reading", __name__)
log = logging.getLogger("app.reading")


def _settings() -> Settings:
    found: Settings = current_app.extensions["jjb_settings"]
    return found


@bp.record_once
def _make_desk(setup: BlueprintSetupState) -> None:
    setup.app.extensions["jjb_reading_desk"] = Desk(setup.app.extensions["jjb_settings"].reading_threads)


@bp.route("/reading", methods=["POST"])
@limiter.limit(reading_limit, key_func=by_device)
def card() -> ResponseReturnValue:
    """Proposals for the fields of a card, each with how sure it is; body: one JPEG."""
    request.max_content_length = limit = _settings().reading_bytes
    if request.content_length is None or request.content_length > limit:
        raise Problem("request.size", limit=limit)
    if device_of_request().revoked:
        raise Problem("device.revoked")
    picture = request.get_data(cache=True)
    if request.mimetype != JPEG or fault_of(picture, JPEG):
        raise Problem("reading.picture")
    desk: Desk = current_app.extensions["jjb_reading_desk"]
    began = time.monotonic()
    lines, turned = desk.lines(picture)
    found = rules.read(lines, date.fromisoformat(beijing_day(clock.now())))
    log.info("read a picture in %.1f s: %d fields", time.monotonic() - began, len(found.fields))
    reply = jsonify(_told(found, turned))
    reply.headers["Cache-Control"] = "no-store"
    return reply


@bp.get("/reading/pack")
def recognition() -> ResponseReturnValue:
    """The recognition pack: its bytes, hashes and parts; the file itself is `/packs/<sha256>.pack`. An open door."""
    reply = jsonify(pack.info(_settings().data))
    reply.headers["Cache-Control"] = "no-store"
    return reply


def _told(found: rules.Reading, turned: bool) -> dict[str, Any]:
    fields = [
        {
            "name": one.name,
            "label": rules.LABELS[one.name],
            "value": one.value,
            "sure": one.sure,
            "note": one.note,
            "box": None if turned else [round(edge, 4) for edge in one.box],
        }
        for one in found.fields
    ]
    return {"kind": found.kind, "kind_name": rules.KINDS[found.kind], "fields": fields}
