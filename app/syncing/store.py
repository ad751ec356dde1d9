"""What the centre keeps of a round: verdicts, quarantine, and the queue of messages down to each point."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)  # fmt: skip

from app import clock, events, ledger
from app.db import metadata
from app.drafting import masking
from app.places.guard import Device
from app.problems import Problem
from app.vault import Vault, vault
from sync.messages import DeviceEvent

sync_event = Table(
    "sync_event",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("device", Text, nullable=False),
    Column("device_seq", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("ledger_seq", Integer),
    Column("problem", Text),
    Index("ix_sync_event_device", "device", "device_seq"),
)
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Text, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("settled_at", Text),
    Column("settled_by", Text),
    Column("settlement", Text),
)
downlink = Table(
    "downlink",
    metadata,
    Column("cursor", Integer, primary_key=True, autoincrement=True),
    Column("point", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Index("ix_downlink_point", "point", "cursor"),
    Index("ix_downlink_owner", "owner"),
    sqlite_autoincrement=True,
)


MESSAGES = 200
"""Messages in one reply; when there are so many the device asks again at once."""


def fingerprint(event: DeviceEvent) -> str:
    """What makes two sendings of one event the same: everything but the wrapping."""
    whole = [event.id, event.seq, event.name, event.subject, event.at, event.body]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


SEEN = select(sync_event).where(sync_event.c.event_id == bindparam("id"))
FORGET = delete(sync_event).where(sync_event.c.event_id == bindparam("id"))
REMEMBER = insert(sync_event)
"""Made once, as in `app/ledger.py`: they run for every event of every village."""


def seen(connection: Connection, event_id: str) -> Row[Any] | None:
    """The verdict given before on an event id, if any."""
    return connection.execute(SEEN, {"id": event_id}).first()


def remember(
    connection: Connection,
    device: Device,
    event: DeviceEvent,
    verdict: str,
    ledger_seq: int | None,
    problem: str | None,
) -> None:
    """Keep a verdict, so that the same event gets the same one again. An accepted one replaces an earlier rejection."""
    values = {
        "event_id": event.id,
        "device": device.id,
        "device_seq": event.seq,
        "sha256": fingerprint(event),
        "verdict": verdict,
        "ledger_seq": ledger_seq,
        "problem": problem,
    }
    connection.execute(FORGET, {"id": event.id})
    connection.execute(REMEMBER, values)


def enter(connection: Connection, vault: Vault, device: Device, event: DeviceEvent, received_at: str) -> ledger.Entry:
    """Check an event, seal what is personal in it, append it. Problem event.unknown | event.field."""
    body = events.check(event.name, event.body, "device")
    owner = events.owner(body, event.subject)
    for field in events.EVENTS[event.name].masked:
        body[field] = masking.kept(body[field])
    for field in events.EVENTS[event.name].sealed:
        if body.get(field):
            body[field] = vault.seal(connection, owner, body[field])
    return ledger.append(
        connection,
        ledger.Event(
            event.id, event.name, event.subject, device.id, received_at, body,
            service_point=device.point, device=device.id, device_seq=event.seq, client_at=event.at,
        ),
    )  # fmt: skip


def set_aside(
    connection: Connection, vault: Vault, device: Device, event: DeviceEvent, reason: str, received_at: str
) -> None:
    """Keep a copy of an event that did not enter, sealed, once per event id and content."""
    key = f"{event.id}:{fingerprint(event)[:16]}:{reason}"
    if connection.execute(select(quarantine.c.id).where(quarantine.c.id == key)).first():
        return
    whole = {
        "id": event.id,
        "seq": event.seq,
        "name": event.name,
        "subject": event.subject,
        "at": event.at,
        "body": event.body,
    }
    connection.execute(
        insert(quarantine).values(
            id=key,
            event_id=event.id,
            device=device.id,
            point=device.point,
            name=event.name,
            reason=reason,
            received_at=received_at,
            sealed=vault.seal(connection, f"quarantine:{key}", whole),
        )
    )


def unseal(connection: Connection, vault: Vault, row: Row[Any]) -> DeviceEvent:
    """A quarantined event as its device sent it."""
    return DeviceEvent(**(vault.open(connection, f"quarantine:{row.id}", row.sealed) or {}))


def gaps(connection: Connection, device_id: str) -> list[tuple[int, int]]:
    """Ranges of device numbers that never arrived, first to last; at most 20."""
    number = sync_event.c.device_seq
    before = func.lag(number, 1, 0).over(order_by=number).label("before")
    pairs = select(number, before).where(sync_event.c.device == device_id).subquery()
    query = select(pairs.c.before + 1, pairs.c.device_seq - 1).where(pairs.c.device_seq > pairs.c.before + 1)
    return [(first, last) for first, last in connection.execute(query.order_by(pairs.c.before).limit(20))]


def push(connection: Connection, point: str, kind: str, body: dict[str, Any], owner: str = "") -> None:
    """Queue a message down to every device of a point; sealed when it is about `owner`, and gone when that is forgotten."""
    ledger.hold(connection)  # a cursor handed out must not become visible after a later one
    kept = vault().seal(connection, owner, body) if owner else json.dumps(body, ensure_ascii=False)
    values = {"point": point, "kind": kind, "body": kept, "created_at": clock.now(), "owner": owner}
    connection.execute(insert(downlink).values(values))


def messages(connection: Connection, point: str, after: int, limit: int = MESSAGES) -> list[dict[str, Any]]:
    """Messages for a point after a cursor, oldest first."""
    query = select(downlink).where(downlink.c.point == point, downlink.c.cursor > after).order_by(downlink.c.cursor)
    rows = connection.execute(query.limit(limit))
    return [{"cursor": row.cursor, "kind": row.kind, "body": _said(connection, row)} for row in rows]


def _said(connection: Connection, row: Row[Any]) -> Any:
    """What a message says; those of programs before 0.2 lie open until their case is forgotten."""
    if not row.owner or row.body.startswith("{"):
        return json.loads(row.body)
    return vault().open(connection, row.owner, row.body)


def on_case_progress(connection: Connection, entry: ledger.Entry) -> None:
    """A case moved at the centre: tell the point that filed it."""
    if entry.service_point:
        case_no = entry.body["case_no"]
        told = {name: vault().show(connection, case_no, entry.body[name]) for name in ("note", "result")}
        body = {**entry.body, **told, "at": entry.received_at}
        push(connection, entry.service_point, "case.progress", body, case_no)


def on_result(connection: Connection, entry: ledger.Entry) -> None:
    """A decision's document was issued, or taken back: tell the point that filed the case."""
    case_no, body = entry.body["case_no"], entry.body
    told = {"case_no": case_no, "document": body["document"], "at": entry.received_at}
    if entry.name == "result.withdrawn":
        told["withdrawn"] = vault().open(connection, case_no, body["reason"])
    else:
        said: dict[str, Any] = vault().open(connection, case_no, body["said"]) or {}
        told |= {**said, **{name: body[name] for name in ("kind", "bytes", "sha256")}}
    push(connection, str(entry.service_point), "case.document", told, case_no)


