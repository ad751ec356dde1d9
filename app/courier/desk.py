"""What the centre does with a USB stick: makes the pack of knowledge, takes in an outbox, writes its receipt.

An outbox holds ordinary requests of `POST /sync` and papers of cases; they go the ordinary ways, so whatever holds for a
round holds here: the same outbox twice enters nothing twice. Used by the console and by `deploy/courier`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from app import clock, keys, ledger
from app.bus import bus
from app.db import db
from app.files import intake
from app.knowledge import releases
from app.places.guard import Device, device_public
from app.problems import Problem
from app.settings import Settings
from app.syncing import views as syncing
from sync import courier
from sync.manifest import SCOPES
from sync.messages import MessageError, SyncRequest, decode_request

REASONS = {
    "half": "文件不完整",
    "damaged": "文件在路上坏了",
    "format": "不是村里导出的文件",
    "large": "文件太大",
    "sealed": "打不开，不是封给本中心的",
    "signature": "签名核对不上",
}
RECEIPT_DAYS = 30


@dataclass(frozen=True)
class Taken:
    """What came of one outbox."""

    id: str
    device: Device
    body: dict[str, Any]
    receipt: bytes


def pack(settings: Settings, actor: str) -> tuple[str, bytes]:
    """(name, bytes) of a `*.jbpack` with the releases in force: what a village needs without a link."""
    manifests, packs, numbers = [], {}, {}
    with db().read() as connection:
        releases.in_force(connection)
        for scope in SCOPES:
            found = releases.newest(connection, scope)
            way = found.pack_from(0) if found else None
            if found and way:
                manifests.append((found.manifest, found.signature))
                packs[way[0]] = releases.pack_file(settings, way[0]).read_bytes()
                numbers[scope] = found.number
    now, centre = clock.now(), courier.point_of(keys.courier_key(settings).public_key())
    data = courier.write_down(manifests, packs, centre, now, keys.release_key(settings))
    body = {"knowledge": numbers["knowledge"], "lingua": numbers.get("lingua", 0), "bytes": len(data)}
    with db().write() as connection:
        ledger.append(connection, ledger.Event(clock.new_id(), "courier.packed", "knowledge", actor, now, body))
    return f"knowledge-{numbers['knowledge']}.jbpack", data


def take(settings: Settings, data: bytes, actor: str, may: Callable[[Device], None]) -> Taken:
    """Enter what an outbox holds. Problem, and nothing changed, when the file is not sound; `may` judges its device."""
    try:
        about, text, signature, contents = courier.read(data, courier.Up)
        with db().read() as connection:
            device = device_public(connection, about.device)
        courier.believe_device(text, signature, device.public_key)
        may(device)
        inner = courier.open_up(about, contents, keys.courier_key(settings))
    except courier.CourierError as error:
        raise Problem("courier.file", reason=REASONS.get(error.kind, error.kind), bytes=len(data)) from error
    requests = [_request(inner[name], len(data)) for name in sorted(inner) if name.startswith("requests/")]
    with db().read() as connection:
        known = any(True for _ in ledger.read(connection, name="courier.taken", subject=about.id))
    replies = [syncing.take_round(device, one, "again" if known else "stick") for one in requests]
    words = [_paper(device, name, one) for name, one in inner.items() if name.startswith("files/")]
    receipt = courier.write_receipt(
        about,
        {"replies": replies, "files": words},
        clock.now(),
        inner["key"],
        os.urandom(12),
        keys.release_key(settings),
    )
    body = _count(replies, words, len(data))
    with db().write() as connection:
        _note(connection, about.id, device, actor, body)
    bus().publish("ledger")
    _keep(settings, about.id, receipt)
    return Taken(about.id, device, body, receipt)


def _request(raw: bytes, size: int) -> SyncRequest:
    try:
        return decode_request(raw)
    except MessageError as error:
        raise Problem("courier.file", reason=f"内容不合协议：{error.field}", bytes=size) from error


def _paper(device: Device, name: str, data: bytes) -> dict[str, Any]:
    """A word on one paper: stored, or why not."""
    case_no, _, sha256 = name.removeprefix("files/").partition("/")
    trouble = intake.take_whole(device, case_no.upper(), sha256, data)
    problem = trouble and {"code": trouble.code, "message": trouble.sentence, "next": trouble.kind.next}
    return {"case_no": case_no.upper(), "sha256": sha256, "stored": trouble is None, "problem": problem}


def _count(replies: list[dict[str, Any]], words: list[dict[str, Any]], size: int) -> dict[str, Any]:
    found = Counter(one["verdict"] for reply in replies for one in reply["verdicts"])
    return {
        "accepted": found["accepted"],
        "duplicate": found["duplicate"],
        "refused": found["rejected"] + found["quarantined"],
        "files": sum(word["stored"] for word in words),
        "files_refused": sum(not word["stored"] for word in words),
        "bytes": size,
    }


def _note(connection: Connection, outbox: str, device: Device, actor: str, body: dict[str, Any]) -> None:
    ledger.append(
        connection,
        ledger.Event(
            clock.new_id(), "courier.taken", outbox, actor, clock.now(), body,
            service_point=device.point, device=device.id,
        ),
    )  # fmt: skip


def _folder(settings: Settings) -> Path:
    return settings.data / "courier"


def _keep(settings: Settings, outbox: str, receipt: bytes) -> None:
    """Receipts are sealed to their device; they are kept so that one that was lost can be copied again."""
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    oldest = clock.parse(clock.later(days=-RECEIPT_DAYS)).timestamp()
    for path in folder.glob("*.jbreceipt"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
    aside = folder / f"{outbox}.new"
    aside.write_bytes(receipt)
    aside.replace(folder / f"{outbox}.jbreceipt")


def receipt(settings: Settings, outbox: str) -> bytes | None:
    """A receipt that was written before, None when it is no longer kept."""
    path = _folder(settings) / f"{outbox}.jbreceipt"
    return path.read_bytes() if path.exists() else None
