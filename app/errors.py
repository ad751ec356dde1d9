"""Turns a Problem, and every other failure, into one JSON shape or one plain page."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from app.problems import Problem

log = logging.getLogger("app")

BY_STATUS = {
    400: "request.format",
    401: "access.login",
    403: "access.denied",
    404: "request.missing",
    405: "request.method",
    413: "request.size",
    416: "request.range",
    429: "request.rate",
}


def wants_page() -> bool:
    """Whether a person in a browser asks (a page), rather than a program (JSON)."""
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return best == "text/html" and not request.is_json


def reply(problem: Problem) -> Response:
    """The answer for a problem in the form that the asker understands."""
    if wants_page():
        response = make_response(render_template("problem.html", problem=problem), problem.kind.status)
    else:
        response = make_response(jsonify(problem.to_wire()), problem.kind.status)
    if problem.kind.status in (429, 503):
        response.headers["Retry-After"] = "60"
    return response


def install(app: Flask) -> None:
    """Register the handlers; nothing escapes as a bare traceback or an English page."""

    @app.before_request
    def plain_text_only() -> None:
        # U+0000 stands in no honest address or form, and PostgreSQL cannot keep it.
        given = [request.path, *request.args.values(), *request.form.values()]
        if any("\x00" in text for text in given):
            raise Problem("request.format", field="U+0000")

    @app.errorhandler(Problem)
    def known(problem: Problem) -> Response:
        if problem.kind.status >= 500:
            log.error("problem %s", problem.code)
        return reply(problem)

    @app.errorhandler(HTTPException)
    def from_http(error: HTTPException) -> Response | HTTPException:
        if error.code is not None and error.code < 400:
            return error  # a redirect
        code = BY_STATUS.get(error.code or 500, "server.down" if (error.code or 500) >= 500 else "request.format")
        details = {"field": error.name} if code == "request.format" else {"limit": app.config["MAX_CONTENT_LENGTH"]}
        return reply(Problem(code, **(details if code in ("request.format", "request.size") else {})))

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> Response:
        # The type and place only: a message (SQLAlchemy's with the values of the row) may hold what a person typed.
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        where = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
        log.error("unhandled %s at %s", type(error).__name__, where)
        return reply(Problem("server.down"))
