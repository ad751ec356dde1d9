"""The search index of the library: a Whoosh folder beside the database, which is the truth.

The index holds a stamp of what it was made from. Every search compares it with the database and catches up first, so the
folder may be deleted, restored old or damaged: it is made anew. One entry is one passage; a text is all with its `key`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from whoosh import fields, index, query
from whoosh.searching import Searcher

from app.accounts.rules import LEVELS, stem
from app.db import db
from app.knowledge import releases
from app.knowledge.rules import LABELS, field_in_words
from app.library import meant, rules, store, words
from app.pages import beijing_day
from app.problems import Problem
from app.settings import Settings
from datasets.rows import Document

log = logging.getLogger("app")

SCHEMA = fields.Schema(
    key=fields.ID(stored=True),
    n=fields.NUMERIC(stored=True),
    mark=fields.STORED,
    first=fields.ID,
    kind=fields.ID(stored=True),
    department=fields.ID(stored=True),
    region=fields.ID(stored=True),
    dated=fields.ID(stored=True, sortable=True),
    title=fields.TEXT(stored=True, analyzer=words.Words(), field_boost=2.0),
    said=fields.TEXT(stored=True, analyzer=words.Words()),
    asked=fields.TEXT(analyzer=words.Words(), field_boost=0.5),
    sound=fields.KEYWORD,
)
FORMAT = "3"
"""Changed with SCHEMA or with the way texts are read; an index of another format is made anew."""
STATE = "~state"
WAIT = 15
"""Seconds that a search waits while another one brings the index up to date."""
PASSAGES = 500
"""Best passages that are gathered into texts."""
SEARCHED = ("title", "said", "asked")
SPOKEN = ("applicants", "conditions", "steps", "promised_limit", "fee", "place", "result", "cross_region", "site_visits_reason",
          "legal_basis", "sources")  # fmt: skip
"""Fields of an item that are read as its text as they are, between its questions and its materials."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Filters:
    """What narrows a search; empty is everything. Of a region: what holds in it or in a part of it. Days are inclusive."""

    kind: str = ""
    department: str = ""
    region: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Hit:
    """A text that was found, by its best passage; `title` and `said` are pieces, True where the question's words are."""

    key: str
    kind: str
    department: str
    region: str
    dated: str
    passage: int
    title: list[tuple[str, bool]]
    said: list[tuple[str, bool]]
    more: int
    """Further passages that hold the words."""

    @property
    def id(self) -> str:
        """The text's id, or the item's slug."""
        return self.key.split(":", 1)[1]


@dataclass(frozen=True)
class Found:
    """One page of hits of `total` texts."""

    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    suggestion: str = ""
    """The question as it was probably meant, "" when it was understood."""
    rebuilt: bool = False
    late: bool = False
    """Another process holds the index: the newest changes are not in it yet."""


@dataclass(frozen=True)
class Alike:
    """An entry about the same matter, and the words that both are about."""

    key: str
    kind: str
    title: str
    dated: str
    words: list[str]

    @property
    def id(self) -> str:
        return self.key.split(":", 1)[1]


@dataclass(frozen=True)
class _Entry:
    """What a text or an item is to the index."""

    key: str
    mark: str
    kind: str
    title: str
    department: str
    region: str
    dated: str
    body: str
    asked: str = ""
    """Other words people use for it: looked up, never shown."""


