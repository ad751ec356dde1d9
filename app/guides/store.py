"""What the centre notes of guides on village computers."""

from __future__ import annotations

from sqlalchemy import Connection

from app import clock, ledger
from app.accounts.guard import Person
from app.places.guard import Device


def note_admitted(connection: Connection, person: Person, device: Device) -> None:
    """A guide was given the data key of a device: it stands in the audit."""
    ledger.append(
        connection,
        ledger.Event(
            clock.new_id(), "guide.admitted", person.id, person.id, clock.now(), {},
            service_point=device.point, device=device.id,
        ),
    )  # fmt: skip
