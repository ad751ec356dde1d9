"""Enrolment codes and device letters; pure."""

from __future__ import annotations

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
    return ""
