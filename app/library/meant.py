"""Did you mean: what a question to the library probably meant, by the words and sounds that its texts hold."""

from __future__ import annotations

import re
from typing import Any

from whoosh import query
from whoosh.searching import Searcher

from app.library import words

LONGEST_WORD = 24
"""Letters of the longest word that is looked for in a row of pinyin."""


def suggest(searcher: Searcher, question: str) -> str:
    """The question as it was probably meant: pinyin read as words, words that occur nowhere as ones that sound alike."""
    folded, known = words.fold(question.strip()), searcher.reader()
    parts, last, changed = [], 0, False
    for start, end in _unknown(searcher, folded):
        meant = _meant(searcher, known, folded[start:end])
        if meant:
            parts += [folded[last:start], meant]
            last, changed = end, True
    return "".join([*parts, folded[last:]]) if changed else ""


def _unknown(searcher: Searcher, folded: str) -> list[tuple[int, int]]:
    """Where a question says something that no text says."""
    found: list[tuple[int, int]] = []
    tokens = words.plain_cut(folded)
    for n, (word, start, end) in enumerate(tokens):
        if found and start < found[-1][1]:
            continue
        if re.fullmatch(r"[a-z']{2,}", word):
            if not _occurs(searcher, [word]):
                found.append((start, end))
            continue
        for size in (4, 3, 2):
            run = [token for token in tokens[n:] if token[2] <= start + size]
            whole = folded[start : start + size]
            if not run or run[-1][2] != start + size or not words.is_chinese(whole):
                continue
            if any(len(token[0]) == 1 for token in run) or len(run) == 1:
                spread = [token[0] for token in words.cut(whole)]
                if spread and not _occurs(searcher, spread) and _meant(searcher, searcher.reader(), whole):
                    found.append((start, start + size))
                    break
    return found


def _occurs(searcher: Searcher, row: list[str]) -> bool:
    wanted = [query.Phrase(name, row) if len(row) > 1 else query.Term(name, row[0]) for name in ("title", "said")]
    return not searcher.search(query.Or(wanted), limit=1).is_empty()


def _meant(searcher: Searcher, known: Any, said: str) -> str:
    """The commonest word of the texts that a piece of a question sounds like, or differs from in one character."""
    latin = not words.is_chinese(said)
    letters = words.near(said.replace("'", "")) if latin else words.sound(said)
    if letters:
        whole = _sounding(searcher, known, letters)
        if whole:
            return whole
    if latin:
        return _syllables(searcher, known, letters) or _mistyped(searcher, known, letters)
    if len(said) > 2:
        near = [word for word in known.terms_within("said", said, maxdist=1) if len(word) == len(said)]
        return max(near, key=lambda word: (_uses(searcher, word), word), default="")
    return ""


def _sounding(searcher: Searcher, known: Any, letters: str) -> str:
    prefix = letters + "="
    found = [term.decode().split("=")[1] for term in known.expand_prefix("sound", prefix)]
    return max(found, key=lambda word: (_uses(searcher, word), word), default="")


def _syllables(searcher: Searcher, known: Any, letters: str) -> str:
    """Pinyin of several words in a row: the words that cover most of it; a syllable that is no word's is left out."""
    best: dict[int, tuple[int, int, list[str]]] = {len(letters): (0, 0, [])}
    for start in range(len(letters) - 1, -1, -1):
        ways = []
        for end in range(start + 1, min(len(letters), start + LONGEST_WORD) + 1):
            if end not in best:
                continue
            said, (covered, parts, found) = letters[start:end], best[end]
            if end - start > 2 and ("sound", said) in known:
                ways.append((covered + end - start, parts - 1, [_sounding(searcher, known, said), *found]))
            elif said in words.syllables():
                ways.append((covered, parts, found))
        if ways:
            best[start] = max(ways, key=lambda way: way[:2])
    covered, _, found = best.get(0, (0, 0, []))
    return ("" if covered == len(letters) else " ").join(found) if covered * 2 >= len(letters) else ""


def _mistyped(searcher: Searcher, known: Any, letters: str) -> str:
    """Pinyin with one letter wrong, missing or too many."""
    if len(letters) < 4:
        return ""
    near = [term for term in known.terms_within("sound", letters, maxdist=1) if "=" not in term]
    return max((_sounding(searcher, known, one) for one in near), key=lambda w: (_uses(searcher, w), w), default="")


def _uses(searcher: Searcher, word: str) -> int:
    return int(searcher.doc_frequency("said", word))
