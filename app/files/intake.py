"""A paper that comes whole, on a USB stick: the same limits and the same judgement as by tus."""

from __future__ import annotations

from app import clock
from app.db import db
from app.files import store, views
from app.places.guard import Device
from app.problems import Problem


def take_whole(device: Device, case_no: str, sha256: str, data: bytes) -> Problem | None:
    """Keep a paper that a case of this device names; None when the centre has it, else why not."""
    try:
        with db().read() as connection:
            found = store.named(connection, device.id, case_no, sha256)
            if found is None or found.bytes != len(data):
                return Problem("file.unnamed")
            promised = store.promised(connection, case_no)
            today = store.stored_since(connection, device.id, clock.later(days=-1))
        if found.stored_at is not None:
            return None
        views.must_fit(found, promised, today)
        with db().write() as connection:
            store.open_upload(connection, found.id, clock.later(days=1))
        views.keep(found, data[found.arrived :])
    except Problem as problem:
        return problem
    return None
