"""Sources to rows and back, to one file with the same bytes every time; and the command line that people use."""

from __future__ import annotations

import copy
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.__main__ import main
from datasets.build import build
from datasets.checks import check_item
from datasets.rows import documents, rows
from datasets.sources import FOLDER, read

SOURCES = read()
ROOT = FOLDER.parent
GOOD = SOURCES.items[0]


@pytest.mark.parametrize("document", SOURCES.items, ids=[item["slug"] for item in SOURCES.items])
def test_an_item_comes_back_from_its_rows_unchanged(document: dict[str, Any]) -> None:
    mixed = list(rows(document))
    random.Random(1).shuffle(mixed)
    assert documents(mixed) == {document["slug"]: document}


words = st.text("证户口手机补办0.1a、。", min_size=1, max_size=8)
texts = st.lists(words, min_size=1, max_size=4, unique=True)
material = st.fixed_dictionaries(
    {"name": words, "form": words, "copies": st.integers(0, 9), "necessity": st.just("必要"), "source": words}
)
materials = st.lists(material, max_size=4, unique_by=lambda one: one["name"])


@settings(max_examples=60)
@given(texts, materials, st.lists(st.tuples(words, materials), min_size=1, max_size=3, unique_by=lambda one: one[0]))
def test_any_good_item_comes_back(aliases: list[str], own: list[Any], situations: list[Any]) -> None:
    document = {
        **GOOD,
        "flow": [],
        "aliases": aliases,
        "materials": own,
        "situations": [
            {"name": name, "note": "", "add_materials": added, "remove_materials": [one["name"] for one in own[:1]]}
            for name, added in situations
        ],
    }
    faults = [fault for fault in check_item(document, SOURCES.codes) if "至少有一种" not in fault[1]]
    assert faults == []
    assert documents(rows(document)) == {document["slug"]: document}


def built(path: Path, seed: int) -> bytes:
    """A build from the real sources, shuffled."""
    chance = random.Random(seed)
    items, words, codes = list(SOURCES.items), copy.copy(SOURCES), list(SOURCES.codes.items())
    words.regions, words.rewrites, words.elsewhere = list(words.regions), list(words.rewrites), list(words.elsewhere)
    parts: tuple[list[Any], ...] = (items, words.regions, words.rewrites, words.elsewhere, codes)
    for part in parts:
        chance.shuffle(part)
    words.codes = dict(codes)
    build(path, items, words)
    return path.read_bytes()


def test_the_order_of_the_sources_changes_no_byte(tmp_path: Path) -> None:
    made = {built(tmp_path / f"{seed}.db", seed) for seed in range(4)}
    assert len(made) == 1


def test_a_build_never_writes_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "here.db").write_text("mine")
    with pytest.raises(FileExistsError):
        built(tmp_path / "here.db", 1)
    assert (tmp_path / "here.db").read_text() == "mine"


def test_what_a_crash_left_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "here.db.part").write_bytes(b"half a file")
    assert built(tmp_path / "here.db", 1) == built(tmp_path / "other.db", 2)
    assert not (tmp_path / "here.db.part").exists()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sources that a test may spoil."""
    target = tmp_path / "datasets"
    shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("__pycache__", "publish", "*.py"))
    return target


def test_the_command_checks_and_builds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(folder)]) == 0
    assert "75 个事项" in capsys.readouterr().out
    out = folder.parent / "new" / "out.db"
    assert main(["build", str(out), "--from", str(folder)]) == 0
    file = sqlite3.connect(out)
    assert file.execute("SELECT count(*) FROM item").fetchone() == (75,)
    file.close()
    assert main(["build", str(out), "--from", str(folder)]) == 2
    assert "已经存在" in capsys.readouterr().err
    assert main(["build", str(out), "--from", str(folder), "--force"]) == 0


def item(folder: Path) -> Path:
    return folder / "items" / "household-move.yaml"


def replaced(old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        text = item(folder).read_text(encoding="utf-8")
        assert old in text
        item(folder).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


SPOILT: dict[str, tuple[Callable[[Path], Any], str]] = {
    "an empty fee": (replaced("fee: 不收费", "fee: ''"), "items/household-move.yaml: fee: 不能为空"),
    "a key twice": (replaced("fee: 不收费", "fee: 不收费\nfee: 十元"), "items/household-move.yaml: 第 "),
    "broken yaml": (replaced("fee: 不收费", "fee: [不收费"), "items/household-move.yaml: 第 "),
    "another slug": (replaced("slug: household-move", "slug: moved"), "slug: 应与文件名相同"),
    "a tag that runs code": (replaced("fee: 不收费", "fee: !!python/object/apply:os.system ['true']"), "YAML 写法有误"),
    "no mapping": (lambda folder: item(folder).write_text("- 一\n- 二\n"), "内容应是"),
    "an empty file": (lambda folder: item(folder).write_text(""), "内容应是"),
    "not UTF-8": (lambda folder: item(folder).write_bytes("户口".encode("gb18030")), "不是 UTF-8"),
    "no items": (lambda folder: shutil.rmtree(folder / "items"), "没有找到任何事项文件"),
    "no regions": (lambda folder: (folder / "regions.csv").unlink(), "regions.csv: -: 读不了"),
    "other columns": (lambda folder: (folder / "regions.csv").write_text("a,b\n"), "列名应为"),
    "a short row": (lambda folder: (folder / "synonyms.csv").open("a").write("只有一列\n"), "列数不对"),
    "broken codes": (lambda folder: (folder / "code_sets.json").write_text("{"), "code_sets.json: -: 读不了"),
    "a null field": (replaced("name: 户口迁移", "name: null"), "name: 应是文字"),
    "a list as a key": (replaced("fee: 不收费", "? [a, b]\n: 不收费"), "items/household-move.yaml"),
    "a date": (replaced("verified_on: null", "verified_on: 2026-13-45"), "verified_on: 应是日期"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_is_wrong_is_one_line_and_never_a_traceback(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    spoil, said = SPOILT[name]
    spoil(folder)
    assert main(["check", str(folder)]) == 1
    shown = capsys.readouterr()
    assert said in shown.out
    assert "个问题" in shown.err
    assert main(["build", str(folder.parent / "out.db"), "--from", str(folder)]) == 1
    assert not (folder.parent / "out.db").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["build"],
        ["check", "/no/such/folder"],
        ["build", "/proc/no/out.db"],
        ["build", "/dev", "--force"],
    ],
)
def test_a_call_that_makes_no_sense_is_no_traceback(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "datasets", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stdout + done.stderr
