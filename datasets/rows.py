"""An item document (the YAML shape) to rows of `schema.sql`, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from datasets.flow_text import PLUS, Flow

Document = dict[str, Any]
Row = tuple[Any, ...]

SCALARS = (
    "slug", "code", "base_code", "task_code", "name", "domain", "department", "task_type", "project_type", "levels",
    "applicants", "statutory_limit", "promised_limit", "promised_limit_status", "fee", "place", "result",
    "cross_region", "site_visits", "site_visits_reason", "verify", "verified_on",
)  # fmt: skip
"""Columns of table `item`, in order; each is a field of the document."""

LISTS = {
    "aliases": "item_alias",
    "phrasings": "item_phrasing",
    "conditions": "item_condition",
    "steps": "item_step",
    "legal_basis": "item_basis",
    "sources": "item_source",
    "verify_fields": "item_verify",
}
"""Fields that are lists of plain texts, and the table of each."""

TABLES = (
    "item", *LISTS.values(), "material", "situation", "situation_material", "flow_question", "flow_answer", "qa",
)  # fmt: skip
"""Every table that holds a part of an item document."""

MATERIAL = ("name", "form", "copies", "necessity", "source")


def rows(document: Document) -> Iterator[tuple[str, Row]]:
    """(table, row) pairs of one item, parents first. The document must have passed `checks.check_item`."""
    slug = document["slug"]
    scalars = {**document, "levels": ",".join(document["levels"]), "verify": int(document["verify"])}
    yield "item", tuple(scalars[name] for name in SCALARS)
    for field, table in LISTS.items():
        for pos, text in enumerate(document[field], 1):
            yield table, (slug, pos, text)
    for pos, material in enumerate(document["materials"], 1):
        yield "material", (slug, pos, *(material[name] for name in MATERIAL))
    for number, situation in enumerate(document["situations"], 1):
        yield "situation", (slug, number, situation["name"], situation["note"])
        added = [("add", *(material[name] for name in MATERIAL)) for material in situation["add_materials"]]
        removed = [("remove", name, "", 0, "", "") for name in situation["remove_materials"]]
        for pos, effect in enumerate(added + removed, 1):
            yield "situation_material", (slug, number, pos, *effect)
    yield from _flow_rows(document)
    for pos, pair in enumerate(document["qa"], 1):
        full = pair.get("q_full") or pair["q"]
        yield "qa", (slug, pos, pair["q"], full, pair["a"], int(full == pair["q"]))


def _flow_rows(document: Document) -> Iterator[tuple[str, Row]]:
    slug = document["slug"]
    for number, question in enumerate(document["flow"], 1):
        yield "flow_question", (slug, number, question["id"], question["ask"], question["help"])
        for pos, answer in enumerate((question["unsure"], *question["answers"])):
            words, situations = "、".join(answer["words"]), PLUS.join(answer["situations"])
            way = (answer["go"], answer["target"])
            yield "flow_answer", (slug, number, pos, answer["say"], words, situations, *way, answer["note"])


def _flow(questions: Iterable[Row], answers: Iterable[Row]) -> Flow:
    flow: Flow = [
        {"id": name, "ask": ask, "help": text, "answers": [], "unsure": None}
        for _slug, _pos, name, ask, text in questions
    ]
    for _slug, number, pos, say, words, situations, go, target, note in answers:
        answer = {
            "say": say, "words": words.split("、") if words else [], "situations": situations.split(PLUS) if situations else [],
            "go": go, "target": target, "note": note,
        }  # fmt: skip
        if pos == 0:
            flow[number - 1]["unsure"] = answer
        else:
            flow[number - 1]["answers"].append(answer)
    return flow


def elsewhere_rows(topic: Document) -> Iterator[tuple[str, Row]]:
    """(table, row) pairs of one topic that is not ours: {slug, kind, name, say, phrasings}."""
    yield "elsewhere", (topic["slug"], topic["kind"], topic["name"], topic["say"])
    for pos, text in enumerate(topic["phrasings"], 1):
        yield "elsewhere_phrasing", (topic["slug"], pos, text)


def documents(tables: Iterable[tuple[str, Row]]) -> dict[str, Document]:
    """Item documents by slug from rows as `rows` gives them (any order); `document(rows(d)) == d`."""
    by_table: defaultdict[str, list[Row]] = defaultdict(list)
    for table, row in tables:
        by_table[table].append(row)
    found: dict[str, Document] = {}
    for row in by_table["item"]:
        document = dict(zip(SCALARS, row, strict=True))
        document |= {"levels": document["levels"].split(","), "verify": bool(document["verify"])}
        document |= {field: [] for field in LISTS} | {"materials": [], "situations": [], "qa": []}
        document["flow"] = []
        found[document["slug"]] = document
    for field, table in LISTS.items():
        for slug, _pos, text in sorted(by_table[table]):
            found[slug][field].append(text)
    for slug, _pos, *material in sorted(by_table["material"]):
        found[slug]["materials"].append(dict(zip(MATERIAL, material, strict=True)))
    for slug, _pos, name, note in sorted(by_table["situation"]):
        found[slug]["situations"].append({"name": name, "note": note, "add_materials": [], "remove_materials": []})
    for slug, number, _pos, effect, *material in sorted(by_table["situation_material"]):
        situation = found[slug]["situations"][number - 1]
        if effect == "add":
            situation["add_materials"].append(dict(zip(MATERIAL, material, strict=True)))
        else:
            situation["remove_materials"].append(material[0])
    for slug, document in found.items():
        questions = sorted(row for row in by_table["flow_question"] if row[0] == slug)
        answers = sorted(row for row in by_table["flow_answer"] if row[0] == slug)
        document["flow"] = _flow(questions, answers)
    for slug, _pos, q, q_full, a, _standalone in sorted(by_table["qa"]):
        found[slug]["qa"].append({"q": q, "a": a} if q == q_full else {"q": q, "q_full": q_full, "a": a})
    return found
