"""A village with no link: its outbox, the receipt and the knowledge on a USB stick, against the real centre."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import ledger
from app.courier import desk
from app.problems import Problem
from app.settings import Settings
from deploy.stick import take as take_folder
from sync import courier, stick
from sync.__main__ import main
from sync.client import Village
from sync.courier import CourierError
from sync.uploads import Paper
from tests.sync.conftest import Centre
from tests.sync.test_files import jpeg

Settle = Callable[..., Village]


@pytest.fixture
def village(settle: Settle) -> Village:
    """Enrolled and once in touch; from here on nobody calls the link."""
    one = settle()
    assert one.sync().ok
    return one


def case(village: Village, counter: int = 1) -> dict[str, Any]:
    applicant = {
        "name": "阿普山",
        "id_number": "11010519491231002X",
        "phone": "13800000000",
        "region": "",
        "address": "",
    }
    return {
        "case_no": village.case_no(counter, "20261123"), "item": "temp-id-card", "release": 1, "situations": [],
        "materials": [{"name": "户口簿", "have": True}], "applicant": applicant, "proxy": None, "note": "",
    }  # fmt: skip


def deliver(centre: Centre, settings: Settings, data: bytes) -> desk.Taken:
    with centre.app.app_context():
        return desk.take(settings, data, "centre", lambda _: None)


def test_a_case_with_its_papers_goes_by_stick_and_only_the_receipt_clears_it(
    village: Village, centre: Centre, settings: Settings
) -> None:
    village.file_case(case(village), [Paper("户口簿", jpeg(filler=3000))])
    made = stick.export(village)
    assert (made.events, made.files, made.left) == (1, 1, 0)
    assert (village.status().waiting, village.status().files_waiting) == (1, 1)
    taken = deliver(centre, settings, made.data)
    assert (taken.body["accepted"], taken.body["files"], taken.body["files_refused"]) == (1, 1, 0)
    assert village.status().waiting == 1
    found = stick.take_receipt(village, taken.receipt)
    assert (found.settled, found.files, found.refused) == (1, 1, 0)
    assert (village.status().waiting, village.status().files_waiting) == (0, 0)
    assert [entry.name for entry in centre.events(village.device)] == ["case.submitted"]


def test_the_same_outbox_and_the_same_receipt_twice_change_nothing(
    village: Village, centre: Centre, settings: Settings
) -> None:
    village.file_case(case(village), [Paper("户口簿", jpeg(filler=3000))])
    data = stick.export(village).data
    first, second = deliver(centre, settings, data), deliver(centre, settings, data)
    assert (second.body["accepted"], second.body["duplicate"], second.body["files"]) == (0, 1, 1)
    assert len(centre.events(village.device)) == 1
    assert stick.take_receipt(village, second.receipt).settled == 1
    assert stick.take_receipt(village, first.receipt).settled == 0
    assert village.sync().ok  # the link came back meanwhile
    assert len(centre.events(village.device)) == 1


def test_the_receipt_says_what_was_refused_and_why(village: Village, centre: Centre, settings: Settings) -> None:
    village.record("tea.served", "q", {})
    found = stick.take_receipt(village, deliver(centre, settings, stick.export(village).data).receipt)
    assert (found.settled, found.refused) == (1, 1)
    assert village.mailbox.refused()[0][2]["code"] == "event.unknown"


def test_nothing_personal_can_be_read_on_the_stick(village: Village, centre: Centre, settings: Settings) -> None:
    paper = jpeg(filler=3000)
    village.file_case(case(village), [Paper("户口簿", paper)])
    data = stick.export(village).data
    receipt = deliver(centre, settings, data).receipt
    for text in ("阿普山", "11010519491231002X", "13800000000", "户口簿", village.case_no(1, "20261123")):
        assert text.encode() not in data
        assert text.encode() not in receipt
    assert paper[:64] not in data


def test_a_large_outbox_goes_in_several_requests_and_papers_that_do_not_fit_go_next(
    village: Village, centre: Centre, settings: Settings
) -> None:
    for number in range(230):
        body = {"text": f"问题{number}", "decision": "answer", "items": [], "release": 1, "picked": None}
        village.record("question.asked", f"q{number}", body)
    village.file_case(case(village), [Paper("户口簿", jpeg(filler=3000))])
    made = stick.export(village, room=10)
    assert (made.events, made.files, made.left) == (231, 0, 1)
    assert stick.take_receipt(village, deliver(centre, settings, made.data).receipt).settled == 231
    again = stick.export(village)
    assert (again.events, again.files) == (0, 1)
    assert stick.take_receipt(village, deliver(centre, settings, again.data).receipt).files == 1


def test_a_cut_or_changed_outbox_is_refused_whole(village: Village, centre: Centre, settings: Settings) -> None:
    village.file_case(case(village))
    data = stick.export(village).data
    for bad in (data[: len(data) // 2], data[:-30], b"", b"hello", flipped(data, len(data) // 2), renamed(data)):
        with pytest.raises(Problem, match=r"courier\.file"):
            deliver(centre, settings, bad)
    assert centre.events(village.device) == []


def test_an_outbox_that_another_device_signed_is_refused(
    settle: Settle, village: Village, centre: Centre, settings: Settings
) -> None:
    village.file_case(case(village))
    other = settle("other")
    other.key, village.key = village.key, other.key
    with pytest.raises(Problem, match="签名"):
        deliver(centre, settings, stick.export(village).data)
    assert centre.events(village.device) == []


def test_a_receipt_that_is_cut_changed_of_another_device_or_unknown_clears_nothing(
    settle: Settle, village: Village, centre: Centre, settings: Settings
) -> None:
    village.file_case(case(village))
    receipt = deliver(centre, settings, stick.export(village).data).receipt
    kinds = []
    for bad in (receipt[:-40], flipped(receipt, receipt.index(b"sealed") + 20), b"PK"):
        with pytest.raises(CourierError) as caught:
            stick.take_receipt(village, bad)
        kinds.append(caught.value.kind)
    assert kinds == ["half", "damaged", "half"]
    other = settle("other")
    assert other.sync().ok
    with pytest.raises(CourierError, match="other"):
        stick.take_receipt(other, receipt)
    village.mailbox.put(courier_keys={})
    with pytest.raises(CourierError, match="unknown"):
        stick.take_receipt(village, receipt)
    assert village.status().waiting == 1


def test_knowledge_comes_by_stick_and_an_older_or_the_same_pack_is_told(
    settle: Settle, centre: Centre, settings: Settings
) -> None:
    village = settle()
    with centre.app.app_context():
        name, data = desk.pack(settings, "centre")
    assert name == "knowledge-1.jbpack"
    assert stick.take_pack(village, data).outcome == "new"
    assert (village.release, village.shelf.root() != "") == (1, True)
    assert stick.take_pack(village, data).outcome == "same"
    village.mailbox.put(release=2)
    assert stick.take_pack(village, data).outcome == "older"
    village.file_case(case(village))  # the pack also told whom to seal to: no link was ever needed for it
    assert stick.export(village).events == 1


def test_a_pack_that_is_cut_or_changed_is_refused_before_anything_is_touched(
    settle: Settle, centre: Centre, settings: Settings
) -> None:
    village = settle()
    with centre.app.app_context():
        data = desk.pack(settings, "centre")[1]
    for bad in (data[: len(data) // 2], flipped(data, len(data) // 2), flipped(data, 60)):
        with pytest.raises(CourierError) as caught:
            stick.take_pack(village, bad)
        assert caught.value.bytes == len(bad) or caught.value.kind == "signature"
    assert village.release == 0
    assert not village.shelf.path.exists()


def test_a_device_that_was_never_told_the_centres_key_exports_nothing(settle: Settle) -> None:
    with pytest.raises(CourierError, match="centre"):
        stick.export(settle())


def test_a_file_that_is_not_ours_is_refused_whatever_is_inside() -> None:
    for names in (("../x",), ("about.json", "about.json"), ("About.json",)):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name in names:
                archive.writestr(name, b"{}")
        with pytest.raises(CourierError, match="format"):
            courier.unpack(out.getvalue())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.json", b"0" * 100_000)
    with pytest.raises(CourierError, match="format"):
        courier.unpack(out.getvalue())


def test_a_folder_is_taken_in_by_the_command_and_a_bad_file_holds_up_no_other(
    village: Village, centre: Centre, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    village.file_case(case(village))
    folder = tmp_path / "stick"
    folder.mkdir()
    home = ["--data", str(tmp_path / "villages" / "village")]
    (tmp_path / "villages" / "village" / "centre.txt").write_text("http://127.0.0.1:9", encoding="utf-8")
    assert main([*home, "export", str(folder / "b.jbup")]) == 0
    (folder / "a.jbup").write_bytes((folder / "b.jbup").read_bytes()[:99])
    with centre.app.app_context():
        assert take_folder(settings, folder) == 1
    assert not (folder / "a.jbreceipt").exists()
    assert main([*home, "receipt", str(folder / "b.jbreceipt")]) == 0
    assert main([*home, "receipt", str(folder / "a.jbup")]) == 1
    said = capsys.readouterr()
    assert "新收 1 条" in said.out
    assert "文件不完整（读到 99 字节）" in said.err
    assert village.status().waiting == 0


def test_what_came_by_stick_stands_in_the_audit(village: Village, centre: Centre, settings: Settings) -> None:
    taken = deliver(centre, settings, stick.export(village).data)
    with centre.app.extensions["jjb_db"].read() as connection:
        (entry,) = ledger.read(connection, name="courier.taken")
    assert (entry.subject, entry.device, entry.body["bytes"] > 0) == (taken.id, village.device, True)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def renamed(data: bytes) -> bytes:
    """The same sealed content under the name of another device: the signature is over the plain part too."""
    found = courier.unpack(data)
    text = found["about.json"].decode().replace('"events":1', '"events":2')
    return courier.pack({**found, "about.json": text.encode()})
