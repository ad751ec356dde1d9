"""Keys of the centre, made at the first start and kept in `data/keys` (mode 0600); back them up with the database."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from app.settings import Settings


def secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """The bytes kept at `path`; made and kept at the first call."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
    return path.read_bytes()


def release_key(settings: Settings) -> Ed25519PrivateKey:
    """The Ed25519 key (RFC 8032) that signs release manifests."""
    raw = secret(
        settings.data / "keys" / "release.key",
        lambda: Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()),
    )
    return Ed25519PrivateKey.from_private_bytes(raw)


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
