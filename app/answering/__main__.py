"""`python -m app.answering ask "…" [--json]` and `python -m app.answering evaluate FILE.csv [--json]`.

Both answer from the releases in force; before the centre is set up (or with --sources) from `datasets/` as it stands.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw

from app.answering import evaluation, fitting, index
from app.answering.rules import Decision
from app.db import Database
from app.knowledge import releases
from app.settings import Settings
from datasets.build import build
from datasets.sources import read

DECISIONS = {
    "answer": "回答",
    "clarify": "请对方选",
    "redirect": "指到别处",
    "refuse": "不能代查",
    "handoff": "转人工",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all is well, 2 on a wrong call or file."""
    parser = argparse.ArgumentParser(prog="python -m app.answering", description="智能问答：问一句，或用标好的问题衡量")
    commands = parser.add_subparsers(dest="command", required=True)
    asking = commands.add_parser("ask", help="问一句")
    asking.add_argument("question")
    measuring = commands.add_parser("evaluate", help="用 CSV（query,expected,kind,style）衡量")
    measuring.add_argument("file", type=Path)
    measuring.add_argument("--wrong", action="store_true", help="列出没答对的问题")
    for one in (asking, measuring):
        one.add_argument("--json", action="store_true", help="输出 JSON")
        one.add_argument("--sources", action="store_true", help="不用已发布的版本，用 datasets/ 现有内容")
    options = parser.parse_args(arguments)
    try:
        rows = evaluation.questions(options.file) if options.command == "evaluate" else []
    except evaluation.QuestionsError as error:
        print(error, file=sys.stderr)
        return 2
    with askers(options.sources) as (asker, release):
        if options.command == "ask":
            _print_answer(asker.ask(options.question), asker, release, options.json)
        else:
            _print_figures(evaluation.run(asker.ask, rows), release, options.json, options.wrong)
    return 0


@contextmanager
def askers(sources: bool) -> Iterator[tuple[index.Asker, dict[str, Any]]]:
    """(what answers, which releases it answers from: {knowledge, lingua}, numbers or "sources")."""
    pair = None if sources else _in_force()
    if pair is not None:
        knowledge, lingua = pair[0]
        yield index.Asker(_open(knowledge), _open(lingua)), pair[1]
        return
    with tempfile.TemporaryDirectory() as name:
        knowledge, lingua = from_sources(Path(name))
        yield index.Asker(_open(knowledge), _open(lingua)), {"knowledge": "sources", "lingua": "sources"}


def from_sources(folder: Path) -> tuple[Path, Path]:
    """The catalogue of `datasets/` as a searchable knowledge file, and a lingua file trained on it."""
    found = read()
    build(folder / "knowledge.db", found.items, found)
    index.build(folder / "knowledge.db", folder / "search.db")
    with closing(_open(folder / "search.db")) as knowledge:
        fitting.make(knowledge, folder / "lingua.db")
    return folder / "search.db", folder / "lingua.db"


def _open(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)


def _in_force() -> tuple[tuple[Path, Path], dict[str, Any]] | None:
    settings = Settings.from_environment()
    if not (settings.data / "releases").is_dir():
        return None
    with Database(settings.store_url).read() as connection:
        knowledge, lingua = releases.newest(connection), releases.newest(connection, releases.LINGUA)
    if knowledge is None or lingua is None:
        return None
    files = (
        releases.search_file_of(settings, knowledge.number),
        releases.file_of(settings, lingua.number, releases.LINGUA),
    )
    return files, {"knowledge": knowledge.number, "lingua": lingua.number}


def _print_answer(found: Decision, asker: index.Asker, release: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps({**found.to_wire(), "release": release}, ensure_ascii=False, indent=1))
        return
    print(f"{DECISIONS[found.decision]}（知识 {release['knowledge']}，词库 {release['lingua']}）{found.advice}")
    for hit in found.hits:
        [(name,)] = asker.knowledge.execute("SELECT name FROM item WHERE slug = ?", (hit.slug,))
        near = f"，接近“{hit.phrase}”" if hit.phrase else ""
        print(f"  {hit.score:6d}  {name}（{hit.slug}）{near}")


def _print_figures(asked: list[evaluation.Asked], release: dict[str, Any], as_json: bool, wrong: bool) -> None:
    found = evaluation.figures(asked) | {"release": release}
    print(json.dumps(found, ensure_ascii=False, indent=None if as_json else 1))
    for one in asked if wrong else []:
        if evaluation.wrong(one):
            hits = " ".join(f"{hit.slug}:{hit.score}" for hit in one.decision.hits)
            expected = "|".join(sorted(one.question.expected))
            print(f"{one.question.kind} {one.question.style} “{one.question.query}” {expected} → {one.decision.decision} "
                  f"{hits} {one.decision.topic}", file=sys.stderr)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
