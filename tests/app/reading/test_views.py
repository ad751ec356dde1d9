"""`POST /reading`: a card is read for a device, and every refusal; nothing of it stays at the centre."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import create_app
from app.places import store as places
from app.problems import Problem
from app.reading import engine, pack
from app.settings import Settings
from deploy.benches import _cards
from sync import signatures
from tests.app.village import Village
from tests.sync.test_files import jpeg

PERSON = next(one for one in _cards.people() if one.name == "阿普试" and one.number.endswith("0018"))


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


def taken(card: Image.Image) -> bytes:
    data = io.BytesIO()
    card.save(data, "JPEG", quality=80)
    return data.getvalue()


def ask(village: Village, body: bytes, kind: str = "image/jpeg", signed: bytes | None = None) -> TestResponse:
    now, nonce = int(time.time()), str(uuid.uuid4())
    mine = signatures.sign("POST", "/reading", body if signed is None else signed, village.key, village.id, now, nonce)
    return village.app.test_client().post("/reading", data=body, headers=mine, content_type=kind)


def refusal(reply: TestResponse) -> tuple[int, str]:
    return reply.status_code, reply.json["error"]["code"]


def values(reply: TestResponse) -> dict[str, Any]:
    assert reply.status_code == 200, reply.get_data(as_text=True)
    return {one["name"]: one["value"] for one in reply.json["fields"]}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_worn_card_is_read_and_nothing_of_it_stays(
    village: Village, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    before = {path for path in settings.data.rglob("*") if path.is_file()}
    reply = ask(village, taken(_cards.worn(_cards.draw(PERSON, "id-card"), random.Random(5))))
    assert values(reply) == {
        "name": PERSON.name,
        "sex": PERSON.sex,
        "nation": PERSON.nation,
        "birth": PERSON.birth,
        "address": PERSON.address,
        "id_number": PERSON.number,
    }
    assert reply.json["kind_name"] == "居民身份证"
    assert reply.headers["Cache-Control"] == "no-store"
    assert all(len(one["box"]) == 4 and 0 < one["sure"] <= 1 for one in reply.json["fields"])
    after = {path for path in settings.data.rglob("*") if path.is_file()}
    assert {path.name for path in after - before} <= {"centre.db-wal", "centre.db-shm"}
    stored = b"".join(path.read_bytes() for path in after)
    for secret in (PERSON.name, PERSON.number, PERSON.address):
        assert secret.encode() not in stored
        assert secret not in caplog.text


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_card_on_its_side_is_read_too_without_places(village: Village) -> None:
    reply = ask(village, taken(_cards.draw(PERSON, "id-card").rotate(270, expand=True)))
    assert values(reply)["id_number"] == PERSON.number
    assert all(one["box"] is None for one in reply.json["fields"])


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_who_may_not_and_what_is_no_photo_is_refused(village: Village, app: Flask) -> None:
    good = jpeg(filler=200)
    assert refusal(app.test_client().post("/reading", data=good, content_type="image/jpeg"))[1].startswith("device.")
    assert refusal(ask(village, good, signed=b"another")) == (401, "device.signature")
    assert refusal(ask(village, b"MZ" + bytes(300))) == (422, "reading.picture")  # a program called .jpg
    assert refusal(ask(village, good[:-60])) == (422, "reading.picture")
    assert refusal(ask(village, good, kind="application/pdf")) == (422, "reading.picture")
    assert refusal(ask(village, jpeg(width=20000, height=20000))) == (422, "reading.picture")
    assert refusal(ask(village, bytes(1_048_577))) == (413, "request.size")
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        connection.execute(
            update(places.device).where(places.device.c.id == village.id).values(revoked_at="2026-01-01")
        )
    assert refusal(ask(village, good)) == (403, "device.revoked")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_device_that_asks_too_often_waits(settings: Settings) -> None:
    app = create_app(Settings(data=settings.data, reading_limit="2 per minute"))
    one, other = Village(app), Village(app, point="dulongjiang")
    assert [ask(one, b"no").status_code for _ in range(3)] == [422, 422, 429]
    assert ask(other, b"no").status_code == 422  # behind the same address
    app.extensions["jjb_db"].close()


def test_one_is_read_at_a_time_and_when_too_many_wait_the_next_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    going, most, hold = [], [], threading.Event()

    def slow(picture: bytes, _threads: int) -> tuple[list[Any], bool]:
        going.append(picture)
        most.append(len(going))
        hold.wait(20)
        going.remove(picture)
        return [], False

    monkeypatch.setattr(engine, "scan", slow)
    desk = engine.Desk()
    readers = [threading.Thread(target=desk.lines, args=(bytes([at]),)) for at in range(1 + engine.MOST_WAITING)]
    for reader in readers:
        reader.start()
    while desk._seats._value:  # all have come
        time.sleep(0.01)
    with pytest.raises(Problem, match=r"reading\.busy"):
        desk.lines(b"late")
    hold.set()
    for reader in readers:
        reader.join(30)
    assert len(most) == len(readers) and max(most) == 1
    assert desk.lines(b"later") == ([], False)


def test_a_reader_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stuck = tmp_path / "stuck.py"
    stuck.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(engine, "SCANNER", stuck)
    monkeypatch.setattr(engine, "PATIENCE_S", 0.2)
    with pytest.raises(Problem, match=r"reading\.picture"):
        engine.scan(b"")


def test_the_recognition_pack_is_what_it_says_and_is_made_anew_with_new_parts(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = tmp_path / "page" / "dist" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "page" / "package.json").write_bytes((pack.PAGE / "package.json").read_bytes())
    monkeypatch.setattr(pack, "PAGE", tmp_path / "page")
    engine_file = assets / "ort-wasm-simd-1.wasm"
    engine_file.write_bytes(b"an engine")
    client = app.test_client()
    told = client.get("/reading/pack").json
    body = client.get(f"/packs/{told['sha256']}.pack").data
    assert (len(body), hashlib.sha256(body).hexdigest()) == (told["bytes"], told["sha256"])
    assert [one["name"] for one in told["parts"]] == ["engine", "finder", "reader"]
    for part in told["parts"]:
        content = gzip.decompress(body[part["at"] : part["at"] + part["bytes"]])
        assert hashlib.sha256(content).hexdigest() == part["sha256"]
    # The same parts are the same pack; other parts are another, and the pack before does not stay
    assert client.get("/reading/pack").json == told
    engine_file.write_bytes(b"another engine")
    anew = client.get("/reading/pack").json
    assert anew["sha256"] != told["sha256"]
    assert client.get(f"/packs/{told['sha256']}.pack").status_code == 404
    assert client.get(f"/packs/{anew['sha256']}.pack").status_code == 200


def test_a_centre_without_the_parts_says_so(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "PAGE", tmp_path / "no page was built")
    assert refusal(app.test_client().get("/reading/pack")) == (404, "reading.pack")
    assert not list(tmp_path.rglob("recognition.json"))
