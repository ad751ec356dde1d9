"""Working days: weekends, public holidays and the 调休 weekends that are worked, from `holidays.csv`; pure but for `load`.

The State Council announces the next year's arrangement each autumn. Until its rows stand in the table, a year counts by
weekends and the holidays that fall on fixed dates by law; `sure` says so, and screens mark the date as provisional.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "holidays.csv"
FIXED = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
"""Statutory days off with a fixed date (全国年节及纪念日放假办法, 2024); the others follow the lunar calendar."""
LONGEST = 3_660
"""Calendar days that a count may walk over; no term of ours is longer than some months."""


@dataclass(frozen=True)
class Calendar:
    """Which days are worked."""

    rest: frozenset[date]
    work: frozenset[date]

    def is_workday(self, day: date) -> bool:
        """Whether offices are open on a day."""
        if day in self.work:
            return True
        if day in self.rest or day.weekday() >= 5:
            return False
        return self.sure(day) or (day.month, day.day) not in FIXED

    def sure(self, day: date) -> bool:
        """Whether the arrangement of the day's year stands in the table."""
        return any(one.year == day.year for one in self.rest)

    def after(self, day: date, count: int) -> date:
        """The day on which a term of `count` working days ends that starts the day after `day` (民法典 201)."""
        for _ in range(LONGEST):
            if count <= 0:
                return day
            day += timedelta(days=1)
            count -= self.is_workday(day)
        return day

    def on_or_after(self, day: date) -> date:
        """The day itself, or the next one that is worked: a term that ends on a day off ends then (民法典 203)."""
        return day if self.is_workday(day) else self.after(day, 1)

    def between(self, today: date, due: date) -> int:
        """Working days left from `today` to `due`: 0 when it is due today, negative when it is over."""
        if due < today:
            return -self.between(due, today)
        days = (today + timedelta(days=n) for n in range(1, min((due - today).days, LONGEST) + 1))
        return sum(self.is_workday(day) for day in days)


def calendar(rows: Iterable[Mapping[str, str]]) -> Calendar:
    """The calendar of rows that `faults` finds nothing wrong with."""
    days: dict[str, set[date]] = {"rest": set(), "work": set()}
    for row in rows:
        days[row["kind"]] |= set(_days(row))
    return Calendar(frozenset(days["rest"]), frozenset(days["work"]))


def faults(rows: Iterable[Mapping[str, str]]) -> list[tuple[int, str]]:
    """(line, what is wrong with it) for every fault of the table."""
    found: list[tuple[int, str]] = []
    seen: set[date] = set()
    for line, row in enumerate(rows, 2):
        if row.get("kind") not in ("rest", "work") or not row.get("name") or not row.get("source"):
            found.append((line, "kind 应是 rest 或 work，name 和 source 不能空"))
            continue
        try:
            days = _days(row)
        except ValueError:
            found.append((line, "日期应是 2026-10-01 这样，first 不晚于 last，最多 31 天"))
            continue
        if seen & set(days):
            found.append((line, "有一天已经在前面的行里"))
        if row["kind"] == "work" and any(day.weekday() < 5 for day in days):
            found.append((line, "调休上班日应是星期六或星期日"))
        seen |= set(days)
    return found


def _days(row: Mapping[str, str]) -> list[date]:
    first, last = date.fromisoformat(row["first"]), date.fromisoformat(row["last"])
    if not 0 <= (last - first).days <= 30:
        raise ValueError(row["first"])
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def read_rows(path: Path = FILE) -> list[dict[str, str]]:
    """The rows as they stand in a file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def load() -> Calendar:
    """The calendar that ships with the program."""
    return calendar(read_rows())
