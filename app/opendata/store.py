"""The open-data file: built from the release in force and from counts, never from rows about persons."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlite_utils
from flask import Flask, current_app
from sqlalchemy import Column, Connection, Row, Table, Text, insert, select, update

from app import clock, ledger
from app.db import db, metadata
from app.knowledge import releases
from app.opendata import rules
from app.pages import beijing_day
from app.problems import Problem
from app.settings import Settings

open_build = Table(
    "open_build",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("built_by", Text, nullable=False),
    Column("built_at", Text, nullable=False),
    Column("approved_by", Text),
    Column("approved_at", Text),
)

PUBLISHED = (
    "code", "name", "domain", "department", "applicants", "statutory_limit", "promised_limit", "fee", "place", "result",
)  # fmt: skip
"""Fields of an item that the open table shows."""
MEASURES = {"question.asked": "提问", "case.submitted": "办件", "rating.given": "评价"}


def live_file(settings: Settings) -> Path:
    """What Datasette serves."""
    return settings.data / "open" / "open.db"


def build_file(settings: Settings, build_id: str) -> Path:
    """A build that waits for, or has, its approval."""
    return settings.data / "open-builds" / f"{build_id}.db"


def monthly(connection: Connection, names: dict[str, str]) -> dict[str, dict[tuple[str, str], int]]:
    """Counts by measure of (month, county name); every month that occurs has every county."""
    points: dict[str, str] = {}
    for entry in ledger.read(connection, name="point.added"):
        points[entry.subject] = names.get(entry.body["region"][:6] + "000000", "")
    found: dict[str, dict[tuple[str, str], int]] = {}
    for event, measure in MEASURES.items():
        counts: Counter[tuple[str, str]] = Counter()
        for entry in ledger.read(connection, name=event):
            counts[beijing_day(entry.received_at)[:7], points.get(entry.service_point or "", "")] += 1
        months = {month for month, _ in counts}
        counties = sorted(set(points.values()))
        found[measure] = {(month, county): counts[month, county] for month in months for county in counties}
    return found


def build(connection: Connection, settings: Settings, names: dict[str, str], actor: str) -> str:
    """Build a file for approval; returns its id. The same release and counts give the same rows."""
    release = releases.in_force(connection)
    build_id = clock.new_id()
    path = build_file(settings, build_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    out = sqlite_utils.Database(path)
    _catalogue(out, releases.documents_of(releases.file_of(settings, release.number)), release)
    points = list(ledger.read(connection, name="point.added"))
    out.table("service_points").insert_all(
        [{"id": p.subject, "name": p.body["name"], "region": names.get(p.body["region"], "")} for p in points], pk="id"
    )
    rows = []
    for measure, cells in monthly(connection, names).items():
        for (month, county), count in sorted(rules.suppress(cells, settings.small_count).items()):
            rows.append({"month": month, "county": county, "measure": measure, "count": count})
    counted = out.table("monthly_counts")
    counted.create({"month": str, "county": str, "measure": str, "count": int}, pk=("month", "county", "measure"))
    counted.insert_all(rows)
    out.vacuum()
    out.close()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    values = {"id": build_id, "sha256": sha256, "state": "waiting", "built_by": actor, "built_at": clock.now()}
    connection.execute(insert(open_build).values(values))
    _note(connection, "opendata.built", build_id, actor, sha256)
    return build_id


def _catalogue(out: sqlite_utils.Database, documents: dict[str, dict[str, Any]], release: releases.Release) -> None:
    items: list[dict[str, Any]] = []
    materials: list[dict[str, Any]] = []
    situations: list[dict[str, Any]] = []
    questions: list[dict[str, Any]] = []
    for slug, doc in documents.items():
        items.append({"slug": slug, **{name: doc[name] for name in PUBLISHED}, "release": release.number})
        materials += [{"item": slug, "pos": n, **material} for n, material in enumerate(doc["materials"], 1)]
        for pos, one in enumerate(doc["situations"], 1):
            situations.append({"item": slug, "pos": pos, "name": one["name"], "note": one["note"]})
        for pos, pair in enumerate(doc["qa"], 1):
            questions.append({"item": slug, "pos": pos, "question": pair["q"], "answer": pair["a"]})
    out.table("items").insert_all(items, pk="slug")
    to_item = [("item", "items", "slug")]
    out.table("materials").insert_all(materials, pk=("item", "pos"), foreign_keys=to_item)
    out.table("situations").insert_all(situations, pk=("item", "pos"), foreign_keys=to_item)
    out.table("questions").insert_all(questions, pk=("item", "pos"), foreign_keys=to_item)


def approve(connection: Connection, settings: Settings, build_id: str, actor: str) -> None:
    """Let a build out: needs a second person (Problem opendata.own_build) and an unchanged file (opendata.changed)."""
    waiting = select(open_build).where(open_build.c.id == build_id, open_build.c.state == "waiting")
    found = connection.execute(waiting).first()
    if found is None:
        raise Problem("request.missing")
    if found.built_by == actor:
        raise Problem("opendata.own_build")
    go_live(connection, settings, found, actor)


def go_live(connection: Connection, settings: Settings, found: Row[Any], actor: str) -> None:
    """Put a build where Datasette reads, in one rename."""
    data = build_file(settings, found.id).read_bytes()
    if hashlib.sha256(data).hexdigest() != found.sha256:
        raise Problem("opendata.changed")
    _replace(live_file(settings), build_file(settings, found.id))
    now = clock.now()
    connection.execute(update(open_build).where(open_build.c.state == "live").values(state="past"))
    connection.execute(
        update(open_build).where(open_build.c.id == found.id).values(state="live", approved_by=actor, approved_at=now)
    )
    _note(connection, "opendata.approved", found.id, actor, found.sha256)


def _replace(live: Path, build: Path) -> None:
    """Make the live file say what the build says, in one SQLite transaction.

    Datasette keeps the file open: a new file under the old name would never reach it, and a crash in the middle is
    rolled back by whoever opens the file next.
    """
    live.parent.mkdir(parents=True, exist_ok=True)
    opened = sqlite3.connect(f"file:{build}?mode=ro", uri=True)
    with closing(opened) as source, closing(sqlite3.connect(live)) as target:
        source.backup(target)


def builds(connection: Connection) -> list[Row[Any]]:
    """All builds, newest first."""
    return list(connection.execute(select(open_build).order_by(open_build.c.built_at.desc()).limit(50)))


def build_first(app: Flask) -> None:
    """At set-up: a first file with the catalogue (which is public) so that the open-data site has something to show.

    Statistics are empty then, so nothing is disclosed without a second person.
    """
    settings: Settings = app.extensions["jjb_settings"]
    if live_file(settings).exists():
        return
    with db().write() as connection:
        build_id = build(connection, settings, current_app.extensions["jjb_region_names"], "centre")
        found = connection.execute(select(open_build).where(open_build.c.id == build_id)).one()
        go_live(connection, settings, found, "centre")


def _note(connection: Connection, name: str, build_id: str, actor: str, sha256: str) -> None:
    ledger.append(connection, ledger.Event(clock.new_id(), name, build_id, actor, clock.now(), {"sha256": sha256}))
