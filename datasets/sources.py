"""Reads the source files: YAML items, CSV tables, JSON code sets. Every fault is a `Fault`, never a traceback."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from datasets.flow_text import parse
from datasets.rows import Document

FOLDER = Path(__file__).parent


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in one place, for people: `items/id-card.yaml: fee: 不能为空`."""

    file: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.message}"


@dataclass
class Sources:
    """Everything a build needs, as plain data in a fixed order."""

    items: list[Document] = field(default_factory=list)
    regions: list[dict[str, str]] = field(default_factory=list)
    rewrites: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    purposes: dict[str, str] = field(default_factory=dict)
    """Word of a material's name to what it is for."""
    elsewhere: list[Document] = field(default_factory=list)
    """What is not ours to handle: {slug, kind, name, say, phrasings}."""
    holidays: list[dict[str, str]] = field(default_factory=list)
    """Public holidays and worked weekends, as `workdays.calendar` takes them."""
    faults: list[Fault] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice: YAML itself would silently keep the last one."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(None, None, "字段名应是文字", key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"“{key}”写了两次", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
# Dates stay text: a release holds TEXT and INTEGER only.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(folder: Path = FOLDER) -> Sources:
    """Read a folder laid out like `datasets/`; what cannot be read becomes a fault."""
    found = Sources()
    paths = sorted((folder / "items").glob("*.yaml"))
    if not paths:
        found.faults.append(Fault("items/", "-", "没有找到任何事项文件（*.yaml）"))
    for path in paths:
        document = _item(folder, path, found.faults)
        if document is not None:
            found.items.append(document)
    found.regions = _table(folder / "regions.csv", ("code", "name", "level", "parent"), found.faults)
    words = _table(folder / "synonyms.csv", ("colloquial", "standard", "kind", "source"), found.faults)
    found.rewrites = sorted(words, key=lambda row: row["colloquial"])
    found.codes = _codes(folder / "code_sets.json", found.faults)
    _phrasings(folder, found)
    _flows(folder, found)
    purposes = _table(folder / "purposes.csv", ("word", "why"), found.faults)
    found.purposes = {row["word"]: row["why"] for row in sorted(purposes, key=lambda row: row["word"])}
    found.holidays = _table(folder / "holidays.csv", ("first", "last", "kind", "name", "source"), found.faults)
    return found


def _flows(folder: Path, found: Sources) -> None:
    """Give every item its guided flow (`flows/<slug>.yaml`); an item without one has an empty flow."""
    items = {str(item.get("slug")): item for item in found.items}
    for item in found.items:
        item["flow"] = []
    for path in sorted((folder / "flows").glob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        try:
            flow, faults = parse(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            found.faults.append(Fault(name, "-", "文件不是 UTF-8 编码"))
            continue
        found.faults += [Fault(name, f"第 {line} 行", message) for line, message in faults]
        if path.stem in items:
            items[path.stem]["flow"] = flow
        else:
            found.faults.append(Fault(name, "-", "没有这个事项"))


def _phrasings(folder: Path, found: Sources) -> None:
    """Give every item the ways of asking that each writer wrote for it, and read what is not ours to handle.

    One file a writer (`phrasings/<writer>.yaml`: slug to texts), so that a writer can be left out to measure the rest;
    one file a kind of answer in `phrasings/elsewhere/` (a list of topics).
    """
    asked: dict[str, set[str]] = {str(item.get("slug")): set(item.get("phrasings") or ()) for item in found.items}
    for path in sorted((folder / "phrasings").glob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        content = _yaml(folder, path, found.faults)
        if content is None:
            continue
        if not isinstance(content, dict):
            found.faults.append(Fault(name, "-", "内容应是“事项: 问法列表”"))
        else:
            for slug, texts in content.items():
                if slug not in asked or not isinstance(texts, list):
                    found.faults.append(Fault(name, str(slug), "没有这个事项，或问法不是列表"))
                else:
                    asked[slug].update(map(str, texts))
    for item in found.items:
        item["phrasings"] = sorted(asked[str(item.get("slug"))])
    for path in sorted((folder / "phrasings" / "elsewhere").glob("*.yaml")):
        content = _yaml(folder, path, found.faults)
        if content is not None:
            found.elsewhere += _elsewhere(path.relative_to(folder).as_posix(), content, found.faults)
    found.elsewhere.sort(key=lambda topic: str(topic["slug"]))


def _elsewhere(name: str, content: Any, faults: list[Fault]) -> list[Document]:
    needed = {"slug", "kind", "name", "say", "phrases"}
    topics: list[Document] = []
    for topic in content if isinstance(content, list) else [None]:
        if not isinstance(topic, dict) or not needed <= set(topic) or not isinstance(topic["phrases"], list):
            faults.append(Fault(name, "-", f"每一组应写明 {'、'.join(sorted(needed))}"))
            continue
        kept = {field: str(topic[field]).strip() for field in ("slug", "kind", "name", "say")}
        topics.append(kept | {"phrasings": sorted({str(text) for text in topic["phrases"]})})
    return topics


def _yaml(folder: Path, path: Path, faults: list[Fault]) -> Any:
    """The content of a YAML file, None with a fault when it cannot be read."""
    name = path.relative_to(folder).as_posix()
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - derived from SafeLoader
    except UnicodeDecodeError:
        faults.append(Fault(name, "-", "文件不是 UTF-8 编码"))
        return None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else "-"
        faults.append(Fault(name, where, f"YAML 写法有误：{getattr(error, 'problem', error)}"))
        return None


def _item(folder: Path, path: Path, faults: list[Fault]) -> Document | None:
    before = len(faults)
    document = _yaml(folder, path, faults)
    name = path.relative_to(folder).as_posix()
    if len(faults) > before:
        return None
    if not isinstance(document, dict):
        faults.append(Fault(name, "-", "内容应是“字段: 值”的列表"))
        return None
    if document.get("slug") != path.stem:
        faults.append(Fault(name, "slug", f"应与文件名相同：{path.stem}"))
    return document


def _table(path: Path, columns: tuple[str, ...], faults: list[Fault]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != columns:
                faults.append(Fault(path.name, "第 1 行", f"列名应为 {','.join(columns)}"))
                return []
            table = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(path.name, "-", f"读不了这个文件：{type(error).__name__}"))
        return []
    for number, row in enumerate(table, 2):
        if None in row or None in row.values():
            faults.append(Fault(path.name, f"第 {number} 行", "列数不对"))
            return []
    return table


def _codes(path: Path, faults: list[Fault]) -> dict[str, dict[str, str]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        faults.append(Fault(path.name, "-", f"读不了这个文件：{type(error).__name__}"))
        return {}
    return {name: table for name, table in data.items() if isinstance(table, dict)}
