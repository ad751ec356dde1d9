"""Manifests: what a release is, in at most 2 kB of JSON signed as exact text with Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.packs import Pack

LONGEST = 64 * 1024
SCOPES = ("knowledge", "lingua", "media")
"""What is released by itself: the knowledge, the words it is asked and judged with (needed for good answers only), and
which recordings and samples there are."""


class ManifestError(Exception):
    """A manifest is refused. `kind`: format, key, signature, scope, schema, rollback."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


class PackEntry(msgspec.Struct, frozen=True):
    """One way to this release."""

    start: int = msgspec.field(name="from")
    bytes: int
    sha256: str
    chunks: list[str]


class Manifest(msgspec.Struct, frozen=True):
    """A release as its signer describes it."""

    v: int
    scope: str
    release: int
    previous: int
    schema: str
    content_root: str
    rows: int
    packs: list[PackEntry]
    issued_at: str
    stale_after: str
    key_id: str


def schema_id(schema: str) -> str:
    """First 12 hex digits of the sha256 of the schema without comments and empty lines.

    A device with other tables must update its program first; a comment changes no table.
    """
    plain = re.sub(r"\n\s*\n", "\n", re.sub(r"\s*--[^\n]*", "", schema))
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def key_id(public: bytes) -> str:
    """First 16 hex digits of the sha256 of a raw public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The raw public key (32 bytes)."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def write(
    key: Ed25519PrivateKey,
    packs: list[Pack],
    **fields: Any,
) -> tuple[str, str]:
    """(exact text, base64 signature).

    `fields`: scope, release, previous, schema, content_root, rows, issued_at, stale_after.
    """
    entries = [PackEntry(pack.start, len(pack.data), pack.sha256, pack.chunks) for pack in packs]
    manifest = Manifest(v=1, packs=entries, key_id=key_id(public_bytes(key)), **fields)
    text = msgspec.json.encode(manifest).decode()
    return text, base64.b64encode(key.sign(text.encode())).decode()


def read(
    text: str, signature: str, keys: Mapping[str, bytes], scope: str, remembered: tuple[int, str] = (0, "")
) -> Manifest:
    """The manifest, or ManifestError. `keys`: raw public keys by id; `remembered`: (release, root) the device holds.

    An older release than the remembered one, or the same number with another root, is a rollback: somebody replays an
    old manifest that was validly signed once.
    """
    try:
        if len(text) > LONGEST:
            raise ValueError(len(text))
        claimed = json.loads(text)["key_id"]
        raw_signature = base64.b64decode(signature, validate=True)
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError("format") from error
    if claimed not in keys:
        raise ManifestError("key")
    try:
        Ed25519PublicKey.from_public_bytes(keys[claimed]).verify(raw_signature, text.encode())
    except InvalidSignature as error:
        raise ManifestError("signature") from error
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise ManifestError("format") from error
    if manifest.v != 1 or manifest.scope != scope:
        raise ManifestError("scope")
    release, root = remembered
    if manifest.release < release or (manifest.release == release and root and manifest.content_root != root):
        raise ManifestError("rollback")
    return manifest
