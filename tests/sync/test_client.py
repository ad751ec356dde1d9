"""A whole village against a real centre: first use, exactly once under cuts, all that a link or a centre can do."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apsw
import pytest
from sqlalchemy import select, update

from app.knowledge import releases
from app.knowledge.publish import publish
from app.places import store as places
from app.settings import Settings
from app.syncing import store as syncing
from datasets.build import SCHEMA
from sync.client import NotEnrolled, Village, World
from sync.content import content_root
from sync.wire import LinkError, Refused
from tests.sync.conftest import Centre, Settle
from tests.wire import Wire

ROOT = Path(__file__).resolve().parents[2]


def ask(village: Village, text: str = "身份证丢了咋个办", **change: Any) -> str:
    """Queue a question."""
    body = {"text": text, "decision": "answer", "items": ["temp-id-card"], "release": 1, **change}
    return village.record("question.asked", "q", body)


def arrived(centre: Centre, village: Village) -> list[str]:
    """Event ids of a village as the ledger has them, in its order."""
    return [entry.event_id for entry in centre.events(village.device)]


def _newest(centre: Centre) -> releases.Release:
    with centre.app.extensions["jjb_db"].read() as connection:
        return releases.in_force(connection)


def _publish(centre: Centre, settings: Settings, fee: str) -> releases.Release:
    """Release n+1: one item costs something else."""
    before = _newest(centre)
    documents = releases.documents_of(releases.file_of(settings, before.number))
    slug = sorted(documents)[0]
    documents[slug] = {**documents[slug], "fee": fee}
    with centre.app.app_context(), centre.app.extensions["jjb_db"].write() as connection:
        return publish(connection, settings, documents.values(), "test", "centre")


# ---- first use, releases ----


def test_first_use_ends_with_the_signed_knowledge_and_all_events_there(centre: Centre, settle: Settle) -> None:
    village = settle()
    sent = [ask(village) for _ in range(3)]
    outcome = village.sync()
    assert outcome.ok
    status = village.status()
    assert (status.release, status.waiting, status.refused, status.link) == (1, 0, 0, "online")
    assert village.shelf.root() == _newest(centre).content_root
    assert arrived(centre, village) == sent


def test_a_pack_for_which_there_is_no_room_is_not_fetched(
    settle: Settle, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    village, before = settle(), wire.bytes_down
    with monkeypatch.context() as patch:
        patch.setattr("sync.client.shutil.disk_usage", lambda _: SimpleNamespace(free=1_000))
        outcome = village.sync()
    assert str(outcome.error) == "space"
    assert wire.bytes_down - before < 10_000
    assert village.sync().ok
    assert village.release == 1


def test_a_body_that_drips_in_holds_up_no_other_round(centre: Centre, settle: Settle) -> None:
    village = settle()
    centre.app.extensions["jjb_sync_gate"] = threading.BoundedSemaphore(1)
    with socket.create_connection(("127.0.0.1", centre.port)) as slow:
        slow.sendall(b"POST /sync HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
        assert village.sync().ok  # the only place among the rounds is free


def test_a_village_that_is_not_enrolled_says_so(settle: Settle) -> None:
    with pytest.raises(NotEnrolled):
        settle(enrol=False).sync()


def test_the_next_release_comes_as_a_small_delta_inside_the_reply(
    centre: Centre, settle: Settle, settings: Settings, wire: Wire
) -> None:
    village = settle()
    village.sync()
    issued = _publish(centre, settings, "工本费 20 元")
    before = wire.bytes_down
    outcome = village.sync()
    assert outcome.packs == [1]
    assert village.release == 2
    assert village.shelf.root() == issued.content_root
    assert wire.bytes_down - before < 4_096
    assert village.round().packs == []


def test_a_copy_that_somebody_changed_is_replaced_by_the_full_pack(
    centre: Centre, settle: Settle, settings: Settings
) -> None:
    village = settle()
    village.sync()
    db = apsw.Connection(str(village.shelf.path))
    db.execute("UPDATE item SET fee = '免费' || fee")
    db.close()
    issued = _publish(centre, settings, "工本费 20 元")
    assert village.sync().packs == [1, 0]
    assert village.shelf.root() == issued.content_root


def test_a_lost_copy_is_fetched_again_at_the_next_round(settle: Settle) -> None:
    village = settle()
    village.sync()
    village.shelf.path.unlink()
    assert village.sync().packs == [0]
    assert village.release == 1


def test_a_device_that_missed_more_releases_than_there_are_deltas_takes_the_full_pack(
    centre: Centre, settle: Settle, settings: Settings
) -> None:
    village = settle()
    village.sync()
    for number in range(settings.delta_depth + 1):
        issued = _publish(centre, settings, f"{number} 元")
    assert village.sync().packs == [0]
    assert village.shelf.root() == issued.content_root


# ---- cuts ----


def test_cuts_anywhere_in_a_round_neither_lose_nor_double_an_event(centre: Centre, settle: Settle, wire: Wire) -> None:
    village = settle()
    village.sync()
    sent: list[str] = []
    for way in ("cut_up_at", "cut_down_at"):
        for at in (1, 20, 90, 200, 350, 500, 650, 800, 950):
            sent += [ask(village), ask(village)]
            setattr(wire, way, at)
            village.round()
            setattr(wire, way, None)
    assert village.sync(attempts=3).ok
    assert arrived(centre, village) == sent
    assert set(village.mailbox.verdicts().values()) <= {"accepted", "duplicate"}


def test_a_reply_lost_after_the_commit_is_repaired_by_duplicate_verdicts(
    centre: Centre, settle: Settle, wire: Wire
) -> None:
    village = settle()
    village.sync()
    event = ask(village)
    wire.cut_down_at = 1
    assert isinstance(village.round().error, LinkError)
    assert arrived(centre, village) == [event]  # the centre has it,
    assert village.status().waiting == 1  # the village does not know yet
    wire.cut_down_at = None
    village.sync()
    assert village.mailbox.verdicts() == {event: "duplicate"}
    assert arrived(centre, village) == [event]


def test_a_download_cut_again_and_again_goes_on_where_it_stopped(settle: Settle, wire: Wire, centre: Centre) -> None:
    village = settle()
    size = json.loads(_newest(centre).manifest)["packs"][0]["bytes"]
    before = wire.bytes_down
    wire.cut_down_at = 12_000
    outcome = village.sync(attempts=2)
    assert outcome.ok
    assert village.release == 1
    connections = size // 11_000 + 1
    assert len(wire.connections) > connections
    assert wire.bytes_down - before < size * 1.05 + len(wire.connections) * 3_000  # replies of /sync and headers


def test_nothing_happens_while_the_centre_is_down_and_all_of_it_after(
    settle: Settle, wire: Wire, centre: Centre
) -> None:
    village = settle()
    village.sync()
    wire.down()
    sent = [ask(village) for _ in range(5)]
    outcome = village.sync(attempts=3)
    assert isinstance(outcome.error, LinkError)
    assert (village.status().waiting, village.status().link) == (5, "offline")
    assert village.batch < 20
    wire.up()
    assert village.sync().ok
    assert arrived(centre, village) == sent


def test_what_was_recorded_survives_a_killed_village(
    settle: Settle, centre: Centre, tmp_path: Path, wire: Wire
) -> None:
    settle("killed").close()
    script = f"""
