"""Walks a guided flow to a personal list. Pure; twin of `pwa/src/guiding/rules.ts`, vectors in `tests/vectors/flows.json`.

A pick is (question, answer): positions from 1, answer 0 is 不清楚. A walk replays picks from the first question and stops
at the first one that does not fit, so an address written for an earlier release asks again instead of guessing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from datasets.flow_text import GENERAL, Flow

NOT = ("没有", "没", "不是", "不", "未", "别")
"""Right before a word these turn it round: “没丢” does not mean 丢."""

Pick = tuple[int, int]


@dataclass
class Walk:
    """Where a walk stands: `at` is the open question (0: none), `end` how it ended: "" | done | human | stop | item."""

    steps: list[Pick] = field(default_factory=list)
    situations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    at: int = 1
    end: str = ""
    target: str = ""


def walk(flow: Flow, picks: Iterable[Pick]) -> Walk:
    """The state after these picks."""
    ids = {question["id"]: position for position, question in enumerate(flow, 1)}
    state = Walk(at=1 if flow else 0, end="" if flow else "done")
    for question, chosen in picks:
        if state.end or question != state.at or not 0 <= chosen <= len(flow[question - 1]["answers"]):
            break
        at = flow[question - 1]
        answer = at["unsure"] if chosen == 0 else at["answers"][chosen - 1]
        state.steps.append((question, chosen))
        state.situations += [s for s in answer["situations"] if s != GENERAL and s not in state.situations]
        if answer["note"]:
            state.notes.append(answer["note"])
        if answer["go"] == "question":
            state.at = ids[answer["target"]]
        else:
            state.at, state.end, state.target = 0, answer["go"], answer["target"]
    return state


def remaining(flow: Flow, at: int) -> int:
    """How many questions may still come, the open one counted: the longest way to an end."""
    if at == 0:
        return 0
    ids = {question["id"]: position for position, question in enumerate(flow, 1)}
    question = flow[at - 1]
    following = [a["target"] for a in (*question["answers"], question["unsure"]) if a["go"] == "question"]
    return 1 + max((remaining(flow, ids[target]) for target in set(following)), default=0)


def plain(text: str) -> str:
    """A text as words are looked for in it: NFKC, small letters, no spaces."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def preselect(flow: Flow, text: str) -> dict[int, int]:
    """Answers that the words of a question already give: question → answer. The longest word decides; a tie says nothing."""
    said = plain(text)
    found: dict[int, int] = {}
    for position, question in enumerate(flow, 1):
        lengths = [
            max((len(plain(w)) for w in a["words"] if _says(said, plain(w))), default=0) for a in question["answers"]
        ]
        best = max(lengths, default=0)
        if best and lengths.count(best) == 1:
            found[position] = lengths.index(best) + 1
    return found


def _says(said: str, word: str) -> bool:
    start = said.find(word)
    while start >= 0:
        if not said[:start].endswith(NOT):
            return True
        start = said.find(word, start + 1)
    return False


def personal_list(document: Mapping[str, Any], chosen: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """{bring, spared} for the situations chosen. What one adds and another removes is kept: better one paper too many.

    `bring`: the material and `reasons`, the situations that ask for it (none: everybody brings it).
    `spared`: {name, because}, on the item's list but not needed.
    """
    wanted = set(chosen)
    picked = [situation for situation in document["situations"] if situation["name"] in wanted]
    added: dict[str, dict[str, Any]] = {}
    for situation in picked:
        for material in situation["add_materials"]:
            known = added.setdefault(material["name"], {**material, "reasons": []})
            known["reasons"].append(situation["name"])
    own = [material for material in document["materials"] if material["name"] not in added]
    everybody = {material["name"] for material in document["materials"]} & set(added)
    removed = {
        material["name"]: [s["name"] for s in picked if material["name"] in s["remove_materials"]] for material in own
    }
    bring = [{**material, "reasons": []} for material in own if not removed[material["name"]]]
    bring += [{**m, "reasons": []} if name in everybody else m for name, m in added.items()]
    spared = [{"name": name, "because": "、".join(because)} for name, because in removed.items() if because]
    return {"bring": bring, "spared": spared}


def purpose(name: str, purposes: Mapping[str, str]) -> str:
    """What a material is for, by the longest word of its name that has a purpose; "" when none has."""
    words = [word for word in purposes if word in name]
    return purposes[max(words, key=lambda word: (len(word), word))] if words else ""
