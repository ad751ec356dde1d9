"""Device signatures: RFC 9421 over method, path and body digest with ECDSA P-256 (RFC 9530 digests).

Written on `cryptography` rather than on the http-message-signatures library: our profile is three components and one
algorithm, the browser twin must be written by hand anyway, and the library resolves keys and messages through requests
objects that a WSGI view does not have. The tests verify every signature made here with that library as a witness.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

COMPONENTS = '("@method" "@path" "content-digest")'
PARAMETERS = re.compile(
    r'jb=(?P<params>\("@method" "@path" "content-digest"\);created=(?P<created>\d{1,12})'
    r';nonce="(?P<nonce>[A-Za-z0-9-]{8,64})";keyid="(?P<keyid>[a-z0-9-]{3,64})";alg="ecdsa-p256-sha256")'
)
SIGNATURE = re.compile(r"jb=:(?P<value>[A-Za-z0-9+/=]{80,100}):")


class SignatureError(Exception):
    """A request is not signed as it must be. `kind`: missing, format, digest, keyid, clock, signature."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


class Signed(NamedTuple):
    """What a verified signature says."""

    keyid: str
    created: int
    nonce: str


def keyid(headers: Mapping[str, str]) -> str:
    """The device that claims to have signed; nothing is verified yet."""
    return _parameters(headers)["keyid"]


def verify(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    public_key: Mapping[str, str],
    now: int,
    window_s: int,
) -> Signed:
    """Check digest, time and signature of a request; `public_key` is a P-256 JWK, `now` unix seconds.

    The signature is checked before the time, so that only the device itself learns that its clock is wrong.
    """
    _parameters(headers)
    if headers.get("Content-Digest") != digest(body):
        raise SignatureError("digest")
    return verify_head(method, path, headers, public_key, now, window_s)


def verify_head(
    method: str, path: str, headers: Mapping[str, str], public_key: Mapping[str, str], now: int, window_s: int
) -> Signed:
    """The same before the body is there: what `Content-Digest` says is signed, that the body is so is not yet known."""
    found = _parameters(headers)
    text = headers.get("Signature", "")
    match = SIGNATURE.fullmatch(text)
    if match is None:
        raise SignatureError("format" if text else "missing")
    try:
        raw = base64.b64decode(match["value"], validate=True)
    except binascii.Error as error:
        raise SignatureError("format") from error
    claimed = headers.get("Content-Digest", "")
    if not verify_text(base(method, path, claimed, found["params"]), raw, public_key):
        raise SignatureError("signature")
    created = int(found["created"])
    if abs(created - now) > window_s:
        raise SignatureError("clock")
    return Signed(found["keyid"], created, found["nonce"])


def verify_text(text: str, raw: bytes, public_key: Mapping[str, str]) -> bool:
    """Whether `raw` (r||s, 64 bytes) is the device's signature of a text."""
    if len(raw) != 64:
        return False
    encoded = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        _public(public_key).verify(encoded, text.encode(), ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def sign(
    method: str, path: str, body: bytes, key: ec.EllipticCurvePrivateKey, key_id: str, created: int, nonce: str
) -> dict[str, str]:
    """The three headers that a device sends."""
    params = f'{COMPONENTS};created={created};nonce="{nonce}";keyid="{key_id}";alg="ecdsa-p256-sha256"'
    raw = sign_text(base(method, path, digest(body), params), key)
    return {
        "Content-Digest": digest(body),
        "Signature-Input": f"jb={params}",
        "Signature": f"jb=:{base64.b64encode(raw).decode()}:",
    }


def sign_text(text: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    """r||s, 64 bytes, as WebCrypto writes it."""
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def digest(body: bytes) -> str:
    """Content-Digest over the bytes as sent (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def base(method: str, path: str, content_digest: str, params: str) -> str:
    """The signature base (RFC 9421 §2.5)."""
    return "\n".join(
        [
            f'"@method": {method.upper()}',
            f'"@path": {path}',
            f'"content-digest": {content_digest}',
            f'"@signature-params": {params}',
        ]
    )


def jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """A public key as the browser exports it (RFC 7518 §6.2)."""
    numbers = key.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _b64url(numbers.x), "y": _b64url(numbers.y)}


def _b64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")


def _public(key: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(base64.urlsafe_b64decode(key[part] + "=="), "big") for part in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _parameters(headers: Mapping[str, str]) -> dict[str, str]:
    text = headers.get("Signature-Input", "")
    match = PARAMETERS.fullmatch(text)
    if match is None:
        raise SignatureError("format" if text else "missing")
    return match.groupdict()
