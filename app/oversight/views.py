"""综合管理: what happened today, at which points, and the rows behind every figure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for
from sqlalchemy import ColumnElement, Connection, Row
from werkzeug.datastructures import MultiDict

from app import clock
from app.accounts.guard import current_person, must_see, needs
from app.accounts.rules import Person, within
from app.db import db
from app.desk import measures
from app.handling.rules import STATES
from app.knowledge import releases
from app.oversight import audit, export, links, rules, store, trail
from app.pages import BEIJING, day_bounds
from app.places import guard as places
from app.problems import Problem
from app.ratings.rules import LEVELS
from app.settings import Settings

bp = Blueprint("oversight", __name__, template_folder="templates")

READERS = ("manager", "inspector", "lead")


@dataclass(frozen=True)
class Scope:
    """The part of the organisation that a page shows: a region of the person's subtree and its points."""

    region: str
    points: dict[str, Row[Any]]
    crumbs: list[tuple[str, str]]
    """(code, name) from the person's own region down to this one."""
    below: list[tuple[str, str]]
    """(code, name) of the next level that has points."""


def _settings() -> Settings:
    settings: Settings = current_app.extensions["jjb_settings"]
    return settings


def _now() -> datetime:
    return clock.parse(clock.now())


def _today() -> date:
    return _now().astimezone(BEIJING).date()


def _scope(connection: Connection, me: Person) -> Scope:
    """The region that `?region=` names; Problem access.region outside of the person's subtree."""
    names: Mapping[str, str] = current_app.extensions["jjb_region_names"]
    region = request.args.get("region") or me.region
    if region not in names:
        raise Problem("request.format", field="区域")
    must_see(me, region)
    rows = places.points_in(connection, region)
    parents = {row["code"]: row["parent"] for row in current_app.extensions["jjb_regions"]}
    crumbs: list[tuple[str, str]] = []
    code = region
    while code and within(me.region, code):
        crumbs.insert(0, (code, names[code]))
        code = parents.get(code, "")
    below = sorted(
        code for code, parent in parents.items() if parent == region and any(within(code, row.region) for row in rows)
    )
    return Scope(region, {row.id: row for row in rows}, crumbs, [(code, names[code]) for code in below])


def _item_names(connection: Connection) -> dict[str, str]:
    newest = releases.newest(connection)
    return releases.item_names(releases.file_of(_settings(), newest.number)) if newest else {}


@bp.get("/oversight/")
@needs(*READERS)
def overview() -> str | Response:
    """Figures of one day and the state of every service point; `?csv=1` gives the table of points."""
    me, now = current_person(), _now()
    day = _day(request.args.get("day"))
    start, end = day_bounds(day.isoformat())
    with db().read() as connection:
        scope = _scope(connection, me)
        newest = releases.newest(connection)
        counts = store.figures(connection, scope.points, start, end)
        devices = [row for row in places.device_states(connection) if row["point"] in scope.points]
    board = _board(scope, devices, counts, newest.number if newest else 0, now)
    if "csv" in request.args:
        return _points_csv(board, day)
    totals = {figure.key: sum(one.get(figure.key, 0) for one in counts.values()) for figure in rules.FIGURES}
    heard = sum(
        1 for point in board if not any(mark.level == "bad" for mark in point["marks"]) and point["state"].last_contact
    )
    return render_template(
        "oversight/overview.html", scope=scope, day=day, today=_today(), figures=rules.FIGURES, totals=totals,
        board=board, heard=heard, newest=newest, now=clock.stamp(now), silent_hours=_settings().silent_hours,
    )  # fmt: skip


def _day(text: str | None) -> date:
    try:
        day = date.fromisoformat(text) if text else _today()
    except ValueError as error:
        raise Problem("request.format", field="日期要写成 2026-11-23 这样") from error
    return min(day, _today())


def _state(row: Mapping[str, Any]) -> rules.State:
    heard = row["last_contact"]
    return rules.State(
        devices=1,
        last_contact=clock.parse(heard) if heard else None,
        release=row["release"] or 0,
        waiting=row["waiting"] or 0,
        refused=row["refused"] or 0,
        disk_free=row["disk_free"],
        clock_skew_s=row["clock_skew_s"],
        answers_agree=row["answers_agree"],
    )


def _board(
    scope: Scope,
    devices: Sequence[Mapping[str, Any]],
    counts: Mapping[str, Mapping[str, int]],
    newest: int,
    now: datetime,
) -> list[dict[str, Any]]:
    """One row for each point: what needs attention first, then by region."""
    board = []
    for point in scope.points.values():
        mine = [row for row in devices if row["point"] == point.id and not row["revoked_at"]]
        state = rules.together([_state(row) for row in mine])
        found = rules.marks(state, newest, _settings().silent_hours, now)
        board.append(
            {
                "id": point.id,
                "name": point.name,
                "region": point.region,
                "devices": mine,
                "state": state,
                "last_contact": clock.stamp(state.last_contact) if state.last_contact else None,
                "marks": found,
                "counts": {figure.key: counts.get(point.id, {}).get(figure.key, 0) for figure in rules.FIGURES},
            }
        )
    gravity = {"bad": 0, "warn": 1, "ok": 2}
    return sorted(board, key=lambda one: (gravity[one["marks"][0].level], one["region"], one["id"]))