class Shelf:
    """The index of one centre; `connection` is where the truth is read."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.settings, self.connection = settings, connection
        self.folder = settings.data / "library" / "index"
        self.rebuilt = self.late = self._held = False

    def search(self, question: str, filters: Filters, page: int, size: int) -> Found:
        """The texts that say what is asked, best first; all, newest first, when nothing is asked."""

        def look(searcher: Searcher) -> Found:
            terms = terms_of(question)
            suggestion = meant.suggest(searcher, question) if page == 1 else ""
            if not terms and question.strip():
                return Found(suggestion=suggestion)
            narrow = _narrow(filters)
            if not terms:
                asked = query.And([query.Term("first", "1"), *([narrow] if narrow else [])])
                found = searcher.search(asked, limit=None, sortedby="dated", reverse=True)
            else:
                found = searcher.search(_asked(terms), filter=narrow, limit=PASSAGES)
            texts: dict[str, list[Any]] = {}
            for hit in found:
                texts.setdefault(hit["key"], []).append(hit)
            shown = list(texts.values())[(page - 1) * size : page * size]
            return Found([_hit(passages, terms) for passages in shown], len(texts), suggestion)

        found = self._with(look)
        return replace(found, rebuilt=self.rebuilt, late=self.late)

    def refresh(self) -> None:
        """Bring the index up to date."""
        self._with(lambda _searcher: None)

    def departments(self) -> list[str]:
        """Every department that has a text or an item."""
        return self._with(lambda searcher: sorted(term.decode() for term in searcher.lexicon("department") if term))

    def alike(self, key: str, title: str, body: str, most: int = 5, items: bool = True) -> list[Alike]:
        """Other entries about the same matter (texts alone without `items`), most alike first.

        Alike is what has half of its title's words from this one's title, or a quarter of the words that tell this one from others.
        """

        def look(searcher: Searcher) -> list[Alike]:
            named = {word for word, _, _ in words.cut(words.fold(title)) if len(word) > 1}
            told = [
                (term, weight)
                for term, weight in searcher.key_terms_from_text("said", f"{title}\n{body[:20_000]}", numterms=24)
                if len(term) > 1 and not re.fullmatch(r"[\d.:-]+", term)
            ]
            # What the title names counts most; what a text only repeats must not drown it.
            terms = [(term, 1.5) for term in sorted(named)] + [(t, weight) for t, weight in told if t not in named][:12]
            if not terms:
                return []
            wanted = query.Or(
                [query.Term(name, term, boost=weight) for term, weight in terms for name in ("title", "said")]
            )
            hidden: list[query.Query] = [query.Term("key", key)] + [query.Term("kind", rules.ITEM)] * (not items)
            found = searcher.search(wanted, mask=query.Or(hidden), limit=200, terms=True)
            texts: dict[str, tuple[Any, set[str]]] = {}
            for hit in found:
                shared = {term.decode() for _, term in hit.matched_terms()}
                texts.setdefault(hit["key"], (hit, set()))[1].update(shared)
            order = {term: n for n, (term, _) in enumerate(terms)}
            rated = []
            for hit, shared in texts.values():
                theirs = {word for word, _, _ in words.read(hit["title"]).words if len(word) > 1}
                same = named & theirs
                titled = len(same) >= 2 and 2 * len(same) >= len(theirs)
                if titled or len(shared) >= max(2, len(terms) // 4):
                    told_words = sorted(shared | same, key=lambda term: order.get(term, 99))[:6]
                    rated.append((titled, len(shared), hit, told_words))
            rated.sort(key=lambda one: (not one[0], -one[1]))
            return [
                Alike(hit["key"], hit["kind"], hit["title"], hit["dated"], told_words)
                for _, _, hit, told_words in rated[:most]
            ]

        return self._with(look)

    def reindex(self) -> int:
        """Make the index anew from the database; how many texts and items it holds. Problem('library.busy') while another does."""
        with self._alone():
            if self.late:
                raise Problem("library.busy")
            shutil.rmtree(self.folder, ignore_errors=True)
            return self._write()

    def _with(self, look: Callable[[Searcher], Result]) -> Result:
        """What `look` finds in an index that is up to date; a damaged one is made anew, once."""
        try:
            return self._look(look)
        except (SQLAlchemyError, Problem):
            raise
        except Exception as error:  # Whoosh tells a damaged file by whatever breaks first
            log.warning("library index is damaged: %s", type(error).__name__)
        with self._alone():
            if self.late:
                raise Problem("library.busy")
            try:
                return self._look(look)  # another process may have mended it while this one waited
            except Exception:
                shutil.rmtree(self.folder, ignore_errors=True)
                self.rebuilt = True
                return self._look(look)

    def _look(self, look: Callable[[Searcher], Result]) -> Result:
        if self._read_stamp() != _stamp(self.connection):
            with self._alone():
                if not self.late:
                    self._write()
        if self.late and not index.exists_in(str(self.folder)):
            raise Problem("library.busy")
        with index.open_dir(str(self.folder)).searcher() as searcher:
            return look(searcher)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one who writes; after WAIT seconds in vain go on with `late` set."""
        if self._held:
            yield
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder.parent / "lock").open("a") as file:
            deadline = time.monotonic() + WAIT
            while not self._held and not self.late:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._held = True
                except BlockingIOError:
                    self.late = time.monotonic() > deadline
                    time.sleep(0.05)
            try:
                yield
            finally:
                self._held = False

    def _read_stamp(self) -> str:
        if not index.exists_in(str(self.folder)):
            return ""
        with index.open_dir(str(self.folder)).searcher() as searcher:
            found = searcher.document(key=STATE)
            return str(found["mark"]) if found else ""

    def _write(self) -> int:
        """Bring the index to what the database says, only what differs; how many entries it holds then.

        The database is read anew once nobody else writes: a caller that saw less never takes back what others added.
        """
        with db().read() as connection:
            stamp = _stamp(connection)
            return 0 if self._read_stamp() == stamp else self._write_from(connection, stamp)

    def _write_from(self, connection: Connection, stamp: str) -> int:
        if not index.exists_in(str(self.folder)):
            self.rebuilt = self.folder.exists() or self.rebuilt
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True, mode=0o700)
            index.create_in(str(self.folder), SCHEMA)
        files = index.open_dir(str(self.folder))
        with files.searcher() as searcher:
            have = {one["key"]: one["mark"] for one in searcher.documents(first="1")}
        writer = files.writer()
        try:
            count = self._fill(connection, writer, have, stamp)
        except BaseException:
            writer.cancel()
            raise
        writer.commit()
        return count

    def _fill(self, connection: Connection, writer: Any, have: dict[str, str], stamp: str) -> int:
        wanted: dict[str, tuple[str, Callable[[], _Entry]]] = {}
        for text_id, version in store.in_use(connection):
            key, mark = f"text:{text_id}", f"{FORMAT}/{version}"
            wanted[key] = (mark, lambda text_id=text_id, mark=mark: _text(connection, text_id, mark))  # type: ignore[misc]
        for entry in self._items(connection):
            wanted[entry.key] = (entry.mark, lambda entry=entry: entry)  # type: ignore[misc]
        for key in have.keys() - {key for key, (mark, _) in wanted.items() if have.get(key) == mark}:
            writer.delete_by_term("key", key)
        for key, (mark, make) in wanted.items():
            if have.get(key) != mark:
                _add(writer, make())
        writer.delete_by_term("key", STATE)
        writer.add_document(key=STATE, n=0, mark=stamp)
        return len(wanted)

    def _items(self, connection: Connection) -> list[_Entry]:
        release = releases.newest(connection)
        if release is None:
            return []
        documents = releases.documents_of(releases.file_of(self.settings, release.number))
        return [item_entry(document, beijing_day(release.issued_at)) for document in documents.values()]


