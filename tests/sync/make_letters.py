"""`python -m tests.sync.make_letters` writes `tests/vectors/letters.json`, from keys that are no secret."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.keyring import Certificate, Letter, SignedLetter, write
from sync.manifest import key_id, public_bytes

OUT = Path(__file__).parents[1] / "vectors" / "letters.json"
EARLY, LATER, LATE = "2026-06-01T00:00:00.000Z", "2027-02-01T00:00:00.000Z", "2029-01-01T00:00:00.000Z"
FROM, TO, SOON = "2026-01-01T00:00:00.000Z", "2028-01-01T00:00:00.000Z", "2026-12-31T00:00:00.000Z"
R1, R2, R3, K1, K2, K3 = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 7))


def cert(key: Ed25519PrivateKey, until: str = TO) -> Certificate:
    return Certificate(_id(key), public_bytes(key), FROM, until)


def letter(serial: int, root: Ed25519PrivateKey, keys: list[Certificate], *signers: Ed25519PrivateKey) -> SignedLetter:
    return write(Letter(1, serial, public_bytes(root), keys, FROM), signers)


def _id(key: Ed25519PrivateKey) -> str:
    return key_id(public_bytes(key))


def main() -> None:
    """All cases, each a row: what it shows, the letters, the fault of the last, a time, the keys that count then."""
    first = letter(1, R1, [cert(K1)], R1, K1)
    rotated = letter(2, R1, [cert(K2), cert(K1, SOON)], R1)
    revoked = letter(3, R1, [cert(K2)], R1)
    changed = letter(4, R2, [cert(K2)], R1, R2)
    after = letter(5, R2, [cert(K3)], R2)
    rows = [
        ("without a root the keys of the enrolment count", [], None, EARLY, [K1]),
        ("a device of before takes the root from a letter that its key signed", [first], None, EARLY, [K1]),
        ("a letter that no trusted key signed is refused", [letter(1, R1, [cert(K1)], R1)], "root", EARLY, [K1]),
        ("a rotation certifies the next key beside the old one", [first, rotated], None, EARLY, [K1, K2]),
        ("a certificate that ran out counts no more", [first, rotated], None, LATER, [K2]),
        ("nothing counts when all ran out", [first, rotated], None, LATE, []),
        ("a revoked key counts no more", [first, rotated, revoked], None, EARLY, [K2]),
        ("an older letter played again changes nothing", [first, rotated, revoked, rotated], "rollback", EARLY, [K2]),
        (
            "another letter under the same number changes nothing",
            [first, rotated, revoked, letter(3, R1, [cert(K1)], R1)], "rollback", EARLY, [K2],
        ),
        ("the same letter again is no news", [first, rotated, revoked, revoked], None, EARLY, [K2]),
        ("the old root signs the new one", [first, revoked, changed, after], None, EARLY, [K3]),
        ("a letter of another root is refused", [first, letter(9, R3, [cert(K3)], R3)], "root", EARLY, [K1]),
        (
            "after the change the old root signs nothing",
            [first, changed, letter(6, R2, [cert(K3)], R1)], "root", EARLY, [K2],
        ),
        ("a root is never a release key", [first, letter(7, R1, [cert(R1)], R1)], "format", EARLY, [K1]),
        (
            "a changed text is refused",
            [first, SignedLetter(rotated.text.replace("2028", "2038"), rotated.signatures)], "signature", EARLY, [K1],
        ),
        ("something else is refused", [first, SignedLetter("{}", {})], "format", EARLY, [K1]),
    ]  # fmt: skip
    cases = [
        {
            "name": name,
            "letters": [json.loads(msgspec.json.encode(one)) for one in letters],
            "fault": fault,
            "at": at,
            "counts": sorted(_id(key) for key in counts),
        }
        for name, letters, fault, at, counts in rows
    ]
    about = (
        "Key letters, one after the other, on a device enrolled with `release_keys`: the fault of the last one (null: taken)"
        " and the ids of the keys that count at a time."
    )
    enrolled = {_id(K1): base64.b64encode(public_bytes(K1)).decode()}
    whole = {"about": about, "release_keys": enrolled, "cases": cases}
    OUT.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
