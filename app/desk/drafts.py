"""A reply drafted for an agent out of published answers: what the village said in, checked sentences with citations out.

The draft goes to the agent's message box and nowhere else; the agent reads, edits and sends it. The ledger keeps figures only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from app import clock, ledger
from app.accounts.guard import must_see
from app.accounts.rules import Person
from app.answering.asking import asking
from app.db import db
from app.desk import store
from app.drafting import rules
from app.drafting.endpoint import Endpoint
from app.knowledge import releases
from app.problems import Problem
from remote import session

MOST_ITEMS = 3
"""Items whose parts a draft may cite."""


@dataclass
class Basis:
    """What a draft is made from."""

    said: list[str]
    """What the village said, oldest first."""
    release: int
    sources: dict[str, rules.Source] = field(default_factory=dict)
    advice: str = ""
    """The fixed sentence on what is not ours or not to be told; a model is not asked then."""
    sure: bool = False
    """Whether the question has one answer, so that its first part may stand for a draft that fell."""


@dataclass
class Tally:
    """What the ledger keeps of one use."""

    outcome: str = "server.down"
    model: str = ""
    milliseconds: int = 0
    sources: int = 0
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)


def on() -> bool:
    """Whether a model is connected."""
    return _endpoint() is not None


def _endpoint() -> Endpoint | None:
    found: Endpoint | None = current_app.extensions["jjb_drafter"]
    return found


def make(person: Person, talk_id: str) -> dict[str, Any]:
    """A draft for the talk that `person` holds, or a Problem; either way the use is in the ledger."""
    endpoint = _endpoint()
    if endpoint is None:
        raise Problem("reply.off")
    talk, texts, slugs = _talk(person, talk_id)
    tally = Tally(model=endpoint.model)
    try:
        basis = _basis(texts, slugs)
        tally.sources = len(basis.sources)
        return _draft(endpoint, basis, tally)
    except Problem as problem:
        tally.outcome = problem.code
        raise
    finally:
        with db().write() as connection:
            ledger.append(
                connection,
                ledger.Event(
                    clock.new_id(),
                    "reply.drafted",
                    talk_id,
                    person.id,
                    clock.now(),
                    vars(tally),
                    service_point=talk.point,
                ),
            )


def rehearse(question: str) -> tuple[dict[str, Any], Tally]:
    """What an agent would get for this question, and the figures of it; for the operator who connects a model."""
    endpoint = _endpoint()
    if endpoint is None:
        raise Problem("reply.off")
    basis = _basis([question], [])
    tally = Tally(model=endpoint.model, sources=len(basis.sources))
    return _draft(endpoint, basis, tally), tally


def _talk(person: Person, talk_id: str) -> tuple[Any, list[str], list[str]]:
    """(the talk, what the village said, items that were shown in it, latest first)."""
    with db().read() as connection:
        found = store.find(connection, talk_id)
        must_see(person, found.region)
        if found.state == session.ENDED:
            raise Problem("talk.ended")
        if found.agent != person.id:
            raise Problem("talk.not_yours")
        messages = store.messages(connection, talk_id, 0, village=False)
    heard = [str(one["body"]) for one in messages if one["author"] == session.VILLAGE and one["body"]]
    texts = [text for text in (found.reason, *heard) if text.strip()]
    if not texts:
        raise Problem("reply.no_question")
    cards = [one["body"]["slug"] for one in reversed(messages) if one["kind"] == "card" and one["body"]]
    return found, texts, [*cards, *filter(None, [found.item])]


def _basis(texts: Sequence[str], shown: Sequence[str]) -> Basis:
    """The published parts that may answer what was said last, best first."""
    settings = current_app.extensions["jjb_settings"]
    with db().read() as connection:
        newest, words = releases.pair_in_force(connection)
    with asking(settings, newest, words) as asker:
        last = asker.ask(texts[-1])
        topic = asker.elsewhere.get(last.topic)
        chat = (
            topic is not None and topic.kind == "chat" and shown
        )  # a short word in a talk about an item is about the item
        if last.advice and last.decision in ("redirect", "refuse") and not chat:
            return Basis(list(texts), newest, advice=last.advice)
        whole = last if last.decision == "answer" else asker.ask("，".join(texts[-rules.LAST_MESSAGES :]))
        items = asker.items
    hits = {hit.slug: hit.qa for hit in (*whole.hits, *last.hits)}
    order = [*hits, *shown] if last.decision == "answer" else [*shown, *hits]
    wanted = [slug for slug in dict.fromkeys(order) if slug in items][:MOST_ITEMS]
    if not wanted:
        raise Problem("reply.no_source")
    sure = last.decision == "answer" and (last.part in rules.ASKED or hits[wanted[0]] is not None)
    file = releases.file_of(settings, newest)
    found = [rules.sources_of(releases.document_of(file, slug), last.part, hits.get(slug)) for slug in wanted]
    return Basis(list(texts), newest, rules.within([part for parts in found for part in parts]), sure=sure)


def _draft(endpoint: Endpoint, basis: Basis, tally: Tally) -> dict[str, Any]:
    if basis.advice:
        tally.outcome, tally.kept = "advice", 1
        return {"text": basis.advice, "made": "advice", "sentences": [], "dropped": 0}
    started = time.monotonic()
    try:
        content = endpoint.complete(rules.request_of(basis.said, basis.sources))
    finally:
        tally.milliseconds = int(1000 * (time.monotonic() - started))
    try:
        answer = rules.read_answer(content)
    except ValueError as error:
        raise Problem("reply.answer") from error
    checked = rules.check(answer, basis.sources)
    tally.kept, tally.dropped = len(checked.kept), dict(checked.dropped)
    dropped = sum(checked.dropped.values())
    if checked.kept:
        tally.outcome = "model"
        return _shown("model", checked.text, checked.kept, basis.release, dropped)
    if not basis.sure:
        raise Problem("reply.nothing" if dropped else "reply.no_source")
    tally.outcome = "verbatim"
    first = basis.sources["S1"]
    text = first.text if first.part.startswith("qa-") else f"{first.label}：{first.text}"
    return _shown("verbatim", text, [rules.Sentence(text, first, first.text)], basis.release, dropped)


def _shown(made: str, text: str, kept: Sequence[rules.Sentence], release: int, dropped: int) -> dict[str, Any]:
    sentences = [
        {
            "text": one.text, "quote": one.quote, "slug": one.source.slug, "name": one.source.item,
            "part": one.source.part, "label": one.source.label, "release": release, "verify": one.source.verify,
        }
        for one in kept
    ]  # fmt: skip
    return {"text": text, "made": made, "sentences": sentences, "dropped": dropped}
