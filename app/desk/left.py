"""What villages left when nobody took their call, and how each is called back; `remote/callback.py` decides, rows keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Column, Connection, Index, Integer, Row, Table, Text, insert, select, update

from app import clock, ledger
from app.db import metadata
from app.desk import store
from app.handling.rules import department_of
from app.knowledge import releases
from app.ledger import Entry
from app.pages import BEIJING
from app.places.guard import device_public
from app.problems import Problem
from app.vault import vault
from datasets import workdays
from remote import callback

message = Table(
    "message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("point", Text, nullable=False),
    Column("point_name", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("release", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("sealed_text", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("agent", Text),
    Column("agent_name", Text),
    Column("tries", Integer, nullable=False),
    Column("talk", Text),
    Column("due_from", Text, nullable=False),
    Column("due_until", Text, nullable=False),
    Column("left_at", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("closed_at", Text),
    Column("wiped_at", Text),
    Index("ix_message_state", "state", "due_from"),
    Index("ix_message_point", "point"),
    Index("ix_message_talk", "talk"),
)

SHOWN = 200
"""Open messages that a desk lists at most, the most urgent of them."""


def hours() -> callback.Hours:
    """When the centre calls back."""
    found = callback.read_hours(current_app.extensions["jjb_settings"].callback_hours)
    return found or callback.Hours()


def on_left(connection: Connection, entry: Entry) -> None:
    """Take a message in. Problem message.empty | message.slot | message.item | message.known."""
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", entry.subject):
        raise Problem("event.field", field="subject")
    body, slot = entry.body, callback.Slot(entry.body["day"], entry.body["part"])
    if not body["text"]:
        raise Problem("message.empty")
    fault = callback.fault(slot, _local(entry.client_at or entry.received_at), hours())
    if fault:
        raise Problem("message.slot", reason=SLOT_FAULTS[fault])
    if find(connection, entry.subject) is not None:
        raise Problem("message.known")
    device = device_public(connection, entry.device or "")  # where it stands now: there it is rung
    begin, end = callback.due(slot, _local(entry.received_at), hours(), workdays.load().is_workday)
    connection.execute(
        insert(message).values(
            id=entry.subject, point=device.point, point_name=device.point_name, region=device.region,
            device=device.id, item=body["item"], department=_department(connection, body["item"], body["release"]),
            release=body["release"], why=body["why"], language=body["language"], sealed_text=body["text"], day=slot.day,
            part=slot.part, state=callback.LEFT, tries=0, due_from=clock.stamp(begin), due_until=clock.stamp(end),
            left_at=entry.client_at or entry.received_at, received_at=entry.received_at,
        )
    )  # fmt: skip


SLOT_FAULTS = {"form": "不是一个时段", "past": "已经过去了", "far": "太远了，最多七天以内"}


def _local(text: str) -> datetime:
    return clock.parse(text).astimezone(BEIJING)


def _department(connection: Connection, slug: str, release: int) -> str:
    """Who answers for an item, of the release in force or the one that the village held; Problem message.item."""
    if not slug:
        return ""
    settings = current_app.extensions["jjb_settings"]
    for number in (releases.in_force(connection).number, release):
        file = releases.file_of(settings, number)
        if file.is_file() and slug in releases.item_names(file):
            return department_of(str(releases.document_of(file, slug)["department"]))
    raise Problem("message.item", item=slug)


def find(connection: Connection, message_id: str) -> Row[Any] | None:
    """A message by id."""
    return connection.execute(select(message).where(message.c.id == message_id)).first()


def must_find(connection: Connection, message_id: str) -> Row[Any]:
    """A message by id, locked until the transaction ends, or Problem message.missing."""
    found = connection.execute(select(message).where(message.c.id == message_id).with_for_update()).first()
    if found is None:
        raise Problem("message.missing")
    return found


def of_talk(connection: Connection, talk_id: str) -> Row[Any] | None:
    """The message that a talk calls back for, locked until the transaction ends."""
    return connection.execute(select(message).where(message.c.talk == talk_id).with_for_update()).first()


def open_ones(connection: Connection) -> list[Row[Any]]:
    """Messages that are not over, those due first before all others."""
    query = select(message).where(message.c.state != callback.CLOSED)
    return list(connection.execute(query.order_by(message.c.due_from, message.c.left_at).limit(SHOWN)))


def words(connection: Connection, found: Row[Any]) -> str | None:
    """What the village wrote; None once it was forgotten."""
    text: str | None = vault().open(connection, found.id, found.sealed_text) if found.sealed_text else None
    return text


def move(
    connection: Connection, found: Row[Any], signal: callback.Signal, act: str, actor: str, **also: Any
) -> Row[Any]:
    """Carry a signal out on a locked row, write it into the ledger and so tell the village.

    `note` in `also` is for the village too.
    """
    note = also.pop("note", "")
    after = callback.step(callback.Left(found.state, found.agent, found.tries), signal)
    if isinstance(after, callback.Refusal):
        raise Problem(f"message.{after.reason}")
    now = clock.now()
    values: Mapping[str, Any] = {
        "state": after.state, "agent": after.agent, "tries": after.tries, **({"agent_name": None} if after.agent is None else {}),
        **({"closed_at": now} if after.state == callback.CLOSED else {}), **also,
    }  # fmt: skip
    connection.execute(update(message).where(message.c.id == found.id).values(**values))
    moved = must_find(connection, found.id)
    body = {
        "state": moved.state, "act": act, "agent_name": moved.agent_name or "", "tries": moved.tries,
        "due_from": moved.due_from, "due_until": moved.due_until,
        "note": vault().seal(connection, found.id, note) if note else "",
    }  # fmt: skip
    event = ledger.Event(clock.new_id(), "message.moved", found.id, actor, now, body, service_point=moved.point)
    ledger.project(connection, ledger.append(connection, event))
    return moved


def unanswered(
    connection: Connection, found: Row[Any], actor: str, act: str, minutes: int = callback.AGAIN_MINUTES
) -> Row[Any]:
    """A ring ends without a talk: its message is due again so much later; the talk that was."""
    ended = store.end(connection, found.id, None, actor, "dropped")
    row = of_talk(connection, found.id)
    if row is not None:
        move(connection, row, callback.Silent(), act, actor, **due_again(minutes))
    return ended


def settle(connection: Connection, talk_id: str, actor: str, *, over: bool) -> None:
    """They spoke: what was left is answered, or stays to be called about once more."""
    row = of_talk(connection, talk_id)
    if row is None or row.state != callback.RUNG:
        return
    if over:
        move(connection, row, callback.Settled(), "answered", actor)
    else:
        move(connection, row, callback.Silent(), "unsettled", actor, **due_again(callback.LATER_MINUTES[-1]))


def due_again(minutes: int) -> dict[str, str]:
    """Due columns of a message that is to be rung again in so many minutes."""
    begin = clock.parse(clock.now()) + timedelta(minutes=minutes)
    return {"due_from": clock.stamp(begin), "due_until": clock.stamp(begin + timedelta(hours=1))}
