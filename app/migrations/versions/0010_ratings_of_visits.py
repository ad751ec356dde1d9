"""Ratings that older programs gave before a decision count for the visit, so that the matter can still be rated"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ledger = sa.table("ledger", *(sa.column(name) for name in ("seq", "name", "subject", "body")))
rating = sa.table(
    "rating",
    *(
        sa.column(name)
        for name in ("matter", "level", "reasons", "point", "device", "sealed_text", "rated_at", "received_at")
    ),
)
rectification = sa.table("rectification", sa.column("matter"))
seen = sa.table("seen_rating", sa.column("matter"))


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(rating).where(rating.c.matter.like("NJ%"))).mappings().all()
    taken = set(connection.execute(sa.select(rating.c.matter)).scalars())
    for row in rows:
        visit = f"visit:{row['matter']}"
        if visit not in taken and _undecided(connection, row["matter"]):
            # The new row first and the old one last: a 整改单 always has its rating.
            connection.execute(sa.insert(rating).values({**row, "matter": visit}))
            for table in (rectification, seen):
                connection.execute(sa.update(table).where(table.c.matter == row["matter"]).values(matter=visit))
            connection.execute(sa.delete(rating).where(rating.c.matter == row["matter"]))


def _undecided(connection: Any, case_no: str) -> bool:
    """Whether the rating that stands for a case came before its decision; never for a case that was not filed here."""
    entries = connection.execute(sa.select(ledger).where(ledger.c.subject == case_no).order_by(ledger.c.seq)).all()
    filed = any(entry.name == "case.submitted" for entry in entries)
    for entry in entries if filed else ():
        if entry.name == "rating.given":
            return True
        if entry.name == "case.progressed" and json.loads(entry.body)["state"] in ("done", "refused"):
            return False
    return False


def downgrade() -> None:
    """What counts for a visit stays there: an older program reads it as any other visit's."""
