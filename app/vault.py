"""Personal data at rest: sealed under one key per subject, so that deleting the key deletes the data everywhere.

A subject is whatever owns the data (a case number, a talk id). The key of a subject is itself wrapped by the vault key
in the data folder. Sealed text may stand in the append-only ledger: after `forget(subject)` nobody can read it again.
AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces; the subject is bound as associated data.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any, NamedTuple, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app
from sqlalchemy import Column, Connection, Table, Text, bindparam, delete, insert, select

from app.db import metadata
from app.keys import secret

vault_key = Table(
    "vault_key",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("wrapped", Text, nullable=False),
)


WRAPPED = select(vault_key.c.wrapped).where(vault_key.c.subject == bindparam("subject"))
HIDDEN = "sealed:"
FORGOTTEN = "（已按规定删除）"


class Sealer(NamedTuple):
    """The key of one subject, for bytes that stand outside the database; `place` binds each piece to where it belongs."""

    cipher: AESGCM
    subject: str

    def close(self, data: bytes, place: str) -> bytes:
        """Nonce and ciphertext."""
        nonce = os.urandom(12)
        return nonce + self.cipher.encrypt(nonce, data, f"{self.subject}/{place}".encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """The bytes again; ValueError when they were changed or belong elsewhere."""
        try:
            return self.cipher.decrypt(sealed[:12], sealed[12:], f"{self.subject}/{place}".encode())
        except InvalidTag as error:
            raise ValueError(f"sealed bytes do not belong to {place}") from error


class Vault:
    """Seals and opens values; one per application, holding the vault key."""

    def __init__(self, key: bytes) -> None:
        self._master = AESGCM(key)
        self._marks = hmac.digest(key, b"marks", hashlib.sha256)

    @classmethod
    def from_file(cls, path: Path) -> Vault:
        """Load the vault key, or make one (mode 0600) at the first start."""
        return cls(secret(path, lambda: AESGCM.generate_key(256)))

    def seal(self, connection: Connection, subject: str, value: Any) -> str:
        """Seal a JSON value for a subject; makes the subject's key when it has none."""
        key = self._key(connection, subject)
        if key is None:
            key = AESGCM.generate_key(256)
            wrapped = _encrypt(self._master, key, subject)
            connection.execute(insert(vault_key), {"subject": subject, "wrapped": wrapped})
        return _encrypt(AESGCM(key), json.dumps(value, ensure_ascii=False).encode(), subject)

    def open(self, connection: Connection, subject: str, sealed: str) -> Any | None:
        """The value again, or None when the subject was forgotten. Raises ValueError on a forged text."""
        key = self._key(connection, subject)
        return None if key is None else json.loads(_decrypt(AESGCM(key), sealed, subject))

    def sealer(self, connection: Connection, subject: str) -> Sealer | None:
        """Seals and opens bytes for a subject that has a key, None when it was forgotten."""
        key = self._key(connection, subject)
        return None if key is None else Sealer(AESGCM(key), subject)

    def hide(self, connection: Connection, subject: str, text: str) -> str:
        """A line that staff wrote about a person, sealed so that `show` knows it; "" stays ""."""
        return f"{HIDDEN}{self.seal(connection, subject, text)}" if text else ""

    def show(self, connection: Connection, subject: str, text: str) -> str:
        """The line again, FORGOTTEN when its subject was; what older programs wrote in the open as it stands."""
        if not text.startswith(HIDDEN):
            return text
        found = self.open(connection, subject, text.removeprefix(HIDDEN))
        return FORGOTTEN if found is None else str(found)

    def knows(self, connection: Connection, subject: str) -> bool:
        """Whether anything sealed for the subject can still be read."""
        return self._key(connection, subject) is not None

    def forget(self, connection: Connection, subject: str) -> None:
        """Delete the subject's key: all that was sealed for it is gone, wherever copies stand."""
        connection.execute(delete(vault_key).where(vault_key.c.subject == subject))

    def mark(self, text: str) -> str:
        """The same short text for the same input, to find equals without knowing them; means nothing without the vault key."""
        return hmac.digest(self._marks, text.encode(), hashlib.sha256).hex()[:32]

    def _key(self, connection: Connection, subject: str) -> bytes | None:
        wrapped = connection.execute(WRAPPED, {"subject": subject}).scalar()
        return None if wrapped is None else _decrypt(self._master, wrapped, subject)


def _encrypt(cipher: AESGCM, plain: bytes, subject: str) -> str:
    nonce = os.urandom(12)
    return base64.b64encode(nonce + cipher.encrypt(nonce, plain, subject.encode())).decode()


def _decrypt(cipher: AESGCM, sealed: str, subject: str) -> bytes:
    raw = base64.b64decode(sealed)
    try:
        return cipher.decrypt(raw[:12], raw[12:], subject.encode())
    except InvalidTag as error:
        raise ValueError(f"sealed text does not belong to {subject}") from error


def vault() -> Vault:
    """The vault of the running application."""
    return cast(Vault, current_app.extensions["jjb_vault"])
