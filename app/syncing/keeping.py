"""What of a person lies on the way: messages to a village, events set aside, fingerprints of what was sent."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, delete, select, update

from app import ledger
from app.keeping import Holding, Seen
from app.syncing.store import downlink, quarantine, sync_event
from app.vault import vault

ASIDE = "quarantine:"


def over(connection: Connection, before: str) -> list[str]:
    """Events set aside that somebody has settled before a time. What nobody has looked at stays."""
    kept = (quarantine.c.sealed != "", quarantine.c.settled_at < before)
    return [ASIDE + key for key in connection.execute(select(quarantine.c.id).where(*kept)).scalars()]


def forget(connection: Connection, subject: str) -> dict[str, int]:
    """Of an event set aside its content; of a case the messages on the way down and the fingerprints of its events."""
    if subject.startswith(ASIDE):
        kept = update(quarantine).where(quarantine.c.id == subject.removeprefix(ASIDE), quarantine.c.sealed != "")
        return {"quarantine": 1} if connection.execute(kept.values(sealed="")).rowcount else {}
    gone = connection.execute(delete(downlink).where(downlink.c.owner == subject)).rowcount
    entries = select(ledger.ledger.c.seq).where(ledger.ledger.c.subject == subject)
    connection.execute(update(sync_event).where(sync_event.c.ledger_seq.in_(entries)).values(sha256=""))
    return {"messages": gone} if gone else {}


def seek(connection: Connection, who: Seen) -> list[Holding]:
    """Events set aside in which the number of a person is written."""
    return list(_aside(connection, who))


def _aside(connection: Connection, who: Seen) -> Iterator[Holding]:
    for row in connection.execute(select(quarantine).where(quarantine.c.sealed != "")).all():
        whole = vault().open(connection, ASIDE + row.id, row.sealed)
        if whole is not None and who.number in str(whole).upper():
            settled = row.settled_at is not None
            yield Holding(ASIDE + row.id, "未进账的记录", row.point, "提到的人", settled, True, {"内容": whole})
