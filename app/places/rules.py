"""Enrolment codes, device letters, and what a list says of a device; pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0 O 1 I L: people copy codes from paper."""
CODE_LENGTH = 10


def plain(code: str) -> str:
    """A code as typed to the form that is kept: upper case, without spaces and dashes."""
    return "".join(char for char in code.upper() if char not in " -–—\t")


def shown(code: str) -> str:
    """ABCDEFGHJK as people read it: ABCD-EFGH-JK."""
    return "-".join(part for part in (code[:4], code[4:8], code[8:]) if part)


def next_letters(taken: Collection[str]) -> str:
    """Two capitals that no device of the township ever had; they are part of every case number. ValueError after 676."""
    for number in range(26 * 26):
        letters = chr(65 + number // 26) + chr(65 + number % 26)
        if letters not in taken:
            return letters
    raise ValueError("a township has used all 676 device letters")


def public_key_fault(key: object) -> str:
    """Why a JWK is not an ECDSA P-256 public key (RFC 7518 §6.2), "" when it is one."""
    if not isinstance(key, dict):
        return "not an object"
    if key.get("kty") != "EC" or key.get("crv") != "P-256":
        return "kty, crv"
    if "d" in key:
        return "private key"
    if not all(isinstance(key.get(part), str) and len(key[part]) == 43 for part in ("x", "y")):
        return "x, y"
    return "" if _on_curve(key["x"], key["y"]) else "point"


_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{43}")


def _on_curve(x_text: str, y_text: str) -> bool:
    """Whether two base64url numbers are a point of P-256: y² = x³ - 3x + b (SP 800-186 §3.2.1.3)."""
    if not (_BASE64URL.fullmatch(x_text) and _BASE64URL.fullmatch(y_text)):
        return False
    x, y = (int.from_bytes(base64.urlsafe_b64decode(text + "=")) for text in (x_text, y_text))
    return max(x, y) < _P and (y * y - (x * x * x - 3 * x + _B)) % _P == 0


SHOWS = {
    "all": "全部在用的",
    "silent": "两天没有联系的",
    "waiting": "有记录等着传的",
    "behind": "知识不是最新的",
    "trouble": "答案或时钟不对的",
    "orders": "安排还没有照办的",
    "revoked": "已停用的",
}
"""Filters of the list of devices."""
SILENT = timedelta(days=2)
CLOCK_OFF_S = 120
"""Beyond this a person should set the clock."""


def shown_in(show: str, one: Mapping[str, Any], newest: int, now: datetime) -> bool:
    """Whether a device belongs to what a filter shows; `one`: its row with `orders`."""
    if (show == "revoked") != bool(one["revoked_at"]):
        return False
    heard, skew = one["last_contact"], one["clock_skew_s"]
    return {
        "silent": heard is None or datetime.fromisoformat(heard) < now - SILENT,
        "waiting": bool(one["waiting"]),
        "behind": (one["release"] or 0) < newest,
        "trouble": one["answers_agree"] is False or (skew is not None and abs(skew) > CLOCK_OFF_S),
        "orders": bool(one["orders"]),
    }.get(show, True)


def release_word(release: int | None, newest: int) -> str:
    """The release a device holds, and how far behind it is."""
    if not release:
        return "还没有"
    return f"第 {release} 版" + (f"，差 {newest - release} 版" if release < newest else "")


def clock_word(skew_s: int | None) -> str:
    """How wrong a device's clock is."""
    if skew_s is None:
        return "还不知道"
    if abs(skew_s) <= CLOCK_OFF_S:
        return "准"
    side, minutes = ("快" if skew_s > 0 else "慢"), round(abs(skew_s) / 60)
    return f"{side} {minutes} 分钟" if minutes < 2880 else f"{side} {minutes // 1440} 天"


def disk_word(used: int | None, free: int | None) -> str:
    """What a browser lets the page store."""
    if free is None:
        return "没有说明"
    left = f"还能用 {free / 1e9:.1f} GB" if free >= 1e8 else f"只剩 {free / 1e6:.0f} MB"
    return left if used is None else f"用了 {used / 1e6:.0f} MB，{left}"


def program_word(app: str | None, proto: int | None) -> str:
    """Program and protocol of a device."""
    if app is None:
        return "还不知道"
    return f"第 {app} 版" + (f"（协议 {proto}）" if proto else "")
