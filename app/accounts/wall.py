"""The wall: everything needs a log-in but the short list of open doors; and the headers that every answer carries."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, Response, redirect, request, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from app import errors
from app.accounts import store
from app.accounts.guard import logged_in
from app.limits import limiter
from app.problems import Problem

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
BY_DEVICE = (
    "app.files.views.create",
    "app.files.views.one",
    "app.guides.views.login",
    "app.places.views.enrol",
    "app.reading.views.card",
    "app.syncing.views.sync",
)
"""Doors that carry no cookie: devices prove themselves by a code or a signature, so there is no CSRF to prevent."""


def install(app: Flask, open_doors: Sequence[str]) -> None:
    """Refuse requests without a log-in unless their endpoint stands in `open_doors`."""
    store.install(app, app.extensions["jjb_db"])
    csrf = CSRFProtect(app)
    for view in BY_DEVICE:
        csrf.exempt(view)
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a token lives as long as the session
    limiter.init_app(app)

    @app.errorhandler(CSRFError)
    def forged(_error: CSRFError) -> Response:
        return errors.reply(Problem("request.csrf"))

    @app.before_request
    def locked() -> AnyResponse | None:
        if request.endpoint is None or request.endpoint in open_doors or logged_in():
            return None
        if errors.wants_page() and request.method == "GET":
            return redirect(url_for("accounts.login", next=request.full_path.rstrip("?")))
        return errors.reply(Problem("access.login"))

    @app.after_request
    def harden(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        if response.mimetype == "application/json":  # no document: nothing of it may load; villages pay for each byte
            headers.setdefault("Content-Security-Policy", "default-src 'none'")
        else:
            headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
            headers.setdefault("Referrer-Policy", "same-origin")
            headers.setdefault("Permissions-Policy", "geolocation=(), payment=(), usb=()")
        headers.setdefault("Cache-Control", "no-store")
        return response
