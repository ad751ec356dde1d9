"""What a rating is about: a decided matter (一事一评), or the visit in which something was handed in or asked (一次一评)."""

from __future__ import annotations

from sqlalchemy import Connection

from app import events, ledger

DECIDED = ("done", "refused")
"""States of a case in which the matter itself may be rated; before, it is the visit."""


def matter_of(connection: Connection, entry: ledger.Entry) -> str:
    """What a rating counts for. Programs before 0.2 name the case in both: not decided yet, it was the visit."""
    matter = str(entry.body["matter"])
    if matter.startswith(events.VISIT):
        return matter
    filed = next(iter(ledger.read(connection, limit=1, subject=matter, name="case.submitted")), None)
    steps = ledger.read(connection, subject=matter, name="case.progressed")
    decided = any(step.body["state"] in DECIDED for step in steps if step.seq < entry.seq)
    return matter if decided or filed is None else f"{events.VISIT}{matter}"
