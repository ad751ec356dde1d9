"""Whether a device answers as the centre does: it tells one hash, the centre says yes, no, or that it does not know."""

from __future__ import annotations

import pytest
from flask import Flask

from app.knowledge import releases
from app.places import guard as places
from app.syncing import agreement
from app.version import VERSION
from tests.app.village import Village
from tests.conftest import LogIn


def held(app: Flask, digest: str, **change: str) -> dict[str, object]:
    """The state of a device that holds the releases in force and answers with this hash."""
    with app.extensions["jjb_db"].read() as connection:
        knowledge = releases.newest(connection)
        lingua = releases.newest(connection, releases.LINGUA)
    assert knowledge
    assert lingua
    answers = {"knowledge": knowledge.content_root, "lingua": lingua.content_root, "digest": digest, **change}
    return {"app": VERSION, "answers": answers}


def told(village: Village, state: dict[str, object]) -> tuple[bool | None, bool | None]:
    """What the device hears and what is kept of it for oversight."""
    reply = village.round(state=state)
    assert reply.status_code == 200, reply.get_data(as_text=True)
    with village.app.extensions["jjb_db"].read() as connection:
        (kept,) = [row["answers_agree"] for row in places.device_states(connection) if row["id"] == village.id]
    return reply.json["device"]["answers_agree"], kept


def test_a_device_hears_whether_its_answers_are_the_centres(app: Flask, log_in: LogIn) -> None:
    village, manager = Village(app), log_in("manager")

    # the first to tell is not kept waiting: it hears soon
    first = village.round(state=held(app, "0" * 64))
    assert first.json["device"]["answers_agree"] is None
    assert first.json["next_poll_s"] <= 20
    assert "还没有核对" in manager.get(f"/oversight/devices/{village.id}").text
    app.extensions["jjb_agreement"].settle()
    ours = app.extensions["jjb_agreement"].ask((1, 1))

    assert told(village, held(app, ours)) == (True, True)
    assert village.round(state=held(app, ours)).json["next_poll_s"] == app.extensions["jjb_settings"].sync_poll_s
    assert "与中心答案一致" in manager.get(f"/oversight/devices/{village.id}").text

    assert told(village, held(app, "0" * 64)) == (False, False)
    assert "与中心答案不一致" in manager.get(f"/oversight/devices/{village.id}").text
    assert "答案与中心不一致" in manager.get("/oversight/").text

    # another version of the program may answer otherwise, and an older one says nothing at all
    assert told(village, {**held(app, "0" * 64), "app": "0.0.9"}) == (None, None)
    assert told(village, {**held(app, ours), "app": "0.0.9"}) == (True, True)
    assert told(village, {}) == (None, None)


@pytest.mark.parametrize("unknown", ["knowledge", "lingua"])
def test_of_releases_that_the_centre_never_issued_nothing_is_said(app: Flask, unknown: str) -> None:
    assert told(Village(app), held(app, "0" * 64, **{unknown: "1" * 64})) == (None, None)
    app.extensions["jjb_agreement"].settle()


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ([], "$.state.answers"),
        ({"knowledge": "0" * 64, "lingua": ""}, "digest"),
        ({"knowledge": "0" * 64, "lingua": "", "digest": "G" * 64}, "$.state.answers.digest"),
        ({"knowledge": "", "lingua": "", "digest": "0" * 64}, "$.state.answers.knowledge"),
        ({"knowledge": "0" * 64, "lingua": "1", "digest": "0" * 64}, "$.state.answers.lingua"),
        ({"knowledge": "0" * 64, "lingua": "", "digest": "0" * 64 + "\n"}, "$.state.answers.digest"),
    ],
)
def test_a_malformed_word_refuses_the_round_and_names_the_field(app: Flask, answers: object, field: str) -> None:
    reply = Village(app).round(state={"answers": answers})
    assert (reply.status_code, reply.json["error"]["code"]) == (400, "sync.format")
    assert field in reply.json["error"]["details"]["field"]


def test_a_release_whose_file_is_gone_is_not_known_and_not_tried_for_ever() -> None:
    tried = []

    def work(pair: agreement.Pair) -> str:
        tried.append(pair)
        raise OSError(pair)

    found = agreement.Agreement(work)
    for _ in range(3):
        assert found.ask((1, None)) is None
        found.settle()
    assert tried == [(1, None)]
    assert not found.pending((1, None))
