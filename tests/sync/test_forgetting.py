"""The time of a case is over at the centre: its device wipes what it holds of it."""

from __future__ import annotations

from app.retention import job
from app.syncing import store as syncing
from tests.sync.conftest import Centre, Settle
from tests.sync.test_client import ask


def test_a_device_wipes_a_case_whose_time_is_over(centre: Centre, settle: Settle) -> None:
    village = settle()
    ask(village)
    case_no = "NJ53330100120261123AA0001"
    village.record("rating.given", f"visit:{case_no}", {
        "matter": f"visit:{case_no}", "level": 1, "rated_at": "2026-11-23T02:05:00.000Z",
    })  # fmt: skip
    village.sync()
    with centre.app.app_context(), centre.app.extensions["jjb_db"].write() as connection:
        syncing.push(connection, "hexie", "case.progress", {"case_no": case_no, "state": "done"}, case_no)
        syncing.push(connection, "hexie", "case.forget", {"case_no": case_no})
        syncing.push(connection, "hexie", "case.progress", {"case_no": "other"})
    assert village.sync().ok
    assert [body["case_no"] for _, _, body in village.mailbox.inbox()] == ["other"]
    assert len(village.mailbox.verdicts()) == 1
    with centre.app.app_context():
        assert job.daily() is not None  # a run on a living server
    assert village.sync().ok
