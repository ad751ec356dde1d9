"""智能问答, the pure half of deciding: lexical hits and topic scores to a decision. Twin of `pwa/src/answering/rules.ts`.

Everything tunable stands in `datasets/search.json` and in the settings of a lingua release; both runtimes compute with
integers, so equal knowledge and equal lingua give equal answers, to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from app.answering.model import GROUPS
from app.answering.text import rewrite, runs

Spec = Mapping[str, Any]
TOGETHER = 2
"""Needs of one sentence that are shown together, at least."""
PAIRS_ENOUGH = 2
"""So many pairs of characters say what is asked; with fewer, single characters are looked up too."""
NEVER = -10_000
"""The score of nothing."""


def tokens(text: str) -> list[str]:
    """Single Han characters and pairs of neighbours, and runs of ASCII letters and digits, in order, repeats kept."""
    out: list[str] = []
    for kind, run in runs(text):
        out += [*run, *(run[n : n + 2] for n in range(len(run) - 1))] if kind == "han" else [run]
    return out


def question_tokens(text: str, stop: Sequence[str]) -> list[str]:
    """Distinct tokens of a question as read; question words are dropped unless nothing else is left."""
    blanks = dict.fromkeys(stop, " ")
    return list(dict.fromkeys(tokens(rewrite(text, blanks)))) or list(dict.fromkeys(tokens(text)))


def sought(terms: Sequence[str]) -> list[str]:
    """What items are looked up by: pairs and Latin runs, in code-point order; where those are too few, any token.

    A single character stands in nearly every item, and FTS5's bm25 visits each item that holds a term.
    """
    long = [term for term in terms if len(term) > 1]
    return sorted(long if len(long) >= PAIRS_ENOUGH else terms)


def match_expression(terms: Sequence[str], common: Set[str] = frozenset()) -> str:
    """The FTS5 query: any of the terms that are not common, each quoted; of all, where all are common.

    Common ones tell items apart the least and cost the most: most of the items that bm25 would visit hold nothing else.
    """
    return " OR ".join(f'"{term}"' for term in [term for term in terms if term not in common] or terms)


def meant(text: str, spec: Spec) -> str:
    """The question without what it says it is not: “不是要交，是要报” asks for 报 only.

    A stretch from a word of `not` up to the next word of `but` is dropped, when something is left on both counts.
    """
    for no in spec["not"]:
        start = text.find(no)
        if start < 0 or (start > 0 and text[start - 1] in spec["not_after"]):
            continue
        for but in spec["but"]:
            end = text.find(but, start + len(no) + 1)
            if 0 < end - start - len(no) <= spec["not_longest"] and end + len(but) + 1 < len(text):
                return text[:start] + " " + text[end + len(but) :]
    return text


def parts(text: str, spec: Spec) -> tuple[list[str], bool]:
    """The pieces of a sentence that may be needs of their own, and whether a word (…还有…, …顺便…) says that they are.

    A piece is long enough to say something; [] when there is only one.
    """
    split = text
    for word in (*spec["and"]["words"], *spec["and"]["marks"]):
        split = split.replace(word, "\n")
    pieces = [piece.strip() for piece in split.split("\n")]
    found = [piece for piece in pieces if sum(map(len, tokens(piece))) >= spec["and_shortest"]]
    return (found, any(word in text for word in spec["and"]["words"])) if len(found) > 1 else ([], False)


@dataclass(frozen=True)
class Texts:
    """The texts of an item, normalised and rewritten: what a hit is explained with."""

    names: Sequence[str]
    questions: Sequence[str]
    rest: Sequence[str]
    phrasings: Sequence[str]

    @cached_property
    def asking(self) -> list[tuple[str, frozenset[str]]]:
        """(text, its tokens) of everything that shows how people ask: names, questions, phrasings."""
        return [(text, frozenset(tokens(text))) for text in (*self.names, *self.questions, *self.phrasings)]

    @cached_property
    def held(self) -> frozenset[str]:
        """The tokens of all texts."""
        return frozenset(tokens(" ".join(self.rest))).union(*(own for _, own in self.asking))


@dataclass(frozen=True)
class Hit:
    """An item as shown."""

    slug: str
    score: int
    """Thousandths; 0 is the model's border between fitting and not."""
    matched: list[str]
    """Terms of the question that the item holds, longest first."""
    phrase: str
    """The way of asking (name, alias, phrasing or question) that is nearest to the question, "" when none is near."""
    qa: int | None
    """Index into the item's questions and situations of the nearest one."""


