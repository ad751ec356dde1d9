"""Answers spoken in local languages: recorded by an editor, heard by a second person, released with the media scope.

Of the speaker only a masked name is kept, with the day and the form of the consent; the paper stays with the department.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Index, Integer, Row, Table, Text, insert, select, update

from app import apart, clock, ledger
from app.db import metadata
from app.knowledge import media, publish, releases
from app.problems import Problem
from app.settings import Settings
from datasets.media import languages

HEARER = Path(__file__).with_name("hearer.py")
PATIENCE_S = 30
SHORTEST_S, LONGEST_S = 2, 180
QUIETEST = 0.02
"""Loudest sample of a recording in which nobody is heard."""

STATES = {
    "submitted": "待审核",
    "approved": "待发布",
    "rejected": "已退回",
    "withdrawn": "已撤回",
    "released": "在用",
    "stopping": "待停用",
    "replaced": "已换新",
    "stopped": "已停用",
}
ACTS = {
    "approve": (("submitted",), "approved"),
    "reject": (("submitted",), "rejected"),
    "withdraw": (("submitted", "approved"), "withdrawn"),
    "stop": (("released",), "stopping"),
}
"""From which states an act may be done, and where it leads."""
CONSENTS = {"paper": "书面（单位存档）", "spoken": "口头（说在录音开头）"}
EVENTS = {
    "approve": "voice.approved",
    "reject": "voice.rejected",
    "withdraw": "voice.withdrawn",
    "stop": "voice.stopped",
}

voice = Table(
    "voice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("item", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("consent_on", Text, nullable=False),
    Column("consent_form", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("reviewer_name", Text),
    Column("reason", Text, nullable=False),
    Column("release", Integer),
    Column("created_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Index("ix_voice_item", "item", "created_at"),
)


class Said(NamedTuple):
    """What an editor says of a recording."""

    item: str
    language: str
    text: str
    """What is said, in Chinese: the reviewer and the village read it."""
    speaker: str
    """Masked already."""
    consent_on: str
    consent_form: str


def hear(data: bytes) -> float:
    """Seconds of a recording that can be heard; Problem('media.sound') with the reason when it cannot."""
    try:
        heard = json.loads(apart.read(HEARER, data, patience_s=PATIENCE_S))
    except (apart.Broken, ValueError) as error:
        raise Problem("media.sound", reason="打不开，不是完整的录音") from error
    fault = sound_fault(heard["seconds"], heard["loud"], heard["pictures"])
    if fault:
        raise Problem("media.sound", reason=fault)
    return float(heard["seconds"])


def sound_fault(seconds: float, loud: float, pictures: int) -> str:
    """Why a recording cannot be used, "" when it can."""
    if pictures:
        return "里面有画面，只要声音"
    if not SHORTEST_S <= seconds <= LONGEST_S:
        return f"长 {seconds:.0f} 秒，应是 {SHORTEST_S} 到 {LONGEST_S} 秒"
    return "" if loud >= QUIETEST else "听不到声音"


def said_fault(said: Said, agreed: bool, today: date) -> str:
    """What is missing before a recording may be handed in, "" when nothing is."""
    if said.language not in {code for code, _, _ in languages()}:
        return "请选择是哪种话"
    if not said.text:
        return "请写下录音里说了什么（汉语）"
    if not said.speaker:
        return "请写说话人的姓名"
    if said.consent_form not in CONSENTS:
        return "请选择同意的形式"
    try:
        given = date.fromisoformat(said.consent_on)
    except ValueError:
        return "请填写同意的日期"
    if given > today:
        return "同意的日期晚于今天"
    return "" if agreed else "说话人没有同意公开播放的，不能用"


def voices(connection: Connection, item: str | None = None, states: Sequence[str] = ()) -> list[Row[Any]]:
    """Recordings, newest first."""
    query = select(voice).order_by(voice.c.changed_at.desc(), voice.c.id)
    if item is not None:
        query = query.where(voice.c.item == item)
    if states:
        query = query.where(voice.c.state.in_(states))
    return list(connection.execute(query))


def find(connection: Connection, voice_id: str) -> Row[Any]:
    """One recording, or Problem('request.missing')."""
    found = connection.execute(select(voice).where(voice.c.id == voice_id)).first()
    if found is None:
        raise Problem("request.missing")
    return found


def hand_in(connection: Connection, said: Said, kept: media.Taken, seconds: float, actor: str, actor_name: str) -> str:
    """A recording that waits for a second person; its id. An older one of mine that still waits gives way."""
    now, new_id = clock.now(), clock.new_id()
    mine = (voice.c.item == said.item) & (voice.c.language == said.language) & (voice.c.author == actor)
    connection.execute(
        update(voice).where(mine & (voice.c.state == "submitted")).values(state="withdrawn", changed_at=now)
    )
    values = {
        **said._asdict(), "id": new_id, "sha256": kept.sha256, "bytes": kept.bytes, "type": kept.type, "seconds": round(seconds),
        "state": "submitted", "author": actor, "author_name": actor_name, "reason": "", "created_at": now, "changed_at": now,
    }  # fmt: skip
    connection.execute(insert(voice).values(values))
    _tell(connection, "voice.recorded", said.item, actor, new_id)
    return new_id


def act(connection: Connection, voice_id: str, name: str, actor: str, actor_name: str, note: str) -> Row[Any]:
    """approve, reject or stop (a reviewer who did not record it), withdraw (who recorded it)."""
    found = find(connection, voice_id)
    allowed, target = ACTS[name]
    if found.state not in allowed:
        raise Problem("knowledge.state", state=STATES[found.state])
    if name in ("approve", "reject") and found.author == actor:
        raise Problem("knowledge.own_review")
    if name == "withdraw" and found.author != actor:
        raise Problem("knowledge.not_author")
    if name in ("reject", "stop") and not note:
        raise Problem("knowledge.note")
    values: dict[str, Any] = {"state": target, "reason": note, "changed_at": clock.now()}
    if name in ("approve", "reject"):
        values["reviewer_name"] = actor_name
    connection.execute(update(voice).where(voice.c.id == voice_id).values(values))
    _tell(connection, EVENTS[name], found.item, actor, voice_id)
    return found


def pending(connection: Connection) -> list[Row[Any]]:
    """What the next release of recordings changes."""
    return voices(connection, states=("approved", "stopping"))


def release(connection: Connection, settings: Settings, note: str, actor: str) -> releases.Release:
    """Issue the next media release: what is in force, with the approved put in and the stopped left out."""
    ledger.hold(connection)
    waiting = pending(connection)
    if not waiting:
        raise Problem("knowledge.nothing")
    known = releases.item_names(releases.file_of(settings, releases.in_force(connection).number))
    entries = {(one.item, one.kind, one.language, one.pos): one for one in media.in_force(connection, settings)}
    fresh: dict[tuple[str, str], Row[Any]] = {}
    for one in reversed(waiting):  # the oldest first: of two approved for one place the newest stays
        if one.state == "stopping":
            entries.pop((one.item, media.VOICE, one.language, 1), None)
    for one in reversed(waiting):
        if one.state == "approved" and one.item in known:
            fresh[one.item, one.language] = one
            place = (one.item, media.VOICE, one.language, 1)
            entries[place] = media.Entry(*place, one.sha256, one.seconds, one.text)
    chosen = [one for one in entries.values() if one.item in known]
    issued = publish.publish_media(connection, settings, chosen, note, actor)
    now = clock.now()
    for one in fresh.values():
        same = (voice.c.item == one.item) & (voice.c.language == one.language)
        old = same & voice.c.state.in_(("released", "stopping", "approved")) & (voice.c.id != one.id)
        connection.execute(update(voice).where(old).values(state="replaced", changed_at=now))
        values = {"state": "released", "release": issued.number, "changed_at": now}
        connection.execute(update(voice).where(voice.c.id == one.id).values(values))
    gone = voice.c.state.in_(("stopping",)) | ((voice.c.state == "released") & voice.c.item.not_in(known))
    connection.execute(update(voice).where(gone).values(state="stopped", changed_at=now))
    return issued


def _tell(connection: Connection, name: str, item: str, actor: str, voice_id: str) -> None:
    ledger.append(connection, ledger.Event(clock.new_id(), name, item, actor, clock.now(), {"edition": voice_id}))