def _points_csv(board: Sequence[Mapping[str, Any]], day: date) -> Response:
    names = current_app.extensions["jjb_region_names"]
    head = [
        "服务点",
        "所在地",
        "状态",
        "最后联系",
        "设备数",
        "知识版本",
        "待传",
        *(figure.label for figure in rules.FIGURES),
    ]
    rows = [
        [
            one["name"], names.get(one["region"], one["region"]), "、".join(mark.word for mark in one["marks"]),
            export.moment(one["last_contact"]), one["state"].devices, one["state"].release, one["state"].waiting,
            *(one["counts"][figure.key] for figure in rules.FIGURES),
        ]
        for one in board
    ]  # fmt: skip
    return export.table(f"points-{day}.csv", head, rows)


@dataclass(frozen=True)
class Listing:
    """What one list page is made of."""

    table: store.Rows
    title: str
    head: tuple[str, ...]
    cells: Callable[[Mapping[str, Any]], list[Any]]
    """The cells of one row, in the order of `head`; used by the page and by the export alike."""
    match: Callable[[dict[str, str]], ColumnElement[bool]] | None = None
    """How its filters narrow, where `store.matching` does not know them."""
    href: Callable[[Mapping[str, Any]], str] | None = None
    """Where the first cell of a row leads."""


@bp.get("/oversight/questions")
@needs(*READERS)
def questions() -> str | Response:
    """Questions asked in the villages; filters: from, to, region, point, decision, q."""
    wanted = {"decision": _choice("decision", rules.DECISIONS), "q": request.args.get("q", "").strip()[:100]}
    with db().read() as connection:
        items = _item_names(connection)

    def cells(row: Mapping[str, Any]) -> list[Any]:
        picked = items.get(row["picked"], row["picked"]) if row["picked"] else ""
        return [row["text"], rules.DECISIONS[row["decision"]], picked, row["release"] or "无"]

    listing = Listing(store.seen_question, "提问", ("问题", "结果", "点开的事项", "知识版本"), cells)
    return _list(listing, "oversight/questions.html", wanted, decisions=rules.DECISIONS)


@bp.get("/oversight/cases")
@needs(*READERS)
def cases() -> str | Response:
    """Cases handed in, without anything of the applicants; filters: from, to, region, point, item, q."""
    with db().read() as connection:
        items = _item_names(connection)
    wanted = {"item": _choice("item", items), "q": request.args.get("q", "").strip()[:100]}

    def cells(row: Mapping[str, Any]) -> list[Any]:
        return [row["case_no"], items.get(row["item"], row["item"]), row["state"], row["release"] or "无"]

    listing = Listing(store.seen_case, "代办件", ("办件编号", "事项", "进展", "知识版本"), cells)
    return _list(listing, "oversight/cases.html", wanted, items=sorted(items.items(), key=lambda pair: pair[1]))


@bp.get("/oversight/ratings")
@needs(*READERS)
def ratings() -> str | Response:
    """Ratings, without their free text; filters: from, to, region, point, level (1 to 5, or bad)."""
    levels = {"bad": "差评", **{str(level): word for level, word in LEVELS.items()}}
    wanted = {"level": _choice("level", levels)}

    def cells(row: Mapping[str, Any]) -> list[Any]:
        return [row["matter"], LEVELS[row["level"]], "、".join(row["reasons"])]

    listing = Listing(store.seen_rating, "评价", ("评价对象", "等级", "原因"), cells)
    return _list(listing, "oversight/ratings.html", wanted, levels=levels)


@bp.get("/oversight/talks")
@needs(*READERS)
def talks() -> str | Response:
    """Calls from the villages to the desk, without a word of what was said; filters: from, to, region, point."""
    with db().read() as connection:
        items = _item_names(connection)

    def cells(row: Mapping[str, Any]) -> list[Any]:
        item = row["body"]["item"]
        return [items.get(item, item), row["waited"], row["state"]]

    listing = Listing(store.seen_talk, "呼叫客服", ("当时在看的事项", "等了多久", "结果"), cells)
    return _list(listing, "oversight/talks.html", {})


@bp.get("/oversight/links", endpoint="links")
@needs(*READERS)
def link_list() -> str | Response:
    """How the links of calls were; filters: from, to, region, point, worst (rung), reason, connect, drops."""
    wanted = {
        "worst": _choice("worst", {str(rung) for rung in range(len(rules.RUNGS))}),
        "reason": _choice("reason", rules.REASONS),
        "connect": _choice("connect", rules.CONNECTS),
        "drops": _choice("drops", rules.DROPS),
    }
    head = ("档位", "换档原因", "接通用时", "听到声音", "断线", "往返", "流量")
    listing = Listing(
        measures.LINKS, "通话线路", head, links.cells, measures.matching, lambda row: url_for(".link", talk=row["talk"])
    )
    return _list(
        listing, "oversight/links.html", wanted, rungs=rules.RUNGS, reasons=rules.REASONS, connects=rules.CONNECTS,
        drops=rules.DROPS,
    )  # fmt: skip


