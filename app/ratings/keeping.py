"""The words to a rating go; its level, which nobody can be known by, stays for the figures."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, select, update

from app.events import VISIT, owner
from app.ratings import rules
from app.ratings.store import rating, rectification
from app.vault import vault


def over(connection: Connection, before: str) -> list[str]:
    """Visits without a case whose rating has words; those of a case go with the case."""
    query = select(rating.c.matter).where(
        rating.c.sealed_text != "",
        rating.c.received_at < before,
        ~rating.c.matter.like("NJ%"),
        ~rating.c.matter.like(f"{VISIT}NJ%"),
    )
    return list(connection.execute(query.order_by(rating.c.received_at)).scalars())


def forget(connection: Connection, subject: str) -> dict[str, int]:
    """Wipe the words of the ratings of a matter and of its visit, and what was noted to their 整改单."""
    matters = (subject, f"{VISIT}{subject}")
    words = update(rating).where(rating.c.matter.in_(matters), rating.c.sealed_text != "")
    gone = connection.execute(words.values(sealed_text="")).rowcount
    notes = update(rectification).where(rectification.c.matter.in_(matters), rectification.c.note != "")
    gone += connection.execute(notes.values(note="")).rowcount
    return {"ratings": gone} if gone else {}


def held(connection: Connection) -> dict[str, str]:
    """Matters whose 整改单 is still being worked, or disputed."""
    query = select(rectification.c.matter, rectification.c.state).where(rectification.c.state.not_in(rules.ENDED))
    rows = connection.execute(query)
    return {owner({}, row.matter): f"整改单还是“{rules.RECTIFICATION[row.state]}”" for row in rows}


def told(connection: Connection, subject: str) -> dict[str, Any]:
    """What was rated of a matter."""
    query = select(rating).where(rating.c.matter.in_((subject, f"{VISIT}{subject}")))
    found = [
        {
            "评的是": "来访" if row.matter.startswith(VISIT) else "办件",
            "满意程度": rules.LEVELS[row.level],
            "原因": json.loads(row.reasons),
            "想说的话": vault().open(connection, subject, row.sealed_text) if row.sealed_text else "",
            "时间": row.rated_at,
        }
        for row in connection.execute(query)
    ]
    return {"评价": found} if found else {}
