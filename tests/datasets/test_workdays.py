"""Terms in working days, told by dates that anybody can look up on a calendar of the State Council."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from datasets import workdays

CALENDAR = workdays.load()


def on(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-23", 5, "2026-11-30"),  # over a weekend
        ("2026-11-27", 1, "2026-11-30"),
        ("2026-11-28", 1, "2026-11-30"),  # taken in on a Saturday
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-09-30", 1, "2026-10-08"),  # over the National Day week
        ("2026-09-30", 3, "2026-10-10"),  # whose second Saturday is worked
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday before Spring Festival that is worked
        ("2026-02-13", 2, "2026-02-24"),
        ("2025-09-26", 2, "2025-09-29"),  # Sunday 28 September is worked
        ("2025-12-31", 2, "2026-01-05"),  # New Year 2026: three days off, Sunday worked
    ],
)
def test_a_term_starts_the_day_after_and_counts_days_that_are_worked(start: str, days: int, due: str) -> None:
    assert CALENDAR.after(on(start), days) == on(due)


def test_a_year_has_as_many_days_off_as_its_notice_says() -> None:
    """2025: 28 days off, 5 weekend days worked; 2026: 33 and 6 (国办发明电〔2024〕12号, 〔2025〕7号)."""
    for year, off, worked in ((2025, 28, 5), (2026, 33, 6)):
        assert len([day for day in CALENDAR.rest if day.year == year]) == off
        assert len([day for day in CALENDAR.work if day.year == year]) == worked


def test_a_year_without_an_arrangement_counts_by_weekends_and_fixed_holidays_and_says_so() -> None:
    assert CALENDAR.sure(on("2026-12-31"))
    assert not CALENDAR.sure(on("2031-03-01"))
    assert not CALENDAR.is_workday(on("2031-01-01"))  # a Wednesday
    assert CALENDAR.is_workday(on("2031-01-02"))
    assert CALENDAR.after(on("2031-01-03"), 1) == on("2031-01-06")


def test_a_term_that_ends_on_a_day_off_ends_on_the_next_working_day() -> None:
    assert CALENDAR.on_or_after(on("2026-10-03")) == on("2026-10-08")
    assert CALENDAR.on_or_after(on("2026-10-10")) == on("2026-10-10")


def test_days_left_agree_with_the_term_and_go_below_zero_when_it_is_over() -> None:
    start = on("2026-02-10")
    for days in range(0, 40):
        assert CALENDAR.between(start, CALENDAR.after(start, days)) == days
    assert CALENDAR.between(on("2026-10-08"), on("2026-09-30")) == -1
    assert CALENDAR.between(start, start + timedelta(days=10**5)) > 0  # a nonsense date ends as well


ROW = {"first": "2030-10-01", "last": "2030-10-03", "kind": "rest", "name": "国庆节", "source": "试验"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": "off"}, "rest 或 work"),
        ({"source": ""}, "不能空"),
        ({"last": "2030-09-30"}, "first 不晚于 last"),
        ({"first": "2030-02-30"}, "日期应是"),
        ({"last": "2031-10-03"}, "最多 31 天"),
        ({"kind": "work", "last": "2030-10-01"}, "星期六或星期日"),
    ],
)
def test_a_row_that_cannot_be_is_named(change: dict[str, str], fault: str) -> None:
    ((line, message),) = workdays.faults([{**ROW, **change}])
    assert line == 2
    assert fault in message


def test_a_day_stands_once() -> None:
    assert workdays.faults([ROW]) == []
    assert [line for line, _ in workdays.faults([ROW, ROW])] == [3]
