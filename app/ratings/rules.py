"""好差评, pure. Code 1 is the best level and 5 the worst (GB/T 39046-2020 A.8); 4 and 5 are 差评."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

LEVELS = {1: "非常满意", 2: "满意", 3: "基本满意", 4: "不满意", 5: "非常不满意"}

RECTIFICATION = {
    "open": "待联系",
    "contacted": "整改中",
    "fixed": "待回访",
    "disputed": "待复核",
    "closed": "已办结",
    "dismissed": "复核不计",
}
"""States of a 整改单; the last two end it."""

ENDED = ("closed", "dismissed")

ACTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "contact": ("已联系本人", ("open",)),
    "fix": ("已整改", ("contacted",)),
    "close": ("回访并办结", ("fixed",)),
    "dispute": ("申请复核", ("open", "contacted", "fixed")),
    "uphold": ("维持差评", ("disputed",)),
    "dismiss": ("不计这条差评", ("disputed",)),
}
"""What may be done: its word, and the states in which it may."""

REVIEW = ("uphold", "dismiss")
"""Acts of a second person: whoever holds a 差评 for mistaken does not decide that alone."""


class Act(NamedTuple):
    """One act on a 整改单."""

    name: str
    note: str
    complex: bool = False
    """Contacted: it needs the longer term."""
    again: int | None = None
    """Closed: the level of the re-rating, 0 when the person would or could not."""


def is_low(level: int) -> bool:
    """Whether a level is a 差评 and opens a 整改单."""
    return level >= 4


def acts_for(state: str) -> list[str]:
    """What may be done in a state."""
    return [name for name, (_, states) in ACTS.items() if state in states]


def act_fault(state: str, act: Act, actor: str, disputed_by: str) -> str:
    """Why an act may not be, "" when it may."""
    if act.name not in ACTS:
        return "没有这一步"
    word, states = ACTS[act.name]
    if state not in states:
        return f"“{RECTIFICATION[state]}”的整改单不能“{word}”"
    if not act.note.strip():
        return "请写明情况"
    if act.name == "close" and act.again not in (0, *LEVELS):
        return "请选回访时本人的评价，不愿或联系不上也要选"
    if act.name in REVIEW and actor == disputed_by:
        return "自己申请的复核，要请另一位来定"
    return ""


def state_after(act: Act) -> str:
    """Where an act leads. A person who is still dissatisfied at the call-back sends it back to be put right."""
    if act.name == "close":
        return "contacted" if is_low(act.again or 0) else "closed"
    states = {
        "contact": "contacted",
        "fix": "fixed",
        "dispute": "disputed",
        "uphold": "contacted",
        "dismiss": "dismissed",
    }
    return states[act.name]


def paper_fault(day: str, level: int, today: date) -> str:
    """Why a rating on a paper form cannot be entered, "" when it can. The date on the paper is kept apart from today's."""
    try:
        written = date.fromisoformat(day)
    except ValueError:
        return "纸上的日期"
    if not 0 <= (today - written).days <= 366:
        return "纸上的日期：不能晚于今天，也不能早过一年"
    return "" if level in LEVELS else "满意程度"
