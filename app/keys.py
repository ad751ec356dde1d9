"""Keys of the centre, made at the first start and kept in `data/keys` (mode 0600); back them up with the database."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from app import clock
from app.problems import Problem
from app.settings import Settings
from sync import keyring, manifest
from sync.keyring import SignedLetter


def secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """The bytes kept at `path`; made and kept at the first call."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
    return path.read_bytes()


def letters(settings: Settings) -> list[SignedLetter]:
    """The key letters that were imported, oldest first; none while the centre has no offline root."""
    paths = sorted((settings.data / "keys" / "letters").glob("*.json"))
    return [msgspec.json.decode(path.read_bytes(), type=SignedLetter) for path in paths]


def trust(settings: Settings) -> keyring.Trust:
    """What a device that knows the newest letter trusts."""
    told = letters(settings)
    letter = keyring.read(told[-1]) if told else None
    return keyring.Trust(letter.root, letter.serial, letter.keys) if letter else keyring.Trust()


def own_keys(settings: Settings) -> dict[str, Ed25519PrivateKey]:
    """Every release key kept here, by id: the first one, and those made for a rotation."""
    folder = settings.data / "keys"
    first = secret(folder / "release.key", _fresh)
    made = [path.read_bytes() for path in sorted(folder.glob("release-*.key"))]
    keys = [Ed25519PrivateKey.from_private_bytes(raw) for raw in (first, *made)]
    return {manifest.key_id(manifest.public_bytes(key)): key for key in keys}


def first(settings: Settings) -> Ed25519PrivateKey:
    """The key of before any rotation, which devices of before the root trust."""
    return next(iter(own_keys(settings).values()))


def new_release_key(settings: Settings) -> Ed25519PrivateKey:
    """A key for a rotation; it signs nothing before a letter certifies it."""
    key = Ed25519PrivateKey.from_private_bytes(_fresh())
    path = settings.data / "keys" / f"release-{manifest.key_id(manifest.public_bytes(key))}.key"
    secret(path, lambda: _raw(key))
    return key


def release_key(settings: Settings) -> Ed25519PrivateKey:
    """The Ed25519 key (RFC 8032) that signs release manifests: the first in the newest letter that is here and in time.

    Without an offline root it is the centre's first key. Problem keys.none when no certified key counts.
    """
    ours, known = own_keys(settings), trust(settings)
    if not known.root:
        return first(settings)
    for name in keyring.counting(known, {}, clock.now()):
        if name in ours:
            return ours[name]
    raise Problem("keys.none")


def public_keys(settings: Settings) -> dict[str, str]:
    """Public release keys that count now, base64 by id: what an enrolment tells."""
    public = manifest.public_bytes(first(settings))
    counting = keyring.counting(trust(settings), {manifest.key_id(public): public}, clock.now())
    return {name: base64.b64encode(raw).decode() for name, raw in counting.items()}


def keep_letter(settings: Settings, told: SignedLetter) -> keyring.Letter:
    """Check a letter from the offline root and keep it; Problem keys.letter.

    The first one is signed by our release key as well, so that devices of before take the root from it. A letter that
    certifies no key kept here would stop all releases: it is refused.
    """
    ours, known = own_keys(settings), trust(settings)
    if not known.root:
        told = keyring.countersigned(told, [first(settings)])
    vouching = {name: manifest.public_bytes(key) for name, key in ours.items()}
    try:
        learnt = keyring.accept(told, known, vouching)
        if learnt.serial == known.serial:
            raise keyring.LetterError("rollback")
    except keyring.LetterError as error:
        raise Problem("keys.letter", why=LETTER_FAULTS[error.kind]) from error
    if not set(keyring.counting(learnt, {}, clock.now())) & set(ours):
        raise Problem("keys.letter", why="里面没有一把现在有效、又在本中心的发布密钥")
    path = settings.data / "keys" / "letters" / f"{learnt.serial:08d}.json"
    secret(path, lambda: msgspec.json.encode(told))
    return keyring.read(told)


LETTER_FAULTS = {
    "format": "格式不对",
    "root": "不是由现在的根密钥签的",
    "signature": "签名核对不上",
    "rollback": "编号不比现有的新",
}


def _fresh() -> bytes:
    return _raw(Ed25519PrivateKey.generate())


def _raw(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def courier_key(settings: Settings) -> ec.EllipticCurvePrivateKey:
    """The P-256 key that villages seal their outboxes on USB sticks to."""
    made = secret(
        settings.data / "keys" / "courier.key",
        lambda: ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    )
    return cast(ec.EllipticCurvePrivateKey, load_pem_private_key(made, None))


def flask_config(settings: Settings) -> dict[str, Any]:
    """What Flask and Flask-Security read, made from our settings and keys."""
    folder = settings.data / "keys"
    return {
        "SECRET_KEY": secret(folder / "session.key", lambda: secrets.token_hex(32).encode()).decode(),
        "SECURITY_PASSWORD_SALT": secret(folder / "salt.key", lambda: secrets.token_hex(16).encode()).decode(),
        "MAX_CONTENT_LENGTH": settings.sync_body_limit,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.public_url.startswith("https://"),
        "PERMANENT_SESSION_LIFETIME": settings.session_hours * 3600,
    }
