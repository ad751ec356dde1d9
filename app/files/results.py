"""结果文书: the paper that a decision made, issued to a case, withdrawn with a reason, fetched by the service point.

Bytes lie in the cabinet under the key of the case, as its files do; a number without a paper (an electronic licence) is a
document too. What a document is called stands sealed: it may name a person.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Index, Integer, Row, Table, Text, insert, select, update

from app import clock, ledger
from app.db import metadata
from app.vault import vault
from sync.files import fault_of, kind_of

case_result = Table(
    "case_result",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_no", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("withdrawn_at", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Index("ix_case_result_case_no", "case_no", "at"),
)
"""`sealed` holds name and number; `kind` and `sha256` are "" for a number without a paper; `reason` is sealed."""

MOST = 10
"""Documents of one case."""


class Paper(NamedTuple):
    """What is issued."""

    name: str
    number: str
    data: bytes

    @property
    def kind(self) -> str:
        return kind_of(self.data[:16]) if self.data else ""


def fault(paper: Paper, limit: int, faults: dict[str, str]) -> str:
    """Why a document cannot be issued, "" when it can: the same judgement as on what villagers hand in."""
    if not 1 <= len(paper.name) <= 60:
        return "文书名称应是 1 到 60 个字"
    if len(paper.number) > 60:
        return "证号最多 60 个字"
    if not paper.data:
        return "" if paper.number else "请选文件，或者填证号"
    if len(paper.data) > limit:
        return f"文件太大：{len(paper.data)} 字节，最多 {limit} 字节"
    found = fault_of(paper.data, paper.kind)
    return f"文件不能用：{faults[found]}；可以用 PDF 或者 JPG 照片" if found else ""


def issue(connection: Connection, case_no: str, point: str, paper: Paper, by: tuple[str, str]) -> str:
    """Write a document down and tell the village; its id. The bytes are laid by the caller before this commits."""
    document = secrets.token_urlsafe(24)
    digest = hashlib.sha256(paper.data).hexdigest() if paper.data else ""
    said = vault().seal(connection, case_no, {"name": paper.name, "number": paper.number})
    row = {"id": document, "case_no": case_no, "kind": paper.kind, "bytes": len(paper.data), "sha256": digest}
    now = clock.now()
    connection.execute(insert(case_result).values(**row, sealed=said, point=point, by_name=by[1], at=now))
    body = {**row, "said": said}
    del body["id"]
    event = ledger.Event(
        clock.new_id(), "result.issued", case_no, by[0], now, {**body, "document": document}, service_point=point
    )
    ledger.project(connection, ledger.append(connection, event))
    return document


def withdraw(connection: Connection, found: Row[Any], reason: str, actor: str) -> None:
    """Take a wrong document back and tell the village; its bytes go."""
    sealed, now = vault().seal(connection, found.case_no, reason), clock.now()
    where = case_result.c.id == found.id
    connection.execute(update(case_result).where(where).values(withdrawn_at=now, reason=sealed))
    body = {"case_no": found.case_no, "document": found.id, "reason": sealed}
    event = ledger.Event(clock.new_id(), "result.withdrawn", found.case_no, actor, now, body, service_point=found.point)
    ledger.project(connection, ledger.append(connection, event))


def of_case(connection: Connection, case_no: str) -> list[Row[Any]]:
    """Documents of a case, the oldest first, withdrawn ones too."""
    query = select(case_result).where(case_result.c.case_no == case_no)
    return list(connection.execute(query.order_by(case_result.c.at, case_result.c.id)))


def one(connection: Connection, document: str) -> Row[Any] | None:
    """A document by its id."""
    return connection.execute(select(case_result).where(case_result.c.id == document)).first()


def said(connection: Connection, found: Row[Any]) -> dict[str, str]:
    """What a document is called, its number, and why it was withdrawn ("" when it was not)."""
    opened = vault().open(connection, found.case_no, found.sealed) or {"name": "（已按规定删除）", "number": ""}
    reason = vault().open(connection, found.case_no, found.reason) if found.reason else ""
    return {**opened, "reason": reason or ""}
