"""What goes of a case, and when: the village's copy first, then the follow page, at last every personal field with its key.

What stays of a forgotten case says nothing of a person: number, item, point, department, states, days, the number of the
provincial platform. Figures and the audit keep their sums by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update

from app import clock, ledger
from app.handling import rules, store
from app.keeping import Holding, Seen
from app.vault import FORGOTTEN, vault, vault_key

case_file = store.case_file

GONE = {
    "applicant_masked": FORGOTTEN,
    "flag": "",
    "follow": "",
    "mandate": "{}",
    "materials": "[]",
    "missing": "[]",
    "person_mark": "",
    "result": "",
    "sealed": "{}",
    "situations": "[]",
    "twin": "",
}
"""Every column that says something of a person, as it reads afterwards."""


def _over(before: str, *where: ColumnElement[bool]) -> Any:
    ended = (case_file.c.state.in_(rules.ENDED), case_file.c.changed_at < before)
    return select(case_file.c.case_no).where(*ended, *where).order_by(case_file.c.changed_at, case_file.c.case_no)


def over_at_village(connection: Connection, before: str) -> list[str]:
    """Cases whose copy still lies at the service point."""
    return list(connection.execute(_over(before, case_file.c.village_wiped_at.is_(None))).scalars())


def wipe_at_village(connection: Connection, case_no: str) -> dict[str, int]:
    """Tell the service point to wipe its copy; the device does so at its next contact."""
    found = _kept(connection, case_no, case_file.c.village_wiped_at.is_(None))
    if found is None:
        return {}
    now = clock.now()
    connection.execute(update(case_file).where(case_file.c.case_no == case_no).values(village_wiped_at=now))
    event = ledger.Event(
        clock.new_id(), "case.cleared", case_no, "centre", now, {"case_no": case_no}, service_point=found.point
    )
    ledger.project(connection, ledger.append(connection, event))
    return {"village": 1}


def over_to_follow(connection: Connection, before: str) -> list[str]:
    """Cases that can still be followed."""
    return list(connection.execute(_over(before, case_file.c.follow != "")).scalars())


def close_follow(connection: Connection, case_no: str) -> dict[str, int]:
    """Nobody can follow the case any more: its secret goes."""
    where = (case_file.c.case_no == case_no, case_file.c.follow != "")
    return {"follow": 1} if connection.execute(update(case_file).where(*where).values(follow="")).rowcount else {}


def over(connection: Connection, before: str) -> list[str]:
    """Cases to forget; also forgotten ones to which something was sealed since (a paper form that came late)."""
    kept = case_file.c.wiped_at.is_(None)
    again = select(vault_key.c.subject).where(vault_key.c.subject == case_file.c.case_no).exists()
    return list(connection.execute(_over(before, or_(kept, and_(~kept, again)))).scalars())


def forget(connection: Connection, case_no: str) -> dict[str, int]:
    """Wipe what a case says of a person; the village's copy goes too."""
    if _kept(connection, case_no, case_file.c.wiped_at.is_(None)) is None:
        return {}
    told = wipe_at_village(connection, case_no)
    connection.execute(update(case_file).where(case_file.c.case_no == case_no).values(**GONE, wiped_at=clock.now()))
    connection.execute(update(case_file).where(case_file.c.twin == case_no).values(twin=""))
    return {"cases": 1, **told}


def _kept(connection: Connection, case_no: str, *where: ColumnElement[bool]) -> Row[Any] | None:
    return connection.execute(select(case_file).where(case_file.c.case_no == case_no, *where)).first()


def held(connection: Connection) -> dict[str, str]:
    """Cases that are not over."""
    query = select(case_file.c.case_no, case_file.c.state).where(case_file.c.state.in_(rules.OPEN))
    return {row.case_no: f"办件还是“{rules.STATES[row.state]}”" for row in connection.execute(query)}


def seek(connection: Connection, who: Seen) -> list[Holding]:
    """Cases of a person, and those of others in which the person acts for somebody."""
    acting = case_file.c.sealed.like('%"proxy": "%')
    mine = case_file.c.person_mark == who.mark
    query = select(case_file).where(case_file.c.wiped_at.is_(None), or_(mine, acting))
    rows = connection.execute(query.order_by(case_file.c.received_at))
    return [one for row in rows for one in _holdings(connection, row, who)]


def _holdings(connection: Connection, row: Row[Any], who: Seen) -> Iterator[Holding]:
    opened = {
        name: vault().open(connection, row.case_no, text) if text else None
        for name, text in json.loads(row.sealed).items()
    }
    ended = row.state in rules.ENDED
    if row.person_mark == who.mark:
        yield Holding(row.case_no, "办件", row.point, "申请人", ended, True, _told(connection, row, opened))
        return
    proxy, mandate = opened.get("proxy") or {}, opened.get("mandate") or {}
    if proxy.get("id_number", "").strip().upper() == who.number:
        yield Holding(row.case_no, "别人的办件", row.point, "代办人", ended, False, {"代办人": proxy})
    elif mandate.get("principal_id", "").strip().upper() == who.number:
        principal = {name: mandate[name] for name in mandate if name.startswith("principal_")}
        yield Holding(row.case_no, "别人的办件", row.point, "委托人", ended, False, {"委托人": principal})


def _told(connection: Connection, row: Row[Any], opened: dict[str, Any]) -> dict[str, Any]:
    past = [entry for entry in store.history(connection, row.case_no) if entry.name == "case.progressed"]
    steps = [
        {"时间": one.received_at, "状态": one.body["state_name"], "说明": store.shown(connection, one, "note")}
        for one in past
    ]
    known = store.promise(connection, row.item, row.release)
    return {
        "事项": known.name if known else row.item,
        "状态": rules.STATES[row.state],
        "提交时间": row.submitted_at,
        "申请人": opened.get("applicant"),
        "代办人": opened.get("proxy"),
        "委托书": opened.get("mandate"),
        "备注": opened.get("note"),
        "情形": json.loads(row.situations),
        "材料": json.loads(row.materials),
        "省平台办件号": row.external_case_no,
        "办理结果": vault().show(connection, row.case_no, row.result),
        "经过": steps,
    }
