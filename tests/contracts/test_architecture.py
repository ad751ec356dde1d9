"""Who may import whom: the directions of the design, read from the imports themselves."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sorted(path for top in ("app", "sync", "remote", "datasets", "deploy") for path in (ROOT / top).rglob("*.py"))
IMPURE = {"flask", "sqlalchemy", "apsw", "sqlite3", "time", "random", "secrets", "asyncio", "os", "requests", "httpx"}
EVERYWHERE = {
    "app.accounts.guard",
    "app.answering.asking",
    "app.files.reader",
    "app.places.guard",
    "app.knowledge.releases",
    "app.library.near",
}
"""Modules of a slice that every other slice may use: two guards, asking, the readers of releases of a case's files, of what is alike."""
KNOW_ALL = {"app/__init__.py", "app/__main__.py", "app/setup.py"}
SLICES = sorted(path.parent.name for path in (ROOT / "app").glob("*/views.py"))


def imports(path: Path) -> set[str]:
    """Dotted names a file imports; `from a import b` gives a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("top", ["sync", "remote", "datasets"])
def test_what_ships_alone_imports_none_of_the_centre(top: str) -> None:
    ours = {"app", "sync", "remote", "datasets", "deploy", "tests"} - {top}
    for path in (ROOT / top).rglob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & ours, name_of(path)


@pytest.mark.parametrize("path", [path for path in PYTHON if path.name == "rules.py"], ids=name_of)
def test_rules_are_pure(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & IMPURE, name_of(path)
    assert not re.search(r"\.now\(|\.today\(|uuid[14]\(", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [path for path in PYTHON if path.parent.name in SLICES], ids=name_of)
def test_a_slice_never_reaches_into_another(path: Path) -> None:
    mine = path.parent.name
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "app" or len(parts) < 3 or parts[1] not in SLICES or parts[1] == mine:
            continue
        module = ".".join(parts[:3])
        if module in EVERYWHERE or parts[2] == "rules" or (module, mine) in ALLOWED:
            continue
        assert not (ROOT / "app" / parts[1] / f"{parts[2]}.py").exists(), f"{name_of(path)} imports {module}"


ALLOWED = {(f"app.answering.{part}", "knowledge") for part in ("index", "training", "fitting", "evaluation")} | {
    ("app.files.intake", "courier"),
    ("app.syncing.views", "courier"),
    ("app.desk.measures", "oversight"),
}
"""A release is published together with its searchable copy and the words trained on it, and tried before it goes out.
What comes on a USB stick goes the ways of a round and of a file. Oversight reads how the links of calls were."""


@pytest.mark.parametrize("path", [path for path in PYTHON if path.name in ("store.py", "rules.py")], ids=name_of)
def test_imports_point_from_views_to_store_to_rules(path: Path) -> None:
    above = {"store.py": {"views"}, "rules.py": {"views", "store"}}[path.name]
    own = ".".join(path.relative_to(ROOT).parent.parts)
    assert not {f"{own}.{room}" for room in above} & imports(path), name_of(path)


def test_only_the_table_of_slices_knows_them_all() -> None:
    for path in (ROOT / "app").glob("*.py"):
        known = {name.split(".")[1] for name in imports(path) if name.startswith("app.")} & set(SLICES)
        if name_of(path) not in KNOW_ALL:
            assert known <= {"accounts", "places"}, f"{name_of(path)} knows {known}"


def test_there_are_no_import_cycles() -> None:
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in PYTHON}
    modules = {name.removesuffix(".__init__"): path for name, path in modules.items()}
    graph = {
        name: {found for found in imports(path) if found in modules and found != name} for name, path in modules.items()
    }
    # `from app import ledger` names the package as well; only the module counts.
    for name, found in graph.items():
        graph[name] = {one for one in found if not any(other.startswith(one + ".") for other in found)}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail, name))
        if name not in done:
            for found in graph[name]:
                visit(found, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


TYPESCRIPT = {
    "kit": set(),
    "answering": {"kit"},
    "sync": {"kit", "store", "answering"},
    "guiding": {"kit"},
    "store": {"kit", "sync", "answering", "guiding"},
    "call": {"camera", "cobrowse", "kit", "store"},
    "cobrowse": {"kit"},
    "camera": {"kit"},
    "village": {"kit", "store", "call", "camera", "sw", "answering", "guiding"},
    "desk": {"kit", "call", "cobrowse"},
    "sw": {"kit"},
}


@pytest.mark.parametrize("room", TYPESCRIPT)
def test_the_page_keeps_its_directions(room: str) -> None:
    for path in [*(ROOT / "pwa/src" / room).rglob("*.ts"), *(ROOT / "pwa/src" / room).rglob("*.vue")]:
        if path.name.endswith(".test.ts"):
            continue
        for target in re.findall(r'from "(\.{1,2}/[^"]+)"', path.read_text(encoding="utf-8")):
            if ".css" in target:
                continue  # a style sheet carries no code
            whole = (path.parent / target).resolve()
            if not whole.is_relative_to(ROOT / "pwa" / "src"):
                continue  # data shared with the centre: datasets/schema.sql, search.sql, search.json
            found = whole.relative_to(ROOT / "pwa")
            if found.parts[0] == "src" and found.parts[1] in TYPESCRIPT and found.parts[1] != room:
                assert found.parts[1] in TYPESCRIPT[room], f"{name_of(path)} imports {target}"
