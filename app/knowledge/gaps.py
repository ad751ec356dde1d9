"""Questions that found no answer in the villages, and questions whose answer is pinned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jieba
from sqlalchemy import Column, Connection, Index, Integer, Row, Table, Text, delete, insert, select, update

from app import clock
from app.answering.evaluation import Question
from app.db import metadata
from app.ledger import Entry
from app.problems import Problem

gap = Table(
    "gap",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("offered", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("settled_by", Text),
    Index("ix_gap_state", "state", "received_at"),
)
pin = Table(
    "pin",
    metadata,
    Column("text", Text, primary_key=True),
    Column("item", Text, nullable=False),
    Column("pinned_by", Text, nullable=False),
    Column("pinned_at", Text, nullable=False),
)
SHOWN = 2000
"""Newest open questions that are grouped."""
ALIKE = 0.5
"""Share of common words from which two questions are about the same."""
IDLE = frozenset("的了吗呢啊我要想去在有是怎么什么可以办理哪里多少一个这那不能请问")


@dataclass
class Group:
    """Questions about the same thing, the commonest wording first."""

    words: frozenset[str]
    rows: list[Row[Any]]

    @property
    def text(self) -> str:
        """The shortest of the wordings that name most: the first asked among equals."""
        return str(max(self.rows, key=lambda row: (len(words_of(row.text) & self.words), -len(row.text))).text)

    @property
    def points(self) -> int:
        """From how many service points."""
        return len({row.point for row in self.rows})


def words_of(text: str) -> frozenset[str]:
    """The words that say what a question is about."""
    words = {word for word in jieba.cut(text) if re.search(r"\w", word) and not set(word) <= IDLE}
    return frozenset(words or {text})


def groups(rows: Sequence[Row[Any]]) -> list[Group]:
    """Questions gathered by common words, largest group first, then newest."""
    found: list[Group] = []
    for row in rows:
        words = words_of(row.text)
        near = next((one for one in found if len(one.words & words) / len(one.words | words) >= ALIKE), None)
        if near is None:
            found.append(Group(words, [row]))
        else:
            near.rows.append(row)
    return sorted(found, key=lambda one: -len(one.rows))


def on_question_asked(connection: Connection, entry: Entry) -> None:
    """Keep a question that nobody could answer: handed to a person, said not to fit, or offered items and none was opened."""
    body = entry.body
    unopened = body["decision"] == "clarify" and body["picked"] is None
    if body["decision"] == "handoff" or unopened or body.get("declined", False):
        values = {
            "seq": entry.seq, "text": body["text"], "point": entry.service_point or "", "offered": " ".join(body["items"]),
            "decision": body["decision"], "received_at": entry.received_at, "state": "open",
        }  # fmt: skip
        connection.execute(insert(gap).values(values))


def open_gaps(connection: Connection) -> list[Row[Any]]:
    """The newest questions nobody has dealt with."""
    query = select(gap).where(gap.c.state == "open").order_by(gap.c.received_at.desc(), gap.c.seq.desc()).limit(SHOWN)
    return list(connection.execute(query))


def settle(connection: Connection, numbers: Sequence[int], state: str, actor: str) -> int:
    """Mark open questions as used or dropped; how many were."""
    wanted = gap.c.seq.in_(numbers) & (gap.c.state == "open")
    return connection.execute(update(gap).where(wanted).values(state=state, settled_by=actor)).rowcount


def pins(connection: Connection) -> list[Row[Any]]:
    """Pinned questions, newest first."""
    return list(connection.execute(select(pin).order_by(pin.c.pinned_at.desc(), pin.c.text)))


def pinned(connection: Connection) -> list[Question]:
    """The same as questions with the item that must stay first."""
    return [Question(row.text, frozenset([row.item]), "single", "pinned") for row in pins(connection)]


def add_pin(connection: Connection, text: str, item: str, actor: str) -> None:
    """Pin a question to the item it must lead to; a second pin replaces the first."""
    text = text.strip()[:200]
    if not text or not item:
        raise Problem("request.format", field="问题")
    connection.execute(delete(pin).where(pin.c.text == text))
    connection.execute(insert(pin).values(text=text, item=item, pinned_by=actor, pinned_at=clock.now()))


def drop_pin(connection: Connection, text: str) -> None:
    """Let a question go."""
    connection.execute(delete(pin).where(pin.c.text == text))
