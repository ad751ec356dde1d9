"""Cases at the centre: a projection of `case.submitted` and `case.progressed`."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Index, Integer, Row, Table, Text, func, insert, select, update

from app import clock, ledger
from app.db import metadata
from app.handling import rules
from app.ledger import Entry
from app.places.guard import device_public
from app.problems import Problem
from app.vault import vault

case_file = Table(
    "case_file",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("item", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("release", Integer, nullable=False),
    Column("situations", Text, nullable=False),
    Column("materials", Text, nullable=False),
    Column("applicant_masked", Text, nullable=False),
    Column("flag", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("external_case_no", Text),
    Column("submitted_at", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Index("ix_case_file_point", "point", "received_at"),
)


def on_case_submitted(connection: Connection, entry: Entry) -> None:
    """Project a filed case. An ID number that fails its check is kept and flagged 需复核: nothing is lost."""
    body = entry.body
    if connection.execute(select(case_file.c.case_no).where(case_file.c.case_no == body["case_no"])).first():
        raise Problem("case.number", case_no=body["case_no"])
    sealed_applicant = body["applicant"]
    applicant = vault().open(connection, body["case_no"], sealed_applicant) or {} if sealed_applicant else {}
    number = applicant.get("id_number", "").upper()
    device = device_public(connection, str(entry.device))
    sealed = {field: body[field] for field in ("applicant", "proxy", "note")}
    connection.execute(
        insert(case_file).values(
            case_no=body["case_no"],
            item=body["item"],
            point=entry.service_point,
            device=entry.device,
            state="submitted",
            release=body["release"],
            situations=json.dumps(body["situations"], ensure_ascii=False),
            materials=json.dumps(body["materials"], ensure_ascii=False),
            applicant_masked=f"{rules.mask(applicant.get('name', ''))} {rules.mask(number)}".strip(),
            flag=rules.review_reason(number, body["case_no"], device.region, device.letters),
            sealed=json.dumps(sealed),
            submitted_at=entry.client_at,
            received_at=entry.received_at,
            changed_at=entry.received_at,
        )
    )


def cases(
    connection: Connection,
    points: Collection[str],
    equal: dict[str, str],
    day: tuple[str, str] | None,
    limit: int,
    offset: int = 0,
) -> tuple[list[Row[Any]], int]:
    """(page of cases newest first, how many there are), cut to points and filters by column."""
    where: list[ColumnElement[bool]] = [case_file.c.point.in_(points)]
    where += [case_file.c[column] == value for column, value in equal.items() if value]
    if day:
        where += [case_file.c.received_at >= day[0], case_file.c.received_at < day[1]]
    total = connection.execute(select(func.count()).select_from(case_file).where(*where)).scalar_one()
    query = select(case_file).where(*where).order_by(case_file.c.received_at.desc(), case_file.c.case_no)
    return list(connection.execute(query.limit(limit).offset(offset))), int(total)


def case(connection: Connection, case_no: str) -> Row[Any]:
    """One case, or Problem('request.missing')."""
    found = connection.execute(select(case_file).where(case_file.c.case_no == case_no)).first()
    if found is None:
        raise Problem("request.missing")
    return found


def unmask(connection: Connection, found: Row[Any], reason: str, actor: str) -> dict[str, Any]:
    """The personal fields of a case in the open; who looked and why goes to the ledger first."""
    event = ledger.Event(
        clock.new_id(),
        "personal.unmasked",
        found.case_no,
        actor,
        clock.now(),
        {"reason": reason},
        service_point=found.point,
    )
    ledger.append(connection, event)
    sealed = json.loads(found.sealed)
    return {name: vault().open(connection, found.case_no, text) if text else None for name, text in sealed.items()}


def move(connection: Connection, case_no: str, target: str, note: str, actor: str, external_case_no: str = "") -> Entry:
    """Move a case to another state; Problem('case.move') when it may not go there. The note goes to the village."""
    found = case(connection, case_no)
    fault = rules.move_fault(found.state, target, note)
    if fault:
        raise Problem("case.move", reason=fault)
    body = {"case_no": case_no, "state": target, "state_name": rules.STATES[target], "note": note}
    entry = ledger.append(
        connection,
        ledger.Event(clock.new_id(), "case.progressed", case_no, actor, clock.now(), body, service_point=found.point),
    )
    values = {"state": target, "changed_at": entry.received_at}
    if external_case_no:
        values["external_case_no"] = external_case_no
    connection.execute(update(case_file).where(case_file.c.case_no == case_no).values(values))
    return entry


def history(connection: Connection, case_no: str) -> list[Entry]:
    """Every ledger entry about a case, oldest first."""
    return list(ledger.read(connection, subject=case_no))
