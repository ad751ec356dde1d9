"""智能代办, pure: states of a case, checks and masks of personal numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from datasets.workdays import Calendar

STATES = {
    "submitted": "已提交",
    "accepted": "已受理",
    "returned": "退回补正",
    "refused": "不予受理",
    "processing": "办理中",
    "done": "已办结",
    "withdrawn": "已撤回",
}

NEXT = {
    "submitted": ("accepted", "returned", "refused", "withdrawn"),
    "returned": ("submitted", "withdrawn"),
    "accepted": ("processing", "returned", "done", "withdrawn"),
    "processing": ("done", "returned", "withdrawn"),
    "refused": (),
    "done": (),
    "withdrawn": (),
}
"""Where a case may go from each state."""

OPEN = ("submitted", "returned", "accepted", "processing")
"""States in which somebody still has to do something."""

ENDED = ("refused", "done", "withdrawn")
"""States in which nobody has to do anything any more."""

OURS = ("submitted", "accepted", "processing")
"""States in which that somebody is the centre: only here a term runs."""

WORKERS = ("agent", "lead", "manager", "officer")
"""Roles that work cases; an officer only those of the own departments."""

NEEDS_NOTE = ("returned", "refused", "withdrawn")
"""States whose reason must be told to the person: all missing things at once (一次性告知)."""

OUTCOMES = {"granted": "准予", "denied": "不予"}
"""What a decision says; a denial needs reasons and where to turn (行政许可法 38)."""

VERBS = {
    "accepted": "受理",
    "returned": "退回补正",
    "refused": "不予受理",
    "processing": "转办理中",
    "done": "办结",
    "withdrawn": "按申请人要求撤回",
}
"""What staff do to bring a case to a state, in the order of the page."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def id_number_fault(number: str) -> str:
    """Why a citizen number is not valid (GB 11643: shape, birth date, check digit), "" when it is."""
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return "应是 18 位，最后一位可以是 X"
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "里面的出生日期不存在"
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return "" if _CHECKS[total % 11] == number[17] else "最后一位校验不对，请再核对一遍"


def review_reason(id_number: str, case_no: str, region: str, letters: str) -> str:
    """Why somebody must look at a filed case again, "" when nobody must. It is taken in either way: nothing is lost.

    `region` (12 digits) and `letters` are those of the device that filed it; the case number carries both.
    """
    fault = id_number_fault(id_number) if id_number else "没有填"
    if fault:
        return f"需复核：身份证号{fault}"
    if case_no[2:11] != region[:9] or case_no[19:21] != letters:
        return "需复核：办件编号不是这台设备的"
    return ""


def uscc_fault(code: str) -> str:
    """Why a unified social credit code is not valid (GB 32100), "" when it is."""
    if len(code) != 18 or any(char not in _USCC for char in code):
        return "应是 18 位数字和大写字母，没有 I、O、S、V、Z"
    total = sum(_USCC.index(char) * pow(3, index, 31) for index, char in enumerate(code[:17]))
    return "" if _USCC[(31 - total % 31) % 31] == code[17] else "最后一位校验不对，请再核对一遍"


def mask(text: str) -> str:
    """An ID number, phone number or name as lists show it."""
    if re.fullmatch(r"\d{17}[\dXx]", text):
        return text[:6] + "*" * 8 + text[14:]
    if re.fullmatch(r"\d{11}", text):
        return text[:3] + "****" + text[7:]
    if len(text) <= 2:
        return text[:1] + "*" * (len(text) - 1)
    return text[0] + "*" * (len(text) - 2) + text[-1]


class Step(NamedTuple):
    """One step of staff: where the case goes, and what is said with it."""

    target: str
    note: str = ""
    missing: tuple[str, ...] = ()
    """Returned: everything that is missing, at once."""
    owed: tuple[str, ...] = ()
    """Accepted: what may follow later (容缺受理)."""
    owed_days: int = 0
    outcome: str = ""
    """Done: a key of OUTCOMES."""
    result: str = ""
    """Done: the paper that was made, its number, where to get it."""


