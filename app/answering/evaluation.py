"""Measures answering against labelled questions: a CSV of query, expected, kind, style (see `datasets/README.md`)."""

from __future__ import annotations

import csv
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.answering.rules import Decision

COLUMNS = ("query", "expected", "kind", "style")
KINDS = ("single", "ambiguous", "multi", "out_of_scope", "private", "emergency")


class QuestionsError(Exception):
    """The file of questions cannot be used; the message says where and why, for people."""


@dataclass(frozen=True)
class Question:
    """One labelled question; `expected` are the items that are right (any of them, all of them for kind multi)."""

    query: str
    expected: frozenset[str]
    kind: str
    style: str


@dataclass(frozen=True)
class Asked:
    """A question with what was decided and how long that took."""

    question: Question
    decision: Decision
    ms: float

    @property
    def places(self) -> list[bool]:
        """Whether each shown hit is right, best first."""
        return [hit.slug in self.question.expected for hit in self.decision.hits]


def questions(path: Path) -> list[Question]:
    """Read a file, or QuestionsError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise QuestionsError(f"{path}：第 1 行应是 {','.join(COLUMNS)}")
            found = []
            for number, row in enumerate(reader, 2):
                if None in row or None in row.values() or row["kind"] not in KINDS:
                    raise QuestionsError(f"{path}：第 {number} 行应有四列，kind 是 {'、'.join(KINDS)} 之一")
                expected = frozenset(slug for slug in row["expected"].split("|") if slug)
                found.append(Question(row["query"], expected, row["kind"], row["style"]))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise QuestionsError(f"{path}：读不了（{error}）。要 UTF-8 的 CSV 文件。") from error
    if not found:
        raise QuestionsError(f"{path}：里面没有问题")
    return found


def run(ask: Callable[[str], Decision], rows: Iterable[Question]) -> list[Asked]:
    """Ask every question once."""
    found = []
    for row in rows:
        started = time.perf_counter()
        decision = ask(row.query)
        found.append(Asked(row, decision, (time.perf_counter() - started) * 1000))
    return found


def figures(asked: list[Asked]) -> dict[str, Any]:
    """The figures of one run; rates are 0–1, None where there is nothing to count."""
    by_kind = {kind: [one for one in asked if one.question.kind == kind] for kind in KINDS}
    single, multi = by_kind["single"], by_kind["multi"]
    direct = [one for one in single if one.decision.decision == "answer"]
    styles: defaultdict[str, list[Asked]] = defaultdict(list)
    for one in single:
        styles[one.question.style].append(one)
    times = sorted(one.ms for one in asked)
    return {
        "n": len(asked),
        "single": ranking(single),
        "direct": {"coverage": rate(len(direct), len(single)), "precision": rate(sum(map(first, direct)), len(direct))},
        "one_tap": rate(sum(one_tap(one) for one in single), len(single)),
        "ambiguous": {"n": len(by_kind["ambiguous"]), "ok": _share(by_kind["ambiguous"], offered)},
        "multi": {
            "n": len(multi),
            "both_in_top3": _share(multi, lambda one: one.question.expected <= {hit.slug for hit in one.decision.hits}),
        },
        "out_of_scope": {
            "n": len(by_kind["out_of_scope"]),
            "answered_wrongly": _share(by_kind["out_of_scope"], lambda one: one.decision.decision == "answer"),
        },
        "private": {
            "n": len(by_kind["private"]),
            "refused": _share(by_kind["private"], lambda one: one.decision.decision == "refuse"),
        },
        "emergency": {"n": len(by_kind["emergency"]), "redirected": _share(by_kind["emergency"], redirected)},
        "by_style": {style: ranking(rows) for style, rows in sorted(styles.items())},
        "ms_p50": round(statistics.median(times), 3),
        "ms_p95": round(times[min(len(times) - 1, int(len(times) * 0.95))], 3),
    }


def ranking(asked: list[Asked]) -> dict[str, Any]:
    """{n, top1, top3, mrr} of single questions: what is shown counts, whatever the decision."""
    reciprocal = [next((1 / place for place, right in enumerate(one.places, 1) if right), 0.0) for one in asked]
    return {
        "n": len(asked),
        "top1": rate(sum(map(first, asked)), len(asked)),
        "top3": rate(sum(any(one.places) for one in asked), len(asked)),
        "mrr": rate(sum(reciprocal), len(asked)),
    }


def first(one: Asked) -> bool:
    """Whether the first hit is right."""
    return one.places[:1] == [True]


def one_tap(one: Asked) -> bool:
    """Answered rightly at once, or clarified with the right item among the choices."""
    return first(one) if one.decision.decision == "answer" else one.decision.decision == "clarify" and any(one.places)


def offered(one: Asked) -> bool:
    """A right item is answered or among the choices."""
    return first(one) if one.decision.decision == "answer" else any(one.places)


def redirected(one: Asked) -> bool:
    """The emergency sentence goes first, whatever stands beside it."""
    return one.decision.advice != "" and one.decision.decision in ("redirect", "clarify")


def rate(part: float, whole: int) -> float | None:
    """A share rounded to four digits, None of nothing."""
    return round(part / whole, 4) if whole else None


def _share(asked: list[Asked], test: Callable[[Asked], bool]) -> float | None:
    return rate(sum(map(test, asked)), len(asked))


def wrong(one: Asked) -> bool:
    """Whether a person would say that this was not right."""
    kind = one.question.kind
    if kind == "single":
        return not one_tap(one)
    if kind == "ambiguous":
        return not offered(one)
    if kind == "multi":
        return not one.question.expected <= {hit.slug for hit in one.decision.hits}
    if kind == "out_of_scope":
        return one.decision.decision == "answer"
    return one.decision.decision != "refuse" if kind == "private" else not redirected(one)
