"""好差评: one for each matter, 1 is best; low ones open a 整改单 that people work off."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import ledger
from tests.app.village import Village

LogIn = Callable[[str], FlaskClient]


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


def rate(village: Village, matter: str, level: int, **change: Any) -> tuple[str, str | None]:
    """(verdict, problem code) of one rating."""
    event = village.rating(matter, level)
    event["body"] |= change
    (verdict,) = village.round(event).json["verdicts"]
    return verdict["verdict"], verdict["problem"] and verdict["problem"]["code"]


def post(client: FlaskClient, path: str, **data: str) -> Any:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/ratings/").get_data(as_text=True))
    assert found
    return client.post(path, data={"csrf_token": found[1], **data}, follow_redirects=True)


def test_one_rating_for_each_matter(village: Village) -> None:
    assert rate(village, "visit:1", 1) == ("accepted", None)
    assert rate(village, "visit:1", 5) == ("rejected", "rating.twice")
    assert rate(village, "visit:2", 5) == ("accepted", None)


@pytest.mark.parametrize(
    "change", [{"level": 0}, {"level": 6}, {"level": "1"}, {"rated_at": "x"}, {"channel": "QQ"}, {"text": "x" * 4001}]
)
def test_a_rating_against_the_rules_is_rejected(village: Village, change: dict[str, Any]) -> None:
    event = village.rating("visit:1", 1)
    event["body"] |= change
    (verdict,) = village.round(event).json["verdicts"]
    assert (verdict["verdict"], verdict["problem"]["code"]) == ("rejected", "event.field")


def test_counts_by_level_and_only_low_ones_open_a_rectification(village: Village, log_in: LogIn) -> None:
    for number, level in enumerate((1, 1, 2, 3, 4, 5), 1):
        rate(village, f"visit:{number}", level, reasons=["说不清"])
    page = log_in("manager").get("/ratings/").get_data(as_text=True)
    assert re.findall(r"<strong>(\d+)</strong>", page) == ["2", "1", "1", "1", "1"]
    todo = page.split("全部评价")[0]
    assert [f"visit:{number}" in todo for number in range(1, 7)] == [False, False, False, False, True, True]
    assert "说不清" in page


def test_the_file_is_the_list_as_filtered(village: Village, log_in: LogIn) -> None:
    for number, level in enumerate((1, 5, 5), 1):
        rate(village, f"visit:{number}", level)
    text = log_in("manager").get("/ratings/?level=5&csv=1").get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert {row[0] for row in rows[1:]} == {"visit:2", "visit:3"}
    assert {row[1] for row in rows[1:]} == {"非常不满意"}


def test_a_rectification_goes_from_open_to_contacted_to_closed_with_a_note_each(
    village: Village, app: Flask, log_in: LogIn
) -> None:
    rate(village, "visit:1", 5)
    manager = log_in("manager")
    assert post(manager, "/ratings/rectify", matter="visit:1", state="closed", note="x").status_code == 409
    assert post(manager, "/ratings/rectify", matter="visit:1", state="contacted", note=" ").status_code == 409
    page = post(manager, "/ratings/rectify", matter="visit:1", state="contacted", note="已打电话致歉").get_data(
        as_text=True
    )
    assert "已打电话致歉" in page
    page = post(manager, "/ratings/rectify", matter="visit:1", state="closed", note="已补办").get_data(as_text=True)
    assert "没有要整改的差评" in page
    with app.extensions["jjb_db"].read() as connection:
        moves = [entry.body["state"] for entry in ledger.read(connection, name="rectification.moved")]
    assert moves == ["contacted", "closed"]


def test_what_people_wrote_opens_with_a_logged_reason_only(village: Village, app: Flask, log_in: LogIn) -> None:
    rate(village, "visit:1", 5, text="排队太久,我叫木某某")
    manager = log_in("manager")
    assert "木某某" not in manager.get("/ratings/").get_data(as_text=True)
    assert post(manager, "/ratings/open", matter="visit:1", reason="").status_code == 400
    assert "木某某" in post(manager, "/ratings/open", matter="visit:1", reason="整改").get_data(as_text=True)
    with app.extensions["jjb_db"].read() as connection:
        (entry,) = ledger.read(connection, name="personal.unmasked")
        assert "木某某" not in str(list(ledger.read(connection, name="rating.given")))
    assert (entry.subject, entry.body) == ("visit:1", {"reason": "整改"})


def test_an_impossible_time_of_a_device_does_not_break_the_page(village: Village, log_in: LogIn) -> None:
    rate(village, "visit:1", 1, rated_at="9999-12-31T23:59:59.999Z")
    rate(village, "visit:2", 1, rated_at="2026-99-99T99:99:99.999Z")
    assert "visit:2" in log_in("manager").get("/ratings/").get_data(as_text=True)


def test_who_may_see_and_act(village: Village, log_in: LogIn) -> None:
    rate(village, "visit:1", 5)
    assert log_in("guide1").get("/ratings/").status_code == 403
    inspector = log_in("inspector")
    page = inspector.get("/ratings/").get_data(as_text=True)
    assert "visit:1" in page
    assert "怎么处理的" not in page
    for path in ("/ratings/rectify", "/ratings/open"):
        assert post(inspector, path, matter="visit:1", reason="x").status_code == 403


def test_an_unknown_matter_is_a_plain_page(village: Village, log_in: LogIn) -> None:
    rate(village, "visit:1", 5)
    assert post(log_in("manager"), "/ratings/rectify", matter="visit:9", state="contacted", note="x").status_code == 404
