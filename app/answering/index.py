"""智能问答 over release files at the centre: the search tables, and asking. Twin of `pwa/src/answering/index.ts`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import apsw

from app.answering import checking, model, rules
from app.answering.rules import Decision, Elsewhere, Judged, Texts
from app.answering.text import Char, Lexicon, grams, normalise, reaches, rewrite, runs, segment
from datasets.sources import FOLDER

SEARCH_SQL = (FOLDER / "search.sql").read_text(encoding="utf-8")
SPEC: dict[str, Any] = json.loads((FOLDER / "search.json").read_text(encoding="utf-8"))
LONGEST_WORD = 6
"""Characters of the longest word in the word table."""
KEPT = 400
"""Items whose texts are kept as read."""
COUNTED = 10_000
"""Terms whose documents are kept as counted."""

COLUMNS = ("name", "question", "rest", "phrasing")
CANDIDATES = """
SELECT d.item, CAST(round(-bm25(search, {}, {}, {}, {}) * 1000000) AS INTEGER) AS score
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
    reach = reaches(table)
    dirty = [slug for (slug,) in db.execute("SELECT item FROM search_dirty ORDER BY item")]
    for slug in dirty:
        db.execute("DELETE FROM search WHERE rowid IN (SELECT id FROM search_doc WHERE item = ?)", (slug,))
        if not db.execute("SELECT 1 FROM item WHERE slug = ?", (slug,)).fetchone():
            db.execute("DELETE FROM search_doc WHERE item = ?", (slug,))
            continue
        db.execute("INSERT OR IGNORE INTO search_doc(item) VALUES (?)", (slug,))
        columns = [
            " ".join(t for text in part for t in rules.tokens(text)) for part in document(db, slug, table, reach)
        ]
        db.execute(
            "INSERT INTO search(rowid, name, question, rest, phrasing) SELECT id, ?, ?, ?, ? FROM search_doc WHERE item = ?",
            (*columns, slug),
        )
    db.execute("DELETE FROM search_dirty")
    return len(dirty)


def rewrites(db: apsw.Connection) -> dict[str, str]:
    """The table from local speech to standard words."""
    return dict(db.execute("SELECT said, standard FROM rewrite"))


def read(texts: Iterable[str], table: Mapping[str, str], reach: Mapping[str, int]) -> list[str]:
    """Texts of the knowledge as a question is read: they are simplified already."""
    return [rewrite(normalise(text, {}), table, reach) for text in texts]


def document(db: apsw.Connection, slug: str, table: Mapping[str, str], reach: Mapping[str, int]) -> list[list[str]]:
    """The columns of an item's search document as texts, normalised and rewritten: names, questions, rest, phrasings."""
    columns = (db.execute(SPEC["document"][column], (slug,)) for column in COLUMNS)
    return [read((text for _, _, text in rows), table, reach) for rows in columns]


