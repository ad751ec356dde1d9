"""Key letters: what a device trusts after them, what it refuses, and how they are made without a network."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import keyring, root
from sync.keyring import LetterError, SignedLetter, Trust
from sync.manifest import key_id, public_bytes

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "letters.json").read_text(encoding="utf-8"))
RELEASE_KEYS = {name: base64.b64decode(raw) for name, raw in VECTORS["release_keys"].items()}
NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_vectors(case: dict[str, Any]) -> None:
    trust, fault = Trust(), None
    for told in case["letters"]:
        assert fault is None  # only the last letter of a case is refused
        try:
            trust = keyring.accept(msgspec.convert(told, SignedLetter), trust, RELEASE_KEYS)
        except LetterError as error:
            fault = error.kind
    assert fault == case["fault"]
    assert sorted(keyring.counting(trust, RELEASE_KEYS, case["at"])) == case["counts"]


def asked(key: Ed25519PrivateKey) -> root.Request:
    public = public_bytes(key)
    return root.Request(key_id(public), public)


def test_a_device_that_was_away_for_two_changes_of_the_root_follows_the_chain() -> None:
    roots = [Ed25519PrivateKey.generate() for _ in range(3)]
    key = Ed25519PrivateKey.generate()
    made = [root.next_letter(roots[0], None, root.Wish([asked(key)], []), NOW)]
    made.append(root.next_letter(roots[0], made[-1], root.Wish([], []), NOW))
    made.append(root.next_letter(roots[0], made[-1], root.Wish([], []), NOW, roots[1]))
    made.append(root.next_letter(roots[1], made[-1], root.Wish([], []), NOW, roots[2]))
    trust = keyring.accept(made[0], Trust(public_bytes(roots[0])), {})
    told = keyring.chain(made, trust.serial)
    assert [keyring.read(one).serial for one in told] == [3, 4]
    for one in told:
        trust = keyring.accept(one, trust, {})
    assert trust.root == public_bytes(roots[2])
    assert keyring.chain(made, 4) == []


def test_the_offline_tool_makes_a_root_and_signs_letters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pem, request, letter = tmp_path / "root.pem", tmp_path / "request.json", tmp_path / "letter.json"
    assert root.main(["make", str(pem), "--no-password"]) == 0
    assert pem.stat().st_mode & 0o077 == 0
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    request.write_bytes(msgspec.json.encode(asked(old)))
    capsys.readouterr()
    assert root.main(["sign", str(pem), "--request", str(request)]) == 0
    letter.write_text(capsys.readouterr().out, encoding="utf-8")
    request.write_bytes(msgspec.json.encode(asked(new)))
    again = ["sign", str(pem), "--request", str(request), "--after", str(letter), "--revoke", asked(old).key_id]
    assert root.main(again) == 0
    second = keyring.read(msgspec.json.decode(capsys.readouterr().out, type=SignedLetter))
    assert (second.serial, [one.key_id for one in second.keys]) == (2, [asked(new).key_id])


@pytest.mark.parametrize("what", ["make over a file", "no such file", "another root", "not a letter"])
def test_the_offline_tool_says_what_is_wrong_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    pem, other, letter = tmp_path / "root.pem", tmp_path / "other.pem", tmp_path / "letter.json"
    for path in (pem, other):
        root.main(["make", str(path), "--no-password"])
    root.main(["sign", str(pem)])
    letter.write_text(capsys.readouterr().out.splitlines()[-1], encoding="utf-8")
    before = pem.read_bytes()
    calls = {
        "make over a file": ["make", str(pem), "--no-password"],
        "no such file": ["sign", str(tmp_path / "none.pem")],
        "another root": ["sign", str(other), "--after", str(letter)],
        "not a letter": ["sign", str(pem), "--after", str(pem)],
    }
    assert root.main(calls[what]) == 2
    assert "没有做成" in capsys.readouterr().err
    assert pem.read_bytes() == before
