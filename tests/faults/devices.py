"""Faults of devices and what people carry: USB sticks, wiped computers, revoked ones, releases and papers under way."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from typing import Any

from sqlalchemy import text

from app.courier import desk
from app.knowledge import releases
from app.problems import Problem
from sync import stick
from sync.courier import CourierError
from sync.manifest import ManifestError
from sync.uploads import Paper
from sync.wire import Refused
from tests.faults.lab import Device, Trial
from tests.journeys.centre import ROOT
from tests.sync.test_files import jpeg


def case_body(device: Device, counter: int) -> dict[str, Any]:
    """A case of a synthetic person."""
    applicant = {"name": "阿普山", "id_number": "11010519491231002X", "phone": "", "region": "", "address": ""}
    return {
        "case_no": device.village.case_no(counter, "20261125"), "item": "temp-id-card", "release": 1, "situations": [],
        "materials": [{"name": "户口簿", "have": True}], "applicant": applicant, "proxy": None, "note": "",
    }  # fmt: skip


def carry(trial: Trial, data: bytes) -> bytes:
    """The stick arrives at the centre and is taken in; the receipt. CourierError when the file is not whole."""
    with trial.lab.app.app_context():
        return desk.take(trial.lab.settings, data, "centre", lambda _: None).receipt


def broken(data: bytes, trial: Trial) -> bytes:
    """A stick pulled before the end, or with one byte that is not as it was written."""
    at = trial.chance.randrange(len(data))
    if trial.chance.random() < 0.5:
        return data[:at]
    return data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]


def by_stick(trial: Trial) -> None:
    """F20: no link at all: sticks cut and changed, taken in twice, receipts lost, packs older than what is held."""
    device = trial.device()
    device.quiet()
    with trial.lab.app.app_context():
        old = desk.pack(trial.lab.settings, "centre")[1]
    issued = trial.lab.publish()
    with trial.lab.app.app_context():
        new = desk.pack(trial.lab.settings, "centre")[1]
    trial.wire.down()
    root = device.village.shelf.root()
    for _ in range(8 if trial.long else 3):
        with contextlib.suppress(CourierError, Problem):
            stick.take_pack(device.village, broken(new, trial))
        now = device.village.shelf.root()  # a flipped date of the zip itself harms nothing
        trial.demand(now in (root, issued.content_root), "a pack that is not whole changed the knowledge", device)
    trial.demand(stick.take_pack(device.village, new).outcome in ("new", "same"), "the pack was not taken", device)
    trial.demand(stick.take_pack(device.village, old).outcome == "older", "an older pack was taken", device)
    trial.demand(device.village.shelf.root() == issued.content_root, "not the content of the pack", device)
    for _ in range(4 if trial.long else 2):
        device.record(trial.chance.randint(1, 30))
        made = stick.export(device.village).data
        for _ in range(2):
            with contextlib.suppress(CourierError, Problem):
                carry(trial, broken(made, trial))
        device.look()
        lost = carry(trial, made)  # its receipt is lost on the way back
        device.record(2)
        again = stick.export(device.village).data
        receipt = carry(trial, again)
        for bad in (broken(receipt, trial), broken(lost, trial)):
            with contextlib.suppress(CourierError, Problem):
                stick.take_receipt(device.village, bad)
        for one in trial.chance.sample([receipt, receipt, lost, carry(trial, again)], 4):
            stick.take_receipt(device.village, one)
        device.look()
    trial.demand(device.village.status().waiting == 0, "the receipts did not clear the outbox", device)


def wiped(trial: Trial) -> None:
    """F15: a computer is wiped while events wait; what had been carried on a stick is taken in once, the rest is known."""
    device = trial.device()
    device.quiet()
    device.record(5)
    saved = stick.export(device.village).data
    lost = device.record(3)
    trial.wire.down()
    device.village.close()
    shutil.rmtree(device.folder)
    for _ in range(3):
        carry(trial, saved)
    there = {row.event for row in trial.lab.rows(device.id)}
    trial.history.given_up |= set(lost)
    trial.history.note_verdicts(dict.fromkeys(there, "accepted"))
    device.retired = True
    trial.demand(len(there) == 5, f"{len(there)} of the 5 events on the stick came in", device)
    trial.wire.up()
    device.village = device._open()  # a new identity on the same computer
    device.village.enrol(trial.lab.code(device.point))
    trial.demand(device.village.device != device.id, "a wiped computer is the old one", device)


def revoked(trial: Trial) -> None:
    """F19: a device is revoked while 20 events wait, one of its requests on its way: set aside, sealed, shown as waiting."""
    device, other = trial.device(), trial.device()
    for one in (device, other):
        one.quiet()
        one.record(2)
        one.round()
    before = device.village.mailbox.counts()
    device.record(20)
    if trial.chance.random() < 0.5:
        trial.wire.late = []
        device.round()
        late, trial.wire.late = trial.wire.late, None
    else:
        late = []
    trial.lab.revoke(device.id)
    trial.wire.deliver(late)
    for _ in range(3):
        error = device.round().error
        refused = isinstance(error, Refused) and error.code == "device.revoked"
        trial.demand(refused, f"a revoked device was answered {error}", device)
    device.retired = True
    trial.demand(device.village.status().revoked, "the device does not say that it was revoked", device)
    waiting = device.village.mailbox.counts().waiting
    trial.demand(waiting == before.waiting + 20, f"{waiting} wait: something was silently counted", device)
    aside = trial.lab.aside(device.id)
    trial.demand(bool(aside), "nothing was set aside at the centre", device)
    # what the one request did not hold stays on the device, which says so: known, not lost in silence
    trial.history.given_up |= {event for event, (owner, _) in trial.history.recorded.items() if owner == device.id}
    other.record(2)


def played_again(trial: Trial) -> None:
    """F17: manifests that were once signed, of another scope, or signed by nobody we know: refused, the old release serves."""
    device = trial.device()
    device.quiet()
    old = trial.lab.newest()
    with trial.lab.app.extensions["jjb_db"].read() as connection:
        words = releases.newest(connection, releases.LINGUA)
    trial.lab.publish()
    device.quiet()
    held, root = device.village.release, device.village.shelf.root()
    good = trial.lab.newest()
    tries = [
        (old.manifest, old.signature, "rollback"),
        (words.manifest, words.signature, "scope"),
        (good.manifest, old.signature, "signature"),
        (good.manifest.replace('"release":', '"release":9'), good.signature, "signature"),
        (good.manifest.replace(good.manifest.split('"key_id":"')[1][:16], "0" * 16), good.signature, "key"),
        ("{}", good.signature, "format"),
    ]
    for told, signature, kind in tries:
        device.village.mailbox.put(manifest={"manifest": told, "signature": signature})  # as if a reply had told it
        outcome = device.round()
        said = outcome.error.kind if isinstance(outcome.error, ManifestError) else str(outcome.error)
        trial.demand(said == kind, f"a manifest with a wrong {kind} was answered {said}", device)
        trial.demand((device.village.release, device.village.shelf.root()) == (held, root), f"{kind} moved it", device)
        trial.demand(device.round().ok, f"no round after a wrong {kind}", device)


def killed_in_a_paper(trial: Trial) -> None:
    """F9: kill -9 of the village in the middle of a file, again and again: it goes on from where the centre is."""
    device = trial.device()
    device.quiet()
    photo = jpeg(filler=400_000 + trial.chance.randrange(1000))
    event = device.village.file_case(case_body(device, 1), [Paper("户口簿", photo)])
    device.note(event)
    device.round()
    (device.folder / "centre.txt").write_text(trial.wire.url)
    trial.wire.shape(kbit_s=2000)
    before = trial.wire.bytes_up
    kills = 4 if trial.long else 2
    for _ in range(kills):
        start = trial.wire.bytes_up
        command = [sys.executable, "-m", "sync", "--data", str(device.folder), "sync", "--attempts", "1"]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = start + trial.chance.randrange(30_000, 150_000)
        deadline = time.monotonic() + 20
        while trial.wire.bytes_up < until and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        child.kill()
        child.wait()
    trial.wire.shape()
    device.restart()
    device.village.sync(attempts=10)
    waiting, said = device.village.status().files_waiting, device.village.mailbox.refused()
    trial.demand(waiting == 0 and not said, f"{waiting} files still wait {said}", device)
    sent = trial.wire.bytes_up - before
    most = len(photo) + kills * 2 * device.village.chunk + 100_000
    trial.demand(sent <= most, f"{sent} bytes went for a file of {len(photo)}", device)
    with trial.lab.app.extensions["jjb_db"].read() as connection:
        query = text("SELECT count(*) FROM ledger WHERE name = 'case.file_stored' AND subject = :case")
        count = connection.execute(query, {"case": case_body(device, 1)["case_no"]}).scalar_one()
    trial.demand(count == 1, f"the ledger was told {count} times of the file", device)
