"""The link of one talk: what it came to, how its rungs changed over time. Numbers only, nothing of what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, render_template, request

from app.accounts.guard import current_person, must_see, needs
from app.db import db
from app.desk import measures
from app.oversight import export, rules
from app.pages import BEIJING
from app.places import guard as places
from remote import health, session

WIDTH, HEIGHT = 880, 140
HEAD = ("开始", "哪一端", "档位", "原因", "多久", "往返（毫秒）", "丢包（‰）", "发出", "收到", "断线")
SIDES = {session.VILLAGE: "服务点", session.AGENT: "客服"}


def cells(row: Mapping[str, Any]) -> list[Any]:
    """A line of the list: where it got to, why, how fast, how steady."""
    best, worst = rules.RUNGS[row["best"]], rules.RUNGS[row["worst"]]
    return [
        best if best == worst else f"{best} → {worst}",
        why(row["why"]),
        rules.seconds(row["connect_ms"]),
        rules.seconds(row["voice_ms"]),
        f"{row['drops']} 次" if row["drops"] else "没有",
        f"{row['rtt_ms']} 毫秒" if row["rtt_ms"] is not None else "",
        rules.size(row["up"] + row["down"]),
    ]


def why(reasons: str) -> str:
    """Reasons of changes, in words."""
    return "、".join(rules.REASONS[one] for one in reasons.split())


@needs("manager", "inspector", "lead")
def page(talk: str) -> str | Response:
    """One talk's link: figures, the rungs of both ends as lines, each piece as a row; `?csv=1` gives the rows as a file."""
    with db().read() as connection:
        line = measures.line(connection, talk)
        point = places.device_public(connection, line.device)
        must_see(current_person(), point.region)
        ends = {side: measures.of_side(connection, talk, side) for side in SIDES}
    rows = sorted(((one, side) for side, samples in ends.items() for one in samples), key=lambda pair: pair[0].at)
    turns = [_row(one, side) for one, side in rows]
    if "csv" in request.args:
        return export.table(f"link-{talk[:8]}.csv", HEAD, turns)
    start = rows[0][0].at if rows else 0.0
    end = max((one.at + one.span_s for one, _ in rows), default=0.0)
    return render_template(
        "oversight/link.html", line=line, head=HEAD, turns=turns, rungs=rules.RUNGS, why=why(line.why),
        point={"id": line.point, "name": point.point_name}, seconds=rules.seconds, size=rules.size, lasted=rules.minutes,
        state=rules.link_state(line.state, line.outcome), ticks=_ticks(start, end),
        paths=[health.steps(samples, start, end, WIDTH, HEIGHT) for samples in ends.values()],
        cuts=_cuts([one for one, _ in rows], start, end),
    )  # fmt: skip


def _row(one: health.Sample, side: str) -> list[Any]:
    cut = f"{one.drops} 次" if one.drops else ""
    return [
        _clock(one.at), SIDES[side], rules.RUNGS[one.rung], rules.REASONS[one.reason], rules.minutes(one.span_s),
        "" if one.rtt_ms is None else one.rtt_ms, one.loss, rules.size(one.up), rules.size(one.down), cut,
    ]  # fmt: skip


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone(BEIJING):%H:%M:%S}"


def _ticks(start: float, end: float) -> list[tuple[int, str]]:
    return [(round(WIDTH * part / 3), _clock(start + (end - start) * part / 3)) for part in range(4)]


def _cuts(samples: Sequence[health.Sample], start: float, end: float) -> list[int]:
    """Where a connection was lost: the end of the piece in which it was."""
    length = max(end - start, 1.0)
    return sorted({round(WIDTH * (one.at + one.span_s - start) / length) for one in samples if one.drops})
