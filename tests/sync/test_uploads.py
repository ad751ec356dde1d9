"""Files of cases over a wire that is cut: exactly once, from the byte where it stopped, gone here only when safe there."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app import create_app, ledger
from app.files import store as files
from app.files.cabinet import Cabinet
from app.places import store as places
from app.settings import Settings
from datasets.build import SCHEMA
from sync.client import FileFault, Village, World
from sync.files import fault_of
from sync.mailbox import Mailbox
from sync.uploads import Paper, Uploads
from sync.wire import LinkError
from tests.journeys.centre import Centre as Process
from tests.sync.conftest import Centre, Settle
from tests.sync.test_files import CASES, jpeg
from tests.wire import Wire

ROOT = Path(__file__).parents[2]
PHOTO = jpeg(filler=300_000)


def case_body(village: Village, counter: int = 1) -> dict[str, Any]:
    applicant = {"name": "阿普山", "id_number": "11010519491231002X", "phone": "", "region": "", "address": ""}
    return {
        "case_no": village.case_no(counter, "20261125"), "item": "temp-id-card", "release": 1, "situations": [],
        "materials": [{"name": "户口簿", "have": True}], "applicant": applicant, "proxy": None, "note": "",
    }  # fmt: skip


def at_centre(app: Any, case_no: str) -> list[bytes]:
    """The files of a case as the centre would show them; each was told to the ledger once."""
    found = []
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        assert ledger.verify(connection).ok
        sealer = app.extensions["jjb_vault"].sealer(connection, case_no)
        stored = [row for row in files.attachments(connection, case_no) if row.stored_at]
        told = list(ledger.read(connection, name="case.file_stored", subject=case_no))
    for row in stored:
        found.append(Cabinet(app.extensions["jjb_settings"].data, row.id).whole(sealer))
    assert len(told) == len({row.sha256 for row in stored})
    return found


def bodies(wire: Wire) -> int:
    """Bytes of PATCH bodies that went over the wire."""
    total = 0
    for passed in wire.connections:
        head, _, body = bytes(passed.up).partition(b"\r\n\r\n")
        total += len(body) if head.startswith(b"PATCH") else 0
    return total


def arrived(app: Any) -> int:
    """Bytes that the centre has of all files."""
    with app.extensions["jjb_db"].read() as connection:
        return int(connection.execute(select(func.sum(files.case_blob.c.arrived))).scalar_one())


def cut_tries(village: Village, wire: Wire, app: Any, cuts: list[int]) -> int:
    """Try with each connection cut at so many bytes; the client is let go on when the centre has noticed."""
    for cut_at in cuts:
        before = arrived(app)
        wire.cut_up_at = cut_at
        assert isinstance(village.bring_files().error, LinkError)
        deadline = time.monotonic() + 20  # a busy machine notices late
        while cut_at > HEADERS and arrived(app) == before and time.monotonic() < deadline:
            time.sleep(0.02)
    wire.cut_up_at = None
    return arrived(app)


HEADERS = 1_200
"""Bytes that the headers of a signed request take at most."""


def test_the_papers_of_a_case_follow_it_and_arrive_once(centre: Centre, settle: Settle) -> None:
    village = settle()
    paper = CASES["a paper"][0]
    body = case_body(village)
    village.file_case(body, [Paper("户口簿", PHOTO), Paper("", paper), Paper("身份证", PHOTO)])
    before = village.status()
    assert (before.files_waiting, before.files_bytes) == (2, len(PHOTO) + len(paper))
    outcome = village.sync()
    assert (outcome.ok, outcome.files) == (True, 2)
    assert at_centre(centre.app, body["case_no"]) == [PHOTO, paper, PHOTO]
    assert village.status().files_waiting == 0
    assert village.sync().files == 0


def test_a_file_waits_until_the_centre_has_taken_its_case(centre: Centre, settle: Settle, wire: Wire) -> None:
    village = settle()
    village.file_case(case_body(village), [Paper("户口簿", PHOTO)])
    assert village.bring_files().files == 0
    wire.down()
    assert not village.sync().ok
    assert village.status().files_waiting == 1
    wire.up()
    assert village.sync().files == 1


@pytest.mark.parametrize("cut_at", [150, 2_000, 40_000, 70_001])
def test_a_cut_anywhere_costs_nothing_that_had_arrived(cut_at: int, centre: Centre, settle: Settle, wire: Wire) -> None:
    village = settle()
    body = case_body(village)
    village.file_case(body, [Paper("户口簿", PHOTO)])
    assert village.round().ok
    there = cut_tries(village, wire, centre.app, [cut_at] * 3)
    assert there >= 3 * max(0, cut_at - HEADERS)
    before = bodies(wire)
    assert village.bring_files().files == 1
    assert at_centre(centre.app, body["case_no"]) == [PHOTO]
    assert bodies(wire) - before == len(PHOTO) - there


def test_a_connection_that_falls_silent_is_given_up_and_what_came_is_kept(
    centre: Centre, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.files.views.SILENCE_S", 0.3)
    village = settle()
    body = case_body(village)
    village.file_case(body, [Paper("户口簿", PHOTO)])
    assert village.round().ok
    (waiting,) = village.mailbox.waiting_files()
    village.bring_files(lambda: False)  # creates, then pauses
    (place,) = [one.place for one in village.mailbox.waiting_files()]
    assert waiting.place is None
    assert place
    signed = village._signed("PATCH", place, PHOTO)
    headers = {
        **signed, "Host": "centre", "Tus-Resumable": "1.0.0", "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream", "Content-Length": str(len(PHOTO)),
    }  # fmt: skip
    head = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    with socket.create_connection(("127.0.0.1", centre.port), timeout=10) as half:
        half.sendall(f"PATCH {place} HTTP/1.1\r\n{head}\r\n".encode() + PHOTO[:98_304])
        answer = half.recv(4096).decode()  # and nothing more is sent
    assert answer.startswith("HTTP/1.1 204")
    assert 0 < arrived(centre.app) <= 98_304
    assert village.bring_files().files == 1
    assert at_centre(centre.app, body["case_no"]) == [PHOTO]


def test_the_lost_answer_to_the_last_bytes_sends_nothing_twice(centre: Centre, settle: Settle, wire: Wire) -> None:
    village = settle()
    body = case_body(village)
    village.file_case(body, [Paper("户口簿", PHOTO)])
    village.chunk = len(PHOTO)
    assert village.round().ok
    (waiting,) = village.mailbox.waiting_files()
    calls: list[str] = []

    def lose(method: str, path: str, sent: bytes, headers: Any) -> Any:
        calls.append(method)
        answer = village._ask_tus(method, path, sent, headers)
        if method == "PATCH":
            raise LinkError("offline", "the answer was lost")
        return answer

    assert isinstance(Uploads(village.mailbox, lose, len(PHOTO)).run().error, LinkError)
    assert village.mailbox.file_data(waiting.id) == PHOTO  # nothing goes before the centre's word
    before = bodies(wire)
    assert village.bring_files().files == 1
    assert (bodies(wire), calls) == (before, ["POST", "PATCH"])
    assert at_centre(centre.app, body["case_no"]) == [PHOTO]


def test_a_file_the_centre_refuses_stays_with_its_reason_and_the_others_go_on(
    centre: Centre, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    village = settle()
    script, _, _ = CASES["a paper with a script"]
    monkeypatch.setattr("sync.client.fault_of", lambda data, kind: "")  # a device of before this rule
    village.file_case(case_body(village), [Paper("", script), Paper("户口簿", PHOTO)])
    outcome = village.sync()
    status = village.status()
    assert (outcome.files, status.files_waiting, status.files_refused) == (1, 0, 1)


def test_a_paper_that_is_not_sound_is_told_before_anything_is_stored(settle: Settle) -> None:
    village = settle()
    for name, (data, kind, fault) in CASES.items():
        if fault and fault_of(data, kind) != "kind":
            with pytest.raises(FileFault, match=fault):
                village.file_case(case_body(village), [Paper(name, data)])
    assert (village.status().waiting, village.status().files_waiting) == (0, 0)


def test_bringing_can_be_paused_and_ended(centre: Centre, settle: Settle) -> None:
    village = settle()
    body = case_body(village)
    village.file_case(body, [Paper("户口簿", PHOTO)])
    assert village.round().ok
    village.chunk = 50_000
    left = iter([True, True, False])
    paused = village.bring_files(lambda: next(left))
    assert (paused.files, paused.gained, paused.error) == (0, 100_000, None)
    (waiting,) = village.mailbox.waiting_files()
    village.cancel_file(waiting)
    assert village.status().files_waiting == 1
    again = village.bring_files()
    assert (again.files, again.gained) == (1, len(PHOTO))
    assert at_centre(centre.app, body["case_no"]) == [PHOTO]


def test_something_that_answers_in_the_centres_place_takes_no_file(settle: Settle) -> None:
    village = settle()
    village.file_case(case_body(village), [Paper("户口簿", PHOTO)])
    assert village.round().ok
    (waiting,) = village.mailbox.waiting_files()
    for headers in ({"Upload-Offset": str(len(PHOTO) + 1)}, {}, {"Upload-Offset": "x", "Location": "/files/a"}):
        done = Uploads(village.mailbox, lambda *_, said=headers: said).run()
        assert isinstance(done.error, LinkError)
    assert village.mailbox.file_data(waiting.id) == PHOTO


def test_a_mailbox_of_an_earlier_program_learns_of_files(tmp_path: Path) -> None:
    old = Mailbox(tmp_path / "field.db")
    old.db.execute("DROP TABLE file")
    old.add("e", "question.asked", "q", "t", {})
    old.close()
    new = Mailbox(tmp_path / "field.db")
    assert (new.file_counts().waiting, new.counts().waiting) == (0, 1)
    new.close()


def test_a_case_with_papers_can_be_handed_in_at_the_command_line(centre: Centre, tmp_path: Path) -> None:
    data, photo = tmp_path / "cli", tmp_path / "p.jpg"
    photo.write_bytes(PHOTO)
    run = [sys.executable, "-m", "sync", "--data", str(data)]
    url = f"http://127.0.0.1:{centre.port}"
    subprocess.run([*run, "enrol", url, centre.code()], check=True, cwd=ROOT, capture_output=True)
    village = Village(data, url, SCHEMA)
    body = case_body(village)
    village.close()
    case = [*run, "case", "--paper", f"户口簿={photo}"]
    subprocess.run(case, input=json.dumps(body), text=True, check=True, cwd=ROOT, capture_output=True)
    done = subprocess.run([*run, "sync"], text=True, check=True, cwd=ROOT, capture_output=True)
    assert '"files_waiting": 0' in done.stdout
    assert at_centre(centre.app, body["case_no"]) == [PHOTO]


def test_cuts_and_a_kill_of_the_real_server_in_the_middle_of_files(sqlite_template: Path, tmp_path: Path) -> None:
    """gunicorn as in production, a wire cut in every connection, the process killed between: whole, once, nothing lost."""
    data = tmp_path / "data"
    shutil.copytree(sqlite_template, data)
    app = create_app(Settings(data=data))
    with app.extensions["jjb_db"].write() as connection:
        code = places.issue_code(connection, "hexie", 15, "test")[0]
    process = Process(data)
    process.start()
    with Wire(process.port) as wire:
        village = Village(tmp_path / "village", wire.url, SCHEMA, World(sleep=lambda _: None))
        village.enrol(code)
        body = case_body(village)
        photos = [jpeg(filler=200_000 + size) for size in range(3)]
        village.file_case(body, [Paper("户口簿", photo) for photo in photos])
        assert village.round().ok
        cut_tries(village, wire, app, [30_000, 900, 64_321])
        process.kill()
        process.start()
        there = cut_tries(village, wire, app, [5_000, 99_999, 20_000])
        sent = bodies(wire)
        for _ in range(5):
            if village.bring_files().error is None:
                break
        assert village.status().files_waiting == 0
        last = bodies(wire) - sent
        village.close()
    process.kill()
    assert at_centre(app, body["case_no"]) == photos
    assert there > 150_000
    assert last == sum(map(len, photos)) - there  # what had arrived before the cuts was not sent again
    app.extensions["jjb_db"].close()
