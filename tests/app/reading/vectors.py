"""Writes `tests/vectors/reading.json`: lines of print and what both twins read out of them.

`python -m tests.app.reading.vectors` (a minute: the engine looks at drawn cards). Lines are of three kinds: what the engine
saw on cards of persons who never lived, the same with signs changed as bad prints change them, and pages made of
words of the forms in odd places.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from app.reading import engine, rules
from deploy.benches import _cards

FILE = Path(__file__).parents[2] / "vectors" / "reading.json"
TODAY = date(2026, 11, 25)
EARLY = date(1880, 1, 1)
"""Before every birth in the vectors."""
CONDITIONS = (lambda card, _chance: card, _cards.worn, _cards.photo, _cards.hard)
MISREAD = (
    "0O",
    "1l",
    "2Z",
    "8B",
    "5S",
    "男女",
    "汉漢",
    "族旗",
    "年.",
    "·•",
    " 　",
    "僳傈",
    "怒恕",
    "0６",
    "X×",
    "局后",
)
"""Pairs of signs that are taken for each other."""
ODD = ("𠮷", "〇", "１", "é", "①", "Ⅷ", "\u3000", "\x1c", "\ufeff", "(", "）", "·", "至今", "长期", "ﬁ", "\U0001f600")
EACH = 2
CHANGED = 10
PAGES = 400


MENDED = [
    rules.Line("出生 1899年1月1日", 0.98, (0.1, 0.3, 0.4, 0.36)),
    rules.Line("公民身份号码533324189907010018", 0.97, (0.1, 0.8, 0.9, 0.86)),
]
"""A month misread in the number."""


def case(lines: list[rules.Line], today: date = TODAY) -> dict[str, Any]:
    """One vector."""
    found = rules.read(lines, today)
    return {
        "today": today.isoformat(),
        "lines": [[one.text, one.sure, list(one.box)] for one in lines],
        "kind": found.kind,
        "fields": [[one.name, one.value, one.sure, one.note, list(one.box)] for one in found.fields],
    }


def lines_of(vector: dict[str, Any]) -> list[rules.Line]:
    """The lines of a vector."""
    return [rules.Line(text, sure, tuple(box)) for text, sure, box in vector["lines"]]


def seen(chance: random.Random) -> Iterator[list[rules.Line]]:
    """What the engine sees on drawn cards."""
    for kind in _cards.KINDS:
        for spoil in CONDITIONS:
            for person in chance.sample(_cards.people(), EACH):
                data = io.BytesIO()
                spoil(_cards.draw(person, kind), chance).save(data, "JPEG", quality=80)
                yield engine.scan(data.getvalue())[0]


def changed(lines: list[rules.Line], chance: random.Random) -> list[rules.Line]:
    """The same with some signs misread, lines torn, lost or moved."""
    made: list[rules.Line] = []
    for text, sure, (left, top, right, bottom) in lines:
        for pair in chance.sample(MISREAD, 7):
            text = text.replace(*(pair if chance.random() < 0.5 else pair[::-1]), chance.randrange(2))
        fate = chance.random()
        if fate < 0.06:
            continue
        if fate < 0.16:
            text += chance.choice(ODD)
        if fate < 0.26 and len(text) > 2:
            at = chance.randrange(1, len(text))
            edge = round(left + (right - left) * at / len(text), 4)
            made += [
                rules.Line(text[:at], sure, (left, top, edge, bottom)),
                rules.Line(text[at:], sure, (edge, top, right, bottom)),
            ]
        else:
            down = chance.choice((0, 0, 0, 0.01, -0.02))
            made.append(rules.Line(text, sure, (left, round(top + down, 4), right, round(bottom + down, 4))))
    return made


def page(chance: random.Random) -> list[rules.Line]:
    """Words of the forms in odd places, with values that nobody would print."""
    words = [*rules._WORD, "营业执照", "社会保障", "居民身份证", "常住人口登记", "姓 名", "住 址"]
    numbers = [*_known("id_valid")[:4], "11010519491231002x", *_known("uscc_valid"), *_known("uscc_invalid")]
    values = [
        "",
        *numbers,
        *rules.NATIONS,
        "2020.02.30-长期",
        "2001.1.1-2031.1.1",
        "l899年1月O1日",
        "9999年12月31日",
        "0000年1月1日",
    ]
    found = []
    if chance.random() < 0.2:
        code, name = chance.choice(numbers), chance.choice(("怒江测试小吃店", "店"))
        licence = ("营业执照", f"统一社会信用代码{code}", f"名称：{name}")
        found = [rules.Line(text, 0.97, (0.1, at / 9, 0.6, at / 9 + 0.06)) for at, text in enumerate(licence)]
    for _ in range(chance.randrange(1, 9)):
        some = (
            (words, values) if chance.random() < 0.6 else chance.choices((words, values, ODD), k=chance.randrange(1, 4))
        )
        text = chance.choice(("", "", " ", "：")).join(chance.choice(one) for one in some)
        left, top = round(chance.uniform(0, 0.7), 3), round(chance.randrange(12) / 12, 3)
        box = (left, top, round(left + chance.uniform(0.05, 0.5), 3), round(top + 0.06, 3))
        found.append(rules.Line(text, round(chance.uniform(0.3, 1), 3), box))
    return found


def _known(name: str) -> list[str]:
    found: list[str] = json.loads((FILE.parent / "check_vectors.json").read_text("utf-8"))[name]
    return found


def write() -> None:
    """The file."""
    chance = random.Random(6)
    cards = list(seen(chance))
    vectors = [case(lines) for lines in cards]
    vectors += [
        case(changed(chance.choice(cards), chance), chance.choice((TODAY, TODAY, TODAY, EARLY)))
        for _ in range(CHANGED * len(cards) // 2)
    ]
    vectors += [case(page(chance), chance.choice((TODAY, TODAY, EARLY))) for _ in range(PAGES)]
    vectors.append(case(MENDED))
    FILE.write_text("[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in vectors) + "\n]\n", "utf-8")


if __name__ == "__main__":
    write()
