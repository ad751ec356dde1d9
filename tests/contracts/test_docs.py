"""Documents cannot rot: what the code offers is documented, what it raises is in its catalogue."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from app.events import EVENTS
from app.problems import PROBLEMS
from app.version import VERSION
from deploy.docs import documents

ROOT = Path(__file__).resolve().parents[2]
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "app").rglob("*.py")))
TOP = ("app", "pwa", "sync", "remote", "datasets", "deploy", "tests")


def test_tables_of_the_documents_are_fresh() -> None:
    for path, text in documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run python -m deploy.docs"


def test_every_problem_raised_is_in_the_catalogue_and_none_is_left_over() -> None:
    raised = set(re.findall(r'Problem\(\s*"([a-z_]+\.[a-z_]+)"', SOURCES))
    raised |= set(re.findall(r'Refusal\("([a-z_]+\.[a-z_]+)"', SOURCES))
    assert raised <= set(PROBLEMS)
    named = set(
        re.findall(r'"([a-z_]+\.[a-z_]+)"', SOURCES.replace((ROOT / "app/problems.py").read_text(encoding="utf-8"), ""))
    )
    reasons = {
        f"{kind}.{reason}"
        for kind, machine in (("talk", "session"), ("message", "callback"))
        for reason in re.findall(r'Refusal\("([a-z_]+)"', (ROOT / f"remote/{machine}.py").read_text())
    }
    assert set(PROBLEMS) - named - reasons == set()


def test_every_event_appended_is_in_the_table_of_events() -> None:
    appended = set(re.findall(r'Event\(\s*clock\.new_id\(\),\s*"([a-z_]+\.[a-z_]+)"', SOURCES))
    appended |= set(re.findall(r'_?(?:note|ledger)\(\s*connection,\s*"([a-z_]+\.[a-z_]+)"', SOURCES))
    assert len(appended) > 15
    assert appended <= set(EVENTS)


def test_every_top_folder_says_what_lives_there() -> None:
    for folder in TOP:
        assert (ROOT / folder / "README.md").stat().st_size > 300, folder


def test_links_between_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(path for top in TOP for path in (ROOT / top).glob("*.md"))]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} → {target}"


def test_one_version_everywhere() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_left_overs_and_no_places_of_one_machine() -> None:
    words = re.compile(
        r"\b(TODO|FIXME|XXX)\b|/(root|home/\w+)/|" + "registry" + r"\.npmjs|" + "files.python" + "hosted"
    )
    for top in TOP:
        for path in (ROOT / top).rglob("*"):
            if (
                path.suffix not in (".py", ".ts", ".vue", ".md", ".html", ".css", ".json")
                or "node_modules" in path.parts
            ):
                continue
            if "dist" in path.parts or path.name == Path(__file__).name:
                continue
            found = words.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{path.relative_to(ROOT)}: {found.group() if found else ''}"
