"""Knowledge from a draft to every village: two persons always, nothing typed is lost, releases whole or not there."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import apsw
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import ledger
from app.keys import release_key
from app.knowledge import publish, releases, store
from app.settings import Settings
from datasets.build import SCHEMA
from sync import manifest, packs
from sync.content import content_root
from tests.app.knowledge.forms import HTML, fields, fill
from tests.app.village import Village
from tests.conftest import LogIn

SLUG = "temp-id-card"
EDIT = f"/knowledge/items/{SLUG}/edit"


def newest(app: Flask) -> releases.Release:
    with app.extensions["jjb_db"].read() as connection:
        return releases.in_force(connection)


def editions(app: Flask) -> list[Any]:
    with app.extensions["jjb_db"].read() as connection:
        return store.editions(connection, item=SLUG)


def say(client: FlaskClient, edition_id: str, name: str, note: str = "") -> TestResponse:
    """submit, withdraw, approve or reject."""
    page = client.get(f"/knowledge/editions/{edition_id}", headers=HTML).get_data(as_text=True)
    data = {"csrf_token": fields(page)["csrf_token"][0], "note": note}
    return client.post(f"/knowledge/editions/{edition_id}/{name}", data=data, headers=HTML)


def issue(client: FlaskClient, note: str = "改收费", **data: str) -> TestResponse:
    page = client.get("/knowledge/releases", headers=HTML).get_data(as_text=True)
    return client.post(
        "/knowledge/releases", data={"csrf_token": fields(page)["csrf_token"][0], "note": note, **data}, headers=HTML
    )


def submit_fee(log_in: LogIn, app: Flask, fee: str = "工本费 25 元") -> str:
    """An editor changes the fee and hands it in; the edition's id."""
    reply = fill(log_in("editor"), EDIT, {"fee": fee, "note": "按新文件"}, act="submit")
    assert reply.status_code == 302, reply.get_data(as_text=True)
    (edition,) = [one for one in editions(app) if one.state == "submitted"]
    return str(edition.id)


def publish_fee(log_in: LogIn, app: Flask, fee: str = "工本费 25 元") -> None:
    assert say(log_in("reviewer"), submit_fee(log_in, app, fee), "approve").status_code == 302
    assert issue(log_in("reviewer")).status_code == 302


# ---- the way of an edition ----


def test_a_form_sent_unchanged_changes_nothing(app: Flask, log_in: LogIn, settings: Settings) -> None:
    before = releases.documents_of(releases.file_of(settings, 1))
    editor = log_in("editor")
    for slug in sorted(before)[::10]:
        assert fill(editor, f"/knowledge/items/{slug}/edit", {}, act="save").status_code == 302, slug
        with app.extensions["jjb_db"].read() as connection:
            (edition,) = store.editions(connection, item=slug)
        assert json.loads(edition.document) == before[slug]


def test_a_fee_goes_from_the_editor_to_the_village(app: Flask, log_in: LogIn, settings: Settings) -> None:
    village = Village(app)
    edition_id = submit_fee(log_in, app)
    page = log_in("reviewer").get(f"/knowledge/editions/{edition_id}", headers=HTML).get_data(as_text=True)
    assert "<ins>" in page
    assert "按新文件" in page
    assert say(log_in("reviewer"), edition_id, "approve").status_code == 302
    assert newest(app).number == 1  # approved is not yet out
    assert issue(log_in("reviewer")).status_code == 302
    second = newest(app)
    assert second.number == 2
    documents = releases.documents_of(releases.file_of(settings, 2))
    assert documents[SLUG]["fee"] == "工本费 25 元"
    (pack,) = village.round(have=1).json["packs"]
    data = base64.b64decode(pack["data"])
    assert len(data) < 2_048
    db = apsw.Connection(":memory:")
    with db.backup("main", apsw.Connection(str(releases.file_of(settings, 1))), "main") as backup:
        backup.step()
    packs.apply(db, SCHEMA, data, pack["sha256"], second.content_root)
    assert content_root(db, SCHEMA)[0] == second.content_root
    assert [one.state for one in editions(app)] == ["released"]
    names = ["knowledge.drafted", "knowledge.submitted", "knowledge.approved"]
    with app.extensions["jjb_db"].read() as connection:
        assert [entry.name for entry in ledger.read(connection, subject=SLUG)] == names
        assert [entry.subject for entry in ledger.read(connection, name="knowledge.released")][-1] == "knowledge:2"


def test_nobody_approves_what_they_wrote(app: Flask, log_in: LogIn) -> None:
    admin = log_in("admin")  # may edit and review
    fill(admin, EDIT, {"fee": "1 元", "note": "试"}, act="submit")
    (edition,) = editions(app)
    for name in ("approve", "reject"):
        reply = say(admin, edition.id, name, "x")
        assert reply.status_code in (403, 409)
        assert "另一位" in reply.get_data(as_text=True) or "自己" in reply.get_data(as_text=True)
    assert [one.state for one in editions(app)] == ["submitted"]