@dataclass(frozen=True)
class Decision:
    """What to do with a question: answer, clarify, redirect (not ours), refuse (somebody else's data) or handoff (to a person)."""

    decision: str
    hits: list[Hit]
    advice: str
    """A sentence that goes first, "" when there is none."""
    topic: str = ""
    """Slug of the topic that is not ours, "" when the question is ours."""
    part: str = ""
    """The part of the item that is asked for: materials, time, fee, place or ""."""
    needs: int = 1
    """How many needs the question names; above 1 the hits belong to different ones."""

    def to_wire(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Elsewhere:
    """A topic that is not ours to handle."""

    slug: str
    kind: str
    say: str


@dataclass(frozen=True)
class Judged:
    """Everything found out about one question (or one part of it), before deciding."""

    text: str
    terms: Sequence[str]
    lexical: Mapping[str, int]
    """Lexical score (BM25 in millionths) of each candidate item."""
    named: Mapping[str, int]
    """Characters of the longest name or alias of each candidate item that stands in the question."""
    model: Mapping[str, int]
    """Score of each topic by the model; empty without lingua."""
    items: frozenset[str]
    """Slugs of the items in force: others are no hits."""
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=dict)


def longest_name(text: str, names: Sequence[str]) -> int:
    """Characters of the longest name or alias that stands in the question; 0 for none."""
    return max((len(name) for name in names if name in text), default=0)


def rank(judged: Judged, spec: Spec) -> list[tuple[str, int]]:
    """(slug, score) of the items, best first; ties by slug.

    Who says a name and little else gets that item, whatever the model has learned: a name new today works today.
    """
    fuse = spec["fuse"]
    size = max(1, len(judged.text)) ** 2
    top = max(judged.lexical.values(), default=0)
    wanted = set(judged.lexical) | (set(judged.model) & judged.items)
    found = [
        (
            slug,
            judged.model.get(slug, fuse["unknown"])
            + judged.lexical.get(slug, 0) * fuse["lexical"] // (top + fuse["floor"])
            + judged.named.get(slug, 0) ** 2 * fuse["named"] // size,
        )
        for slug in wanted
    ]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def strongest(judged: Judged, kinds: Sequence[str]) -> tuple[Elsewhere | None, int]:
    """The likeliest topic of these kinds that is not ours and its score; without lingua there is none."""
    found = [
        (score, slug)
        for slug, score in judged.model.items()
        if slug in judged.elsewhere and judged.elsewhere[slug].kind in kinds
    ]
    if not found:
        return None, NEVER
    score, slug = min(found, key=lambda pair: (-pair[0], pair[1]))
    return judged.elsewhere[slug], score


def groups(judged: Judged) -> tuple[int, int, int]:
    """Scores of (everything that is not ours, somebody else's data, danger); NEVER without lingua."""
    outside, privacy, alarm = (judged.model.get(group, NEVER) for group in GROUPS)
    return outside, privacy, alarm


