"""What a browser does with our forms, for tests."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.settings import Settings

HTML = {"Accept": "text/html"}


def token(client: FlaskClient, path: str) -> str:
    """The CSRF token of a page."""
    page = client.get(path, headers=HTML).get_data(as_text=True)
    return page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]


def submit(client: FlaskClient, path: str, seen: str | None = None, **fields: Any) -> TestResponse:
    """Fill in and send the form of a page (`seen`, when it stands on another path)."""
    data = {"csrf_token": token(client, seen or path), **fields}
    return client.post(path, data=data, headers=HTML)


def demo_password(settings: Settings) -> str:
    """The password that setup gave the demo people."""
    return str(json.loads((settings.data / "demo.json").read_text())["password"])
