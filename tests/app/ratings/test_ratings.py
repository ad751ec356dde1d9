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


def act(client: FlaskClient, matter: str, name: str, note: str = "已处理", **data: str) -> Any:
    return post(client, "/ratings/rectify", matter=matter, act=name, note=note, **data)


def moves(app: Flask) -> list[dict[str, Any]]:
    with app.extensions["jjb_db"].read() as connection:
        return [entry.body for entry in ledger.read(connection, name="rectification.moved")]


def test_a_rectification_goes_from_contact_to_call_back_with_a_note_each(
    village: Village, app: Flask, log_in: LogIn
) -> None:
    rate(village, "visit:1", 5)
    manager = log_in("manager")
    assert "前联系本人" in manager.get("/ratings/").get_data(as_text=True)
    assert act(manager, "visit:1", "fix").status_code == 409
    assert act(manager, "visit:1", "contact", " ").status_code == 409
    assert act(manager, "visit:1", "nonsense").status_code == 409
    assert "已打电话致歉" in act(manager, "visit:1", "contact", "已打电话致歉").get_data(as_text=True)
    act(manager, "visit:1", "fix", "已补办")
    assert act(manager, "visit:1", "close").status_code == 409  # says not how the person rates it now
    assert act(manager, "visit:1", "close", again="9").status_code == 409
    page = act(manager, "visit:1", "close", "本人满意", again="2").get_data(as_text=True)
    assert "没有要整改的差评" in page
    assert "再评：满意" in page
    assert [body["state"] for body in moves(app)] == ["contacted", "fixed", "closed"]
    assert "致歉" not in str(moves(app))  # notes are sealed: people write personal things into them


def test_who_is_still_dissatisfied_at_the_call_back_sends_it_back(village: Village, app: Flask, log_in: LogIn) -> None:
    rate(village, "visit:1", 4)
    manager = log_in("manager")
    for name in ("contact", "fix"):
        act(manager, "visit:1", name)
    assert "整改中" in act(manager, "visit:1", "close", again="5").get_data(as_text=True)
    act(manager, "visit:1", "fix")
    assert "没有再评" in act(manager, "visit:1", "close", "联系不上", again="0").get_data(as_text=True)
    page = manager.get("/ratings/?csv=1").get_data(as_text=True)
    assert "不满意" in page  # the first rating stands


def test_a_complex_matter_has_the_longer_term(village: Village, log_in: LogIn) -> None:
    for matter in ("visit:1", "visit:2"):
        rate(village, matter, 5)
    manager = log_in("manager")
    act(manager, "visit:1", "contact")
    page = act(manager, "visit:2", "contact", complex="on").get_data(as_text=True)
    due = re.findall(r"整改中，([^<]+?)前办结", page)
    assert len(set(due)) == 2


def test_a_disputed_rating_is_decided_by_a_second_person_and_never_deleted(
    village: Village, app: Flask, log_in: LogIn
) -> None:
    for matter in ("visit:1", "visit:2"):
        rate(village, matter, 5)
    manager, inspector = log_in("manager"), log_in("inspector")
    assert act(inspector, "visit:1", "dispute").status_code == 403
    for matter in ("visit:1", "visit:2"):
        act(manager, matter, "dispute", "点错了，本人已说明")
    own = act(manager, "visit:1", "dismiss")
    assert own.status_code == 409
    assert "另一位" in own.json["error"]["message"]
    assert act(inspector, "visit:1", "dismiss", "核对了录音").status_code == 200
    assert "整改中" in act(inspector, "visit:2", "uphold", "确有其事").get_data(as_text=True)
    page = inspector.get("/ratings/").get_data(as_text=True)
    assert "1 条差评经复核不计" in page
    assert re.findall(r"<strong>(\d+)</strong>", page)[4] == "2"  # both still count as given
    assert act(manager, "visit:1", "contact").status_code == 409


def test_a_paper_form_keeps_the_date_on_the_paper_apart(village: Village, app: Flask, log_in: LogIn) -> None:
    event = village.case(1)
    village.round(event)
    case_no, manager = event["subject"], log_in("manager")
    form = {"written": "2026-01-05", "level": "4", "text": "木某某写的"}
    assert post(manager, "/ratings/paper", case_no=case_no.lower(), **form).status_code == 200
    assert post(manager, "/ratings/paper", case_no=case_no, **form).status_code == 409  # one for each matter
    assert post(manager, "/ratings/paper", point="hexie", **{**form, "level": "1"}).status_code == 200
    page = manager.get("/ratings/").get_data(as_text=True)
    assert f"整改单 visit:{case_no}" in page  # not decided yet: it was the visit
    assert "木某某" not in page
    with app.extensions["jjb_db"].read() as connection:
        first, second = ledger.read(connection, name="rating.given")
    assert (first.body["channel"], first.body["rated_at"]) == ("纸质", "2026-01-04T16:00:00.000Z")
    assert first.received_at > "2026-01-06"
    assert second.subject.startswith("visit:")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"written": ""}, 400),
        ({"written": "2026-02-30"}, 400),
        ({"written": "2999-01-01"}, 400),
        ({"written": "2001-01-01"}, 400),
        ({"level": "0"}, 400),
        ({"point": "nowhere"}, 400),
        ({"case_no": "NJ1"}, 404),
    ],
)
def test_a_paper_form_that_cannot_be_is_refused(
    village: Village, log_in: LogIn, change: dict[str, str], status: int
) -> None:
    form = {"written": "2026-01-05", "level": "3", "point": "hexie", **change}
    assert post(log_in("manager"), "/ratings/paper", **form).status_code == status


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
    assert "已联系本人" not in page
    for path in ("/ratings/rectify", "/ratings/open", "/ratings/paper"):
        assert post(inspector, path, matter="visit:1", act="contact", reason="x").status_code == 403


def test_an_unknown_matter_is_a_plain_page(village: Village, log_in: LogIn) -> None:
    rate(village, "visit:1", 5)
    assert act(log_in("manager"), "visit:9", "contact").status_code == 404


def test_the_visit_and_the_decided_matter_are_rated_apart(village: Village, app: Flask, log_in: LogIn) -> None:
    # Given a case that an older program let rate right after it was handed in
    case = village.case(1)
    case_no = case["subject"]
    assert village.round(case).json["verdicts"][0]["verdict"] == "accepted"
    assert rate(village, case_no, 4) == ("accepted", None)
    # Then that was the visit; a newer program says the same of it, and neither counts twice
    assert rate(village, f"visit:{case_no}", 1) == ("rejected", "rating.twice")
    assert rate(village, case_no, 1) == ("rejected", "rating.twice")
    # And once the case is decided, the matter itself may be rated
    agent = log_in("agent1")
    found = re.search(r'name="csrf_token" value="([^"]+)"', agent.get(f"/handling/{case_no}").get_data(as_text=True))
    assert found
    agent.post(f"/handling/{case_no}/move", data={"csrf_token": found[1], "state": "refused", "note": "不在范围"})
    assert rate(village, case_no, 2) == ("accepted", None)
    assert rate(village, case_no, 2) == ("rejected", "rating.twice")
    # What was written opens as ever, under the key of the case
    manager = log_in("manager")
    opened = post(manager, "/ratings/open", matter=f"visit:{case_no}", reason="了解情况").get_data(as_text=True)
    assert "态度很好" in opened