def on_message_moved(connection: Connection, entry: ledger.Entry) -> None:
    """A message moved at the centre: tell the point that left it."""
    if entry.service_point:
        kept = entry.body["note"]
        note = vault().open(connection, entry.subject, kept) if kept else ""
        body = {**entry.body, "note": note, "message": entry.subject, "at": entry.received_at}
        push(connection, entry.service_point, "message.moved", body, entry.subject)


def on_case_cleared(connection: Connection, entry: ledger.Entry) -> None:
    """The time of a case is over: its service point wipes what it holds of it."""
    if entry.service_point:
        push(connection, entry.service_point, "case.forget", {"case_no": entry.body["case_no"]})


def open_quarantine(connection: Connection, points: list[str]) -> list[Row[Any]]:
    """What was set aside and nobody has settled, of these points, newest first."""
    query = select(quarantine).where(quarantine.c.settled_at.is_(None), quarantine.c.point.in_(points))
    return list(connection.execute(query.order_by(quarantine.c.received_at.desc()).limit(500)))


def settle(connection: Connection, key: str, settlement: str, actor: str) -> Row[Any]:
    """Close a quarantined event with a reason, or Problem('request.missing')."""
    found = connection.execute(
        select(quarantine).where(quarantine.c.id == key, quarantine.c.settled_at.is_(None))
    ).first()
    if found is None:
        raise Problem("request.missing")
    values = {"settled_at": clock.now(), "settled_by": actor, "settlement": settlement}
    connection.execute(update(quarantine).where(quarantine.c.id == key).values(values))
    body = {"settlement": settlement, "event": found.name}
    ledger.append(
        connection,
        ledger.Event(
            clock.new_id(), "sync.settled", found.event_id, actor, clock.now(), body,
            service_point=found.point, device=found.device,
        ),
    )  # fmt: skip
    return found


def count_open(connection: Connection) -> int:
    """How many quarantined events wait for somebody."""
    return int(
        connection.execute(
            select(func.count()).select_from(quarantine).where(quarantine.c.settled_at.is_(None))
        ).scalar_one()
    )
