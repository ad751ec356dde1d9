"""Key letters: which keys may sign releases, said by an offline root (PROTOCOL.md S51 to S54).

A letter is JSON signed as exact text with Ed25519. It names the root, and every release key that counts now; a key that a
newer letter leaves out is revoked. A letter that names another root than the one before is signed by both.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.manifest import key_id, public_bytes

LONGEST = 64 * 1024


class LetterError(Exception):
    """A letter is refused. `kind`: format, root (no signature that counts), signature (a wrong one), rollback."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


class Certificate(msgspec.Struct, frozen=True):
    """A release key and the time in which it counts."""

    key_id: str
    public_key: bytes
    not_before: str
    not_after: str


class Letter(msgspec.Struct, frozen=True):
    """What the root says."""

    v: int
    serial: int
    root: bytes
    keys: list[Certificate]
    issued_at: str


class SignedLetter(msgspec.Struct, frozen=True):
    """The exact text of a letter and its Ed25519 signatures, base64, by the id of the key that made them."""

    text: str
    signatures: dict[str, str]


class Trust(msgspec.Struct, frozen=True):
    """What a device remembers: the root it pinned ("" while it has none), the newest serial, the keys that count."""

    root: bytes = b""
    serial: int = 0
    keys: list[Certificate] = []


def write(letter: Letter, signers: Sequence[Ed25519PrivateKey]) -> SignedLetter:
    """A letter signed by each of these keys."""
    text = msgspec.json.encode(letter).decode()
    return countersigned(SignedLetter(text, {}), signers)


def countersigned(told: SignedLetter, signers: Sequence[Ed25519PrivateKey]) -> SignedLetter:
    """The same letter with more signatures."""
    added = {key_id(public_bytes(key)): base64.b64encode(key.sign(told.text.encode())).decode() for key in signers}
    return SignedLetter(told.text, {**told.signatures, **added})


def read(told: SignedLetter) -> Letter:
    """A letter in its right shape, signed by the root that it names; LetterError."""
    try:
        if len(told.text) > LONGEST:
            raise ValueError(len(told.text))
        letter = msgspec.json.decode(told.text, type=Letter)
        _times(letter)
    except (msgspec.DecodeError, ValueError) as error:
        raise LetterError("format") from error
    ids = [one.key_id for one in letter.keys]
    sound = all(len(one.public_key) == 32 and key_id(one.public_key) == one.key_id for one in letter.keys)
    if letter.v != 1 or letter.serial < 1 or len(letter.root) != 32 or not sound or len(set(ids)) != len(ids):
        raise LetterError("format")
    if key_id(letter.root) in ids:
        raise LetterError("format")  # the root signs letters only: it is never where releases are made
    _need(told, letter.root)
    return letter


def accept(told: SignedLetter, trust: Trust, release_keys: Mapping[str, bytes]) -> Trust:
    """What a device trusts after a letter; LetterError, and it trusts what it did.

    The pinned root must have signed it. While none is pinned, one of the release keys of the enrolment must have: so a
    device of before the root learns it once.
    """
    letter = read(told)
    if letter.serial < trust.serial:
        raise LetterError("rollback")
    if trust.root:
        _need(told, trust.root)
    else:
        vouching = [raw for name, raw in release_keys.items() if name in told.signatures]
        if not vouching:
            raise LetterError("root")
        for raw in vouching:
            _need(told, raw)
    known = Trust(letter.root, letter.serial, letter.keys)
    if letter.serial == trust.serial and known != trust:
        raise LetterError("rollback")  # two letters under one number: one of them is not the root's last word
    return known


def counting(trust: Trust, release_keys: Mapping[str, bytes], now: str) -> dict[str, bytes]:
    """The raw keys by id that may sign a manifest now: certified and in time; without a root those of the enrolment."""
    if not trust.root:
        return dict(release_keys)
    moment = datetime.fromisoformat(now)
    return {
        one.key_id: one.public_key
        for one in trust.keys
        if datetime.fromisoformat(one.not_before) <= moment <= datetime.fromisoformat(one.not_after)
    }


def chain(letters: Sequence[SignedLetter], known: int) -> list[SignedLetter]:
    """Letters that lead a device from the one it knows (0: none) to the newest: each change of the root, and the last."""
    before = b""
    wanted = []
    for told in letters:
        letter = msgspec.json.decode(told.text, type=Letter)
        if letter.serial > known and (letter.root != before or told is letters[-1]):
            wanted.append(told)
        before = letter.root
    return wanted


def _need(told: SignedLetter, raw: bytes) -> None:
    """LetterError unless this key has signed it."""
    try:
        signature = base64.b64decode(told.signatures[key_id(raw)], validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, told.text.encode())
    except KeyError as error:
        raise LetterError("root") from error
    except (ValueError, InvalidSignature) as error:
        raise LetterError("signature") from error


def _times(letter: Letter) -> None:
    for text in (letter.issued_at, *(time for one in letter.keys for time in (one.not_before, one.not_after))):
        if datetime.fromisoformat(text).tzinfo is None:
            raise ValueError(text)
