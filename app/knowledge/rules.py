"""The way of an edition from draft to release, pure. Two persons always: nobody approves what they wrote."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from datasets.flow_text import write

STATES = {
    "draft": "起草中",
    "submitted": "待审核",
    "approved": "待发布",
    "rejected": "退回修改",
    "released": "已发布",
    "withdrawn": "已撤回",
}
OPEN = ("draft", "submitted", "approved", "rejected")
"""States of an edition that is still on its way; an item has at most one such edition."""

ACTS = {
    "save": (("draft", "rejected"), "draft"),
    "submit": (("draft", "rejected"), "submitted"),
    "withdraw": (("draft", "submitted", "rejected", "approved"), "withdrawn"),
    "approve": (("submitted",), "approved"),
    "reject": (("submitted",), "rejected"),
}
"""What may be done from which states, and where it leads."""


@dataclass(frozen=True)
class Refusal:
    """An act that may not happen, with the code of the problem and its details."""

    code: str
    details: dict[str, Any]


def act(name: str, state: str, author: str, actor: str, note: str) -> str | Refusal:
    """The state that an act leads to, or why it may not happen. `note` is the change note or the reason."""
    allowed, target = ACTS[name]
    if state not in allowed:
        return Refusal("knowledge.state", {"state": STATES[state]})
    if name in ("approve", "reject") and author == actor:
        return Refusal("knowledge.own_review", {})
    if name in ("save", "submit", "withdraw") and author != actor:
        return Refusal("knowledge.not_author", {})
    if name in ("submit", "reject") and not note.strip():
        return Refusal("knowledge.note", {})
    return target


LABELS = {
    "name": "事项名称",
    "code": "编码",
    "base_code": "基本编码",
    "task_code": "实施编码",
    "domain": "类别",
    "department": "部门",
    "task_type": "事项类型",
    "project_type": "办件类型",
    "levels": "办理层级",
    "aliases": "别名",
    "phrasings": "群众问法",
    "applicants": "服务对象",
    "conditions": "办理条件",
    "materials": "材料",
    "steps": "办理步骤",
    "statutory_limit": "法定时限",
    "promised_limit": "承诺时限",
    "promised_limit_status": "承诺时限来历",
    "fee": "收费",
    "place": "办理地点",
    "result": "办理结果",
    "cross_region": "通办范围",
    "site_visits": "到现场次数",
    "site_visits_reason": "到现场原因",
    "legal_basis": "设定依据",
    "situations": "情形",
    "flow": "导办流程",
    "qa": "常见问题",
    "sources": "来源",
    "verify": "需要核实",
    "verify_fields": "要核实的内容",
    "verified_on": "核实日期",
    "slug": "代号",
}
"""Fields of an item document in the words of the editors' pages, in the order shown."""


@dataclass(frozen=True)
class Change:
    """One field that differs; `before` and `after` are runs of (kind, text) with kind same | gone | new."""

    field: str
    label: str
    before: list[tuple[str, str]]
    after: list[tuple[str, str]]


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """What differs between two documents, by field, down to the character."""
    found = []
    for field, label in LABELS.items():
        old, new = field_in_words(field, before.get(field)), field_in_words(field, after.get(field))
        if old != new:
            found.append(Change(field, label, *_runs(old, new)))
    return found


def field_in_words(field: str, value: Any) -> str:
    """A field of a document as people read it; a guided flow as they write it."""
    return write(value) if field == "flow" and value else in_words(value)


def in_words(value: Any) -> str:
    """A field as people read it, one entry a line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "\n".join(in_words(one) for one in value)
    if isinstance(value, dict):
        return ";".join(text for text in (in_words(one).replace("\n", "、") for one in value.values()) if text)
    return str(value)


def _runs(old: str, new: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    left: list[tuple[str, str]] = []
    right: list[tuple[str, str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if a < b:
            left.append(("same" if kind == "equal" else "gone", old[a:b]))
        if c < d:
            right.append(("same" if kind == "equal" else "new", new[c:d]))
    return left, right