def advise(text: str, rules: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The first rule of which every group has a word in the question and no `unless` word is in it."""
    for rule in rules:
        wanted = all(any(word in text for word in group) for group in rule["all"])
        if wanted and not any(word in text for word in rule["unless"]):
            return rule
    return None


def part_of(text: str, spec: Spec) -> str:
    """Which part of an item a question asks for, by its words; the part named last wins, "" when none is."""
    best, where = "", -1
    for name, words in spec["parts"].items():
        at = max(text.rfind(word) for word in words)
        if at > where:
            best, where = name, at
    return best


def decide(
    judged: Judged, ranked: Sequence[tuple[str, int]], spec: Spec, limits: Mapping[str, int]
) -> tuple[str, list[tuple[str, int]], Elsewhere | None, str]:
    """(decision, (slug, score) of the hits, topic that is not ours, advice).

    `ranked`: all items by `rank`; `limits`: thresholds in thousandths. Danger to life goes first and shows a number to
    call whatever else is asked; somebody else's data is refused however well an item fits.
    """
    ranked = list(ranked[: spec["shown"]])
    score = ranked[0][1] if ranked else NEVER
    likely = ranked if score >= limits["clarify"] else []
    rule = advise(judged.text, spec["advice"])
    kind, say = (str(rule["kind"]), str(rule["say"])) if rule else ("", "")
    danger, _ = strongest(judged, ("emergency",))
    secret, _ = strongest(judged, ("private",))
    other, strength = strongest(judged, ("elsewhere", "complaint", "chat"))
    outside, privacy, alarm = groups(judged)
    if kind == "emergency" or (danger and alarm >= limits["danger"] and alarm >= privacy):
        beside = "clarify" if score >= limits["beside"] else "redirect"
        found = None if kind == "emergency" else danger
        return beside, likely, found, found.say if found else say
    if kind == "private" or (secret and privacy >= limits["secret"]):
        found = None if kind == "private" else secret
        return "refuse", likely, found, found.say if found else say
    if rule:
        return "redirect", likely, None, say
    if other and strength >= limits["floor"] and strength - score >= limits["outside"]:
        return "redirect", likely if strength - score < limits["doubt"] else [], other, other.say
    if not likely:
        return "handoff", [], None, ""
    margin = score - ranked[1][1] if len(ranked) > 1 else -NEVER
    sure = score >= limits["answer"] and margin >= limits["margin"] and score - outside >= limits["apart"]
    return "answer" if sure else "clarify", ranked, None, ""


def several_likely(ranked: Sequence[tuple[str, int]], said: bool, limits: Mapping[str, int]) -> bool:
    """Whether `several` could find more than one need, whatever the pieces ask for: judging them takes time."""
    return len(ranked) >= TOGETHER and (said or ranked[0][1] - ranked[1][1] <= limits["together"])


def several(
    ranked: Sequence[tuple[str, int]], needs: frozenset[str], said: bool, spec: Spec, limits: Mapping[str, int]
) -> tuple[list[tuple[str, int]], int]:
    """((slug, score) to show, how many of them are needs of their own; 1 for one need).

    `ranked`: all items by the whole sentence; `needs`: the items that its pieces ask for; `said`: a word says that there
    are several. Otherwise the whole sentence must fit each of them about as well as its best.
    """
    together = [pair for pair in ranked if pair[0] in needs][: spec["shown"]]
    if len(together) < TOGETHER:
        return list(ranked[: spec["shown"]]), 1
    close = together[0] == ranked[0] and together[0][1] - together[-1][1] <= limits["together"]
    if not (said or close):
        return list(ranked[: spec["shown"]]), 1
    rest = [pair for pair in ranked[: spec["shown"]] if pair[0] not in needs]
    return [*together, *rest][: spec["shown"]], len(together)


def explain(terms: Sequence[str], one: Texts, slug: str, score: int) -> Hit:
    """The hit with what in it fits the question."""
    counted = [term for term in terms if len(term) > 1] or list(terms)
    matched = sorted((term for term in counted if term in one.held), key=lambda term: (-len(term), term))
    near = nearest(terms, [own for _, own in one.asking])
    names, asked = len(one.names), len(one.questions)
    qa = nearest(terms, [own for _, own in one.asking[names : names + asked]])
    return Hit(slug, score, matched, "" if near is None else one.asking[near][0], qa)


def nearest(terms: Sequence[str], texts: Sequence[frozenset[str]]) -> int | None:
    """The text (as tokens) that shares most terms, long ones counting double, related to its own size; None below one pair."""
    best, best_score = None, 0
    for index, own in enumerate(texts):
        inside = [term for term in terms if term in own]
        pairs = sum(len(term) > 1 for term in inside)
        shared = len(inside) + pairs
        score = 1000 * shared * shared // max(1, len(own))
        if pairs and score > best_score:
            best, best_score = index, score
    return best