def _stamp(connection: Connection) -> str:
    """What the index must have been made from."""
    release = releases.newest(connection)
    return f"{FORMAT}/{release.content_root if release else ''}/{store.state(connection)}"


def _text(connection: Connection, text_id: str, mark: str) -> _Entry:
    row = store.find(connection, text_id)
    return _Entry(f"text:{text_id}", mark, row.kind, row.title, row.department, row.region, row.dated, row.body)


def item_entry(document: Document, issued: str) -> _Entry:
    """An item in force as the index holds it: its fields in words, a line each."""
    dated = str(document["verified_on"] or issued)
    digest = hashlib.sha256(json.dumps([document, dated], ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    return _Entry(
        f"item:{document['slug']}", f"{FORMAT}/{digest[:24]}", rules.ITEM, document["name"], document["department"],
        "", dated, item_body(document), "\n".join([*document["aliases"], *document["phrasings"]]),
    )  # fmt: skip


def item_body(document: Document) -> str:
    """What is read of an item."""
    lines = [f"{pair['q']} {pair['a']}" for pair in document["qa"]]
    lines += [f"材料：{_names(document['materials'])}"] if document["materials"] else []
    for one in document["situations"]:
        more = f"，另要：{_names(one['add_materials'])}" if one["add_materials"] else ""
        lines.append(f"情形“{one['name']}”：{one['note']}{more}")
    said = [(LABELS[name], field_in_words(name, document.get(name))) for name in SPOKEN]
    return "\n".join([*lines, *(f"{label}：{text}" for label, text in said if text)])


def _names(materials: Sequence[Document]) -> str:
    return "、".join(material["name"] for material in materials)


def terms_of(question: str) -> list[list[str]]:
    """What a question asks for: one list for each thing, of several words when they must stand side by side.

    Quoted words stand side by side; so do single characters in a row, which are a name no dictionary knows.
    """
    found: list[list[str]] = []
    for n, part in enumerate(re.split('["“”「」]', words.fold(question))):
        tokens = list(words.cut(part))
        if n % 2 and tokens:
            found.append([word for word, _, _ in tokens])
            continue
        row: list[str] = []
        last = -1
        for word, start, end in tokens:
            if len(word) == 1 and words.is_chinese(word):
                row = [*row, word] if start == last else [word]
                if len(row) > 1:
                    found.append(row[-2:])
            else:
                row = []
            found.append([word])
            last = end
    return found


def highlights(terms: Sequence[Sequence[str]]) -> list[str]:
    """The words to mark; a single character only where it was asked for by itself or side by side with others."""
    joined = ["".join(row) for row in terms if len(row) > 1]
    alone = [row[0] for row in terms if len(row) == 1 and (len(row[0]) > 1 or not any(row[0] in one for one in joined))]
    return list(dict.fromkeys([*joined, *alone]))


def _asked(terms: Sequence[Sequence[str]]) -> query.Query:
    wanted = []
    for row in terms:
        if len(row) == 1:
            weight = 1.0 if len(row[0]) > 1 else 0.2
            wanted.append(query.Or([query.Term(name, row[0], boost=weight) for name in SEARCHED]))
        else:
            wanted.append(query.Or([query.Phrase(name, list(row)) for name in SEARCHED]))
    return query.Or(wanted, scale=0.9)


def _narrow(filters: Filters) -> query.Query | None:
    wanted: list[query.Query] = []
    for name in ("kind", "department"):
        if getattr(filters, name):
            wanted.append(query.Term(name, getattr(filters, name)))
    if filters.region:
        above = [filters.region[:length].ljust(12, "0") for length, _ in LEVELS]
        held = [query.Term("region", code) for code in above] + [query.Term("kind", rules.ITEM)]
        wanted.append(query.Or([query.Prefix("region", stem(filters.region)), *held]))
    if filters.since or filters.until:
        wanted.append(query.TermRange("dated", filters.since or "0", filters.until or "9"))
    return query.And(wanted) if wanted else None


def _hit(found: Sequence[Any], terms: Sequence[Sequence[str]]) -> Hit:
    best, shown = found[0], highlights(terms)
    folded = words.fold(best["said"])
    start, end = rules.excerpt(folded, shown)
    said = rules.marked(best["said"][start:end], folded[start:end], shown)
    if start:
        said.insert(0, ("…", False))
    if end < len(folded):
        said.append(("…", False))
    return Hit(
        best["key"], best["kind"], best["department"], best["region"], best["dated"], best["n"],
        rules.marked(best["title"], words.fold(best["title"]), shown), said, len(found) - 1,
    )  # fmt: skip


def _add(writer: Any, entry: _Entry) -> None:
    cuts = [(start, end) for start, end in rules.passages(entry.body)]
    said = [words.read(entry.body[start:end]) for start, end in cuts]
    title, asked = words.read(entry.title), words.read(entry.asked)
    heard = {word for text in (title, asked, *said) for word, _, _ in text.words if len(word) > 1}
    sounds = {word: sound for word in heard if (sound := words.sound(word))}
    spelt = {f"{sound}={word}" for word, sound in sounds.items()} | set(sounds.values())
    for n, (start, end) in enumerate(cuts):
        writer.add_document(
            key=entry.key, n=n, mark=entry.mark, first="1" if n == 0 else "0", kind=entry.kind, department=entry.department,
            region=entry.region, dated=entry.dated, title=title, _stored_title=entry.title, said=said[n],
            _stored_said=entry.body[start:end], asked=asked if n == 0 else "", sound=" ".join(sorted(spelt)) if n == 0 else "",
        )  # fmt: skip
