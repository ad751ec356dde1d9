"""Reads the source files: YAML items, CSV tables, JSON code sets. Every fault is a `Fault`, never a traceback."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

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
    return found


def _item(folder: Path, path: Path, faults: list[Fault]) -> Document | None:
    name = path.relative_to(folder).as_posix()
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - derived from SafeLoader
    except UnicodeDecodeError:
        faults.append(Fault(name, "-", "文件不是 UTF-8 编码"))
        return None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else "-"
        faults.append(Fault(name, where, f"YAML 写法有误：{getattr(error, 'problem', error)}"))
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
