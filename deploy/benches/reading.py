"""Reading cards: which fields come out right on clean, moderate and hard photos, and what one takes, at the centre and on a device.

Cards are drawn by `_cards.py` for persons who never lived. At the centre they are read by the program that it starts, one
process for each; on the device by the village page in a real Chromium with the recognition pack, installed as a guide installs it. A field is
right when it equals the card's to the last sign; a doubted one that is right counts as right.
"""

from __future__ import annotations

import base64
import io
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from app.problems import Problem
from app.reading import engine, rules
from deploy.benches import Row, percentile, row
from deploy.benches._cards import KINDS, Person, draw, hard, people, photo, worn
from deploy.benches.pwa import centre_with
from tests.journeys.conftest import CHROMIUM, FLAGS, SCREEN
from tests.journeys.engine import CALL, Store, enrol, open_village

CONDITIONS = {
    "clean": lambda card, _chance: card,
    "moderate": worn,
    "table": photo,
    "hard": hard,
}
"""The card as printed; blurred, grainy, with a lamp in it; uncut on a table; much worse than a guide would keep."""
ASKED = ("id_number", "name", "birth")
LEAST = {"clean": 95.0, "moderate": 95.0}
INSTALL_S = 300
Read = Callable[[bytes], dict[str, str]]
"""From a photo to what it says: field → value."""
READ_HERE = f"""async ([draft, photo]) => {{
  const call = {CALL};
  const data = Uint8Array.from(atob(photo), (sign) => sign.charCodeAt(0));
  const paper = (await call(["addPaper", [draft, "身份证", data, data.slice(0, 100)], null])).value;
  const began = performance.now();
  const read = await call(["readCard", [paper], null]);
  const spent = performance.now() - began;
  await call(["dropPaper", [paper], null]);
  return [spent / 1000, read.value ?? null, read.problem ?? null];
}}"""


def run(quick: bool) -> list[Row]:
    """Per cent of cards with the field right, by condition, over all kinds of cards; seconds for one, here and there."""
    cards = list(_pictures(2 if quick else 8))
    rows, centre_s = _measured("centre", cards, _at_centre)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, centre_with(Path(folder)) as centre:
        context = playwright.chromium.launch_persistent_context(
            Path(folder) / "profile",
            executable_path=CHROMIUM,
            args=list(FLAGS),
            viewport=SCREEN,  # type: ignore[arg-type]
        )
        store = open_village(context, centre.url)
        enrol(centre, store)
        began = time.perf_counter()
        store("recognition", "install")
        _until_here(store)
        installed = time.perf_counter() - began
        draft = store("newDraft", "id-card", [])["id"]
        spent: list[float] = []

        def on_device(picture: bytes) -> dict[str, str]:
            took, found, fault = store.page.evaluate(READ_HERE, [draft, base64.b64encode(picture).decode()])
            assert found is None or found["here"], "the photo went to the centre"
            assert fault is None, fault
            spent.append(took)
            return {one["name"]: one["value"] for one in found["fields"]}

        first = time.perf_counter()
        on_device(cards[0][-1])
        first = time.perf_counter() - first
        spent.clear()
        mine, _ = _measured("device", cards, on_device)
        context.close()
    return [
        *rows,
        row("centre: one card, p50", centre_s, "s"),
        row("centre: one card, p95", [percentile(centre_s, 95)], "s"),
        *mine,
        row("device: pack installed over loopback", [installed], "s"),
        row("device: first card, models loaded", [first], "s"),
        row("device: one card, p50", spent, "s"),
        row("device: one card, p95", [percentile(spent, 95)], "s"),
        row("device to centre, one card, p50", [percentile(spent, 50) / percentile(centre_s, 50)], "x"),
    ]


def _until_here(store: Store) -> None:
    deadline = time.monotonic() + INSTALL_S
    while (state := store("recognition"))["state"] != "here":
        assert time.monotonic() < deadline, state
        time.sleep(0.2)


def _measured(where: str, cards: list[tuple[str, str, Person, bytes]], read: Read) -> tuple[list[Row], list[float]]:
    """(fields right by condition, seconds of each card)."""
    right: dict[tuple[str, str], list[float]] = defaultdict(list)
    spent: list[float] = []
    for kind, condition, person, picture in cards:
        began = time.perf_counter()
        said = read(picture)
        spent.append(time.perf_counter() - began)
        for name in ASKED:
            right[condition, name].append(100.0 * (said.get(name) == _truth(person, name)))
        if kind == "id-card":
            right[condition, "address"].append(100.0 * (said.get("address") == person.address))
    rows = [
        row(f"{where}: {condition}: {name} right", [sum(hits) / len(hits)], "%", at_least=LEAST.get(condition))
        for (condition, name), hits in right.items()
    ]
    return rows, spent


def _at_centre(picture: bytes) -> dict[str, str]:
    try:
        lines, _turned = engine.scan(picture)
    except Problem:
        return {}
    return {one.name: one.value for one in rules.read(lines, date.today()).fields}


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
