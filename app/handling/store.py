"""Cases at the centre: the tables, what devices send projected into them, lists and counts. Steps of staff: `work.py`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    Table,
    Text,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from app import clock, ledger
from app.db import metadata
from app.handling import mandate, rules
from app.knowledge import releases
from app.ledger import Entry
from app.pages import beijing_day
from app.places.guard import device_public
from app.problems import Problem
from app.settings import Settings
from app.vault import vault
from datasets import workdays

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
    Column("version", Integer, nullable=False, server_default="1"),
    Column("changed_by", Text, nullable=False, server_default=""),
    Column("department", Text, nullable=False, server_default=""),
    Column("promised", Text, nullable=False, server_default=""),
    Column("handler", Text, nullable=False, server_default=""),
    Column("handler_name", Text, nullable=False, server_default=""),
    Column("due", Text),
    Column("owed_due", Text),
    Column("missing", Text, nullable=False, server_default="[]"),
    Column("result", Text, nullable=False, server_default=""),
    Column("person_mark", Text, nullable=False, server_default=""),
    Column("twin", Text, nullable=False, server_default=""),
    Column("follow", Text, nullable=False, server_default=""),
    Column("mandate", Text, nullable=False, server_default="{}"),
    Column("village_wiped_at", Text),
    Column("wiped_at", Text),
    Index("ix_case_file_point", "point", "received_at"),
    Index("ix_case_file_received_at", "received_at"),
    Index("ix_case_file_state", "state", "due"),
    Index("ix_case_file_department", "department", "state", "due"),
    Index("ix_case_file_person_mark", "person_mark", "item"),
)
"""`version` counts the steps, so that two people on one case see each other; `due` ends the centre's next step;
`person_mark` finds the same person again without knowing who it is; `twin` is an open case of the same person and item;
`mandate` is what of a mandate is not personal (way, powers, days, whose place), "{}" when nobody acts by one; since
`village_wiped_at` the service point holds no copy, since `wiped_at` nobody does (keeping.py)."""
case_owed = Table(
    "case_owed",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("due", Text, nullable=False),
    Column("settled_at", Text),
)
"""Materials that may follow (容缺), each with its day."""
case_desk = Table(
    "case_desk",
    metadata,
    Column("person", Text, primary_key=True),
    Column("department", Text, primary_key=True),
)
"""Who works the cases of which department; the region of a person cuts it further."""


class Promise(NamedTuple):
    """What a release says of an item, as far as handling needs it."""

    name: str
    department: str
    promised: str


@lru_cache(maxsize=1024)
def _promise(path: Path, item: str) -> Promise | None:
    try:
        found = releases.document_of(path, item)
    except Problem:
        return None
    return Promise(found["name"], rules.department_of(found["department"]), found["promised_limit"])


def promise(connection: Connection, item: str, release: int) -> Promise | None:
    """From the release a case was filed with, else from the one in force; None for an item that is in neither."""
    settings: Settings = current_app.extensions["jjb_settings"]
    newest = releases.newest(connection)
    for number in dict.fromkeys((release, newest.number if newest else 0)):
        path = releases.file_of(settings, number)
        if path.exists() and (found := _promise(path, item)):
            return found
    return None


def departments(connection: Connection) -> list[str]:
    """Every department that an item in force belongs to, by name."""
    newest = releases.newest(connection)
    if newest is None:
        return []
    path = releases.file_of(current_app.extensions["jjb_settings"], newest.number)
    found = {one.department for item in releases.item_names(path) if (one := _promise(path, item))}
    return sorted(found)


def give_departments(connection: Connection) -> None:
    """Cases from before there were departments, and of items that came back, get theirs."""
    query = select(case_file.c.item).where(case_file.c.department == "").distinct()
    for (item,) in connection.execute(query).all():
        if found := promise(connection, item, 0):
            where = (case_file.c.item == item, case_file.c.department == "")
            values = {"department": found.department, "promised": found.promised}
            connection.execute(update(case_file).where(*where).values(values))


def accept_by(day: str) -> str:
    """The last day to accept, return or refuse what arrived on a day."""
    settings: Settings = current_app.extensions["jjb_settings"]
    return workdays.load().after(date.fromisoformat(day), settings.accept_days).isoformat()


def on_case_submitted(connection: Connection, entry: Entry) -> None:
    """Project a filed case. An ID number that fails its check is kept and flagged 需复核: nothing is lost."""
    body = entry.body
    if connection.execute(select(case_file.c.case_no).where(case_file.c.case_no == body["case_no"])).first():
        raise Problem("case.number", case_no=body["case_no"])
    device = device_public(connection, str(entry.device))
    found = promise(connection, body["item"], body["release"])
    sealed = {field: body[field] for field in ("applicant", "proxy", "mandate", "note")}
    acting = _acting(connection, body["case_no"], body)
    papers = sum(one["material"] == mandate.PAPER for one in body["files"])
    _must_hold(acting, body["item"], papers)
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
            sealed=json.dumps(sealed),
            submitted_at=entry.client_at,
            received_at=entry.received_at,
            changed_at=entry.received_at,
            department=found.department if found else "",
            promised=found.promised if found else "",
            due=accept_by(beijing_day(entry.received_at)),
            follow=body["follow"],
            mandate=json.dumps(mandate.known(acting.mandate), ensure_ascii=False),
            **_applicant(connection, acting, body["item"], device.region, device.letters),
        )
    )


class Acting(NamedTuple):
    """Who acts in a case, in the open: never written anywhere."""

    case_no: str
    applicant: dict[str, str]
    proxy: dict[str, str] | None
    mandate: dict[str, Any] | None

    @property
    def day(self) -> date:
        """The day in the case number, which the device takes from the centre's clock."""
        try:
            return date(int(self.case_no[11:15]), int(self.case_no[15:17]), int(self.case_no[17:19]))
        except ValueError:
            return date.fromisoformat(beijing_day(clock.now()))


