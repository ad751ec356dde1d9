"""Which files a case names, and how far each has come. The bytes are in the cabinet."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    Row,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from app import clock, ledger
from app.db import metadata
from app.ledger import Entry

case_attachment = Table(
    "case_attachment",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("material", Text, nullable=False),
    Column("sha256", Text, nullable=False),
)
case_blob = Table(
    "case_blob",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_no", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("point", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("arrived", Integer, nullable=False),
    Column("expires_at", Text),
    Column("stored_at", Text),
    Column("refused", Text),
    UniqueConstraint("case_no", "sha256", name="uq_case_blob_content"),
    Index("ix_case_blob_device", "device", "stored_at"),
)


def on_files_named(connection: Connection, entry: Entry) -> None:
    """Note the files that a case, or a supplement to it, names; they follow by tus.

    The same content twice in a case is sent once, by whoever names it last until it is here.
    """
    case_no, files = entry.body["case_no"], entry.body.get("files", ())
    named: dict[str, dict[str, Any]] = {one["sha256"]: one for one in files}
    before = select(func.coalesce(func.max(case_attachment.c.position) + 1, 0))
    first = connection.execute(before.where(case_attachment.c.case_no == case_no)).scalar_one()
    for position, one in enumerate(files, int(first)):
        row = {"case_no": case_no, "position": position}
        connection.execute(insert(case_attachment).values(**row, material=one["material"], sha256=one["sha256"]))
    c = case_blob.c
    rows = connection.execute(select(c.sha256, c.stored_at).where(c.case_no == case_no))
    known = {row.sha256: row.stored_at for row in rows}
    for one in named.values():
        if one["sha256"] in known:
            if known[one["sha256"]] is None:
                again = update(case_blob).where(c.case_no == case_no, c.sha256 == one["sha256"])
                connection.execute(again.values(device=entry.device))
            continue
        connection.execute(
            insert(case_blob).values(
                id=secrets.token_urlsafe(24), case_no=entry.body["case_no"], sha256=one["sha256"], kind=one["kind"],
                bytes=one["bytes"], point=entry.service_point, device=entry.device, arrived=0,
            )
        )  # fmt: skip


def named(connection: Connection, device: str, case_no: str, sha256: str) -> Row[Any] | None:
    """The file of that content which a case of this very device names."""
    c = case_blob.c
    query = select(case_blob).where(c.device == device, c.case_no == case_no, c.sha256 == sha256)
    return connection.execute(query).first()


def blob(connection: Connection, blob_id: str) -> Row[Any] | None:
    """A file by its id."""
    return connection.execute(select(case_blob).where(case_blob.c.id == blob_id)).first()


def promised(connection: Connection, case_no: str) -> int:
    """Bytes of all files that a case names."""
    query = select(func.coalesce(func.sum(case_blob.c.bytes), 0)).where(case_blob.c.case_no == case_no)
    return int(connection.execute(query).scalar_one())


def stored_since(connection: Connection, device: str, since: str) -> int:
    """Bytes that a device has brought since a time."""
    c = case_blob.c
    query = select(func.coalesce(func.sum(c.bytes), 0)).where(c.device == device, c.stored_at >= since)
    return int(connection.execute(query).scalar_one())


def open_upload(connection: Connection, blob_id: str, expires_at: str) -> None:
    """Begin, or go on with, the upload of a file."""
    connection.execute(update(case_blob).where(case_blob.c.id == blob_id).values(expires_at=expires_at))


def advance(connection: Connection, found: Row[Any], arrived: int, then: Callable[[], None], **also: Any) -> bool:
    """Move a file's offset, unless another request has moved it since; `then` puts the bytes in place before the commit.

    No lock is held while a request is under way, so none can be left behind by a connection that died.
    """
    c = case_blob.c
    unmoved = (c.id == found.id, c.arrived == found.arrived, c.stored_at.is_(None), c.expires_at.is_not(None))
    moved = connection.execute(update(case_blob).where(*unmoved).values(arrived=arrived, **also)).rowcount == 1
    if moved:
        then()
    return moved


def note_stored(connection: Connection, found: Row[Any]) -> None:
    """Tell the ledger that a file is whole and kept."""
    body = {"case_no": found.case_no, "sha256": found.sha256, "kind": found.kind, "bytes": found.bytes}
    ledger.append(
        connection,
        ledger.Event(
            clock.new_id(), "case.file_stored", found.case_no, found.device, clock.now(), body,
            service_point=found.point, device=found.device,
        ),
    )  # fmt: skip


def give_up(connection: Connection, found: Row[Any]) -> None:
    """End an upload that is not whole: what has arrived counts no more."""
    unfinished = (case_blob.c.id == found.id, case_blob.c.stored_at.is_(None))
    connection.execute(update(case_blob).where(*unfinished).values(arrived=0, expires_at=None))


def expired(connection: Connection, now: str) -> list[Row[Any]]:
    """Uploads whose time is over."""
    c = case_blob.c
    return list(connection.execute(select(case_blob).where(c.stored_at.is_(None), c.expires_at < now).limit(50)))


def attachments(connection: Connection, case_no: str) -> list[Row[Any]]:
    """What a case names, in its order: material and the state of the file."""
    join = case_attachment.join(
        case_blob, (case_attachment.c.case_no == case_blob.c.case_no) & (case_attachment.c.sha256 == case_blob.c.sha256)
    )
    columns = (case_attachment.c.position, case_attachment.c.material, *case_blob.c)
    query = select(*columns).select_from(join).where(case_attachment.c.case_no == case_no)
    return list(connection.execute(query.order_by(case_attachment.c.position)))
