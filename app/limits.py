"""Rate limits of the open doors, counted in memory (one process; a Redis URL later)."""

from __future__ import annotations

from flask import current_app
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