import os, signal
from pathlib import Path
from sync.client import Village
v = Village(Path({str(tmp_path / "villages" / "killed")!r}), {wire.url!r}, "")
print(v.record("question.asked", "q", {{"text": "低保", "decision": "handoff", "items": [], "release": 1}}), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    village = settle("killed")
    assert village.status().waiting == 1
    village.sync()
    assert arrived(centre, village) == [done.stdout.strip()]


def test_two_windows_and_many_villages_at_once_are_counted_once(settle: Settle, centre: Centre) -> None:
    villages = [settle(f"v{number}") for number in range(4)]
    twins = [*villages, *(settle(f"v{number}") for number in range(4))]
    sent = {village.device: [ask(village) for _ in range(10)] for village in villages}
    threads = [threading.Thread(target=village.sync, kwargs={"attempts": 20}) for village in twins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for village in villages:
        assert sorted(arrived(centre, village)) == sorted(sent[village.device])
        assert set(village.mailbox.verdicts().values()) <= {"accepted", "duplicate"}


# ---- verdicts ----


def test_a_refused_event_stays_visible_and_does_not_hold_up_the_others(settle: Settle, centre: Centre) -> None:
    village = settle()
    good = ask(village)
    bad = village.record("tea.served", "q", {})
    worse = ask(village, decision="perhaps")
    later = ask(village)
    village.sync()
    assert arrived(centre, village) == [good, later]
    assert village.status().refused == 2
    codes = {event_id: problem["code"] for event_id, _, problem in village.mailbox.refused()}
    assert codes == {bad: "event.unknown", worse: "event.field"}


def test_an_event_that_spoils_its_request_is_found_and_set_aside(settle: Settle, centre: Centre) -> None:
    village = settle()
    good = [ask(village) for _ in range(3)]
    spoilt = village.record("question.asked", "x" * 201, {})
    good += [ask(village) for _ in range(3)]
    village.sync(attempts=10)
    assert arrived(centre, village) == good
    assert [(event_id, problem["code"]) for event_id, _, problem in village.mailbox.refused()] == [
        (spoilt, "sync.format")
    ]


def test_a_fault_of_the_device_itself_costs_no_event(
    settle: Settle, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    village = settle()
    event = ask(village)
    monkeypatch.setattr("sync.client.APP", "x" * 300)
    outcome = village.sync(attempts=6)
    assert isinstance(outcome.error, Refused)
    assert outcome.error.code == "sync.format"
    assert (village.status().waiting, village.status().refused) == (1, 0)
    monkeypatch.undo()
    village.sync()
    assert arrived(centre, village) == [event]


def test_the_same_id_with_other_content_is_set_aside_as_tampered(settle: Settle, centre: Centre) -> None:
    village = settle()
    event = ask(village)
    village.sync()
    village.mailbox.db.execute("UPDATE outbox SET verdict = NULL, body = replace(body, '身份证', '户口本')")
    village.sync()
    assert village.mailbox.verdicts() == {event: "quarantined"}
    assert [entry.body["text"] for entry in centre.events(village.device)] == ["身份证丢了咋个办"]


def test_a_centre_restored_from_an_old_backup_gets_back_what_it_lost(
    settle: Settle, centre: Centre, settings: Settings, tmp_path: Path
) -> None:
    if settings.database_url:
        pytest.skip("restores the SQLite file")
    village = settle()
    sent = [ask(village), ask(village)]
    village.sync()
    with sqlite3.connect(settings.data / "centre.db") as source, sqlite3.connect(tmp_path / "backup.db") as backup:
        source.backup(backup)
    sent += [ask(village), ask(village)]
    village.sync()
    with sqlite3.connect(tmp_path / "backup.db") as backup, sqlite3.connect(settings.data / "centre.db") as target:
        backup.backup(target)
    assert len(arrived(centre, village)) == 2
    sent += [ask(village)]
    village.sync()
    assert sorted(arrived(centre, village)) == sorted(sent)


def test_messages_of_the_centre_arrive_once(settle: Settle, centre: Centre) -> None:
    village = settle()
    for number in range(3):
        with centre.app.extensions["jjb_db"].write() as connection:
            syncing.push(connection, "hexie", "bulletin", {"text": f"通知 {number}"})
            syncing.push(connection, "dulongjiang", "bulletin", {"text": "别处"})
        village.sync()
    assert [body["text"] for _, _, body in village.mailbox.inbox()] == ["通知 0", "通知 1", "通知 2"]


# ---- identity and time ----


@pytest.mark.parametrize("shift", [3 * 3600.0, -2 * 365 * 86400.0])
def test_a_wrong_clock_is_measured_and_harmless(settle: Settle, centre: Centre, shift: float) -> None:
    village = settle(world=World(now=lambda: time.time() + shift, sleep=lambda _: None))
    village.mailbox.put(offset_s=0.0)  # as after a jump of the clock
    event = ask(village)
    outcome = village.sync()
    assert outcome.ok
    assert abs(village.status().clock_offset_s - shift) < 5
    assert arrived(centre, village) == [event]


def test_a_revoked_device_stops_and_its_events_are_kept_aside(settle: Settle, centre: Centre) -> None:
    village = settle()
    village.sync()
    with centre.app.extensions["jjb_db"].write() as connection:
        places.revoke(connection, str(village.device), "报废", "test")
    event = ask(village)
    outcome = village.sync()
    assert isinstance(outcome.error, Refused)
    assert outcome.error.code == "device.revoked"
    assert village.status().revoked
    assert village.status().waiting == 1  # still here,
    with centre.app.extensions["jjb_db"].read() as connection:
        kept = connection.execute(select(syncing.quarantine.c.event_id, syncing.quarantine.c.reason)).all()
    assert kept == [(event, "device.revoked")]  # and a copy at the centre
    assert arrived(centre, village) == []


def test_an_enrolment_whose_reply_was_lost_can_be_repeated(settle: Settle, centre: Centre, wire: Wire) -> None:
    village, code = settle(enrol=False), centre.code()
    wire.cut_down_at = 1
    with pytest.raises(LinkError):
        village.enrol(code)
    wire.cut_down_at = None
    first = village.enrol(code)
    assert village.enrol(code).device == first.device
    with pytest.raises(Refused) as caught:
        settle("other", enrol=False).enrol(code)
    assert caught.value.code == "enrol.code_used"


def test_an_old_manifest_played_again_is_refused(settle: Settle, centre: Centre, settings: Settings) -> None:
    village = settle()
    village.sync()
    old = _newest(centre)
    _publish(centre, settings, "工本费 20 元")
    village.sync()
    with centre.app.extensions["jjb_db"].write() as connection:
        row = releases.release
        connection.execute(
            update(row).where(row.c.number == 2).values(number=9, manifest=old.manifest, signature=old.signature)
        )
    outcome = village.round()
    assert "rollback" in str(outcome.error)
    assert village.release == 2


# ---- what else may answer ----


class Stranger:
    """Something on the way that answers every request the same."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_port


BUSY = {"ok": False, "error": {"code": "request.rate", "message": "忙。", "next": "等。", "status": 429, "details": {}}}


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (200, {"Content-Type": "text/html"}, b"<html>log in</html>", "portal"),
        (302, {"Location": "http://portal.example/", "Content-Type": "text/html"}, b"", "portal"),
        (511, {"Content-Type": "text/html"}, b"", "portal"),
        (200, {"Content-Type": "application/json"}, b'{"ok": true}', "answer"),
        (200, {"Content-Type": "application/json"}, b"<html>", "answer"),
        (502, {"Content-Type": "text/html"}, b"bad gateway", "502 net.centre"),
        (
            429,
            {"Content-Type": "application/json", "Retry-After": "120"},
            json.dumps(BUSY).encode(),
            "429 request.rate",
        ),
    ],
)
def test_an_answer_that_is_not_the_centres_changes_nothing(
    settle: Settle, wire: Wire, status: int, headers: dict[str, str], body: bytes, said: str
) -> None:
    village = settle()
    ask(village)
    stranger = Stranger(status, headers, body)
    wire.target_port = stranger.port
    outcome = village.round()
    assert said in str(outcome.error)
    assert village.status().waiting == 1
    assert village.status().link == ("weak" if said == "portal" else "offline")
    if "Retry-After" in headers:
        assert 120 <= village.next_delay_s() <= 150
    stranger.server.shutdown()


def test_a_silent_socket_is_given_up(settle: Settle, wire: Wire) -> None:
    village = settle(silence_s=0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        wire.target_port = silent.getsockname()[1]
        outcome = village.round()
    assert isinstance(outcome.error, LinkError)
    assert outcome.error.kind == "slow"


# ---- command line ----


def test_the_command_line_is_a_village_too(centre: Centre, wire: Wire, tmp_path: Path) -> None:
    def run(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sync", "--data", str(tmp_path / "cli"), *words]
        return subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True)

    assert "请先" in run("sync").stderr
    assert "登记码" in run("enrol", wire.url, "AAAA-AAAA-AA").stderr
    assert "大练地" in run("enrol", wire.url, centre.code()).stdout
    body = json.dumps({"text": "低保", "decision": "handoff", "items": [], "release": 1})
    event = run("record", "question.asked", "q", text=body).stdout.strip()
    done = run("sync")
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert (status["release"], status["waiting"]) == (1, 0)
    assert [entry.event_id for entry in centre.events(status["device"])] == [event]
    wire.down()
    assert "没有连上中心" in run("sync", "--attempts", "1").stderr
    db = apsw.Connection(str(tmp_path / "cli" / "knowledge.db"))
    assert content_root(db, SCHEMA)[0] == _newest(centre).content_root