def move_fault(state: str, step: Step, lacking: Collection[str], owed: Collection[str]) -> str:
    """Why a case cannot take a step, "" when it can.

    `lacking`: materials that were not brought; `owed`: those of them that were let follow and have not come.
    """
    target = step.target
    if target not in NEXT.get(state, ()) or target not in VERBS:
        return f"“{STATES.get(state, state)}”的办件不能转为“{STATES.get(target, target)}”"
    if target == "returned" and not step.missing and not step.note.strip():
        return "退回补正要写明缺什么，缺的一次写全"
    if target in ("refused", "withdrawn") and not step.note.strip():
        return f"转为“{STATES[target]}”要写明原因"
    if step.owed and target != "accepted":
        return "只有受理的时候可以定哪些材料后补"
    unknown = [name for name in step.owed if name not in lacking]
    if unknown:
        return f"“{unknown[0]}”不在还缺的材料里"
    if step.owed and not 1 <= step.owed_days <= LONGEST_OWED:
        return f"后补的期限应是 1 到 {LONGEST_OWED} 个工作日"
    if target == "done" and step.outcome not in OUTCOMES:
        return "办结要写明是准予还是不予"
    if target == "done" and step.outcome == "granted" and owed:
        return f"容缺的材料还没有收到：{'、'.join(owed)}"
    if target == "done" and step.outcome == "denied" and not step.note.strip():
        return "不予的，要写明理由和可以到哪里申诉"
    return ""


LONGEST_OWED = 60
"""Working days that owed materials may take at most."""


def lines(text: str, most: int = 30) -> tuple[str, ...]:
    """What people wrote one to a line, without blanks and repeats."""
    found = dict.fromkeys(line.strip(" 、，,；;。.\t\r") for line in text.splitlines())
    return tuple(line[:200] for line in found if line)[:most]


def department_of(text: str) -> str:
    """Who answers for an item in short: 公安局(派出所) → 公安局; of several, the first leads (牵头)."""
    return re.split(r"[、/，,]", re.sub(r"[（(].*?[）)]", "", text).strip())[0].strip()


def term_of(text: str, otherwise: int) -> tuple[int, bool]:
    """(days, whether they are working days) of a promised limit in words; `otherwise` working days when it names none."""
    if found := re.search(r"(\d+)\s*个?工作日", text):
        return min(int(found[1]), 1000), True
    if found := re.search(r"(\d+)\s*(?:个自然日|日|天)", text):
        return min(int(found[1]), 1000), False
    if found := re.search(r"([一二两三六]|\d+)个月", text):
        return 30 * min({"一": 1, "二": 2, "两": 2, "三": 3, "六": 6}.get(found[1]) or int(found[1]), 24), False
    if "次日" in text:
        return 1, True
    return (0, True) if re.search("当场|即时|即办|当日", text) else (otherwise, True)


def decide_by(day: date, promised: str, otherwise: int, calendar: Calendar) -> date:
    """The last day to decide a case accepted on a day."""
    days, working = term_of(promised, otherwise)
    return calendar.after(day, days) if working and days else calendar.on_or_after(day + timedelta(days=days))


class Mark(NamedTuple):
    """How a term stands, in words and as a look: "bad" is over, "warn" is near, "" is neither."""

    words: str
    look: str


def mark_of(due: str | None, today: date, near_days: int, calendar: Calendar) -> Mark | None:
    """How the term of a case stands today; None when none runs."""
    if not due:
        return None
    end = date.fromisoformat(due)
    left = calendar.between(today, end)
    if end < today:
        return Mark(f"超期 {max(1, -left)} 个工作日", "bad")
    if left <= near_days:
        return Mark("今天到期" if end == today else f"还有 {left} 个工作日", "warn")
    return Mark(f"还有 {left} 个工作日", "")


def brought(before: Iterable[dict[str, Any]], now: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Materials of a case after a supplement: what has come stays come, whatever list the other guide had before them.

    Twin: `brought` in pwa/src/store/cases.ts (tests/vectors/brought.json).
    """
    found: dict[str, bool] = {}
    for one in (*before, *now):
        found[one["name"]] = found.get(one["name"], False) or bool(one["have"])
    return [{"name": name, "have": have} for name, have in found.items()]


def paid_off(materials: Iterable[dict[str, object]], owed: Iterable[str]) -> list[str]:
    """Which owed materials are among those that have come now."""
    come = {material["name"] for material in materials if material["have"]}
    return [name for name in owed if name in come]
