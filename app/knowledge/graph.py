"""The picture of a guided flow: where boxes stand and how lines run, for the SVG on the editors' pages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datasets.flow_text import GENERAL, Flow

WIDTH, ROW, GAP, LANE, HEAD, END = 264, 26, 20, 56, 34, 96
"""Width of a box, height of an answer's row, space between boxes, space between columns, height of a box's head,
width of an end."""
LETTERS = 15
"""Full-width characters that fit on one row."""
ENDS = {"done": "给出清单", "human": "问人", "stop": "不用办"}


@dataclass(frozen=True)
class Row:
    """One answer in its box: what it says (short and whole) and where its line begins."""

    short: str
    whole: str
    y: int
    unsure: bool


@dataclass(frozen=True)
class Box:
    """A question, or an end without rows. `kind`: question | done | human | stop | item."""

    kind: str
    title: str
    whole: str
    x: int
    y: int
    height: int
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Line:
    """From an answer to where it leads, as an SVG path."""

    path: str
    kind: str


@dataclass(frozen=True)
class Picture:
    """Everything to draw, in pixels."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def short(text: str) -> str:
    """A text that fits on a row."""
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"


def draw(flow: Flow) -> Picture:
    """The picture of a flow without faults: questions in columns by how late they may come, ends in the last column."""
    depth = _depths(flow)
    ends = list(dict.fromkeys(_end(a) for q in flow for a in _answers(q) if a["go"] != "question"))
    ends.sort(key=lambda end: (list(ENDS).index(end[0]) if end[0] in ENDS else len(ENDS), end[1]))
    columns = max(depth.values(), default=0) + 1
    tops = [GAP] * (columns + 1)
    boxes: dict[tuple[str, str], Box] = {}
    for question in flow:
        column = depth[question["id"]]
        x, y = GAP + column * (WIDTH + LANE), tops[column]
        rows = tuple(
            Row(short(_said(a)), _said(a), y + HEAD + n * ROW + ROW // 2, a is question["unsure"])
            for n, a in enumerate(_answers(question))
        )
        height = HEAD + len(rows) * ROW + 6
        boxes["question", question["id"]] = Box("question", short(question["ask"]), question["ask"], x, y, height, rows)
        tops[column] += height + GAP
    x = GAP + columns * (WIDTH + LANE)
    for kind, target in ends:
        title = f"转到 {target}" if kind == "item" else ENDS[kind]
        boxes[kind, target] = Box(kind, title if len(title) < 6 else "转到别处", title, x, tops[columns], HEAD)
        tops[columns] += HEAD + GAP
    lines = tuple(
        Line(_path(box.x + WIDTH, row.y, boxes[_end(answer)]), answer["go"])
        for question in flow
        for box in (boxes["question", question["id"]],)
        for row, answer in zip(box.rows, _answers(question), strict=True)
    )
    return Picture(x + END + GAP, max(tops), tuple(boxes.values()), lines)


def _answers(question: dict[str, Any]) -> list[dict[str, Any]]:
    return [*question["answers"], question["unsure"]]


def _said(answer: dict[str, Any]) -> str:
    situations = [name for name in answer["situations"] if name != GENERAL]
    return str(answer["say"]) + (f"［{'、'.join(situations)}］" if situations else "")


def _end(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["go"], answer["target"]


def _depths(flow: Flow) -> dict[str, int]:
    """Longest way to each question; flows have no cycles, so as many rounds as questions settle it."""
    depth = {question["id"]: 0 for question in flow}
    for _ in flow:
        for question in flow:
            for answer in _answers(question):
                if answer["go"] == "question":
                    depth[answer["target"]] = max(depth[answer["target"]], depth[question["id"]] + 1)
    return depth


def _path(x: int, y: int, box: Box) -> str:
    end = box.y + HEAD // 2
    half = LANE // 2
    return f"M{x} {y}C{x + half} {y} {box.x - half} {end} {box.x} {end}"