def _add_course(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """How each call went: how long it waited, how it stands."""
    course = trail.talks(connection, [row["talk"] for row in rows])
    for row in rows:
        entries = course[row["talk"]]
        last = next(one for one in reversed(entries) if one.name in rules.TALK_COURSE)
        claimed = next((clock.parse(one.received_at) for one in entries if one.name == "talk.claimed"), None)
        row["waited"] = rules.lasted(clock.parse(row["received_at"]), claimed)
        row["state"] = rules.talk_state(last.name, last.body.get("outcome", ""))


def _choice(name: str, known: Collection[str]) -> str:
    value = request.args.get(name, "")
    if value and value not in known:
        raise Problem("request.format", field=name)
    return value


def _list(listing: Listing, template: str, wanted: Mapping[str, str], **more: Any) -> str | Response:
    """A page of rows, or all rows of the same filter as a file."""
    me = current_person()
    try:
        days = rules.span(request.args.get("from"), request.args.get("to"), _today())
    except ValueError as error:
        raise Problem("request.format", field=str(error)) from error
    start, end = day_bounds(days.first.isoformat())[0], day_bounds(days.last.isoformat())[1]
    as_file = "csv" in request.args
    with db().read() as connection:
        scope = _scope(connection, me)
        point = _choice("point", scope.points)
        matching = listing.match(dict(wanted)) if listing.match else store.matching(listing.table, wanted)
        where = store.within(listing.table, [point] if point else scope.points, start, end) & matching
        pages = rules.pages(request.args.get("page"), store.count(connection, listing.table, where))
        rows = store.rows(connection, listing.table, where, *(() if as_file else (pages.size, pages.offset)))
        if listing.table is store.seen_case:
            _add_progress(connection, rows)
        if listing.table is store.seen_talk:
            _add_course(connection, rows)
    shown = [
        {
            **row,
            "cells": listing.cells(row),
            "href": listing.href(row) if listing.href else None,
            "point_name": scope.points[row["point"]].name,
        }
        for row in rows
    ]
    if as_file:
        name = f"{listing.table.name.removeprefix('seen_')}s-{days.first}-{days.last}.csv"
        return export.table(name, [*listing.head, "服务点", "设备", "提交时间", "收到时间"], map(_exported, shown))
    query = MultiDict(
        (key, value) for key, value in request.args.items(multi=True) if key not in ("page", "csv") and value
    )
    return render_template(
        template, listing=listing, rows=shown, pages=pages, days=days, scope=scope, point=point, wanted=wanted,
        query=query.to_dict(), **more,
    )  # fmt: skip


def _exported(row: Mapping[str, Any]) -> list[Any]:
    times = (export.moment(row["client_at"]), export.moment(row["received_at"]))
    return [*row["cells"], row["point_name"], row["device"], *times]


def _add_progress(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    last = trail.progress_of(connection, [row["case_no"] for row in rows])
    for row in rows:
        row["state"] = last.get(row["case_no"], {}).get("state_name", STATES["submitted"])


@bp.get("/oversight/devices/<device_id>")
@needs(*READERS)
def device(device_id: str) -> str:
    """One device: what it last said of itself, and its time line."""
    me, now = current_person(), _now()
    with db().read() as connection:
        found = next((row for row in places.device_states(connection) if row["id"] == device_id), None)
        if found is None:
            raise Problem("request.missing")
        point = places.device_public(connection, device_id)
        must_see(me, point.region)
        newest = releases.newest(connection)
        total, numbered, highest = trail.device_counts(connection, device_id)
        pages = rules.pages(request.args.get("page"), total)
        entries = trail.of_device(connection, device_id, pages.size, pages.offset)
        items = _item_names(connection)
    state = _state(found)
    found_marks = rules.marks(state, newest.number if newest else 0, _settings().silent_hours, now)
    return render_template(
        "oversight/device.html", device=found, point=point, marks=found_marks, entries=entries, pages=pages,
        numbered=numbered, highest=highest, word_of=rules.word_of, items=items, query={},
        about=_about(items),
    )  # fmt: skip


def _about(items: Mapping[str, str]) -> Callable[[Any], str]:
    """What an entry of a time line was about, in a few words."""

    def about(entry: Any) -> str:
        body = entry.body
        if entry.name == "question.asked":
            return f"“{body['text']}” {rules.DECISIONS[body['decision']]}"
        if entry.name in ("case.submitted", "notice.printed"):
            return f"{body.get('case_no', '')} {items.get(body['item'], body['item'])}".strip()
        if entry.name == "rating.given":
            return f"{body['matter']} {LEVELS[body['level']]}"
        return "、".join(str(body[key]) for key in ("name", "reason", "letters") if body.get(key))

    return about


bp.add_url_rule("/oversight/links/<talk>", "link", links.page)
bp.add_url_rule("/oversight/audit", "audit", audit.page)
bp.add_url_rule("/oversight/audit/check", "check", audit.check, methods=["POST"])
