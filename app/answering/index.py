"""智能问答 over a release file at the centre: the search tables, and asking. Twin of `pwa/src/answering/index.ts`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import apsw

from app.answering.rules import (
    Candidate,
    Decision,
    decide,
    match_expression,
    normalise,
    question_tokens,
    rewrite,
    tokens,
)
from datasets.sources import FOLDER

SEARCH_SQL = (FOLDER / "search.sql").read_text(encoding="utf-8")
SPEC: dict[str, Any] = json.loads((FOLDER / "search.json").read_text(encoding="utf-8"))

CANDIDATES = """
SELECT d.item, CAST(round(-bm25(search, {}, {}, {}) * 1000000) AS INTEGER) AS score
FROM search JOIN search_doc d ON d.id = search.rowid
WHERE search MATCH ? ORDER BY score DESC, d.item LIMIT {}
""".format(*SPEC["weights"], SPEC["candidates"])


def build(release: Path, target: Path) -> None:
    """A copy of a release file with its search tables filled; replaces `target` in one step."""
    draft = target.with_name(target.name + ".part")
    shutil.copyfile(release, draft)
    db = apsw.Connection(str(draft))
    try:
        with db:
            db.execute(SEARCH_SQL)
            db.execute("INSERT INTO search_dirty SELECT slug FROM item")
            refresh(db)
    finally:
        db.close()
    draft.replace(target)


def refresh(db: apsw.Connection) -> int:
    """Write the search documents of all items in `search_dirty` anew; returns how many. Runs in the caller's transaction."""
    table = rewrites(db)
    dirty = [slug for (slug,) in db.execute("SELECT item FROM search_dirty ORDER BY item")]
    for slug in dirty:
        db.execute("DELETE FROM search WHERE rowid IN (SELECT id FROM search_doc WHERE item = ?)", (slug,))
        if not db.execute("SELECT 1 FROM item WHERE slug = ?", (slug,)).fetchone():
            db.execute("DELETE FROM search_doc WHERE item = ?", (slug,))
            continue
        db.execute("INSERT OR IGNORE INTO search_doc(item) VALUES (?)", (slug,))
        columns = [" ".join(t for text in part for t in tokens(text)) for part in document(db, slug, table)]
        db.execute(
            "INSERT INTO search(rowid, name, question, rest) SELECT id, ?, ?, ? FROM search_doc WHERE item = ?",
            (*columns, slug),
        )
    db.execute("DELETE FROM search_dirty")
    return len(dirty)


def rewrites(db: apsw.Connection) -> dict[str, str]:
    """The table from local speech to standard words."""
    return dict(db.execute("SELECT said, standard FROM rewrite"))


def document(db: apsw.Connection, slug: str, table: dict[str, str]) -> list[list[str]]:
    """The three columns of an item's search document as texts, normalised and rewritten: names, questions, rest."""
    return [
        [rewrite(normalise(text), table) for _, _, text in db.execute(SPEC["document"][column], (slug,))]
        for column in ("name", "question", "rest")
    ]


def ask(db: apsw.Connection, text: str) -> Decision:
    """Answer a question from a searchable release file."""
    table = rewrites(db)
    question = rewrite(normalise(text), table)
    terms = question_tokens(question, SPEC["stop"])
    found = list(db.execute(CANDIDATES, (match_expression(terms),))) if terms else []
    candidates = [Candidate(slug, score, *document(db, slug, table)) for slug, score in found]
    return decide(question, terms, candidates, SPEC)
