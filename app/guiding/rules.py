"""What a page of a guided walk shows, pure. The walk itself is `datasets.guiding`, twin of `pwa/src/guiding/rules.ts`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasets.guiding import Pick, Walk, personal_list, preselect, purpose, remaining, walk
from datasets.rows import Document

PICKS = re.compile(r"[0-9]{1,2}-[0-9]{1,2}(\.[0-9]{1,2}-[0-9]{1,2}){0,19}")
HEADINGS = {"done": "要带这些", "human": "这一步要问一问人", "stop": "这件事您先不用办", "item": "您要办的是另一件事"}


@dataclass(frozen=True)
class Step:
    """One question answered: what was asked and said, the sentence with it, and the address that asks it again."""

    ask: str
    say: str
    note: str
    back: str


@dataclass(frozen=True)
class Page:
    """One page: either the open question, or how the walk came out."""

    state: Walk
    steps: list[Step]
    question: Mapping[str, Any] | None
    choices: list[tuple[str, str, bool]]
    """(answer, picks that lead on, whether the words of the question mean it)."""
    number: int
    most: int
    heading: str
    bring: list[dict[str, Any]]
    """Materials with `use` and `instead`."""
    spared: list[dict[str, Any]]
    notes: list[str]


def picks_from(text: str) -> list[Pick]:
    """Picks of an address: "1-3.2-1"; anything else is none."""
    if not PICKS.fullmatch(text):
        return []
    return [(int(question), int(answer)) for question, answer in (pair.split("-") for pair in text.split("."))]


def picks_to(picks: list[Pick]) -> str:
    """Picks as they travel in an address."""
    return ".".join(f"{question}-{answer}" for question, answer in picks)


def page(document: Document, purposes: Mapping[str, str], picks: list[Pick], chosen: list[int], said: str = "") -> Page:
    """The page after these picks; `chosen`: situations by number in place of picks; `said`: the words that led here."""
    flow = document["flow"]
    if chosen and not picks:
        names = [s["name"] for n, s in enumerate(document["situations"], 1) if n in chosen]
        state = Walk(situations=names, at=0, end="done")
    else:
        state = walk(flow, picks)
    steps = [_step(document, state.steps, at) for at in range(len(state.steps))]
    question = flow[state.at - 1] if state.at else None
    guessed = preselect(flow, said).get(state.at) if question else None
    listed = personal_list(document, state.situations)
    told = [f"{s['name']}：{s['note']}" for s in document["situations"] if s["name"] in state.situations and s["note"]]
    return Page(
        state=state,
        steps=steps,
        question=question,
        choices=_choices(question, state, guessed) if question else [],
        number=len(steps) + 1,
        most=len(steps) + remaining(flow, state.at),
        heading=HEADINGS.get(state.end, ""),
        bring=[{**m, "use": purpose(m["name"], purposes), "instead": instead_of(m)} for m in listed["bring"]],
        spared=listed["spared"],
        notes=[step.note for step in steps if step.note] if steps else told,
    )


def _choices(question: Mapping[str, Any], state: Walk, guessed: int | None) -> list[tuple[str, str, bool]]:
    found = []
    for number, answer in enumerate((question["unsure"], *question["answers"])):
        found.append((answer["say"], picks_to([*state.steps, (state.at, number)]), number == guessed))
    return [*found[1:], found[0]]


def _step(document: Document, picks: list[Pick], at: int) -> Step:
    number, chosen = picks[at]
    question = document["flow"][number - 1]
    answer = question["unsure"] if chosen == 0 else question["answers"][chosen - 1]
    told = [
        f"{s['name']}：{s['note']}" for s in document["situations"] if s["name"] in answer["situations"] and s["note"]
    ]
    return Step(question["ask"], answer["say"], answer["note"] or "；".join(told), picks_to(picks[:at]))


def instead_of(material: Mapping[str, Any]) -> str:
    """What one may do instead of bringing it now, as the catalogue says; "" when it has to be there."""
    form, necessity = material["form"], material["necessity"]
    if "数据核验" in form and "原件" not in form:
        return "窗口联网查，一般不用带纸的"
    if necessity == "可容缺":
        return "没有也能先受理，按窗口说的日子补"
    if "承诺" in form:
        return "写一份承诺书，窗口有样子" if form == "承诺" else "没有的可以写承诺书"
    return "用得上才要，拿不准就带上" if necessity == "情形必要" else ""