class Asker:
    """Answers questions from a searchable knowledge file and, when there is one, a lingua file; reads only."""

    def __init__(self, knowledge: apsw.Connection, lingua: apsw.Connection | None, spec: rules.Spec = SPEC) -> None:
        self.knowledge = knowledge
        self.lingua = lingua
        self.spec = spec
        self.rewrites = rewrites(knowledge)
        self.reach = reaches(self.rewrites)
        self._known_names: dict[str, list[str]] = {}
        self._documents: dict[str, int] = {}
        knowledge.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_term USING fts5vocab(main, search, row)")
        (self._count,) = next(knowledge.execute("SELECT count(*) FROM search_doc"))
        self._texts = lru_cache(KEPT)(self._texts_of)

    def ask(self, text: str) -> Decision:
        """The decision on one question, its parts included."""
        question = self.read(text)
        meant = rules.meant(question, self.spec)
        judged = self.judge(meant)
        ranked = rules.rank(judged, self.spec)
        decision, shown, other, advice = rules.decide(judged, ranked, self.spec, self.limits)
        needs = 1
        if decision in ("answer", "clarify"):
            pieces, said = rules.parts(meant, self.spec)
            wanted = self._wanted(pieces) if rules.several_likely(ranked, said, self.limits) else frozenset()
            shown, needs = rules.several(ranked, wanted, said, self.spec, self.limits)
        hits = [rules.explain(judged.terms, self._texts(slug), slug, score) for slug, score in shown]
        topic = other.slug if other else ""
        return Decision(
            decision if needs == 1 else "clarify", hits, advice, topic, rules.part_of(question, self.spec), needs
        )

    def _wanted(self, pieces: Sequence[str]) -> frozenset[str]:
        """The items that pieces of a sentence ask for beyond doubt; fewer when there can not be two any more."""
        found: set[str] = set()
        for at, piece in enumerate(pieces):
            if len(found) + len(pieces) - at < rules.TOGETHER:
                break
            judged = self.judge(piece)
            decision, ranked, _, _ = rules.decide(judged, rules.rank(judged, self.spec), self.spec, self.limits)
            if decision == "answer" and ranked[0][1] >= self.limits["need"]:
                found.add(ranked[0][0])
        return frozenset(found)

    def own_questions(self) -> list[str]:
        """What this knowledge is asked to see whether another place answers alike."""
        (count,) = next(self.knowledge.execute(checking.COUNT))
        places = json.dumps(checking.stride(count))
        return [str(text) for (text,) in self.knowledge.execute(checking.CHOSEN, (places,))]

    def judge(self, text: str) -> Judged:
        """What words and model say of one question, as read."""
        terms = rules.question_tokens(text, self.spec["stop"])
        lexical = self._lexical(rules.sought(terms))
        names = self._names(lexical)
        named = {slug: rules.longest_name(text, names[slug]) for slug in lexical}
        return Judged(text, terms, lexical, named, self._scores(text), self.items, self.elsewhere)

    def _lexical(self, sought: Sequence[str]) -> dict[str, int]:
        if not sought:
            return {}
        match = rules.match_expression(sought, self._common(sought))
        return {str(slug): int(score) for slug, score in self.knowledge.execute(CANDIDATES, (match,))}

    def _common(self, terms: Iterable[str]) -> set[str]:
        """The terms that stand in more than one document of every `common`."""
        if len(self._documents) > COUNTED:
            self._documents.clear()
        for term in terms:
            if term not in self._documents:
                found = self.knowledge.execute("SELECT doc FROM temp.search_term WHERE term = ?", (term,)).fetchone()
                self._documents[term] = int(found[0]) if found else 0
        return {term for term in terms if self._documents[term] * self.spec["common"] > self._count}

    def _texts_of(self, slug: str) -> Texts:
        return Texts(*document(self.knowledge, slug, self.rewrites, self.reach))

    def _names(self, slugs: Iterable[str]) -> dict[str, list[str]]:
        """The names of items as a question is read; those not met before are looked up together."""
        new = sorted(set(slugs) - self._known_names.keys())
        self._known_names.update((slug, []) for slug in new)
        found = self.knowledge.execute(self.spec["names"], (json.dumps(new),)) if new else ()
        for slug, _, _, name in found:
            self._known_names[slug] += read([name], self.rewrites, self.reach)
        return self._known_names

    @cached_property
    def limits(self) -> dict[str, int]:
        """Thresholds: those of the lingua release over those of the program."""
        if self.lingua is None:
            return dict(self.spec["limits_without_model"])
        fitted = {str(name): int(value) for name, value in self.lingua.execute("SELECT name, value FROM setting")}
        return {name: fitted.get(name, value) for name, value in self.spec["limits"].items()}

    @cached_property
    def items(self) -> frozenset[str]:
        return frozenset(slug for (slug,) in self.knowledge.execute("SELECT slug FROM item"))

    @cached_property
    def elsewhere(self) -> dict[str, Elsewhere]:
        return {row[0]: Elsewhere(*row) for row in self.knowledge.execute("SELECT slug, kind, say FROM elsewhere")}

    @cached_property
    def table(self) -> model.Table:
        rows = (
            self.lingua.execute("SELECT number, slug, bias, vector FROM topic ORDER BY number") if self.lingua else ()
        )
        return model.Table([model.Topic(number, slug, bias, _ints(vector)) for number, slug, bias, vector in rows])

    @cached_property
    def syllables(self) -> frozenset[str]:
        if self.lingua is None:
            return frozenset()
        return frozenset(sound for (sound,) in self.lingua.execute("SELECT DISTINCT sound FROM char WHERE sound <> ''"))

    def read(self, text: str) -> str:
        """A question as it is judged: plain characters, standard words."""
        return rewrite(normalise(text, self._chars(text)), self.rewrites, self.reach)

    def _chars(self, text: str) -> dict[str, Char]:
        whole = {char for char in text if not "\ud800" <= char <= "\udfff"}
        found = self._rows("SELECT char, plain, sound FROM char WHERE char IN (SELECT value FROM json_each(?))", whole)
        return {char: Char(plain, sound) for char, plain, sound in found}

    def _scores(self, text: str) -> dict[str, int]:
        if self.lingua is None:
            return {}
        pieces = {gram for kind, run in runs(text) if kind == "han" for gram in grams(run, range(1, LONGEST_WORD + 1))}
        found = self._rows(
            "SELECT text, cost, weight, vector FROM word WHERE text IN (SELECT value FROM json_each(?))", pieces
        )
        words = {text: (weight, vector) for text, _, weight, vector in found}
        lexicon = Lexicon(self.rewrites, self._chars(text), {text: cost for text, cost, _, _ in found})
        latin = any(kind == "latin" for kind, _ in runs(text))
        features = model.features(text, lexicon, self.syllables if latin else frozenset())
        weights = self._rows("SELECT weights FROM feature WHERE text IN (SELECT value FROM json_each(?))", features)
        if not weights:
            return {}
        direction = model.meaning(segment(text, lexicon), words)
        return self.table.scores([row for (row,) in weights], direction)

    def _rows(self, sql: str, values: Iterable[str]) -> list[Any]:
        if self.lingua is None:
            return []
        return list(self.lingua.execute(sql, (json.dumps(sorted(values), ensure_ascii=False),)))


def _ints(text: str) -> list[int]:
    return [int(part) for part in text.split()]
