"""The edit form of an item: fields of the page to a document and back. Lists are one entry a line, rows are columns."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from datasets.flow_text import parse
from datasets.rows import LISTS, MATERIAL, SCALARS, Document

KEPT = ("slug", "code")
"""Never edited: they identify the item."""


def document_from(form: MultiDict[str, str], base: Document) -> Document:
    """The document that a submitted form says; wrong types stay as typed, `datasets.checks` names them."""
    document: Document = dict(base)
    for name in SCALARS:
        if name in KEPT or name in ("levels", "site_visits", "verify"):
            continue
        text = form.get(name, "").strip()
        document[name] = text or (None if name in ("base_code", "task_code", "verified_on") else "")
    document["site_visits"] = _number(form.get("site_visits", ""))
    document["verify"] = form.get("verify") == "yes"
    document["levels"] = form.getlist("levels")
    for name in LISTS:
        document[name] = lines(form.get(name, ""))
    document["materials"] = _materials(form, "materials")
    document["situations"] = _situations(form)
    document["qa"] = _qa(form)
    document["flow"] = parse(form.get("flow", ""))[0] if "flow" in form else base.get("flow", [])
    return document


def unreadable(form: MultiDict[str, str]) -> list[tuple[str, str]]:
    """(field, message) for every line of the guided flow that cannot be read."""
    return [("flow", f"第 {line} 行：{message}") for line, message in parse(form.get("flow", ""))[1]]


def lines(text: str) -> list[str]:
    """Non-empty lines, trimmed."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number(text: str) -> Any:
    return int(text) if text.strip().isdecimal() else text


def _materials(form: MultiDict[str, str], prefix: str) -> list[dict[str, Any]]:
    """Rows `prefix-N-name` …; a row without a name is dropped."""
    found = []
    for n in _numbers(form, prefix):
        row: dict[str, Any] = {field: form.get(f"{prefix}-{n}-{field}", "").strip() for field in MATERIAL}
        if row["name"]:
            found.append(row | {"copies": _number(str(row["copies"]))})
    return found


def _situations(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    found = []
    for n in _numbers(form, "situations"):
        at = f"situations-{n}"
        name = form.get(f"{at}-name", "").strip()
        if name:
            found.append(
                {
                    "name": name,
                    "note": form.get(f"{at}-note", "").strip(),
                    "add_materials": _materials(form, f"{at}-add"),
                    "remove_materials": form.getlist(f"{at}-remove"),
                }
            )
    return found


def _qa(form: MultiDict[str, str]) -> list[dict[str, str]]:
    found = []
    for n in _numbers(form, "qa"):
        q, full, a = (form.get(f"qa-{n}-{field}", "").strip() for field in ("q", "q_full", "a"))
        if q or a:
            found.append({"q": q, "q_full": full, "a": a} if full and full != q else {"q": q, "a": a})
    return found


def _numbers(form: MultiDict[str, str], prefix: str) -> list[int]:
    """The row numbers that occur for a prefix, in order."""
    found = set()
    for key in form:
        if key.startswith(prefix + "-"):
            number = key[len(prefix) + 1 :].split("-")[0]
            if number.isdecimal():
                found.add(int(number))
    return sorted(found)
