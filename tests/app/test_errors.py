"""Every failure is one shape: a sentence and what to do next, as a page or as JSON; logs hold no words of people."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/healthz", 405),
        ("DELETE", "/", 405),
        ("GET", "/village/%00", 400),
        ("GET", "/?next=%00", 400),
    ],
)
def test_a_wrong_address_is_a_sentence_in_both_forms(client: FlaskClient, method: str, path: str, status: int) -> None:
    page = client.open(path, method=method, headers=HTML)
    assert page.status_code in (status, 302)  # a locked door leads to the log-in first
    if page.status_code != 302:
        assert "。" in page.get_data(as_text=True)
        assert "Not Allowed" not in page.get_data(as_text=True)
    wire = client.open(path, method=method, headers={"Accept": "application/json"})
    assert wire.json["ok"] is False
    assert wire.json["error"]["message"].endswith("。")
    assert wire.json["error"]["next"].endswith("。")
    assert wire.json["error"]["status"] == wire.status_code


def test_a_fault_of_ours_is_answered_plainly_and_logged_without_what_people_typed(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> str:
        raise IntegrityError("INSERT INTO case_file VALUES (?)", {"name": "阿普山"}, Exception("阿普山"))

    monkeypatch.setitem(app.view_functions, "portal.healthz", broken)
    with caplog.at_level(logging.DEBUG):
        reply = app.test_client().get("/healthz", headers=HTML)
    assert reply.status_code == 500
    assert "中心出了点问题" in reply.get_data(as_text=True)
    assert "阿普山" not in caplog.text + reply.get_data(as_text=True)
    assert "IntegrityError" in caplog.text
    assert "test_errors.py" in caplog.text  # where it happened
