"""Web face of knowledge upkeep: for now the packs; the editor's pages are in `pages.py`."""

from __future__ import annotations

import re

from flask import Blueprint, Response, current_app, send_file

from app.knowledge import releases
from app.problems import Problem

bp = Blueprint("knowledge", __name__, template_folder="templates")


@bp.get("/packs/<name>.pack")
def pack(name: str) -> Response:
    """A pack by the hash of its bytes: immutable, with Range (RFC 9110 §14), no Content-Encoding. An open door."""
    path = releases.pack_file(current_app.extensions["jjb_settings"], name)
    if not re.fullmatch(r"[0-9a-f]{64}", name) or not path.is_file():
        raise Problem("request.missing")
    response = send_file(path.resolve(), mimetype="application/octet-stream", etag=name, max_age=31536000, conditional=True)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@bp.get("/knowledge/")
def home() -> str:
    """待我处理."""
    raise Problem("request.missing")
