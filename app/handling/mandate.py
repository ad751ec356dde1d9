"""委托, pure: who may act for whom, and why a mandate does not hold. Twin: pwa/src/village/mandate.ts (tests/vectors/mandate.json).

A proxy needs a mandate (民法典 163, 165): who lets whom do what, until when, with a signature. Whoever is under 18 is
represented by a guardian (民法典 23, 27), who needs none, or who gives it to somebody else in the child's place.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

ADULT = 18
SELF = "本人"
GUARDIANS = ("父母", "监护人", "祖父母、外祖父母", "兄弟姐妹")
"""What a guardian is to a child, in the order of 民法典 27; 监护人: appointed by the village committee or a court."""
PAPER = "授权委托书"
"""The material under which a photographed mandate comes."""
WAYS = {"signed": "屏幕上签名", "paper": "纸质委托书"}
POWERS = {"submit": "提交申请和材料", "amend": "补正、撤回", "collect": "领取结果"}
NO_MANDATE = "需复核：代办，没有委托书"
INK = 150
"""A signature is at least so long; the pad is 1000 units wide."""


def age_on(id_number: str, day: date) -> int | None:
    """Years on a day by the birth date in a citizen number, None when it has none."""
    if not re.fullmatch(r"\d{17}[\dX]", id_number):
        return None
    try:
        born = date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))
    except ValueError:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def is_minor(id_number: str, day: date) -> bool:
    """Whether somebody is known to be under 18."""
    age = age_on(id_number, day)
    return age is not None and age < ADULT


def acting_fault(applicant: Mapping[str, str], proxy: Mapping[str, str] | None, day: date, *, alone: bool) -> str:
    """Why nobody stands for a child as the law asks, "" when somebody does or it is no child.

    `alone`: 16 or 17, and acts by oneself (an identity card, or living on own wages: 民法典 18).
    """
    age = age_on(applicant.get("id_number", ""), day)
    if age is None or age >= ADULT:
        return ""
    if proxy is None:
        return "" if alone and age >= 16 else "办事人未满 18 岁，要由父母或其他监护人来办，请填监护人"
    if proxy.get("relation") in GUARDIANS and is_minor(proxy.get("id_number", ""), day):
        return "监护人要年满 18 岁，请换一位监护人"
    return ""


def needs_mandate(applicant: Mapping[str, str], proxy: Mapping[str, str] | None, day: date) -> bool:
    """Whether a proxy has to show a mandate: everybody but the guardian of a child."""
    if proxy is None:
        return False
    return not (is_minor(applicant.get("id_number", ""), day) and proxy.get("relation") in GUARDIANS)


def mandate_fault(
    mandate: Mapping[str, Any] | None,
    applicant: Mapping[str, str],
    proxy: Mapping[str, str],
    item: str,
    day: date,
    papers: int,
) -> str:
    """Why a mandate does not hold for this person, proxy, item and day, "" when it does. `papers`: photos of it."""
    if mandate is None or mandate["way"] not in WAYS:
        return "由别人代办要有委托书：请办事人在屏幕上签名，或者拍下纸质委托书"
    child = is_minor(applicant.get("id_number", ""), day)
    principal = {"name": mandate["principal_name"], "id_number": mandate["principal_id"]}
    if mandate["principal_relation"] == SELF:
        if child:
            return "办事人未满 18 岁，委托书要由监护人签"
        if not _same(principal, applicant):
            return "委托书不是这位办事人的：委托人和办事人对不上，请重新签"
    elif not child or mandate["principal_relation"] not in GUARDIANS:
        return "只有办事人本人，或者未成年人的监护人，才能委托别人"
    elif not principal["name"] or is_minor(principal["id_number"], day):
        return "委托书上的监护人要写明姓名，并且年满 18 岁"
    agent = {"name": mandate["agent_name"], "id_number": mandate["agent_id"]}
    if not _same(agent, proxy):
        return "委托书委托的不是这位代办人：代办人对不上，请重新签"
    if principal["id_number"] and principal["id_number"] == agent["id_number"]:
        return "委托人和代办人是同一个人，不用委托"
    if mandate["item"] != item:
        return "委托书写的不是这件事，不能用来办这一件"
    if "submit" not in mandate["powers"]:
        return "委托书没有写可以代为提交申请和材料"
    return _term_fault(mandate["since"], mandate["until"], day) or _proof_fault(mandate, papers)


def _same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """The same name, and the same number as written; nobody is the same by a number left out on one side."""
    numbers = (one.get("id_number", ""), other.get("id_number", ""))
    return one.get("name", "").strip() == other.get("name", "").strip() and numbers[0] == numbers[1]


def _term_fault(since: str, until: str, day: date) -> str:
    try:
        first, last = date.fromisoformat(since), date.fromisoformat(until)
    except ValueError:
        return "委托书的起止日期要写全"
    if last < first:
        return "委托书的期限不对：止的日期早于起的日期"
    if day < first:
        return f"委托书还没有生效，{since} 起才能用"
    return f"委托书已经过期，只到 {until}，请重新签" if day > last else ""


def _proof_fault(mandate: Mapping[str, Any], papers: int) -> str:
    if mandate["way"] == "paper":
        return "" if papers else "还没有拍下纸质委托书"
    return "" if ink(strokes_of(mandate["strokes"])) >= INK else "委托书还没有签名"


Stroke = Sequence[tuple[int, int]]


def strokes_of(text: str) -> list[Stroke]:
    """A signature "12,40 15,44|…" as strokes of points; none when it is not one."""
    if not re.fullmatch(r"\d{1,4},\d{1,4}( \d{1,4},\d{1,4})*(\|\d{1,4},\d{1,4}( \d{1,4},\d{1,4})*)*", text):
        return []
    points = [[point.split(",") for point in stroke.split(" ")] for stroke in text.split("|")]
    return [[(int(x), int(y)) for x, y in stroke] for stroke in points]


def ink(strokes: Sequence[Stroke]) -> int:
    """How long the lines of a signature are together, going along the two axes."""
    return sum(
        abs(x - before_x) + abs(y - before_y)
        for stroke in strokes
        for (before_x, before_y), (x, y) in itertools.pairwise(stroke)
    )


def flag(applicant: Mapping[str, str], proxy: Mapping[str, str] | None, mandate: Any, day: date) -> str:
    """What the department should look at in a case that older programs, or a person of 16, handed in."""
    if acting_fault(applicant, proxy, day, alone=False):
        return "需复核：未满 18 岁，没有监护人"
    return NO_MANDATE if needs_mandate(applicant, proxy, day) and not mandate else ""


def known(mandate: Mapping[str, Any] | None) -> dict[str, Any]:
    """What of a mandate is nobody's personal data, for pages that show it masked."""
    names = ("way", "powers", "since", "until", "principal_relation")
    return {name: mandate[name] for name in names} if mandate else {}
