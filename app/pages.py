"""What every server-rendered page gets: who is logged in, their menu, and times in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from flask import Flask, Response, request

from app import clock
from app.accounts.guard import current_person, logged_in
from app.accounts.rules import home_of

BEIJING = timezone(timedelta(hours=8))

RAIL = (
    ("总览", "oversight.overview", ("manager", "inspector", "lead")),
    ("服务点", "places.points", ("manager", "inspector", "lead")),
    ("通话线路", "oversight.links", ("manager", "inspector", "lead")),
    ("办件", "handling.cases", ("agent", "lead", "manager", "inspector", "guide", "officer")),
    ("好差评", "ratings.ratings", ("manager", "inspector", "lead")),
    ("未进账", "syncing.quarantine", ("manager",)),
    ("U盘传递", "courier.home", ("manager",)),
    ("坐席台", "desk.page", ("agent", "lead")),
    ("知识", "knowledge.home", ("editor", "reviewer", "manager")),
    ("资料库", "library.search", ("agent", "lead", "editor", "reviewer", "manager")),
    ("事项清单", "catalog.items", ("editor", "reviewer", "manager", "publisher")),
    ("人员", "accounts.people", ("manager",)),
    ("个人信息", "retention.home", ("inspector", "manager")),
    ("审计", "oversight.audit", ("inspector", "manager")),
    ("开放数据", "opendata.home", ("publisher", "manager")),
)
"""Menu words, the endpoint of each, and the roles that see it (an admin sees all)."""


def when(text: str | None, now: datetime | None = None) -> str:
    """A stored time in words, Beijing time: 今天 10:05, 昨天 10:05, 5月20日 10:05, 2025年5月20日."""
    if not text:
        return "—"
    try:
        moment = clock.parse(text).astimezone(BEIJING)
    except (ValueError, OverflowError):  # a device's clock may say anything; the page must still open
        return text
    today = (now or datetime.now(UTC)).astimezone(BEIJING).date()
    days = (today - moment.date()).days
    if days == 0:
        return f"今天 {moment:%H:%M}"
    if days == 1:
        return f"昨天 {moment:%H:%M}"
    if moment.year == today.year:
        return f"{moment.month}月{moment.day}日 {moment:%H:%M}"
    return f"{moment.year}年{moment.month}月{moment.day}日"


def exact(text: str | None) -> str:
    """A stored time as files show it, Beijing time: 2026-11-23 10:05."""
    try:
        return clock.parse(text or "").astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return text or ""


def day_words(day: str, today: date | None = None) -> str:
    """A date such as 2026-11-23 in words: 今天, 明天, 11月30日, 2027年1月4日."""
    found = clock.day_of(day)
    now = today or datetime.now(UTC).astimezone(BEIJING).date()
    near = {0: "今天", 1: "明天"}.get((found - now).days)
    return near or f"{'' if found.year == now.year else f'{found.year}年'}{found.month}月{found.day}日"


def age(text: str | None, now: datetime | None = None) -> str:
    """How long ago a stored time was, in words: 刚刚, 5 分钟前, 3 小时前, 12 天前."""
    if not text:
        return "从未"
    seconds = ((now or datetime.now(UTC)) - clock.parse(text)).total_seconds()
    for size, word in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{int(seconds // size)} {word}前"
    return "刚刚"


def beijing_day(text: str) -> str:
    """The date in Beijing of a stored time, 2026-11-23: days on screens and in statistics are Beijing days."""
    return clock.parse(text).astimezone(BEIJING).date().isoformat()


def day_bounds(day: str) -> tuple[str, str]:
    """First instant of a Beijing day and of the next, as stored times. ValueError when it is not a date."""
    start = datetime.fromisoformat(day).replace(tzinfo=BEIJING)
    return clock.stamp(start), clock.stamp(start + timedelta(days=1))


def menu_place(endpoint: str | None, menu: Sequence[str]) -> str | None:
    """The menu entry that a page belongs to: its own, else the first one of the same slice."""
    if endpoint is None or endpoint in menu:
        return endpoint
    slice_ = endpoint.split(".")[0]
    return next((entry for entry in menu if entry.split(".")[0] == slice_), None)


SIZES = {"": "标准", "l": "大", "xl": "特大"}
"""Type sizes of the consoles (长辈版): value of the cookie, word."""


def csv_file(filename: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A table as a file. The mark at the start makes Excel read UTF-8; a cell that a spreadsheet would run as a formula
    (what people typed may begin so) gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([f"'{cell}" if str(cell)[:1] in FORMULA else cell for cell in row] for row in rows)
    headers = {"Content-Disposition": f"attachment; filename={filename}"}
    return Response("\ufeff" + out.getvalue(), mimetype="text/csv", headers=headers)


FORMULA = ("=", "+", "-", "@", "\t", "\r")


def install(app: Flask) -> None:
    """Offer the above to every template."""

    @app.context_processor
    def shell() -> dict[str, Any]:
        me = current_person() if logged_in() else None
        rail = [(word, endpoint) for word, endpoint, roles in RAIL if me and me.has(*roles)]
        return {"me": me, "rail": rail, "here": menu_place(request.endpoint, [endpoint for _, endpoint in rail])}

    app.jinja_env.globals.update(when=when, age=age, day_words=day_words, sizes=SIZES, home_of=home_of)
