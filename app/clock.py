"""The centre's clock and ids; the only place that reads either, so that rules stay pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import uuid6


def now() -> str:
    """The time as the whole product writes it: UTC, ISO 8601, milliseconds, `2026-11-23T02:05:00.000Z`."""
    return stamp(datetime.now(UTC))


def later(**span: float) -> str:
    """The time in so many days, hours …, in the product's form; a negative span lies back."""
    return stamp(datetime.now(UTC) + timedelta(**span))


def stamp(moment: datetime) -> str:
    """Write an aware datetime in the product's form; such strings sort by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse(text: str) -> datetime:
    """Read a time in the product's form; ValueError when it is not one."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone: {text}")
    return moment.astimezone(UTC)


def day_of(text: str) -> date:
    """A date in the form 2026-11-23; ValueError when it is not one."""
    return date.fromisoformat(text)


def new_id() -> str:
    """A UUIDv7: unique, and sorts by the time it was made."""
    return str(uuid6.uuid7())