def _acting(connection: Connection, case_no: str, sealed: Mapping[str, str | None]) -> Acting:
    fields = [sealed.get(name) for name in ("applicant", "proxy", "mandate")]
    applicant, proxy, given = (vault().open(connection, case_no, one) if one else None for one in fields)
    return Acting(case_no, applicant or {}, proxy or None, given or None)


def _must_hold(acting: Acting, item: str, papers: int) -> None:
    """Problem('case.mandate') when somebody shows a mandate that does not hold. Without any the case is flagged."""
    if acting.mandate:
        who = {"name": acting.applicant.get("name", ""), "id_number": acting.applicant.get("id_number", "")}
        fault = mandate.mandate_fault(acting.mandate, who, acting.proxy or {}, item, acting.day, papers)
        if fault:
            raise Problem("case.mandate", reason=fault)


def _applicant(connection: Connection, acting: Acting, item: str, region: str, letters: str) -> dict[str, str]:
    """The columns that come from the applicant's fields: masked, checked, and whether the same person asks twice."""
    case_no, fields = acting.case_no, acting.applicant
    number = fields.get("id_number", "").strip().upper()
    mark = vault().mark(number) if number else ""
    same = (
        case_file.c.person_mark == mark,
        case_file.c.item == item,
        case_file.c.case_no != case_no,
        case_file.c.state.in_(rules.OPEN),
    )
    query = select(case_file.c.case_no).where(*same).order_by(case_file.c.received_at).limit(1)
    return {
        "applicant_masked": f"{rules.mask(fields.get('name', ''))} {rules.mask(number)}".strip(),
        "flag": rules.review_reason(number, case_no, region, letters)
        or mandate.flag(fields, acting.proxy, acting.mandate, acting.day),
        "person_mark": mark,
        "twin": (connection.execute(query).scalar() or "") if mark else "",
    }


