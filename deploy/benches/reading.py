"""Reading cards at the centre: which fields come out right on clean, moderate and hard photos, and what one takes.

Cards are drawn by `_cards.py` for persons who never lived and read by the same program that the centre starts, one process
for each. A field is right when it equals the card's to the last sign; a doubted one that is right counts as right.
"""

from __future__ import annotations

import io
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from PIL import Image

from app.problems import Problem
from app.reading import engine, rules
from deploy.benches import Row, percentile, row
from deploy.benches._cards import KINDS, Person, draw, hard, people, photo, worn

CONDITIONS = {
    "clean": lambda card, _chance: card,
    "moderate": worn,
    "table": photo,
    "hard": hard,
}
"""The card as printed; blurred, grainy, with a lamp in it; uncut on a table; much worse than a guide would keep."""
ASKED = ("id_number", "name", "birth")
LEAST = {"clean": 95.0, "moderate": 95.0}


def run(quick: bool) -> list[Row]:
    """Per cent of cards with the field right, by condition, over all kinds of cards; seconds for one."""
    right: dict[tuple[str, str], list[float]] = defaultdict(list)
    spent: list[float] = []
    for kind, condition, person, picture in _pictures(2 if quick else 8):
        began = time.perf_counter()
        try:
            lines, _turned = engine.scan(picture)
        except Problem:
            lines = []
        spent.append(time.perf_counter() - began)
        said = {one.name: one.value for one in rules.read(lines, date.today()).fields}
        for name in ASKED:
            right[condition, name].append(100.0 * (said.get(name) == _truth(person, name)))
        if kind == "id-card":
            right[condition, "address"].append(100.0 * (said.get("address") == person.address))
    return [
        *(
            row(f"{condition}: {name} right", [sum(hits) / len(hits)], "%", at_least=LEAST.get(condition))
            for (condition, name), hits in right.items()
        ),
        row("one card, p50", spent, "s"),
        row("one card, p95", [percentile(spent, 95)], "s"),
    ]


def _truth(person: Person, name: str) -> str:
    return {"id_number": person.number, "name": person.name, "birth": person.birth}[name]


def _pictures(each: int) -> Iterator[tuple[str, str, Person, bytes]]:
    chance = random.Random(2026)  # noqa: S311 - blur, no secret
    everybody = people()
    for kind in KINDS:
        for condition, spoil in CONDITIONS.items():
            for person in chance.sample(everybody, each):
                yield kind, condition, person, _jpeg(spoil(draw(person, kind), chance))


def _jpeg(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=80)
    return data.getvalue()