def test_a_rejected_edition_goes_back_with_its_reason_and_can_be_handed_in_again(app: Flask, log_in: LogIn) -> None:
    edition_id = submit_fee(log_in, app)
    assert say(log_in("reviewer"), edition_id, "reject").status_code >= 400  # a reason is needed
    assert say(log_in("reviewer"), edition_id, "reject", "金额不对").status_code == 302
    editor = log_in("editor")
    assert "金额不对" in editor.get("/knowledge/", headers=HTML).get_data(as_text=True)
    assert fill(editor, EDIT, {"fee": "工本费 20 元", "note": "改正"}, act="submit").status_code == 302
    assert [one.state for one in editions(app)] == ["submitted"]


@pytest.mark.parametrize(("who", "name"), [("editor", "approve"), ("reviewer", "withdraw"), ("agent1", "approve")])
def test_acts_of_the_wrong_person_are_refused(app: Flask, log_in: LogIn, who: str, name: str) -> None:
    edition_id = submit_fee(log_in, app)
    assert say(log_in(who), edition_id, name).status_code == 403
    assert [one.state for one in editions(app)] == ["submitted"]


def test_an_edition_in_review_cannot_be_changed_under_the_reviewer(app: Flask, log_in: LogIn) -> None:
    editor = log_in("editor")
    page = editor.get(EDIT, headers=HTML).get_data(as_text=True)
    submit_fee(log_in, app)
    assert editor.get(EDIT, headers=HTML).status_code == 302  # to the edition, not to the form
    reply = fill(editor, EDIT, {"fee": "99 元"}, page=page, act="save")
    assert reply.status_code == 409
    assert "99 元" in reply.get_data(as_text=True)


# ---- nothing typed is lost ----


def test_of_two_who_edit_at_once_the_second_is_told_and_keeps_what_was_typed(app: Flask, log_in: LogIn) -> None:
    first, second = log_in("editor"), log_in("admin")
    opened = second.get(EDIT, headers=HTML).get_data(as_text=True)
    assert fill(first, EDIT, {"fee": "10 元"}, act="save").status_code == 302
    reply = fill(second, EDIT, {"fee": "99 元整", "note": "我的说明"}, page=opened, act="save")
    assert reply.status_code == 409
    text = reply.get_data(as_text=True)
    assert fields(text)["fee"] == ["99 元整"]
    assert fields(text)["note"] == ["我的说明"]
    assert [json.loads(one.document)["fee"] for one in editions(app)] == ["10 元"]


def test_an_old_window_of_the_same_editor_does_not_overwrite_a_newer_save(app: Flask, log_in: LogIn) -> None:
    editor = log_in("editor")
    fill(editor, EDIT, {"fee": "10 元"}, act="save")
    old = editor.get(EDIT, headers=HTML).get_data(as_text=True)
    fill(editor, EDIT, {"fee": "20 元"}, act="save")
    assert fill(editor, EDIT, {"fee": "30 元"}, page=old, act="save").status_code == 409
    assert [json.loads(one.document)["fee"] for one in editions(app)] == ["20 元"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"site_visits": "许多"}, "site_visits"),
        ({"materials-0-copies": "两份"}, "materials"),
        ({"verified_on": "昨天"}, "verified_on"),
    ],
)
def test_a_fault_is_named_at_its_field_and_all_else_is_kept(
    app: Flask, log_in: LogIn, change: dict[str, str], field: str
) -> None:
    reply = fill(log_in("editor"), EDIT, {"place": "大厅 3 号窗口", **change}, act="save")
    assert reply.status_code == 422
    text = reply.get_data(as_text=True)
    assert f'href="#{field}' in text
    assert fields(text)["place"] == ["大厅 3 号窗口"]
    assert editions(app) == []


def test_handing_in_needs_a_note_and_keeps_what_was_typed(app: Flask, log_in: LogIn) -> None:
    reply = fill(log_in("editor"), EDIT, {"fee": "77 元", "note": ""}, act="submit")
    assert reply.status_code >= 400
    assert fields(reply.get_data(as_text=True))["fee"] == ["77 元"]
    assert editions(app) == []  # neither half


# ---- releases ----


def test_nothing_approved_is_nothing_to_release(app: Flask, log_in: LogIn) -> None:
    reply = issue(log_in("reviewer"))
    assert reply.status_code >= 400
    assert newest(app).number == 1


def test_a_release_needs_a_note_and_a_reviewer(app: Flask, log_in: LogIn) -> None:
    say(log_in("reviewer"), submit_fee(log_in, app), "approve")
    assert issue(log_in("reviewer"), " ").status_code >= 400
    assert issue(log_in("editor")).status_code == 403
    assert newest(app).number == 1


