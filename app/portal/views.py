"""The doors of the centre: the front page, the built village page and kit, and the health check.

The village page is static: any web server or mirror may serve `pwa/dist` in place of these views.
"""

from __future__ import annotations

from pathlib import Path

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from werkzeug.security import safe_join

from app.accounts.rules import local_path
from app.db import db
from app.knowledge import releases
from app.problems import Problem
from app.version import VERSION

bp = Blueprint("portal", __name__, template_folder="templates")

DIST = Path(__file__).resolve().parents[2] / "pwa" / "dist"
NEVER_STALE = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"


@bp.get("/")
def front() -> str:
    """The portal: one door for each kind of user."""
    return render_template("portal/front.html", settings=current_app.extensions["jjb_settings"])


@bp.get("/size")
def size() -> Response:
    """Make the type of the consoles larger: normal → ×1.25 → ×1.5 → normal (长辈版); kept in a cookie."""
    following = {"": "l", "l": "xl"}.get(request.cookies.get("size", ""), "")
    response = make_response(redirect(local_path(request.args.get("next")) or "/"))
    response.set_cookie("size", following, max_age=31536000, samesite="Lax", httponly=True)
    return response


@bp.get("/healthz")
def healthz() -> Response:
    """{"status","release","items","version"}; release and items are 0 before the first release."""
    with db().read() as connection:
        newest = releases.newest(connection)
    return jsonify(
        status="ok",
        release=newest.number if newest else 0,
        items=newest.items if newest else 0,
        version=VERSION,
    )


@bp.get("/kit/<path:name>")
def kit(name: str) -> Response:
    """Style and script that the server-rendered pages share with the village page."""
    return _built(f"kit/{name}", ASK_EACH_TIME)


@bp.get("/village/")
@bp.get("/village/<path:name>")
def village(name: str = "index.html") -> Response:
    """The built village page; files under assets/ carry a hash of their content in the name."""
    return _built(name, NEVER_STALE if name.startswith("assets/") else ASK_EACH_TIME)


def _built(name: str, caching: str) -> Response:
    """One file of pwa/dist, as gzip when it was compressed at build time and the browser takes it."""
    path = safe_join(str(DIST), name)
    if path is None or name.endswith(".gz") or not Path(path).is_file():
        raise Problem("request.missing")
    squeezed = Path(path + ".gz").is_file() and request.accept_encodings.quality("gzip") > 0
    response = send_from_directory(DIST, name + ".gz" if squeezed else name, mimetype=_kind(name), conditional=True)
    if squeezed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = caching
    return response


KINDS = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


def _kind(name: str) -> str:
    """Media type by suffix; our own table, since the machine's may lack .wasm and .webmanifest."""
    return KINDS.get(Path(name).suffix, "application/octet-stream")
