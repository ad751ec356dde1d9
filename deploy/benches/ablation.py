"""What each part of answering is worth: the questions of one writer, asked of engines that never saw them, a part left out each time."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import yaml

from app.answering import evaluation, index, training
from app.answering.evaluation import Question
from datasets.build import build
from datasets.sources import FOLDER, read
from deploy.benches import Row, row
from deploy.benches._whoosh import Peer
from deploy.benches.answering import PEER, QUESTIONS, as_decision

WRITERS = FOLDER / "phrasings"
JUDGE = "ear"
"""The writer who is asked and never trained on: hurried guides, recognised speech, pinyin, typing errors."""


@dataclass(frozen=True)
class Variant:
    """An engine with a part left out."""

    name: str
    writers: Callable[[str], bool] = lambda writer: True
    features: str = "cls"
    meaning: float = training.MEANING
    model: bool = True
    groups: bool = True
    spec: dict[str, Any] = field(default_factory=dict)


VARIANTS = (
    Variant("everything"),
    Variant("without words found in the texts (BM25)", spec={"fuse": {"lexical": 0}}),
    Variant("without the trained model", model=False),
    Variant("without sounds", features="cl"),
    Variant("without characters", features="sl"),
    Variant("without meaning of words", meaning=0.0),
    Variant("without reading 'not this but that'", spec={"not": []}),
    Variant("without what is not ours learned as a whole", groups=False),
    Variant("without any writer's ways of asking", writers=lambda writer: False),
    Variant("with one writer's", writers=lambda writer: writer == "counter"),
    Variant("with two writers'", writers=lambda writer: writer in ("counter", "life")),
)


def run(quick: bool) -> list[Row]:
    """A row for each variant, the peer beside it; `quick` asks every fifth question."""
    texts = yaml.safe_load((WRITERS / f"{JUDGE}.yaml").read_text(encoding="utf-8"))
    asked = [Question(str(text), frozenset([slug]), "single", "") for slug, ways in texts.items() for text in ways]
    foreign = [one for one in evaluation.questions(QUESTIONS) if one.kind == "out_of_scope"]
    return [one for variant in VARIANTS for one in measure(variant, [*asked[:: 5 if quick else 1], *foreign])]


def measure(variant: Variant, asked: Iterable[Question]) -> list[Row]:
    """Right first and right among three of one variant, and how much of what is not ours it answers all the same."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = read()
        heard = {
            (slug, text) for path in WRITERS.glob("*.yaml") if not used(path.stem, variant) for slug, text in ways(path)
        }
        for item in found.items:
            item["phrasings"] = [text for text in item["phrasings"] if (item["slug"], text) not in heard]
        build(folder / "knowledge.db", found.items, found)
        index.build(folder / "knowledge.db", folder / "search.db")
        knowledge = apsw.Connection(str(folder / "search.db"))
        words = training.words(index.rewrites(knowledge))
        kinds = training.kinds_of(knowledge) if variant.groups else {}
        trained = training.train(training.examples(knowledge), words, kinds, variant.features, variant.meaning)
        training.write(folder / "lingua.db", trained, words, {})
        lingua = apsw.Connection(str(folder / "lingua.db")) if variant.model else None
        ours = evaluation.figures(evaluation.run(index.Asker(knowledge, lingua, changed(variant)).ask, asked))
        peer = Peer(found.items, folder / "whoosh")
        theirs = evaluation.figures(evaluation.run(lambda text: as_decision(peer.ask(text)), asked))
    return [
        row(f"{variant.name}: {name}", [ours[kind][key]], "", peer=PEER, peer_values=[theirs[kind][key]])
        for name, kind, key in (
            ("first", "single", "top1"),
            ("three", "single", "top3"),
            ("not ours, answered", "out_of_scope", "answered_wrongly"),
        )
    ]


def used(writer: str, variant: Variant) -> bool:
    """Whether a variant learns from a writer."""
    return writer != JUDGE and variant.writers(writer)


def ways(path: Path) -> Iterable[tuple[str, str]]:
    """(slug, text) of one writer; nothing of the topics that are not ours."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [(slug, str(text)) for slug, texts in content.items() for text in texts] if isinstance(content, dict) else []


def changed(variant: Variant) -> dict[str, Any]:
    """The specification with the variant's changes."""
    spec = copy.deepcopy(index.SPEC)
    for key, value in variant.spec.items():
        spec[key] = spec[key] | value if isinstance(value, dict) else value
    return spec
