"""事项清单: which batch (批次) an item belongs to and when it opened at the service points."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Integer, Table, Text, insert, select

from app import clock
from app.db import metadata
from datasets.sources import read

FIRST_BATCH = (
    "pension-qualification-auth",
    "resident-pension-enroll",
    "resident-medical-enroll",
    "newborn-medical-enroll",
    "medical-offsite-filing",
    "disability-subsidy",
    "senior-subsidy",
    "dibao",
    "temp-aid",
    "selfemployed-open",
)
"""The ten items of the first batch; the plan asks for ten without naming them, this is our proposal to the customer."""

catalog_item = Table(
    "catalog_item",
    metadata,
    Column("item", Text, primary_key=True),
    Column("batch", Integer, nullable=False),
    Column("opened_on", Text, nullable=False),
)


def seed(connection: Connection) -> None:
    """Give every item of `datasets/` that has no batch yet one: the first ten batch 1, the rest batch 2."""
    present = set(connection.execute(select(catalog_item.c.item)).scalars())
    today = clock.now()[:10]
    for document in read().items:
        slug = str(document["slug"])
        if slug not in present:
            batch = 1 if slug in FIRST_BATCH else 2
            connection.execute(insert(catalog_item).values(item=slug, batch=batch, opened_on=today))


def batches(connection: Connection) -> dict[str, tuple[int, str]]:
    """(batch, day it opened) by item."""
    return {row.item: (row.batch, row.opened_on) for row in connection.execute(select(catalog_item))}