def on_case_supplemented(connection: Connection, entry: Entry) -> None:
    """Materials came to a case: a returned one goes back to the department, owed ones are paid off."""
    body = entry.body
    found = _of_point(connection, entry)
    materials = rules.brought(json.loads(found.materials), body["materials"])
    values: dict[str, Any] = {"materials": json.dumps(materials, ensure_ascii=False)}
    if body["applicant"]:
        device = device_public(connection, found.device)
        sealed = {**json.loads(found.sealed), "applicant": body["applicant"]}
        acting = _acting(connection, found.case_no, sealed)
        values |= _applicant(connection, acting, found.item, device.region, device.letters)
        values["sealed"] = json.dumps(sealed)
    if any(one["material"] == mandate.PAPER for one in body["files"]) and found.flag == mandate.NO_MANDATE:
        values["flag"] = ""
    settled = rules.paid_off(materials, [one.name for one in owed(connection, found.case_no)])
    pay_off(connection, found.case_no, settled, entry.received_at)
    state = found.state
    if state == "returned":
        state = "submitted"
        values |= {"due": accept_by(beijing_day(entry.received_at)), "missing": "[]"}
    name = "已补正，待审核" if found.state == "returned" else rules.STATES[state]
    progress(connection, found, entry.actor, state, name, "已收到补交的材料。", values, changed_by="服务点")


def on_case_withdrawn(connection: Connection, entry: Entry) -> None:
    """The applicant takes a case back at the service point."""
    found = _of_point(connection, entry)
    values = {"due": None, "owed_due": None, "missing": "[]"}
    name = rules.STATES["withdrawn"]
    progress(connection, found, entry.actor, "withdrawn", name, "按申请人的要求撤回。", values, changed_by="服务点")


def _of_point(connection: Connection, entry: Entry) -> Row[Any]:
    """The open case that a device speaks of. Problem case.missing | case.elsewhere | case.closed."""
    case_no = entry.body["case_no"]
    found = connection.execute(select(case_file).where(case_file.c.case_no == case_no)).first()
    if found is None:
        raise Problem("case.missing", case_no=case_no)
    if found.point != entry.service_point:
        raise Problem("case.elsewhere", case_no=case_no)
    if found.state not in rules.OPEN:
        raise Problem("case.closed", case_no=case_no, state=rules.STATES[found.state])
    return found


def progress(
    connection: Connection,
    found: Row[Any],
    actor: str,
    state: str,
    state_name: str,
    note: str,
    values: Mapping[str, Any],
    *,
    changed_by: str,
) -> Entry:
    """Write the next step of a case and tell the village: the one place where a case changes its state."""
    still = owed(connection, found.case_no)
    owed_due = min((one.due for one in still), default=None) if state in rules.OPEN else None
    after = {"due": found.due, "missing": found.missing, "result": found.result, **values, "owed_due": owed_due}
    now, case_no = clock.now(), found.case_no
    body = {
        "case_no": case_no,
        "state": state,
        "state_name": state_name,
        "note": vault().hide(connection, case_no, note),
        "missing": json.loads(after["missing"]),
        "owed": [one.name for one in still] if state in rules.OPEN else [],
        "owed_due": owed_due or "",
        "due": after["due"] or "",
        "result": after["result"],
    }
    entry = ledger.append(
        connection,
        ledger.Event(clock.new_id(), "case.progressed", found.case_no, actor, now, body, service_point=found.point),
    )
    after |= {"state": state, "changed_at": now, "version": found.version + 1, "changed_by": changed_by}
    connection.execute(update(case_file).where(case_file.c.case_no == found.case_no).values(after))
    ledger.project(connection, entry)
    return entry


def shown(connection: Connection, entry: Entry, name: str) -> str:
    """A line that staff wrote to a step."""
    return vault().show(connection, entry.subject, entry.body.get(name, ""))


def result_of(connection: Connection, found: Row[Any]) -> str:
    """What a decision says; sealed, since it may name a certificate."""
    return vault().show(connection, found.case_no, found.result)


def owed(connection: Connection, case_no: str) -> list[Row[Any]]:
    """Owed materials that have not come: name, due."""
    where = (case_owed.c.case_no == case_no, case_owed.c.settled_at.is_(None))
    return list(connection.execute(select(case_owed).where(*where).order_by(case_owed.c.due, case_owed.c.name)))


def pay_off(connection: Connection, case_no: str, names: Collection[str], at: str) -> None:
    """Owed materials came."""
    where = (case_owed.c.case_no == case_no, case_owed.c.name.in_(names), case_owed.c.settled_at.is_(None))
    connection.execute(update(case_owed).where(*where).values(settled_at=at))


# ---- who works what ----


def desks(connection: Connection) -> dict[str, list[str]]:
    """Departments by person."""
    found: dict[str, list[str]] = {}
    for row in connection.execute(select(case_desk).order_by(case_desk.c.department)):
        found.setdefault(row.person, []).append(row.department)
    return found


