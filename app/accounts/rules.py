"""People, roles and the reach of each; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ROLES = {
    "guide": "导办员",
    "agent": "客服坐席",
    "lead": "客服班长",
    "officer": "部门经办",
    "editor": "知识编辑",
    "reviewer": "知识审核",
    "manager": "综合管理",
    "inspector": "督察",
    "publisher": "数据发布",
    "admin": "系统管理",
}

HOMES = (
    ("admin", "/oversight/"),
    ("manager", "/oversight/"),
    ("inspector", "/oversight/"),
    ("lead", "/desk/"),
    ("agent", "/desk/"),
    ("officer", "/handling/"),
    ("reviewer", "/knowledge/"),
    ("editor", "/knowledge/"),
    ("publisher", "/opendata/"),
    ("guide", "/village/"),
)
"""Where a person lands after log-in: the first role of this list that they have."""

LEVELS = ((2, "省"), (4, "州"), (6, "县"), (9, "乡镇"), (12, "村"))
SHORTEST_PASSWORD = 10


@dataclass(frozen=True)
class Person:
    """A logged-in person. `region` is the 12-digit code whose subtree they may see; `roles` are keys of ROLES."""

    id: str
    name: str
    roles: frozenset[str]
    region: str

    def has(self, *roles: str) -> bool:
        """Whether the person has one of these roles; an admin has all."""
        return "admin" in self.roles or bool(self.roles & set(roles))


def home_of(roles: Iterable[str]) -> str:
    """The path where a person with these roles starts."""
    held = set(roles)
    return next((path for role, path in HOMES if role in held), "/")


def stem(region: str) -> str:
    """The prefix that every code in the subtree shares: 533301001000 → 533301001 (GB/T 2260 and statistical codes).

    The empty region is everywhere.
    """
    if not region:
        return ""
    for length, _ in LEVELS:
        if set(region[length:]) <= {"0"}:
            return region[:length]
    return region


def within(region: str, code: str) -> bool:
    """Whether `code` lies in the subtree of `region` (a region lies in its own)."""
    return code.startswith(stem(region))


def above(code: str) -> list[str]:
    """Every region whose subtree holds `code`, itself and everywhere ("") among them."""
    whole = [code[:length].ljust(len(code), "0") for length, _ in LEVELS if length <= len(code)]
    return ["", *dict.fromkeys([*whole, code])]


def password_fault(password: str, username: str) -> str:
    """Why a password cannot be used, in words; "" when it can (NIST SP 800-63B: length, not composition)."""
    if len(password) < SHORTEST_PASSWORD:
        return f"密码至少 {SHORTEST_PASSWORD} 位"
    if len(password) > 200:
        return "密码太长，不要超过 200 位"
    if username.lower() in password.lower():
        return "密码里不要有登录名"
    if len(set(password)) < 5:
        return "密码太简单，请多用几种字符"
    return ""


def local_path(target: str | None) -> str | None:
    """`target` when it is a path on this site, else None: log-in must not send people elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\n" in target or "\r" in target:
        return None
    return target
