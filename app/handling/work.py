"""What staff do with a case: every step is an event of the ledger, and none goes over another's."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy import Connection, Row, insert, update

from app import clock, ledger
from app.handling import rules, store
from app.ledger import Entry
from app.pages import beijing_day
from app.problems import Problem
from app.settings import Settings
from app.vault import vault
from datasets import workdays


def expect(found: Row[Any], version: int | None) -> None:
    """Problem('case.changed') when the case was changed after the page with this version was opened."""
    if version is not None and found.version != version:
        raise Problem("case.changed", who=found.changed_by or "别人", state=rules.STATES[found.state])


def lacking(found: Row[Any]) -> list[str]:
    """Names of the materials that were not brought."""
    return [material["name"] for material in json.loads(found.materials) if not material["have"]]


def move(connection: Connection, found: Row[Any], step: rules.Step, actor: str, name: str) -> Entry:
    """Take a step; Problem('case.move') when it may not be. What is said with it goes to the village."""
    still = [one.name for one in store.owed(connection, found.case_no)]
    fault = rules.move_fault(found.state, step, lacking(found), still)
    if fault:
        raise Problem("case.move", reason=fault)
    settings: Settings = current_app.extensions["jjb_settings"]
    calendar = workdays.load()
    today = date.fromisoformat(beijing_day(clock.now()))
    due = found.due
    if step.target == "accepted":
        due = rules.decide_by(today, found.promised, settings.decide_days, calendar).isoformat()
        owed_due = calendar.after(today, step.owed_days).isoformat()
        rows = [{"case_no": found.case_no, "name": material, "due": owed_due} for material in step.owed]
        if rows:
            connection.execute(store.case_owed.delete().where(store.case_owed.c.case_no == found.case_no))
            connection.execute(insert(store.case_owed), rows)
    elif step.target != "processing":
        due = None
    result = f"{rules.OUTCOMES[step.outcome]}。{step.result}".strip() if step.target == "done" else found.result
    if result != found.result:
        result = vault().hide(connection, found.case_no, result)
    values = {"due": due, "missing": json.dumps(step.missing, ensure_ascii=False), "result": result}
    if not found.handler:  # 首问负责: whoever takes the first step stays responsible
        values |= {"handler": actor, "handler_name": name}
    return store.progress(
        connection, found, actor, step.target, rules.STATES[step.target], step.note, values, changed_by=name
    )


def settle_owed(connection: Connection, found: Row[Any], names: list[str], actor: str, name: str) -> Entry:
    """Owed materials came on another way than through the service point."""
    open_ones = [one.name for one in store.owed(connection, found.case_no)]
    come = [material for material in names if material in open_ones]
    if not come:
        raise Problem("case.field", field="请选收到了哪些材料")
    store.pay_off(connection, found.case_no, come, clock.now())
    materials = [{**one, "have": one["have"] or one["name"] in come} for one in json.loads(found.materials)]
    values = {"materials": json.dumps(materials, ensure_ascii=False)}
    note = f"已收到后补的材料：{'、'.join(come)}。"
    return store.progress(
        connection, found, actor, found.state, rules.STATES[found.state], note, values, changed_by=name
    )


def assign(
    connection: Connection, found: Row[Any], to: tuple[str, str], department: str, note: str, actor: str, name: str
) -> None:
    """Give a case to somebody (`to`: id and name, both "" for nobody) or to another department."""
    kept = vault().hide(connection, found.case_no, note)
    body = {"case_no": found.case_no, "department": department, "handler": to[0], "note": kept}
    _note(connection, "case.assigned", found, actor, body)
    _change(connection, found, name, handler=to[0], handler_name=to[1], department=department)


def link(connection: Connection, found: Row[Any], external_case_no: str, actor: str, name: str) -> None:
    """Keep the number that the provincial platform gave the case."""
    body = {"case_no": found.case_no, "external_case_no": external_case_no}
    _note(connection, "case.linked", found, actor, body)
    _change(connection, found, name, external_case_no=external_case_no)


def note(connection: Connection, found: Row[Any], text: str, actor: str) -> None:
    """A word to colleagues; sealed, and no change of the case: two people may write at the same time."""
    body = {"case_no": found.case_no, "text": vault().seal(connection, found.case_no, text)}
    _note(connection, "case.noted", found, actor, body)


def opened_note(connection: Connection, entry: Entry) -> str:
    """What a note says, "" when the person's data were deleted."""
    return str(vault().open(connection, entry.subject, entry.body["text"]) or "（已按规定删除）")


def unmask(connection: Connection, found: Row[Any], reason: str, actor: str) -> dict[str, Any]:
    """The personal fields of a case in the open; who looked and why goes to the ledger first."""
    _note(connection, "personal.unmasked", found, actor, {"reason": reason})
    sealed = json.loads(found.sealed)
    return {name: vault().open(connection, found.case_no, text) if text else None for name, text in sealed.items()}


def _note(connection: Connection, name: str, found: Row[Any], actor: str, body: dict[str, Any]) -> None:
    event = ledger.Event(clock.new_id(), name, found.case_no, actor, clock.now(), body, service_point=found.point)
    ledger.append(connection, event)


def _change(connection: Connection, found: Row[Any], name: str, **values: Any) -> None:
    values |= {"version": found.version + 1, "changed_by": name, "changed_at": clock.now()}
    connection.execute(update(store.case_file).where(store.case_file.c.case_no == found.case_no).values(values))
