"""Enrolment codes and device letters; pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection

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
    """Two capitals that no device of the point ever had; they are part of every case number. ValueError after 676."""
    for number in range(26 * 26):
        letters = chr(65 + number // 26) + chr(65 + number % 26)
        if letters not in taken:
            return letters
    raise ValueError("a point has used all 676 device letters")


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
