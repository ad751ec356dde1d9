"""Whether two places answer alike: the questions both ask themselves, and the one hash of what they answer; pure.

Nothing travels but the hash: the questions come out of the knowledge that both hold. Twin of `pwa/src/answering/checking.ts`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from app.answering.rules import Decision

QUESTIONS = 200
COUNT = "SELECT count(*) FROM (SELECT text FROM item_phrasing UNION SELECT text FROM elsewhere_phrasing)"
CHOSEN = """
SELECT text FROM (
  SELECT text, row_number() OVER (ORDER BY text) - 1 AS place
  FROM (SELECT text FROM item_phrasing UNION SELECT text FROM elsewhere_phrasing)
) WHERE place IN (SELECT value FROM json_each(?)) ORDER BY place"""
"""Ways of asking that a knowledge release knows, each once, by code point."""


def stride(count: int, most: int = QUESTIONS) -> list[int]:
    """At most `most` places in a list of `count`, evenly through all of it."""
    taken = min(most, count)
    return [number * count // taken for number in range(taken)]


def canonical(value: Any) -> str:
    """JSON with one form only: keys sorted, no spaces, characters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(answers: Iterable[Decision]) -> str:
    """sha256 over the list of answers, in the order of their questions."""
    return hashlib.sha256(canonical([answer.to_wire() for answer in answers]).encode()).hexdigest()
