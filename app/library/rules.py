"""资料库, pure: what a text must be, where it is cut into passages, and how a passage is shown with its hits marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.handling.rules import id_number_fault, mask

KINDS = {
    "policy": "政策文件",
    "handbook": "办事规程",
    "transcript": "通话整理",
    "note": "工作笔记",
}
ITEM = "item"
"""The kind of an item in force: searched with the texts, written elsewhere."""
FIELDS = {
    "title": "标题",
    "kind": "种类",
    "department": "部门",
    "region": "适用地区",
    "dated": "日期",
    "source": "来源",
    "body": "正文",
}
SHORTEST = 10
"""Characters below which a text says nothing worth finding."""
LONGEST = 300_000
"""Characters of a text; a longer file is several files."""
ALIKE = 0.6
"""Share of common wording from which two texts may be the same one twice."""

_SOFT, _FULL, _HARD = 240, 480, 800
"""A passage ends at the first line end after _SOFT characters, sentence end after _FULL, anywhere at _HARD."""
_CARD = re.compile(r"(?<![\dA-Za-z])\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?![\dA-Za-z])")
_MOBILE = re.compile(r"(?<![\dA-Za-z])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\dA-Za-z])")
_BANK = re.compile(r"(?<![\dA-Za-z])\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}(?:[ -]?\d{1,3})?(?![\dA-Za-z])")


@dataclass(frozen=True)
class Draft:
    """A text as an editor gives it; every field is plain text."""

    title: str
    kind: str
    department: str
    region: str
    dated: str
    source: str
    body: str


@dataclass(frozen=True)
class Personal:
    """A place where a text names a person by a number."""

    start: int
    end: int
    kind: str


def clean(text: str) -> str:
    """The text as it is kept: line ends alike, no control or invisible characters, no heaps of empty lines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs"))
    kept = re.sub(r"[ \t\u3000]+$", "", kept, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", kept).strip("\n")


def looks_binary(text: str) -> bool:
    """Whether decoded bytes are no writing at all: a picture or program renamed to .txt."""
    head = text[:20_000]
    odd = sum(char == "\ufffd" or (unicodedata.category(char) == "Cc" and char not in "\n\r\t\f") for char in head)
    return "\x00" in head or odd > len(head) / 50


def faults(draft: Draft, regions: Iterable[str], today: str) -> list[tuple[str, str]]:
    """(field, what to put right) for every fault, in the order of the form; personal numbers are found by `personal`."""
    found = []
    for name, most in (("title", 120), ("department", 60), ("source", 200)):
        value = getattr(draft, name)
        if name != "source" and not value:
            found.append((name, "要填"))
        elif len(value) > most:
            found.append((name, f"最多 {most} 字"))
        elif personal(value):
            found.append((name, "不能写身份证号、手机号或银行卡号"))
    if draft.kind not in KINDS:
        found.append(("kind", "要从列表里选"))
    if draft.region not in set(regions):
        found.append(("region", "要从列表里选"))
    if not is_day(draft.dated):
        found.append(("dated", "要填，写成 2026-05-20 这样"))
    elif draft.dated > today:
        found.append(("dated", "不能晚于今天"))
    if len(draft.body.strip()) < SHORTEST:
        found.append(("body", f"要填，至少 {SHORTEST} 个字"))
    elif len(draft.body) > LONGEST:
        found.append(("body", f"有 {len(draft.body)} 字，最多 {LONGEST} 字，请拆成几篇"))
    return sorted(found, key=lambda fault: list(FIELDS).index(fault[0]))


def is_day(text: str) -> bool:
    """Whether a text is a date like 2026-05-20."""
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and date.fromisoformat(text).year >= 1949
    except ValueError:
        return False


def personal(text: str) -> list[Personal]:
    """ID, mobile and bank card numbers in a text, also full-width or written with gaps, in order."""
    plain = text.translate(_ASCII)
    found: list[Personal] = []
    for pattern, kind, right in (
        (_CARD, "身份证号", _is_id),
        (_MOBILE, "手机号", lambda _digits: True),
        (_BANK, "银行卡号", _is_bank),
    ):
        for hit in pattern.finditer(plain):
            digits = re.sub(r"[ -]", "", hit.group()).upper()
            if right(digits) and all(hit.end() <= one.start or hit.start() >= one.end for one in found):
                found.append(Personal(hit.start(), hit.end(), kind))
    return sorted(found, key=lambda one: one.start)


_ASCII = {ord(char): ord(char) - 0xFEE0 for char in "０１２３４５６７８９Ｘｘ－"} | {0x3000: 0x20}


def _is_id(digits: str) -> bool:
    """A mistyped number is personal too, so the check digit does not count; a birth date that cannot be does."""
    return "出生" not in id_number_fault(digits)


def _is_bank(digits: str) -> bool:
    doubled = [int(digit) * (2 if n % 2 else 1) for n, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def where(text: str, found: Sequence[Personal], most: int = 5) -> str:
    """Where personal numbers stand, masked, for the person who must take them out."""
    places = [
        f"第 {text.count(chr(10), 0, one.start) + 1} 行{one.kind} {_masked(text[one.start : one.end])}"
        for one in found[:most]
    ]
    more = f"等 {len(found)} 处" if len(found) > most else ""
    return "、".join(places) + more


def without_personal(text: str) -> str:
    """The text with every personal number masked."""
    for one in reversed(personal(text)):
        text = text[: one.start] + _masked(text[one.start : one.end]) + text[one.end :]
    return text


def _masked(number: str) -> str:
    digits = re.sub(r"[ -]", "", number.translate(_ASCII))
    return mask(digits) if len(digits) in (11, 18) else digits[:4] + "*" * (len(digits) - 8) + digits[-4:]


def passages(body: str) -> list[tuple[int, int]]:
    """(start, end) of every passage: together they are the whole text, each ends where a line or sentence does."""
    found, start, n = [], 0, 0
    while n < len(body):
        char, size = body[n], n + 1 - start
        n += 1
        if (char == "\n" and size >= _SOFT) or (char in "。！？；" and size >= _FULL) or size >= _HARD:
            found.append((start, n))
            start = n
    if body[start:].strip() or not found:
        found.append((start, len(body)))
    elif start < len(body):
        found[-1] = (found[-1][0], len(body))
    return found


def marked(text: str, folded: str, words: Iterable[str]) -> list[tuple[str, bool]]:
    """The text in pieces, True for those that are one of the words; `folded` is the text as words are compared.

    Templates print the pieces escaped, so nothing in a text can become markup.
    """
    ordered = sorted((re.escape(word) for word in words if word), key=len, reverse=True)
    if not ordered or len(folded) != len(text):
        return [(text, False)] if text else []
    pieces, last = [], 0
    for hit in re.finditer("|".join(ordered), folded):
        if hit.start() > last:
            pieces.append((text[last : hit.start()], False))
        if pieces and pieces[-1][1] and hit.start() == last:
            pieces[-1] = (pieces[-1][0] + text[hit.start() : hit.end()], True)
        else:
            pieces.append((text[hit.start() : hit.end()], True))
        last = hit.end()
    if last < len(text):
        pieces.append((text[last:], False))
    return pieces


def excerpt(folded: str, words: Iterable[str], size: int = 160) -> tuple[int, int]:
    """(start, end) of the part of a passage that holds most different words, the first one among equals."""
    words = [word for word in words if word]
    if len(folded) <= size or not words:
        return 0, min(len(folded), size)
    starts = sorted({hit.start() for word in words for hit in re.finditer(re.escape(word), folded)}) or [0]

    def worth(start: int) -> tuple[int, int]:
        part = folded[start : start + size]
        return sum(len(word) for word in words if word in part), -start

    best = max(0, max(starts[:200], key=worth) - size // 5)
    before = max(folded.rfind(char, 0, best + 1) for char in "。；！？\n")
    if best - before <= size // 3:
        best = before + 1
    return best, min(len(folded), best + size)


def shingles(folded: str) -> frozenset[str]:
    """Every run of eight characters, spaces left out: what two texts have in common word for word."""
    dense = re.sub(r"\s+", "", folded)
    return frozenset(dense[n : n + 8] for n in range(max(1, len(dense) - 7)))


def common(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of the shorter text's wording that the other has too."""
    return len(one & other) / max(1, min(len(one), len(other)))
