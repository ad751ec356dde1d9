"""智能问答, the pure half: words to tokens, hits to a decision. Twin of `pwa/src/answering/rules.ts`.

Everything tunable stands in `datasets/search.json`; both runtimes compute with integers, so equal knowledge gives equal
answers. `tests/vectors/answering.json` holds the twins together.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
LONGEST = 500


def normalise(text: str) -> str:
    """NFKC, lower case, no invisible characters, single spaces, at most 500 characters."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().translate(INVISIBLE).split())[:LONGEST]


def rewrite(text: str, table: Mapping[str, str]) -> str:
    """Local speech to standard words: one pass from the left, longest entry first; output is not rewritten again."""
    longest = max(map(len, table), default=0)
    out, at = [], 0
    while at < len(text):
        for length in range(min(longest, len(text) - at), 0, -1):
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


def tokens(text: str) -> list[str]:
    """Single Han characters and pairs of neighbours, and runs of ASCII letters and digits, in order, repeats kept."""
    out: list[str] = []
    han, latin = "", ""
    for char in text + " ":
        if is_han(char):
            han += char
        elif han:
            out += list(han) + [han[n : n + 2] for n in range(len(han) - 1)]
            han = ""
        if char.isascii() and char.isalnum():
            latin += char
        elif latin:
            out.append(latin)
            latin = ""
    return out


def question_tokens(text: str, stop: Sequence[str]) -> list[str]:
    """Distinct tokens of a rewritten question; question words are dropped unless nothing else is left."""
    blanks = dict.fromkeys(stop, " ")
    return list(dict.fromkeys(tokens(rewrite(text, blanks)))) or list(dict.fromkeys(tokens(text)))


def match_expression(terms: Sequence[str]) -> str:
    """The FTS5 query: any of the tokens, each quoted, in code-point order."""
    return " OR ".join(f'"{term}"' for term in sorted(terms))


@dataclass(frozen=True)
class Candidate:
    """An item as found: its score so far and the texts of its search document (already normalised and rewritten)."""

    slug: str
    score: int
    names: Sequence[str]
    questions: Sequence[str]
    rest: Sequence[str]


@dataclass(frozen=True)
class Hit:
    """An item as shown."""

    slug: str
    score: int
    matched: list[str]
    """Terms of the question that the item holds, longest first."""
    phrase: int | None
    """Index into names of the name or alias that stands in the question."""
    qa: int | None
    """Index into questions of the nearest one (situation names follow the Q&A there)."""
    coverage: int
    """Percent of the question's terms that the item holds."""
    strong: int
    """The same counting its names and questions only."""


@dataclass(frozen=True)
class Decision:
    """What to do with a question: answer, clarify or none; `advice` is a sentence for the person, "" when there is none."""

    decision: str
    hits: list[Hit]
    advice: str

    def to_wire(self) -> dict[str, Any]:
        return asdict(self)


def decide(question: str, terms: Sequence[str], candidates: Sequence[Candidate], spec: Mapping[str, Any]) -> Decision:
    """Rank candidates and choose. `question` is normalised and rewritten, `spec` is `datasets/search.json`."""
    rule = advise(question, spec["advice"])
    advice = str(rule["say"]) if rule else ""
    scored = [(_score(question, one, spec), one) for one in candidates]
    scored.sort(key=lambda pair: (-pair[0], pair[1].slug))
    hits = [_hit(question, terms, one, score) for score, one in scored[: spec["shown"]]]
    if not hits or _nothing(hits[0], rule, spec["none"]):
        return Decision("none", [], advice)
    top, answer = hits[0], spec["answer"]
    margin = 100 if len(hits) == 1 else (top.score - hits[1].score) * 100 // max(1, top.score)
    one_chance_word = len(top.matched) < 2 and top.coverage < 100 and top.phrase is None
    sure = top.score >= answer["score"] and margin >= answer["margin"] and top.strong >= answer["coverage"]
    return Decision("answer" if sure and not one_chance_word else "clarify", hits, advice)


def _nothing(top: Hit, rule: Mapping[str, Any] | None, none: Mapping[str, int]) -> bool:
    """Whether even the best item is no answer. Advice (110, 12345 …) stands alone unless the item fits as well as its
    rule's `beside` percent; above 100 it always does (other people's data).
    """
    if rule:
        return top.strong < int(rule["beside"])
    if top.phrase is not None:
        return False
    return top.coverage < none["coverage"] or (top.strong < none["strong"] and top.score < none["score"])


def advise(question: str, rules: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The first rule of which every group has a word in the question and no `unless` word is in it."""
    for rule in rules:
        wanted = all(any(word in question for word in group) for group in rule["all"])
        if wanted and not any(word in question for word in rule["unless"]):
            return rule
    return None


def _score(question: str, one: Candidate, spec: Mapping[str, Any]) -> int:
    phrase = _phrase(question, one.names)
    bonus = 0 if phrase is None else len(one.names[phrase]) * int(spec["phrase_bonus"])
    return one.score + bonus


def _phrase(question: str, names: Sequence[str]) -> int | None:
    best: int | None = None
    for index, name in enumerate(names):
        if name and name in question and (best is None or len(name) > len(names[best])):
            best = index
    return best


def _hit(question: str, terms: Sequence[str], one: Candidate, score: int) -> Hit:
    strong = {token for text in (*one.names, *one.questions) for token in tokens(text)}
    held = strong | {token for text in one.rest for token in tokens(text)}
    counted = [term for term in terms if len(term) > 1] or list(terms)
    matched = sorted((term for term in counted if term in held), key=lambda term: (-len(term), term))
    return Hit(
        slug=one.slug,
        score=score,
        matched=matched,
        phrase=_phrase(question, one.names),
        qa=_nearest(terms, one.questions),
        coverage=_percent(counted, held),
        strong=_percent(counted, strong),
    )


def _percent(terms: Sequence[str], held: set[str]) -> int:
    return 100 * sum(term in held for term in terms) // max(1, len(terms))


def _nearest(terms: Sequence[str], questions: Sequence[str]) -> int | None:
    """The question that shares most terms, long ones counting double, related to its own length; None below one pair."""
    best, best_score = None, 0
    for index, text in enumerate(questions):
        own = set(tokens(text))
        pairs = sum(len(term) > 1 for term in terms if term in own)
        shared = sum(term in own for term in terms) + pairs
        score = 1000 * shared * shared // max(1, len(own))
        if pairs and score > best_score:
            best, best_score = index, score
    return best
