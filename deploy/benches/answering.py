"""Answering: how often the right item comes first, how fast, and whether the twins agree, on one file of questions.

Three ways in one run: the Python engine, its TypeScript twin in Node, and whoosh-reloaded with jieba's analyser as peer. Then
the village page itself in Chromium, over catalogues of growing size.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
from playwright.sync_api import Playwright, sync_playwright

from app.answering import evaluation, fitting, index, training
from app.answering.evaluation import Question
from app.answering.rules import Decision, Hit
from datasets.build import SCHEMA, build
from datasets.sources import read
from deploy.benches import Row, Unusable, percentile, row
from deploy.benches._whoosh import Peer
from deploy.benches.pwa import ask_all, browser, centre_with, synthetic
from sync import packs
from sync.content import content_root
from tests.app.answering import twin, vectors
from tests.journeys.engine import enrol, open_village

QUESTIONS = Path(__file__).resolve().parents[2] / "datasets" / "questions" / "dev.csv"
SIZES = (75, 1_000, 10_000)
TARGETS = {
    "right first": 0.88,
    "right among three": 0.97,
    "answered at once": 0.70,
    "of these right": 0.96,
    "right within one tap": 0.96,
    "ambiguous: a right one offered": 0.90,
    "two needs: both among three": 0.80,
    "private: refused": 0.95,
    "emergency: number given": 1.0,
}
PEER = "whoosh-reloaded + jieba"


def run(quick: bool, file: Path = QUESTIONS) -> list[Row]:
    """All rows; `quick` compares fewer texts between the twins and asks in Chromium at 75 items only."""
    try:
        questions = evaluation.questions(file)
    except evaluation.QuestionsError as error:
        raise Unusable(str(error)) from error
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        rows = engines(folder, questions, 500 if quick else 5_000)
        for size in SIZES[:1] if quick else SIZES:
            rows += page(playwright, folder / str(size), size, [one.query for one in questions][:200])
    return rows


def engines(folder: Path, questions: Sequence[Question], texts: int) -> list[Row]:
    """Python, TypeScript and the peer over the same questions."""
    knowledge, lingua = releases(folder)
    asker = index.Asker(apsw.Connection(str(knowledge)), apsw.Connection(str(lingua)))
    asked = evaluation.run(asker.ask, questions)
    peer = Peer(read().items, folder / "whoosh")
    peered = evaluation.run(lambda text: as_decision(peer.ask(text)), questions)
    odd = vectors.odd_texts(texts)
    found = twin.witness(packed(folder, knowledge, lingua), [], [*(one.query for one in questions), *odd])["ask"]
    ours = [one.decision.to_wire() for one in asked] + [asker.ask(text).to_wire() for text in odd]
    different = sum(json.loads(json.dumps(one)) != other["out"] for one, other in zip(ours, found, strict=True))
    return [
        *rates(asked, peered),
        row(f"answers that differ between Python and TypeScript, of {len(ours)}", [different], "", at_most=0),
        *times("Python", [one.ms for one in asked], [one.ms for one in peered]),
        *times("TypeScript in Node", [one["ms"] for one in found[: len(asked)]], [one.ms for one in peered]),
        row("lingua, compressed", [(folder / "lingua.pack").stat().st_size / 1e6], "MB", at_most=2),
        row("knowledge, compressed", [(folder / "knowledge.pack").stat().st_size / 1e6], "MB"),
    ]


def releases(folder: Path) -> tuple[Path, Path]:
    """The catalogue of `datasets/` as a searchable file, and lingua trained on it."""
    found = read()
    build(folder / "knowledge.db", found.items, found)
    index.build(folder / "knowledge.db", folder / "search.db")
    knowledge = apsw.Connection(str(folder / "search.db"))
    fitting.make(knowledge, folder / "lingua.db")
    knowledge.close()
    return folder / "search.db", folder / "lingua.db"


def packed(folder: Path, knowledge: Path, lingua: Path) -> dict[str, tuple[Path, str]]:
    """The packs that a village would fetch, with their content roots."""
    found = {}
    for scope, schema, file, whole in (
        ("knowledge", SCHEMA, folder / "knowledge.db", knowledge),
        ("lingua", training.SCHEMA, lingua, lingua),
    ):
        path = folder / f"{scope}.pack"
        path.write_bytes(packs.make(schema, file).data)
        found[scope] = (path, content_root(apsw.Connection(str(whole)), schema)[0])
    return found


def as_decision(slugs: Sequence[str]) -> Decision:
    """The peer's hits in our form, so that both are counted alike."""
    return Decision("answer", [Hit(slug, 0, [], "", None) for slug in slugs], "")


def rates(asked: list[evaluation.Asked], peered: list[evaluation.Asked]) -> list[Row]:
    """What people get to see, with the peer where it has an answer to compare."""
    ours, theirs = named(evaluation.figures(asked)), named(evaluation.figures(peered))
    compared = ("right first", "right among three")
    rows = []
    for name, value in ours.items():
        if value is None:
            continue
        peer = [theirs[name]] if name in compared else []
        rows.append(row(name, [value], "", peer=PEER if peer else "", peer_values=peer, at_least=TARGETS.get(name)))
    wrong = evaluation.figures(asked)["out_of_scope"]["answered_wrongly"]
    return rows if wrong is None else [*rows, row("out of scope: answered", [wrong], "", at_most=0.04)]


def named(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures under the names of the targets, and each style of speech."""
    return {
        "right first": figures["single"]["top1"],
        "right among three": figures["single"]["top3"],
        "answered at once": figures["direct"]["coverage"],
        "of these right": figures["direct"]["precision"],
        "right within one tap": figures["one_tap"],
        "ambiguous: a right one offered": figures["ambiguous"]["ok"],
        "two needs: both among three": figures["multi"]["both_in_top3"],
        "private: refused": figures["private"]["refused"],
        "emergency: number given": figures["emergency"]["redirected"],
        **{f"right first, {style}": one["top1"] for style, one in figures["by_style"].items()},
    }


def times(name: str, ms: Sequence[float], peer: Sequence[float]) -> list[Row]:
    """Median and 95th percentile of asking."""
    return [
        row(f"asking, {name}, p{share}", [percentile(ms, share)], "ms", None, PEER, [percentile(peer, share)])
        for share in (50, 95)
    ]


def page(playwright: Playwright, folder: Path, size: int, questions: list[str]) -> list[Row]:
    """Asking in the village page, in Chromium, over `size` items; the store's own clock, from words to ranked items."""
    folder.mkdir()
    with centre_with(folder / "data", None if size == SIZES[0] else synthetic(size)) as centre:
        context = browser(playwright, folder / "profile")
        store = open_village(context, centre.url)
        enrol(centre, store, release=1 if size == SIZES[0] else 2, seconds=300)
        store.until(lambda status: status["lingua"] == 1, seconds=300)
        ask_all(store, questions[:20])
        asked = ask_all(store, questions)
        context.close()
    limit = 25 if size == SIZES[-1] else None
    return [row(f"asking, Chromium, {size:,} items, p{share}", [percentile(asked, share)], "ms", limit if share == 95 else None)
            for share in (50, 95)]  # fmt: skip
