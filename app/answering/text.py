"""智能问答, the pure half of reading: a question to plain text, words, sounds and features. Twin of `pwa/src/answering/text.ts`.

What could differ between two machines is data of the release (characters, words, rewrites), never a library: no Unicode
normalisation, no segmenter of the browser. Costs are integers, so two ways of cutting never differ in the 14th digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

LONGEST = 500
"""Characters of a question that are read; the rest is cut off."""

INVISIBLE = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
SPACES = frozenset(
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


@dataclass(frozen=True)
class Char:
    """One row of the character table: the simplified form, and the Mandarin syllable without tone ("" when unknown)."""

    plain: str
    sound: str


@dataclass(frozen=True)
class Lexicon:
    """The words that a release reads with; empty tables read too, only worse."""

    rewrites: Mapping[str, str]
    chars: Mapping[str, Char] = field(default_factory=dict)
    costs: Mapping[str, int] = field(default_factory=dict)
    """Micro-nats by word: -1e6 ln p; a word that is not here can only be a single character."""
    unknown: int = 20_000_000
    """Cost of a single character that is no word."""

    @cached_property
    def longest(self) -> int:
        """Characters of the longest word."""
        return max(map(len, self.costs), default=1)

    @cached_property
    def syllables(self) -> frozenset[str]:
        return frozenset(char.sound for char in self.chars.values() if char.sound)


def normalise(text: str, chars: Mapping[str, Char]) -> str:
    """Half-width, lower case (ASCII only), simplified, no invisible characters, single spaces, at most 500 characters."""
    out: list[str] = []
    for char in text:
        if char in INVISIBLE or "\ud800" <= char <= "\udfff":  # half a surrogate pair is no character
            continue
        if "\uff01" <= char <= "\uff5e":
            char = chr(ord(char) - 0xFEE0)
        if char in SPACES:
            if out and out[-1] != " ":
                out.append(" ")
        elif "A" <= char <= "Z":
            out.append(char.lower())
        else:
            out.append(chars[char].plain if char in chars else char)
    return "".join(out[:LONGEST]).rstrip(" ")


def reaches(words: Iterable[str]) -> dict[str, int]:
    """For each character that begins a word: the characters of the longest such word."""
    found: dict[str, int] = {}
    for word in words:
        found[word[:1]] = max(len(word), found.get(word[:1], 0))
    return found


def rewrite(text: str, table: Mapping[str, str], reach: Mapping[str, int] | None = None) -> str:
    """Local speech to standard words: one pass from the left, longest entry first; output is not rewritten again."""
    reach = reaches(table) if reach is None else reach
    out, at = [], 0
    while at < len(text):
        for length in range(min(reach.get(text[at], 0), len(text) - at), 0, -1):
            word = text[at : at + length]
            if word in table:
                out.append(table[word])
                at += length
                break
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def is_han(char: str) -> bool:
    """CJK unified ideographs of the basic plane, extension A included."""
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf"


def is_latin(char: str) -> bool:
    """ASCII letters and digits."""
    return char.isascii() and char.isalnum()


def runs(text: str) -> Iterator[tuple[str, str]]:
    """("han" | "latin", run) of neighbouring characters of one kind; everything else only separates."""
    kind, run = "", ""
    for char in text + " ":
        now = "han" if is_han(char) else "latin" if is_latin(char) else ""
        if now != kind and run:
            yield kind, run
            run = ""
        kind = now
        run += char if now else ""


def segment(text: str, lexicon: Lexicon) -> list[str]:
    """The words of a text: in each Han run the cheapest cut, ties to the longer word; Latin runs stay whole.

    Equal to jieba with its HMM off on the same dictionary.
    """
    return [word for kind, run in runs(text) for word in (_cut(run, lexicon) if kind == "han" else [run])]


def _cut(run: str, lexicon: Lexicon) -> list[str]:
    ahead: list[tuple[int, int]] = [(0, 0)] * (len(run) + 1)
    for at in range(len(run) - 1, -1, -1):
        best = (ahead[at + 1][0] + lexicon.costs.get(run[at], lexicon.unknown), at + 1)
        for end in range(at + 2, min(len(run), at + lexicon.longest) + 1):
            cost = lexicon.costs.get(run[at:end])
            if cost is not None and cost + ahead[end][0] <= best[0]:
                best = (cost + ahead[end][0], end)
        ahead[at] = best
    out, at = [], 0
    while at < len(run):
        out.append(run[at : ahead[at][1]])
        at = ahead[at][1]
    return out


def fold(sound: str) -> str:
    """A syllable as south-western speech hears it: zh=z, ch=c, sh=s, -ng=-n, l=n, ü=v."""
    sound = sound.replace("ü", "v")
    if sound[:2] in ("zh", "ch", "sh"):
        sound = sound[0] + sound[2:]
    if sound[:1] == "l":
        sound = "n" + sound[1:]
    return sound[:-1] if sound.endswith("ng") else sound


def syllables(run: str, known: frozenset[str]) -> list[str]:
    """A Latin run cut into the fewest syllables (of equal cuts the one whose first syllable is longest), [] when it is none."""
    ahead: list[list[str] | None] = [None] * (len(run) + 1)
    ahead[len(run)] = []
    for at in range(len(run) - 1, -1, -1):
        for end in range(min(len(run), at + 6), at, -1):
            rest = ahead[end]
            if rest is not None and run[at:end] in known:
                best = ahead[at]
                if best is None or len(rest) + 1 < len(best):
                    ahead[at] = [run[at:end], *rest]
    return ahead[0] or []


def sounds(text: str, lexicon: Lexicon, known: frozenset[str]) -> list[list[str]]:
    """Folded syllables of each stretch without a break; Latin that is pinyin joins its Han neighbours across spaces."""
    out: list[list[str]] = [[]]
    for kind, run in runs(text):
        heard = [lexicon.chars[c].sound for c in run if c in lexicon.chars] if kind == "han" else syllables(run, known)
        if not heard:
            out.append([])
        out[-1].extend(fold(sound) for sound in heard if sound)
    return [stretch for stretch in out if stretch]


def grams(units: Iterable[str], sizes: Iterable[int], joint: str = "") -> Iterator[str]:
    """All runs of neighbouring units of the given sizes."""
    held = list(units)
    for size in sizes:
        for at in range(len(held) - size + 1):
            yield joint.join(held[at : at + size])
