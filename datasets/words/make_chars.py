"""Writes `chars.csv` anew: each character's simplified form and its most usual Mandarin syllable, tone left out.

A tool for whoever changes the table, not part of the product: `pip install pypinyin==0.55.0
opencc-python-reimplemented==0.1.7`, then `python -m datasets.words.make_chars`. Readings are pypinyin's (MIT), simplified
forms OpenCC's (Apache-2.0). Kept are the 6,763 characters of GB 2312, every character that simplifies to one of them, and
what the knowledge itself uses, so that a table of a few ten thousand bytes covers what people write here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import opencc
from pypinyin import lazy_pinyin

FOLDER = Path(__file__).parent
HEARD_OTHERWISE = {"嗯": "en", "哼": "heng", "咯": "lo", "噶": "ga", "克": "ke", "嘞": "lei", "呗": "bei", "着": "zhe"}
"""Characters for which the most usual reading is not the one that matters in spoken questions."""


def main() -> None:
    """Write the table next to this file."""
    simplify = opencc.OpenCC("t2s").convert
    wanted = set(_gb2312()) | set(_knowledge())
    rows = []
    for point in [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)]:
        char = chr(point)
        plain = simplify(char)
        if len(plain) != 1 or ord(plain) > 0xFFFF:
            plain = char
        if char in wanted or (plain != char and plain in wanted):
            rows.append((char, plain, HEARD_OTHERWISE.get(plain) or _sound(plain)))
    with (FOLDER / "chars.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("char", "plain", "sound"))
        writer.writerows(rows)


def _sound(char: str) -> str:
    found = lazy_pinyin(char, errors="ignore", v_to_u=False)
    return found[0].replace("ü", "v") if found else ""


def _gb2312() -> Iterator[str]:
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                yield bytes((row, cell)).decode("gb2312")
            except UnicodeDecodeError:
                continue  # the few empty places of the standard


def _knowledge() -> Iterator[str]:
    for path in FOLDER.parent.rglob("*"):
        if path.suffix in (".yaml", ".csv") and path.name != "chars.csv":
            yield from path.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
