"""Staff search at the centre: how long the index takes, how large it is, how fast a page of hits comes, how sounds are understood.

Long texts are made from the items in force, shuffled into files of about 20,000 characters: real words, no meaning.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from app import create_app
from app.db import db
from app.library import store, words
from app.library.index import Filters, Shelf, item_body
from app.library.rules import Draft
from app.settings import Settings
from app.setup import setup
from datasets.rows import Document
from datasets.sources import read
from deploy.benches import Row, percentile, row

LENGTH = 20_000


def run(quick: bool) -> list[Row]:
    """All rows; `quick` holds 50 texts instead of 500."""
    many = 50 if quick else 500
    items = read().items
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        app = create_app(settings)
        setup(app, demo=True)
        with app.app_context():
            with db().write() as connection:
                for n, body in enumerate(_bodies(items, many)):
                    draft = Draft(f"第{n}号文件", "policy", "民政局", "533300000000", "2026-05-20", "", body)
                    store.add(connection, draft, "bench", "bench")
            with db().read() as connection:
                shelf = Shelf(settings, connection)
                started = time.perf_counter()
                shelf.reindex()
                made = time.perf_counter() - started
            size = sum(path.stat().st_size for path in shelf.folder.rglob("*"))
            rows = [
                row(f"reindex, {many} texts of {LENGTH} characters", [made], "s"),
                row("index on disk", [size / 1e6], "MB"),
                *_searches(settings, items, many),
                _one_more(settings, items),
                *_sounds(settings, items),
            ]
        app.extensions["jjb_db"].close()
    return rows


def _bodies(items: list[Document], many: int) -> list[str]:
    chance = random.Random(1)  # noqa: S311 - the same texts at every run
    lines = [line for item in items for line in item_body(item).splitlines()]
    bodies = []
    for n in range(many):
        taken = [f"文件第 {n} 号"]
        while sum(map(len, taken)) < LENGTH:
            taken.append(chance.choice(lines))
        bodies.append("\n".join(taken))
    return bodies


def _searches(settings: Settings, items: list[Document], many: int) -> list[Row]:
    times = []
    with db().read() as connection:
        for item in items:
            started = time.perf_counter()
            Shelf(settings, connection).search(item["name"], Filters(), 1, 10)
            times.append((time.perf_counter() - started) * 1000)
    name = f"a page of hits for an item's name, {many} texts"
    return [row(f"{name}: p50", [percentile(times, 50)], "ms"), row(f"{name}: p95", [percentile(times, 95)], "ms")]


def _one_more(settings: Settings, items: list[Document]) -> Row:
    times = []
    for n, body in enumerate(_bodies(items, 5)):
        with db().write() as connection:
            store.add(
                connection, Draft(f"新{n}", "note", "民政局", "533300000000", "2026-05-20", "", body + "新"), "b", "b"
            )
        with db().read() as connection:
            started = time.perf_counter()
            Shelf(settings, connection).refresh()
            times.append(time.perf_counter() - started)
    return row("one text more in the index", times, "s")


def _sounds(settings: Settings, items: list[Document]) -> list[Row]:
    """Aliases of items typed in pinyin, and with one character replaced by another that sounds the same."""
    owners: dict[str, set[str]] = {}
    for item in items:
        for alias in item["aliases"]:
            if 3 <= len(alias) <= 6 and words.is_chinese(alias):
                owners.setdefault(alias, set()).add(item["slug"])
    names = sorted(owners)
    by_sound: dict[str, list[str]] = {}
    for char, (plain, sound) in words.chars().items():
        if char == plain and sound:
            by_sound.setdefault(sound, []).append(char)
    chance = random.Random(2)  # noqa: S311
    typed, misspelt = [], []
    with db().read() as connection:
        shelf = Shelf(settings, connection)
        for name in names:
            pinyin = "".join(words.chars()[char][1] for char in name)
            typed.append(_reaches(shelf, pinyin, owners[name]))
            at = chance.randrange(len(name))
            other = chance.choice(by_sound[words.chars()[name[at]][1]])
            misspelt.append(_reaches(shelf, name[:at] + other + name[at + 1 :], owners[name]))
    return [
        row(
            f"{len(names)} aliases in pinyin, an item of that alias among ten hits",
            [100 * sum(typed) / len(typed)],
            "%",
        ),
        row(f"{len(names)} aliases with a wrong character, the same", [100 * sum(misspelt) / len(misspelt)], "%"),
    ]


def _reaches(shelf: Shelf, asked: str, owners: set[str]) -> bool:
    """Whether an owner is among ten hits of what was typed, or of what the page offers instead."""
    only = Filters(kind="item")
    found = shelf.search(asked, only, 1, 10)
    offered = shelf.search(found.suggestion, only, 1, 10).hits if found.suggestion else []
    return bool(owners & {hit.id for hit in [*found.hits, *offered]})
