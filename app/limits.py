"""Rate limits of the open doors, counted in memory (one process; a Redis URL later)."""

from __future__ import annotations

from flask import current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, storage_uri="memory://")


def login_limit() -> str:
    """`settings.login_limit` of the running application."""
    return str(current_app.extensions["jjb_settings"].login_limit)


def follow_limit() -> str:
    """`settings.follow_limit` of the running application."""
    return str(current_app.extensions["jjb_settings"].follow_limit)


def enrol_limit() -> str:
    """`settings.enrol_limit` of the running application."""
    return str(current_app.extensions["jjb_settings"].enrol_limit)


def reading_limit() -> str:
    """`settings.reading_limit` of the running application."""
    return str(current_app.extensions["jjb_settings"].reading_limit)


def by_device() -> str:
    """The address with the device that a request says it is from: points behind one address do not use up each other's."""
    return f"{get_remote_address()} {request.headers.get('Signature-Input', '')[:400].partition('keyid=')[2][:40]}"
