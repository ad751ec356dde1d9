"""The daily run: each kind of record whose time is over, one subject to a transaction, so that a stop costs nothing.

It starts by itself: the first request after the hour looks whether today's run was made, and makes it in a thread of its
own (`watch`). Nothing else has to be installed, and a centre that was off for days does it when it is back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from threading import Lock, Thread
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Row

from app import clock
from app.db import db
from app.keeping import Keeper, keeping
from app.retention import rules, store
from app.settings import Settings

log = logging.getLogger("app.retention")

EVERY_H = 20
"""A day's run may start a little earlier than the day before."""
STOPPED_H = 2
"""A run that is not through after so long was stopped; the next one goes on."""
LOOK_S = 600
"""How often the server looks whether a run is due."""


def run(by: str, *, dry: bool) -> Row[Any]:
    """Go through every kind once and return the report; a dry run counts and wipes nothing."""
    with db().write() as connection:
        started = store.begin(connection, by, dry=dry)
    return _go(started, by, dry=dry)


def _go(started: str, by: str, *, dry: bool) -> Row[Any]:
    held_back = 0
    for kind, keeper, subject in list(_due()):
        with db().write() as connection:
            if subject in store.held(connection):
                held_back += 1
                continue
            store.add(connection, started, _wipe(connection, kind, keeper, subject, by, dry=dry))
    if not dry:
        _tidy()
    with db().write() as connection:
        return store.end(connection, started, held_back)


def _due() -> Iterator[tuple[str, Keeper, str]]:
    settings: Settings = current_app.extensions["jjb_settings"]
    for kind, keeper in keeping().keepers.items():
        before = clock.later(days=-getattr(settings, rules.PERIODS[kind].setting))
        with db().read() as connection:
            found = keeper.ended(connection, before)
        yield from ((kind, keeper, subject) for subject in found)


def _wipe(connection: Any, kind: str, keeper: Keeper, subject: str, by: str, *, dry: bool) -> dict[str, int]:
    """What goes of one subject; a dry run does it behind a savepoint and takes it back."""
    point = connection.begin_nested()
    if keeper.part is not None:
        counts = keeper.part(connection, subject)
    else:
        counts = store.forget(connection, subject, kind, "period", by)
    if dry:
        point.rollback()
    else:
        point.commit()
    return counts


def _tidy() -> None:
    """Folders of files that went, and what deleted rows left in the files of the database."""
    with db().read() as connection:
        for one in keeping().sweepers:
            one(connection)
    db().scrub("vault_key", "case_file", "talk_message", "talk_sample", "message", "quarantine", "downlink", "rating")


def tidy_up() -> None:
    """The same after a deletion on request."""
    _tidy()


def daily() -> Row[Any] | None:
    """Make today's run unless it was made; the report of one that was."""
    with db().write() as connection:
        started = store.claim(connection, clock.later(hours=-EVERY_H), clock.later(hours=-STOPPED_H))
    return None if started is None else _go(started, "centre", dry=False)


def watch(app: Flask) -> None:
    """Look from time to time, on whatever request comes, whether a run is due."""
    state = {"next": time.monotonic() + LOOK_S}
    lock = Lock()

    @app.before_request
    def look() -> None:
        if time.monotonic() < state["next"] or not lock.acquire(blocking=False):
            return
        state["next"] = time.monotonic() + LOOK_S
        Thread(target=_in_background, args=(app, lock), name="retention", daemon=True).start()


def _in_background(app: Flask, lock: Lock) -> None:
    try:
        with app.app_context():
            found = daily()
        if found is not None:
            log.info("retention: %s, held back %s", found.counts, found.held)
    except Exception as error:
        log.error("retention stopped: %s", type(error).__name__)  # the type only, as everywhere
    finally:
        lock.release()
