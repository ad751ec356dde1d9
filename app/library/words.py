"""How texts and questions are read at the centre: one fold, one cut into words, one way a word sounds."""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import jieba
from whoosh.analysis import Token, Tokenizer

from datasets.sources import FOLDER

jieba.setLogLevel(logging.WARNING)  # it tells of its dictionary at every start
IDLE = frozenset("的了和与及或在是为对由等其之个有这那也都就把被吗呢吧啊请我你他")
"""Characters that say nothing by themselves; they are neither indexed nor looked up."""
NEAR = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))
"""Sounds that many people here write alike."""


@cache
def chars() -> dict[str, tuple[str, str]]:
    """Simplified form and Mandarin syllable by character."""
    with (FOLDER / "words" / "chars.csv").open(encoding="utf-8", newline="") as file:
        return {row["char"]: (row["plain"], row["sound"]) for row in csv.DictReader(file)}


@cache
def _table() -> dict[int, str]:
    table = {ord(char): plain for char, (plain, _) in chars().items() if len(plain) == 1}
    table |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    return table | {ord(char): char.lower() for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} | {0x3000: " "}


def fold(text: str) -> str:
    """Half-width, lower case, simplified: one character for one, so that places in both texts are the same."""
    half = text.translate({code: chr(code - 0xFEE0) for code in range(0xFF21, 0xFF3B)})
    return half.translate(_table())


def cut(text: str) -> Iterator[tuple[str, int, int]]:
    """(word, start, end) of every word of a folded text; long words also give the shorter ones inside them."""
    for word, start, end in jieba.tokenize(text, mode="search", HMM=False):
        if word not in IDLE and re.search(r"\w", word):
            yield word, start, end


def plain_cut(text: str) -> list[tuple[str, int, int]]:
    """The same without the shorter words, idle ones kept: what the text is made of."""
    return [token for token in jieba.tokenize(text, HMM=False) if re.search(r"\w", token[0])]


class Text(str):
    """A text that was cut into words already, so that it is read once."""

    words: list[tuple[str, int, int]]


def read(text: str) -> Text:
    """A text with its words."""
    found = Text(text)
    found.words = list(cut(fold(text)))
    return found


class Words(Tokenizer):  # type: ignore[misc]
    """The tokenizer of every searched field."""

    def __call__(
        self, value: str, positions: bool = False, chars: bool = False, start_pos: int = 0, start_char: int = 0,
        tokenize: bool = True, mode: str = "", **kwargs: Any,
    ) -> Iterator[Token]:  # fmt: skip
        token = Token(positions, chars, mode=mode, **kwargs)
        for n, (word, start, end) in enumerate((value if isinstance(value, Text) else read(value)).words):
            token.text, token.original, token.boost, token.stopped = word, word, 1.0, False
            token.pos = start_pos + n
            token.startchar, token.endchar = start_char + start, start_char + end
            yield token


@cache
def syllables() -> frozenset[str]:
    """Every syllable of Mandarin, near sounds written alike."""
    return frozenset(near(sound) for _, sound in chars().values() if sound)


@lru_cache(maxsize=65_536)
def sound(word: str) -> str:
    """How a Chinese word is typed in pinyin, near sounds written alike; "" when a character has none."""
    parts = [chars().get(char, ("", ""))[1] for char in word]
    return near("".join(parts)) if parts and all(parts) else ""


def near(letters: str) -> str:
    """Pinyin without tone, with the sounds alike that many people here do not tell apart."""
    letters = letters.replace("ü", "v").replace("u:", "v")
    for one, other in NEAR:
        letters = letters.replace(one, other)
    return letters


def is_chinese(text: str) -> bool:
    """Whether a text is made of Chinese characters only."""
    return bool(re.fullmatch(r"[\u3400-\u9fff\U00020000-\U0003ffff]+", text))