def test_a_release_that_fails_half_way_leaves_everything_as_it_was(
    app: Flask, log_in: LogIn, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(log_in("reviewer"), submit_fee(log_in, app), "approve")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(publish, "keep", full)
        assert issue(log_in("reviewer")).status_code == 500
    assert newest(app).number == 1
    assert [one.state for one in editions(app)] == ["approved"]
    assert issue(log_in("reviewer")).status_code == 302
    assert newest(app).number == 2
    db = apsw.Connection(str(releases.file_of(settings, 2)), flags=apsw.SQLITE_OPEN_READONLY)
    assert content_root(db, SCHEMA)[0] == newest(app).content_root


def test_going_back_is_a_new_release_with_the_old_content(app: Flask, log_in: LogIn) -> None:
    first = newest(app)
    publish_fee(log_in, app)
    assert issue(log_in("reviewer"), "改错了", back_to="1").status_code == 302
    third = newest(app)
    assert (third.number, third.content_root) == (3, first.content_root)
    assert issue(log_in("reviewer"), "没有这一版", back_to="99").status_code == 404
    assert issue(log_in("reviewer"), "乱填", back_to="x").status_code == 400
    assert newest(app).number == 3


def test_every_release_verifies_with_the_key_that_devices_hold(app: Flask, log_in: LogIn, settings: Settings) -> None:
    publish_fee(log_in, app)
    public = manifest.public_bytes(release_key(settings))
    with app.extensions["jjb_db"].read() as connection:
        every = releases.every(connection)
    for one in every:
        read = manifest.read(one.manifest, one.signature, {manifest.key_id(public): public}, "knowledge")
        assert (read.release, read.content_root, read.previous) == (one.number, one.content_root, one.number - 1)
        assert len(one.manifest.encode()) <= 2_048
        for entry in read.packs:
            data = releases.pack_file(settings, entry.sha256).read_bytes()
            assert packs.Pack(entry.start, data).chunks == entry.chunks
            assert len(data) == entry.bytes


# ---- packs over HTTP ----


def test_packs_are_open_immutable_files_with_ranges(app: Flask, client: FlaskClient, settings: Settings) -> None:
    sha = json.loads(newest(app).manifest)["packs"][0]["sha256"]
    data = releases.pack_file(settings, sha).read_bytes()
    whole = client.get(f"/packs/{sha}.pack")
    assert whole.data == data
    assert whole.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert whole.mimetype == "application/octet-stream"
    assert "Content-Encoding" not in whole.headers
    tag = whole.headers["ETag"]
    assert sha in tag
    part = client.get(f"/packs/{sha}.pack", headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.data) == (206, data[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(data)}"
    rest = client.get(f"/packs/{sha}.pack", headers={"Range": f"bytes={len(data) - 10}-"})
    assert (rest.status_code, rest.data) == (206, data[-10:])
    assert client.get(f"/packs/{sha}.pack", headers={"Range": f"bytes={len(data)}-"}).status_code == 416
    assert client.get(f"/packs/{sha}.pack", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("name", ["0" * 64, "x", "..%2f..%2fkeys%2frelease", "A" * 64, "0" * 63])
def test_what_is_no_pack_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/packs/{name}.pack").status_code == 404


# ---- pages ----


def test_the_list_finds_by_name_alias_and_department(app: Flask, log_in: LogIn) -> None:
    editor = log_in("editor")
    page = editor.get("/knowledge/?q=临时居民身份证", headers=HTML).get_data(as_text=True)
    assert f"/knowledge/items/{SLUG}" in page
    assert "没有找到" in editor.get("/knowledge/?q=火星移民", headers=HTML).get_data(as_text=True)


def test_what_an_editor_types_is_shown_as_text(app: Flask, log_in: LogIn) -> None:
    fill(log_in("editor"), EDIT, {"fee": "<script>alert(1)</script>", "note": "<b>x</b>"}, act="submit")
    (edition,) = editions(app)
    page = log_in("reviewer").get(f"/knowledge/editions/{edition.id}", headers=HTML).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page
    assert "&lt;" in page


@pytest.mark.parametrize("who", ["guide1"])
def test_a_guide_has_no_business_here(log_in: LogIn, who: str) -> None:
    assert log_in(who).get("/knowledge/").status_code == 403


def test_unknown_items_and_editions_are_plain_pages(log_in: LogIn) -> None:
    editor = log_in("editor")
    for path in ("/knowledge/items/nothing", "/knowledge/items/nothing/edit", "/knowledge/editions/nothing"):
        reply = editor.get(path, headers=HTML)
        assert reply.status_code == 404
        assert re.search(r"没有找到", reply.get_data(as_text=True))


def test_the_rows_of_editions_carry_their_release(app: Flask, log_in: LogIn) -> None:
    publish_fee(log_in, app)
    with app.extensions["jjb_db"].read() as connection:
        rows = connection.execute(select(store.edition.c.release, store.edition.c.reviewer_name)).all()
    assert [row.release for row in rows] == [2]
    assert rows[0].reviewer_name
