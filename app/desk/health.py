"""What either end tells of the link of a talk (remote/PROTOCOL.md): checked, bounded, kept; the talk itself never feels it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, Row

from app import clock
from app.accounts.rules import Person, within
from app.db import db
from app.desk import measures, store
from app.desk.frames import Frame, Id
from app.places.guard import Device
from app.problems import Problem
from remote import health, session

Seconds = Annotated[int, Meta(ge=0, le=3600)]
Bytes = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Duration = Annotated[int, Meta(ge=0, le=3_600_000)]
Times = Annotated[int, Meta(ge=0, le=100)]


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    """One piece of a link's life; `ago` is when it began, `span` how long it lasted, in seconds."""

    ago: Seconds
    span: Seconds
    rung: Annotated[int, Meta(ge=0, le=4)]
    reason: Literal["start", "slow", "lossy", "narrow", "better", "pinned", "other"]
    loss: Annotated[int, Meta(ge=0, le=1000)]
    up: Bytes
    down: Bytes
    drops: Times
    backs: Times
    back_ms: Duration
    rtt_ms: Annotated[int, Meta(ge=0, le=60_000)] | None = None
    connect_ms: Duration | None = None
    voice_ms: Duration | None = None


class Health(Frame, tag="health"):
    """Samples of one end, the oldest first."""

    client_id: Id
    talk: Id
    samples: Annotated[list[Sample], Meta(min_length=1, max_length=health.MOST)]


def village_act(device: Device, frame: Health) -> None:
    """Keep what a village told of its own talk."""
    with db().write() as connection:
        found = store.hold(connection, frame.talk)
        if found.device != device.id:
            raise Problem("talk.missing")
        _keep(connection, found, session.VILLAGE, frame)


def agent_act(person: Person, frame: Health) -> None:
    """Keep what the agent of a talk told."""
    with db().write() as connection:
        found = store.hold(connection, frame.talk)
        if not within(person.region, found.region):
            raise Problem("access.region")
        if found.agent != person.id:
            raise Problem("talk.not_yours")
        _keep(connection, found, session.AGENT, frame)


def _keep(connection: Connection, found: Row[Any], side: str, frame: Health) -> None:
    now = clock.parse(clock.now())
    if found.claimed_at is None:
        raise Problem("talk.alone")
    if found.ended_at and now - clock.parse(found.ended_at) > timedelta(seconds=health.LATE_S):
        raise Problem("talk.ended")
    samples = [
        {
            "at": clock.stamp(now - timedelta(seconds=one.ago)),
            "span_s": min(one.span, one.ago),
            **{name: getattr(one, name) for name in KEPT},
        }
        for one in frame.samples
    ]
    measures.add(connection, found, side, frame.client_id, samples)


KEPT = [name for name in Sample.__struct_fields__ if name not in ("ago", "span")]
