"""Who sits at the desks, and at whom a waiting talk rings: rows in, `remote/routing.py` decides, rows out."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Connection, Row, func, select, update

from app import clock
from app.accounts.rules import Person, within
from app.bus import bus
from app.db import db
from app.desk import cobrowse, control, left, store
from app.desk.store import presence, talk
from app.problems import Problem
from remote import routing, session

LANGUAGES = ("普通话", "傈僳语", "怒语", "独龙语", "白语", "普米语", "藏语", "景颇语")
AGAIN_S = 60
"""After everybody passed, it rings anew so much later."""
TICK_S = 1.0
MISSED = "missed"
"""Why somebody is on a break: a call rang and was not taken."""


class Pace:
    """Keeps what many sockets ask for every few seconds to once a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0.0

    def due(self) -> bool:
        """Whether somebody should look now."""
        now = time.monotonic()
        with self._lock:
            if now - self._last < TICK_S:
                return False
            self._last = now
            return True


def ages(at: str | None, now: datetime) -> float:
    """Seconds since a time, 0 for none."""
    return max(0.0, (now - clock.parse(at)).total_seconds()) if at else 0.0


def owed(connection: Connection, person: str | None = None) -> list[Row[Any]]:
    """Ended talks whose agent has not written down how they ended, oldest first."""
    query = select(talk).where(
        talk.c.state == session.ENDED,
        talk.c.agent.is_not(None),
        talk.c.claimed_at.is_not(None),
        talk.c.wrapped_at.is_(None),
    )
    query = query.where(talk.c.agent == person) if person else query
    return list(connection.execute(query.order_by(talk.c.ended_at)))


def seats(connection: Connection) -> dict[str, tuple[Row[Any], routing.Seat]]:
    """Everybody whose desk is open, by person id."""
    settings = current_app.extensions["jjb_settings"]
    now = clock.parse(clock.now())
    busy = (session.ACTIVE, session.RINGING)
    count = select(talk.c.agent, func.count().label("load")).where(talk.c.state.in_(busy)).group_by(talk.c.agent)
    loads = {row.agent: row.load for row in connection.execute(count)}
    rests = select(talk.c.agent, func.max(talk.c.ended_at).label("at")).where(talk.c.ended_at > clock.later(hours=-12))
    since = {row.agent: row.at for row in connection.execute(rests.group_by(talk.c.agent))}
    ringing = set(connection.execute(select(talk.c.offered).where(talk.c.state == session.WAITING)).scalars())
    wrapping = {row.agent for row in owed(connection) if ages(row.ended_at, now) < settings.wrap_up_s}
    return {
        row.person: (
            row,
            routing.Seat(
                row.person,
                row.state if row.role != "officer" else routing.OFF,
                loads.get(row.person, 0),
                -ages(since.get(row.person), now) if row.person in since else -1e9,
                row.person in ringing,
                row.person in wrapping,
                json.loads(row.languages),
                json.loads(row.departments),
            ),
        )
        for row in store.present(connection, settings.agent_away_s)
    }


def reaching(found: Row[Any], here: dict[str, tuple[Row[Any], routing.Seat]]) -> list[routing.Seat]:
    """The seats whose region holds the talk's."""
    return [seat for row, seat in here.values() if within(row.region, found.region)]


def set_seat(
    connection: Connection, person: str, state: str, languages: Collection[str], departments: Collection[str]
) -> None:
    """What an agent says of himself; a change of state is a ledger event."""
    before = connection.execute(select(presence.c.state).where(presence.c.person == person)).scalar()
    values = {
        "state": state, "why": "", "languages": json.dumps(sorted(languages), ensure_ascii=False),
        "departments": json.dumps(sorted(departments), ensure_ascii=False),
    }  # fmt: skip
    connection.execute(update(presence).where(presence.c.person == person).values(values))
    if before != state:
        store.note(connection, "agent.state", person, person, "", {"state": state, "why": ""})


def lapse(connection: Connection, found: Row[Any], *, declined_by: str | None = None) -> None:
    """What rings passes on: declined, or rung out; then its agent is on a break until he says otherwise."""
    person = declined_by or found.offered
    store.apply(connection, found.id, session.Pass(person, lapsed=declined_by is None))
    how = "declined" if declined_by else "lapsed"
    store.note(connection, "talk.passed", found.id, person, found.point, {"how": how})
    if declined_by is None:
        on_break = update(presence).where(presence.c.person == person, presence.c.state == routing.FREE)
        if connection.execute(on_break.values(state=routing.BREAK, why=MISSED)).rowcount:
            store.note(connection, "agent.state", person, "centre", "", {"state": routing.BREAK, "why": MISSED})


