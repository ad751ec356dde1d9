"""What an agent may do on a village page that he sees, once the guide allowed it. Pure; twin `pwa/src/cobrowse/control.ts`.

Only what stands in MARKS, and on the page only what a screen marks with that name (`data-fill="note"`): all else refuses, at the
centre and again in the village. No mark belongs to a person's name, number, address or signature, and none to handing in.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Mark:
    """One thing of the page that may be acted on."""

    verb: str
    label: str
    """What the ledger calls it; never what stands in it."""
    longest: int = 0
    """Characters that may be filled in; 0: none."""
    choices: tuple[str, ...] = ()
    keeps: bool = False
    """What the guide wrote there himself stays."""


RELATIONS = ("配偶", "父母", "子女", "兄弟姐妹", "祖父母、外祖父母", "其他亲属", "村（社区）干部", "监护人", "其他")
MARKS = {
    "answer": Mark("choose", "这一问的回答"),
    "back": Mark("press", "上一步"),
    "filter": Mark("fill", "找事项", 40),
    "item": Mark("press", "打开事项"),
    "next": Mark("press", "下一步"),
    "note": Mark("fill", "备注", 300, keeps=True),
    "page": Mark("scroll", "页面", choices=("down", "up")),
    "question": Mark("fill", "要问的话", 200),
    "rail": Mark("press", "左边的栏目"),
    "relation": Mark("choose", "代办人和办事人的关系", choices=RELATIONS),
}
REASONS = {
    "away": "村里的线路断着",
    "busy": "上一步还没有做完",
    "gone": "那一处已经不在页面上",
    "hidden": "那一处现在按不到",
    "mark": "这里只能由村里自己动手",
    "number": "证件号、银行卡号、电话只能由村里自己填",
    "order": "这一步来迟了",
    "value": "这个内容不能填在这里",
    "written": "村里已经写了字，不替他改",
}
"""Why an act is refused, in words for the agent."""
ANSWER_S = 5.0
"""How long an act may wait for the village's word before the next is let through."""
_DIGITS = r"[0-9〇零幺一二三四五六七八九]"
_NUMBER = re.compile(rf"(?:{_DIGITS}[\s.·_/()-]*){{7}}")
"""Seven digits are a number of somebody: no agent needs to write one, in whatever signs and with whatever gaps."""


def refusal(verb: str, mark: str, value: str) -> str:
    """Why an act may not be, a key of REASONS; "" when it may."""
    known = MARKS.get(mark)
    if known is None or known.verb != verb:
        return "mark"
    if known.choices:
        return "" if value in known.choices else "value"
    if known.longest == 0:
        return "" if value == "" else "value"
    if value.strip() == "" or len(value) > known.longest or _unseen(value):
        return "value"
    return "number" if of_somebody(value) else ""


def of_somebody(text: str) -> bool:
    """Whether a text holds a certificate, bank or telephone number."""
    return _NUMBER.search(unicodedata.normalize("NFKC", text)) is not None


def _unseen(text: str) -> bool:
    """Whether a text has signs that cannot be seen: new lines, signs that turn its direction."""
    return any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs") for one in text)


@dataclass(frozen=True)
class Act:
    """One act of an agent; what it fills in is kept nowhere."""

    n: int
    verb: str
    mark: str
    at: float


@dataclass(frozen=True)
class Hand:
    """How it stands between the two ends: the number of the last act, what the village has not answered yet, who is at it."""

    holder: str
    last: int = 0
    paused: bool = False
    pending: Act | None = None


def begin(hand: Hand, act: Act) -> Hand | str:
    """The hand with this act under way, or why not; an act counts once and in order, one at a time."""
    if hand.paused:
        return "held"
    if act.n <= hand.last:
        return "order"
    if hand.pending is not None and act.at < hand.pending.at + ANSWER_S:
        return "busy"
    return replace(hand, last=act.n, pending=act)


def finish(hand: Hand, n: int) -> tuple[Hand, Act | None]:
    """The hand after the village's word about act `n`, and that act; None when nothing waits for it."""
    if hand.pending is None or hand.pending.n != n:
        return hand, None
    return replace(hand, pending=None), hand.pending
