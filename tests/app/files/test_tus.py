"""`/files`: every step of tus and every refusal; what is kept is sealed, and only who may sees it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import ledger
from app.files import store
from app.places import store as places
from app.settings import Settings
from sync import signatures
from sync.files import jpeg_size
from tests.app.village import Village
from tests.sync.test_files import CASES, jpeg

LogIn = Callable[[str], FlaskClient]
PHOTO = jpeg(filler=3000)
PART = "application/offset+octet-stream"


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


def name_of(data: bytes, material: str = "户口簿", kind: str = "image/jpeg") -> dict[str, Any]:
    return {"material": material, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "kind": kind}


def file_case(village: Village, *files: dict[str, Any], counter: int = 1) -> str:
    """Hand in a case that names these files; its number."""
    event = village.case(counter)
    event["body"]["files"] = list(files)
    reply = village.round(event)
    assert [one["verdict"] for one in reply.json["verdicts"]] == ["accepted"], reply.json
    return str(event["body"]["case_no"])


def ask(
    village: Village, method: str, path: str, body: bytes = b"", signed: bytes | None = None, **headers: str
) -> TestResponse:
    """A signed request of tus; names of headers with _ for -. `signed`: the body that the signature is about."""
    mine = signatures.sign(
        method, path, body if signed is None else signed, village.key, village.id, int(time.time()), str(uuid.uuid4())
    )
    given = {"Tus-Resumable": "1.0.0", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return village.app.test_client().open(
        path, method=method, data=body, headers={**mine, **{name: text for name, text in given.items() if text}}
    )


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def create(village: Village, case_no: str, data: bytes) -> TestResponse:
    said = metadata(case=case_no, sha256=hashlib.sha256(data).hexdigest())
    return ask(village, "POST", "/files", Upload_Length=str(len(data)), Upload_Metadata=said)


def patch(village: Village, place: str, offset: int, body: bytes, **headers: Any) -> TestResponse:
    return ask(village, "PATCH", place, body, **{"Upload_Offset": str(offset), "Content_Type": PART, **headers})


def begun(village: Village, data: bytes = PHOTO, kind: str = "image/jpeg") -> tuple[str, str]:
    """(case number, place of the upload)."""
    case_no = file_case(village, name_of(data, kind=kind))
    reply = create(village, case_no, data)
    assert reply.status_code == 201, reply.get_data(as_text=True)
    return case_no, reply.headers["Location"]


def refused(reply: TestResponse, status: int, code: str) -> None:
    assert (reply.status_code, reply.json and reply.json["error"]["code"]) == (status, code)
    assert reply.json["error"]["message"] and reply.json["error"]["next"]
    assert reply.headers["Tus-Resumable"] == "1.0.0"


def entries(app: Flask, name: str) -> list[ledger.Entry]:
    with app.extensions["jjb_db"].read() as connection:
        assert ledger.verify(connection).ok
        return list(ledger.read(connection, name=name))


def on_disk(settings: Settings) -> bytes:
    return b"".join(path.read_bytes() for path in (settings.data / "files").rglob("*") if path.is_file())


# ---- the way of a file ----


def test_a_file_comes_in_parts_and_is_kept_once_sealed_and_told_to_the_ledger(
    village: Village, settings: Settings
) -> None:
    case_no, place = begun(village)
    first = patch(village, place, 0, PHOTO[:1000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    assert first.headers["Upload-Expires"].endswith("GMT")
    looked = ask(village, "HEAD", place)
    assert (looked.headers["Upload-Offset"], looked.headers["Upload-Length"]) == ("1000", str(len(PHOTO)))
    assert looked.headers["Cache-Control"] == "no-store"
    assert PHOTO[100:200] not in on_disk(settings)
    assert patch(village, place, 1000, PHOTO[1000:]).headers["Upload-Offset"] == str(len(PHOTO))
    assert PHOTO[100:200] not in on_disk(settings)
    (stored,) = entries(village.app, "case.file_stored")
    assert (stored.subject, stored.body["bytes"]) == (case_no, len(PHOTO))
    again = create(village, case_no, PHOTO)  # the last answer was lost, and the place with it
    assert (again.status_code, again.headers["Upload-Offset"]) == (201, str(len(PHOTO)))
    assert ask(village, "HEAD", place).headers["Upload-Offset"] == str(len(PHOTO))
    assert patch(village, place, len(PHOTO), b"").status_code == 204
    assert len(entries(village.app, "case.file_stored")) == 1


def test_the_server_says_what_it_can_do(app: Flask) -> None:
    reply = app.test_client().options("/files")
    assert (reply.status_code, reply.headers["Tus-Version"]) == (204, "1.0.0")
    assert set(reply.headers["Tus-Extension"].split(",")) == {"creation", "expiration", "checksum", "termination"}
    assert {"sha1", "sha256"} <= set(reply.headers["Tus-Checksum-Algorithm"].split(","))
    assert int(reply.headers["Tus-Max-Size"]) > 0


def test_the_same_page_for_two_materials_travels_once(village: Village) -> None:
    case_no = file_case(village, name_of(PHOTO, "户口簿"), name_of(PHOTO, "身份证"))
    place = create(village, case_no, PHOTO).headers["Location"]
    assert patch(village, place, 0, PHOTO).status_code == 204
    with village.app.extensions["jjb_db"].read() as connection:
        found = store.attachments(connection, case_no)
    assert [(one.material, bool(one.stored_at)) for one in found] == [("户口簿", True), ("身份证", True)]


def test_the_same_page_in_two_cases_is_kept_under_each_ones_own_key(village: Village) -> None:
    places_ = []
    for counter in (1, 2):
        case_no = file_case(village, name_of(PHOTO), counter=counter)
        reply = create(village, case_no, PHOTO)
        assert reply.headers["Upload-Offset"] == "0"  # nothing tells that it is here already
        places_.append(reply.headers["Location"])
        assert patch(village, places_[-1], 0, PHOTO).status_code == 204
    assert len(set(places_)) == 2


def test_an_upload_may_be_ended_and_begun_again(village: Village, settings: Settings) -> None:
    case_no, place = begun(village)
    patch(village, place, 0, PHOTO[:1000])
    assert ask(village, "DELETE", place).status_code == 204
    assert on_disk(settings) == b""
    refused(patch(village, place, 1000, PHOTO[1000:]), 410, "file.gone")
    assert create(village, case_no, PHOTO).headers["Upload-Offset"] == "0"
    assert patch(village, place, 0, PHOTO).status_code == 204
    assert ask(village, "DELETE", place).status_code == 204  # what is whole stays
    assert ask(village, "HEAD", place).headers["Upload-Offset"] == str(len(PHOTO))


def test_an_upload_that_is_not_finished_is_thrown_away_in_time(village: Village, settings: Settings) -> None:
    case_no, place = begun(village)
    patch(village, place, 0, PHOTO[:1000])
    with village.app.extensions["jjb_db"].write() as connection:
        connection.execute(update(store.case_blob).values(expires_at="2026-01-01T00:00:00.000Z"))
    assert ask(village, "HEAD", place).status_code == 410
    assert create(village, case_no, PHOTO).headers["Upload-Offset"] == "1000"  # in time after all: it goes on
    with village.app.extensions["jjb_db"].write() as connection:
        connection.execute(update(store.case_blob).values(expires_at="2026-01-01T00:00:00.000Z"))
    other = file_case(village, name_of(jpeg(filler=9)), counter=2)
    create(village, other, jpeg(filler=9))
    assert on_disk(settings) == b""
    assert create(village, case_no, PHOTO).headers["Upload-Offset"] == "0"


def test_another_method_may_be_named_where_a_proxy_lets_only_post_through(village: Village) -> None:
    _, place = begun(village)
    reply = ask(village, "POST", place, PHOTO, X_HTTP_Method_Override="PATCH", Upload_Offset="0", Content_Type=PART)
    assert (reply.status_code, reply.headers["Upload-Offset"]) == (204, str(len(PHOTO)))


# ---- refusals ----


def test_only_what_a_case_of_this_device_names_is_taken(village: Village, app: Flask) -> None:
    case_no, place = begun(village)
    stranger = Village(app)
    refused(create(stranger, case_no, PHOTO), 404, "file.unnamed")
    refused(create(village, case_no, PHOTO + b"x"), 404, "file.unnamed")
    refused(create(village, case_no.replace("0001", "0002"), PHOTO), 404, "file.unnamed")
    for method in ("HEAD", "DELETE"):
        assert ask(stranger, method, place).status_code == 404
    refused(patch(stranger, place, 0, PHOTO), 404, "file.unnamed")
    refused(patch(village, "/files/nothing-of-this-name", 0, PHOTO), 404, "file.unnamed")
    assert ask(village, "HEAD", place).headers["Upload-Offset"] == "0"


def test_who_does_not_sign_or_was_revoked_is_refused(village: Village, app: Flask) -> None:
    case_no, place = begun(village)
    for method, path in (("POST", "/files"), ("PATCH", place), ("DELETE", place)):
        bare = app.test_client().open(path, method=method, headers={"Tus-Resumable": "1.0.0", "Content-Type": PART})
        refused(bare, 401, "device.signature")
    refused(patch(village, place, 0, PHOTO, signed=b"other"), 401, "device.signature")
    assert ask(village, "HEAD", place).headers["Upload-Offset"] == "0"
    with app.extensions["jjb_db"].write() as connection:
        places.revoke(connection, village.id, "丢失", "centre")
    refused(create(village, case_no, PHOTO), 403, "device.revoked")
    refused(patch(village, place, 0, PHOTO), 403, "device.revoked")


def test_a_request_that_is_not_as_tus_says_changes_nothing(village: Village) -> None:
    case_no, place = begun(village)
    refused(ask(village, "DELETE", place, Tus_Resumable="0.2.2"), 412, "file.tus")
    refused(patch(village, place, 0, PHOTO, Content_Type="text/plain"), 415, "file.type")
    refused(patch(village, place, 7, PHOTO), 409, "file.offset")
    refused(patch(village, place, 0, PHOTO, Upload_Offset="-1"), 400, "request.format")
    refused(patch(village, place, 0, PHOTO + b"x"), 413, "request.size")
    refused(patch(village, place, 0, PHOTO[:9], Upload_Checksum="sha256 AAAA"), 460, "file.checksum")
    refused(patch(village, place, 0, PHOTO[:9], Upload_Checksum="crc32 AAAA"), 400, "request.format")
    refused(ask(village, "POST", place), 405, "request.method")
    length, sha = str(len(PHOTO)), hashlib.sha256(PHOTO).hexdigest()
    for said in ("", "case", f"case !!!,sha256 {sha}", metadata(case=case_no), metadata(case="../../etc", sha256=sha)):
        refused(ask(village, "POST", "/files", Upload_Length=length, Upload_Metadata=said), 400, "request.format")
    assert ask(village, "HEAD", place).headers["Upload-Offset"] == "0"
    good = base64.b64encode(hashlib.sha1(PHOTO).digest()).decode()
    assert patch(village, place, 0, PHOTO, Upload_Checksum=f"sha1 {good}").status_code == 204


def test_a_whole_that_is_not_what_the_case_names_is_thrown_away_and_may_come_again(
    village: Village, settings: Settings
) -> None:
    _, place = begun(village)
    patch(village, place, 0, b"x" * 1000)
    refused(patch(village, place, 1000, PHOTO[1000:]), 460, "file.checksum")
    assert on_disk(settings) == b""
    assert ask(village, "HEAD", place).headers["Upload-Offset"] == "0"
    assert patch(village, place, 0, PHOTO).status_code == 204


@pytest.mark.parametrize("name", [name for name, (data, _, fault) in CASES.items() if fault and data])
def test_a_file_that_could_harm_or_cannot_be_opened_is_refused_for_good(
    name: str, village: Village, settings: Settings
) -> None:
    data, kind, _ = CASES[name]
    case_no, place = begun(village, data, kind)
    refused(patch(village, place, 0, data), 422, "file.content")
    refused(create(village, case_no, data), 422, "file.content")
    assert on_disk(settings) == b""
    assert entries(village.app, "case.file_stored") == []


def test_no_quota_is_passed(village: Village, app: Flask, settings: Settings) -> None:
    case_no = file_case(village, name_of(PHOTO))
    tight: list[tuple[dict[str, int], int, str]] = [
        ({"file_limit": 100}, 413, "file.large"),
        ({"file_case_limit": 100}, 413, "file.large"),
        ({"file_day_limit": 100}, 429, "file.quota"),
        ({"file_reserve": 2**60}, 507, "file.space"),
    ]
    for change, status, code in tight:
        app.extensions["jjb_settings"] = replace(settings, **change)
        refused(create(village, case_no, PHOTO), status, code)
    app.extensions["jjb_settings"] = settings
    assert create(village, case_no, PHOTO).status_code == 201


# ---- at the centre ----


def kept(village: Village) -> str:
    case_no, place = begun(village)
    assert patch(village, place, 0, PHOTO).status_code == 204
    return case_no


def opened(client: FlaskClient, case_no: str) -> str:
    page = client.get(f"/handling/{case_no}").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    data = {"csrf_token": token[1], "reason": "核对材料"}
    return client.post(f"/handling/{case_no}/unmask", data=data).get_data(as_text=True)


def link(page: str, place: str = "/files/1") -> str:
    found = re.search(rf'href="(/handling/[^"]+{place}\?[^"]+)"', page)
    assert found
    return found[1].replace("&amp;", "&")


def test_a_file_is_opened_beside_its_case_by_who_stated_a_reason_and_cannot_act(
    village: Village, log_in: LogIn
) -> None:
    case_no = kept(village)
    agent = log_in("agent1")
    page = agent.get(f"/handling/{case_no}").get_data(as_text=True)
    assert "户口簿" in page and "已传到" in page and "/files/1" not in page
    reply = agent.get(link(opened(agent, case_no)))
    assert (reply.status_code, reply.data, reply.mimetype) == (200, PHOTO, "image/jpeg")
    assert reply.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"
    assert f'filename="{case_no}-1.jpg"' in reply.headers["Content-Disposition"]


def test_a_link_is_of_no_use_to_anybody_else_nor_later_nor_elsewhere(
    village: Village, log_in: LogIn, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_no = kept(village)
    agent = log_in("agent1")
    href = link(opened(agent, case_no))
    assert client.get(href, headers={"Accept": "application/json"}).status_code == 401
    other = log_in("manager").get(href, headers={"Accept": "application/json"})
    assert (other.status_code, other.json["error"]["code"]) == (403, "file.reason")
    bare = agent.get(href.split("?")[0], headers={"Accept": "application/json"})
    assert bare.json["error"]["code"] == "file.reason"
    second = file_case(village, name_of(jpeg(filler=5)), counter=2)
    crossed = agent.get(href.replace(case_no, second), headers={"Accept": "application/json"})
    assert crossed.json["error"]["code"] == "file.reason"
    monkeypatch.setattr("app.files.reader.PASS_S", -1)
    assert agent.get(href, headers={"Accept": "application/json"}).json["error"]["code"] == "file.reason"


def drawn(pages: int) -> bytes:
    """A PDF of so many empty A4 pages."""
    paper, file = pypdfium2.PdfDocument.new(), io.BytesIO()
    for _ in range(pages):
        paper.new_page(595, 842)
    paper.save(file)
    return file.getvalue()


def test_a_pdf_is_seen_page_by_page_as_pictures(village: Village, log_in: LogIn) -> None:
    data = drawn(3)
    case_no, place = begun(village, data, "application/pdf")
    assert patch(village, place, 0, data).status_code == 204
    agent = log_in("agent1")
    page = opened(agent, case_no)
    seen = agent.get(link(page, "/files/1/pages"))
    pictures = re.findall(r'<img src="([^"]+)"', seen.get_data(as_text=True))
    assert len(pictures) == 3
    reply = agent.get(pictures[2].replace("&amp;", "&"))
    assert (reply.mimetype, jpeg_size(reply.data)) == ("image/jpeg", (1131, 1600))
    assert reply.headers["Content-Security-Policy"].startswith("sandbox")
    told = {"Accept": "application/json"}
    assert agent.get(pictures[2].split("?")[0], headers=told).json["error"]["code"] == "file.reason"
    beyond = pictures[2].replace("/pages/3", "/pages/4").replace("&amp;", "&")
    assert agent.get(beyond, headers=told).json["error"]["code"] == "file.paint"
    whole = agent.get(link(page))
    assert (whole.data, whole.headers["Content-Disposition"].split(";")[0]) == (data, "attachment")


def test_the_officer_who_decides_a_case_opens_its_files_too(village: Village, log_in: LogIn) -> None:
    data = drawn(1)
    case_no, place = begun(village, data, "application/pdf")
    assert patch(village, place, 0, data).status_code == 204
    officer = log_in("officer1")
    page = opened(officer, case_no)
    assert officer.get(link(page)).data == data
    [picture] = re.findall(r'<img src="([^"]+)"', officer.get(link(page, "/files/1/pages")).get_data(as_text=True))
    assert officer.get(picture.replace("&amp;", "&")).mimetype == "image/jpeg"


def test_a_pdf_that_cannot_be_painted_says_so_and_can_still_be_fetched(village: Village, log_in: LogIn) -> None:
    data = CASES["a paper"][0]  # sound in its form, but without a page
    case_no, place = begun(village, data, "application/pdf")
    assert patch(village, place, 0, data).status_code == 204
    agent = log_in("agent1")
    page = opened(agent, case_no)
    reply = agent.get(link(page, "/files/1/pages"), headers={"Accept": "application/json"})
    assert (reply.status_code, reply.json["error"]["code"]) == (422, "file.paint")
    assert agent.get(link(page)).data == data


def test_a_file_goes_with_the_key_of_its_case(village: Village, log_in: LogIn, app: Flask) -> None:
    case_no = kept(village)
    agent = log_in("agent1")
    href = link(opened(agent, case_no))
    with app.extensions["jjb_db"].write() as connection:
        app.extensions["jjb_vault"].forget(connection, case_no)
    assert agent.get(href).status_code == 404


def test_no_log_line_and_no_name_on_disk_tells_whose_file_it_is(
    village: Village, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    case_no = kept(village)
    names = " ".join(str(path) for path in Path(settings.data / "files").rglob("*"))
    assert case_no not in names and hashlib.sha256(PHOTO).hexdigest() not in names
    assert case_no not in caplog.text


def test_photos_of_a_supplement_follow_it_and_stand_after_those_of_the_case(village: Village, log_in: LogIn) -> None:
    case_no = file_case(village, name_of(PHOTO, "户口簿"))
    came = [{"name": "户口簿", "have": True}]
    body = {"case_no": case_no, "materials": came, "applicant": None, "note": ""}
    more = {
        **body,
        "files": [name_of(CASES["a paper"][0], "授权委托书", kind="application/pdf"), name_of(PHOTO, "户口簿")],
    }
    events = [
        village.event("case.supplemented", case_no, body),  # as older programs send it
        village.event("case.supplemented", case_no, more),
    ]
    assert [one["verdict"] for one in village.round(*events).json["verdicts"]] == ["accepted"] * 2
    for data in (PHOTO, CASES["a paper"][0]):
        place = create(village, case_no, data).headers["Location"]
        assert patch(village, place, 0, data).status_code == 204
    with village.app.extensions["jjb_db"].read() as connection:
        found = store.attachments(connection, case_no)
    assert [(one.material, bool(one.stored_at)) for one in found] == [
        ("户口簿", True),
        ("授权委托书", True),
        ("户口簿", True),
    ]