def set_desk(connection: Connection, person: str, names: Collection[str], actor: str) -> None:
    """Say which departments' cases a person works."""
    connection.execute(case_desk.delete().where(case_desk.c.person == person))
    if names:
        connection.execute(insert(case_desk), [{"person": person, "department": name} for name in sorted(set(names))])
    body = {"departments": sorted(set(names))}
    ledger.append(connection, ledger.Event(clock.new_id(), "person.departments", person, actor, clock.now(), body))


# ---- lists ----


class Reach(NamedTuple):
    """What somebody may see: the points of their region and, for officers, their departments (None: all)."""

    points: Collection[str]
    departments: Collection[str] | None
    person: str


class Days(NamedTuple):
    """Today and the last day that is near, as `due` is written."""

    today: str
    near: str


def reaches(reach: Reach, found: Row[Any]) -> bool:
    """Whether a case lies within somebody's reach."""
    mine = reach.departments is None or found.department in reach.departments
    return found.point in reach.points and mine


def _within(reach: Reach) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [case_file.c.point.in_(reach.points)]
    return where if reach.departments is None else [*where, case_file.c.department.in_(reach.departments)]


def _marks(reach: Reach, days: Days) -> dict[str, ColumnElement[bool]]:
    """What each mark of the list means; the figures above the list and the filter are the same words."""
    ours = case_file.c.state.in_(rules.OURS)
    return {
        "todo": case_file.c.state == "submitted",
        "working": case_file.c.state.in_(("accepted", "processing")),
        "overdue": ours & (case_file.c.due < days.today),
        "near": ours & (case_file.c.due >= days.today) & (case_file.c.due <= days.near),
        "owed": case_file.c.owed_due.is_not(None),
        "returned": case_file.c.state == "returned",
        "mine": (case_file.c.handler == reach.person) & case_file.c.state.in_(rules.OPEN),
        "free": (case_file.c.handler == "") & ours,
    }


def cases(
    connection: Connection,
    reach: Reach,
    filters: Mapping[str, str],
    days: Days,
    day: tuple[str, str] | None,
    limit: int,
    offset: int = 0,
) -> tuple[list[Row[Any]], int]:
    """(page of cases, how many there are). With a mark the most urgent first, else the newest first."""
    where = _within(reach)
    for column in ("state", "point", "item", "department"):
        if filters.get(column):
            where.append(case_file.c[column] == filters[column])
    if filters.get("mark"):
        where.append(_marks(reach, days).get(filters["mark"], case_file.c.case_no == ""))
    if number := filters.get("no", "").strip():
        like = number.upper().replace("%", "").replace("_", "")
        where.append(or_(case_file.c.case_no.endswith(like), case_file.c.external_case_no == number))
    if day:
        where += [case_file.c.received_at >= day[0], case_file.c.received_at < day[1]]
    total = connection.execute(select(func.count()).select_from(case_file).where(*where)).scalar_one()
    urgent = (func.coalesce(case_file.c.due, case_file.c.owed_due, "9999"),) if filters.get("mark") else ()
    query = select(case_file).where(*where).order_by(*urgent, case_file.c.received_at.desc(), case_file.c.case_no)
    return list(connection.execute(query.limit(limit).offset(offset))), int(total)


def counts(connection: Connection, reach: Reach, days: Days) -> dict[str, int]:
    """How many cases carry each mark, within somebody's reach."""
    marks = _marks(reach, days)
    sums = [func.sum(case((mark, 1), else_=0)).label(name) for name, mark in marks.items()]
    row = connection.execute(select(*sums).where(*_within(reach), case_file.c.state.in_(rules.OPEN))).one()
    return {name: int(getattr(row, name) or 0) for name in marks}


def one(connection: Connection, case_no: str) -> Row[Any]:
    """One case, or Problem('request.missing')."""
    found = connection.execute(select(case_file).where(case_file.c.case_no == case_no)).first()
    if found is None:
        raise Problem("request.missing")
    return found


def history(connection: Connection, case_no: str) -> list[Entry]:
    """Every ledger entry about a case, oldest first."""
    return list(ledger.read(connection, subject=case_no))