def tick() -> None:
    """What time alone changes, at most once a second: agents who vanished, rings that ran out, rounds that begin anew."""
    if current_app.extensions["jjb_pace"].due():
        return_lost()
        silence()
        route()
        cobrowse.sweep()
        control.sweep()


def silence() -> None:
    """End the calls of the centre that nobody took."""
    ring_s = current_app.extensions["jjb_settings"].ring_s
    with db().read() as connection:
        if not store.rung_out(connection, ring_s):
            return
    with db().write() as connection:
        ended = [left.unanswered(connection, found, "centre", "silent") for found in store.rung_out(connection, ring_s)]
    wake(ended)


def return_lost() -> None:
    """Give the talks of agents who vanished back to the queue; writes only when there are any."""
    away = current_app.extensions["jjb_settings"].agent_away_s
    with db().read() as connection:
        if not store.lost(connection, away):
            return
    with db().write() as connection:
        returned = [store.find(connection, talk_id) for talk_id in store.return_lost(connection, away)]
    wake(returned)


def route() -> None:
    """Let what rang too long pass on, and ring for what waits; writes only when there is something to do."""
    with db().read() as connection:
        if not any(_plan(connection)):
            return
    touched = []
    with db().write() as connection:
        late, _ = _plan(connection)
        for found in late:
            lapse(connection, found)
            touched.append(found)
        _, rings = _plan(connection)
        for found, person, again in rings:
            with suppress(Problem):  # two rings of one plan may want the same agent; the next round sees it
                store.apply(connection, found.id, session.Offer(person, again), offered_at=clock.now())
                touched.append(found)
    wake(touched)


def _plan(connection: Connection) -> tuple[list[Row[Any]], list[tuple[Row[Any], str, bool]]]:
    """(talks that rang too long, rings to begin as (talk, person, whether a new round))."""
    waiting = store.queue(connection)
    if not waiting:
        return [], []
    settings, now = current_app.extensions["jjb_settings"], clock.parse(clock.now())
    late = [found for found in waiting if found.offered and ages(found.offered_at, now) >= settings.offer_s]
    here = seats(connection)
    rings, taken = [], set()
    for found in waiting:
        if found.offered:
            continue
        free = [seat for seat in reaching(found, here) if seat.person not in taken]
        person, again = _whom(found, free, now, settings.agent_load)
        if person:
            rings.append((found, person, again))
            taken.add(person)
    return late, rings


def _whom(found: Row[Any], free: Sequence[routing.Seat], now: datetime, most: int) -> tuple[str | None, bool]:
    passed = json.loads(found.passed)
    wish = routing.Wish(ages(found.queued_at, now), found.language, found.department, found.wanted, passed)
    person = routing.choose(wish, free, most)
    if person or not passed or ages(found.offered_at or found.queued_at, now) < AGAIN_S:
        return person, False
    return routing.choose(routing.Wish(wish.waited, wish.language, wish.department, wish.person), free, most), True


def wait_of(connection: Connection, found: Row[Any], position: int) -> tuple[int | None, bool]:
    """(seconds until a waiting talk is probably taken, None: 说不准; whether anybody is on duty for it)."""
    here = reaching(found, seats(connection))
    most = current_app.extensions["jjb_settings"].agent_load
    wait = routing.usual_wait(position, here, store.handled(connection), most)
    return wait, any(routing.on_duty(seat) for seat in here)


def names(connection: Connection, person: Person) -> list[dict[str, Any]]:
    """Everybody present whom a talk may be handed to or who may be asked in, and how busy they are."""
    return [
        {
            "id": row.person, "name": row.name, "role": row.role, "state": row.state, "load": seat.load,
            "languages": list(seat.languages), "departments": list(seat.departments), "me": row.person == person.id,
            "why": row.why,
        }
        for row, seat in seats(connection).values()
    ]  # fmt: skip


def wake(talks: Collection[Row[Any]]) -> None:
    """Tell both ends that something about these talks is new."""
    for found in talks:
        bus().publish(f"device:{found.device}")
    if talks:
        bus().publish("desk")
