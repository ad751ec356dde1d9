"""Content root and packs on content nobody would write: odd strings, and random edits between two releases.

`python -m tests.sync.test_packs` writes tests/vectors/content.json anew: rows that both runtimes must hash alike.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import apsw
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from datasets.build import SCHEMA
from sync import packs
from sync.content import content_root, line

VECTORS = Path(__file__).parents[1] / "vectors" / "content.json"
Rows = dict[str, tuple[str, str | None]]

ODD = (
    "", " ", "免费", "“引号”", "\"quoted\" 'single' \\ back/slash", "tab\t line\n return\r",
    "\x01\x08\x0b\x0c\x1b\x1f\x7f",
    "\x80\x85\x9f\xa0\xad", "\u2028\u2029", "\u200b\u200d\ufeff\u2060", "𠮷野家 🙂 👨‍👩‍👧", "ꓡꓲ-ꓢꓴ", "e\u0301 é ﬁ İ ß",
    "\ufffd\uffff\U0010ffff", "</script><!-- -->", "12345", "-0", "1e3", "null", "中" * 300,
)  # fmt: skip
"""Text that serialisers treat differently: quotes, controls, line separators, invisible, astral, combining."""


def odd_release() -> apsw.Connection:
    """A knowledge file in memory with every odd text as a key and as a value, NULLs and integers at the edges."""
    db = apsw.Connection(":memory:")
    db.execute(SCHEMA)
    for number, text in enumerate(ODD):
        db.execute("INSERT INTO region VALUES (?,?,?,?)", (text, ODD[-number], "village", None if number % 2 else text))
    for number in (0, -1, 1, 2**31, 2**53 - 1, -(2**53) + 1):
        db.execute("INSERT INTO item_step VALUES ('a', ?, 'x')", (number,))
    return db


def vectors() -> dict[str, object]:
    """Rows with their exact lines, in key order, and the root over the whole file."""
    db = odd_release()
    tables = ("item_step", "region")
    key = {"item_step": "item, pos", "region": "code"}
    found = [(name, row) for name in tables for row in db.execute(f"SELECT * FROM {name} ORDER BY {key[name]}")]
    root, count = content_root(db, SCHEMA)
    return {
        "rows": [{"table": name, "row": list(row), "line": line(name, row).decode()} for name, row in found],
        "root": root,
        "count": count,
    }


def test_the_vectors_are_fresh() -> None:
    assert json.loads(VECTORS.read_text("utf-8")) == vectors(), "python -m tests.sync.test_packs writes them anew"


def test_rows_hash_by_key_and_not_by_the_order_of_writing() -> None:
    first, second = odd_release(), odd_release()
    kept = list(second.execute("SELECT * FROM region ORDER BY name DESC"))
    second.execute("DELETE FROM region")
    second.executemany("INSERT INTO region VALUES (?,?,?,?)", kept)
    assert content_root(first, SCHEMA) == content_root(second, SCHEMA)
    second.execute("UPDATE region SET parent = NULL WHERE code = ''")
    assert content_root(first, SCHEMA) != content_root(second, SCHEMA), "NULL and '' are different facts"


texts = st.one_of(st.sampled_from(ODD[:-1]), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)).map(
    lambda text: text.replace("\0", "")  # SQLite ends a text at NUL
)
releases = st.dictionaries(texts, st.tuples(texts, st.none() | texts), max_size=12)


def release_file(path: Path, rows: Rows) -> str:
    """A release file with these regions; its content root."""
    db = apsw.Connection(str(path))
    db.execute(SCHEMA)
    db.executemany("INSERT INTO region VALUES (?,?,'village',?)", [(k, name, up) for k, (name, up) in rows.items()])
    root = content_root(db, SCHEMA)[0]
    db.close()
    return root


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=releases, after=releases)
@example(before={"a": ("x", None)}, after={"a": ("x", "")})
@example(before={"a": ("x", None)}, after={})
@example(before={}, after={})
def test_any_release_follows_any_other_by_delta_and_by_full_pack(before: Rows, after: Rows) -> None:
    with tempfile.TemporaryDirectory() as name:
        one, two = Path(name) / "1.db", Path(name) / "2.db"
        release_file(one, before)
        root = release_file(two, after)
        delta, full = packs.make(SCHEMA, two, one, 1), packs.make(SCHEMA, two)
        assert packs.make(SCHEMA, two, one, 1).data == delta.data, "the same two releases give the same bytes"
        for start, pack in ((one, delta), (None, full)):
            db = apsw.Connection(str(start) if start else ":memory:")
            if start is None:
                db.execute(SCHEMA)
            packs.apply(db, SCHEMA, pack.data, pack.sha256, root)
            assert content_root(db, SCHEMA)[0] == root
            db.close()


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(vectors(), ensure_ascii=True, indent=1) + "\n", encoding="utf-8")
