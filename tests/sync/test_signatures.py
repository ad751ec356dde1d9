"""RFC 9421 signatures of devices: tests/vectors/signatures.json (run by vitest too), tampering, and a second library.

`python -m tests.sync.test_signatures` writes the vectors anew.
"""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from hypothesis import given
from hypothesis import strategies as st

from sync import signatures
from sync.signatures import SignatureError

VECTORS = Path(__file__).parents[1] / "vectors" / "signatures.json"
KEY = ec.derive_private_key(0x4A4A42 << 200 | 20261123, ec.SECP256R1())
OTHER = ec.derive_private_key(7, ec.SECP256R1())
CREATED, WINDOW = 1_795_400_000, 300
NONCE, DEVICE = "0d3f0f3e-6f0a-4f0e-9d3f-2a3f0c9b1d11", "d-abcdefgh"
BODY = b'{"proto":1,"events":[]}'


def write() -> dict[str, Any]:
    """A fixed key, signed messages with everything in between, and changes that must be refused."""
    messages = []
    for body in (BODY, b"", "独龙江 \x00".encode()):
        headers = signatures.sign("POST", "/sync", body, KEY, DEVICE, CREATED, NONCE)
        params = headers["Signature-Input"].removeprefix("jb=")
        messages.append(
            {
                "method": "POST",
                "path": "/sync",
                "body": base64.b64encode(body).decode(),
                "created": CREATED,
                "nonce": NONCE,
                "keyid": DEVICE,
                "headers": headers,
                "base": signatures.base("POST", "/sync", signatures.digest(body), params),
            }
        )
    return {
        "public_key": signatures.jwk(KEY.public_key()),
        "window_s": WINDOW,
        "good": messages,
        "refused": _refused(messages[0]["headers"]),
    }


def _refused(good: dict[str, str]) -> list[dict[str, Any]]:
    """Changes to the first good message; `kind` is the reason that must be given."""

    def swap(old: str, new: str) -> dict[str, str]:
        return {**good, "Signature-Input": good["Signature-Input"].replace(old, new)}

    by_another = signatures.sign("POST", "/sync", BODY, OTHER, DEVICE, CREATED, NONCE)
    return [
        {"what": "body changed", "body": base64.b64encode(b"{}").decode(), "headers": good, "kind": "digest"},
        {"what": "no signature", "headers": {**good, "Signature": ""}, "kind": "missing"},
        {"what": "no input", "headers": {**good, "Signature-Input": ""}, "kind": "missing"},
        {"what": "path changed", "path": "/other", "headers": good, "kind": "signature"},
        {"what": "method changed", "method": "PUT", "headers": good, "kind": "signature"},
        {"what": "time changed", "headers": swap(str(CREATED), str(CREATED + 1)), "kind": "signature"},
        {"what": "other device", "headers": swap("abcdefgh", "abcdefgi"), "kind": "signature"},
        {"what": "nonce changed", "headers": swap("1d11", "1d12"), "kind": "signature"},
        {"what": "fewer components", "headers": swap('"@method" ', ""), "kind": "format"},
        {"what": "other algorithm", "headers": swap("ecdsa-p256-sha256", "hmac-sha256"), "kind": "format"},
        {"what": "not base64", "headers": {**good, "Signature": "jb=:" + "=" * 88 + ":"}, "kind": "format"},
        {"what": "too late", "now": CREATED + WINDOW + 1, "headers": good, "kind": "clock"},
        {"what": "too early", "now": CREATED - WINDOW - 1, "headers": good, "kind": "clock"},
        {"what": "other key", "headers": by_another, "kind": "signature"},
    ]


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    return json.loads(VECTORS.read_text(encoding="utf-8"))


def test_good_vectors_verify_and_their_bases_are_rebuilt(vectors: dict[str, Any]) -> None:
    for one in vectors["good"]:
        body, headers = base64.b64decode(one["body"]), one["headers"]
        signed = signatures.verify(one["method"], one["path"], headers, body, vectors["public_key"], CREATED, WINDOW)
        assert signed == (one["keyid"], one["created"], one["nonce"])
        assert signatures.keyid(headers) == one["keyid"]
        params = headers["Signature-Input"].removeprefix("jb=")
        assert signatures.base(one["method"], one["path"], signatures.digest(body), params) == one["base"]
        made = signatures.sign(one["method"], one["path"], body, KEY, one["keyid"], one["created"], one["nonce"])
        assert {**made, "Signature": ""} == {**headers, "Signature": ""}


def test_changed_vectors_are_refused_for_the_right_reason(vectors: dict[str, Any]) -> None:
    for one in vectors["refused"]:
        asked = {**vectors["good"][0], "now": CREATED, **one}
        body, key = base64.b64decode(asked["body"]), vectors["public_key"]
        with pytest.raises(SignatureError) as caught:
            signatures.verify(asked["method"], asked["path"], asked["headers"], body, key, asked["now"], WINDOW)
        assert caught.value.kind == one["kind"], one["what"]


def test_the_edge_of_the_window_is_inside(vectors: dict[str, Any]) -> None:
    headers, key = vectors["good"][0]["headers"], vectors["public_key"]
    for now in (CREATED - WINDOW, CREATED + WINDOW):
        assert signatures.verify("POST", "/sync", headers, BODY, key, now, WINDOW).nonce == NONCE


@given(st.binary(max_size=300), st.integers(0, 511))
def test_any_flipped_bit_of_a_signature_is_refused(body: bytes, bit: int) -> None:
    headers = signatures.sign("POST", "/sync", body, KEY, DEVICE, CREATED, NONCE)
    raw = bytearray(base64.b64decode(headers["Signature"].removeprefix("jb=:").removesuffix(":")))
    raw[bit // 8] ^= 1 << bit % 8
    headers["Signature"] = f"jb=:{base64.b64encode(raw).decode()}:"
    with pytest.raises(SignatureError) as caught:
        signatures.verify("POST", "/sync", headers, body, signatures.jwk(KEY.public_key()), CREATED, WINDOW)
    assert caught.value.kind == "signature"


def test_every_request_needs_its_headers() -> None:
    with pytest.raises(SignatureError) as caught:
        signatures.keyid({})
    assert caught.value.kind == "missing"


class _Keys(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> Any:
        return KEY.public_key()

    def resolve_private_key(self, key_id: str) -> Any:
        return KEY


def _request(headers: dict[str, str]) -> requests.PreparedRequest:
    return requests.Request("POST", "http://centre.example/sync", data=BODY, headers=headers).prepare()


def test_an_independent_library_accepts_what_we_sign() -> None:
    request = _request(signatures.sign("POST", "/sync", BODY, KEY, DEVICE, int(time.time()), NONCE))
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ECDSA_P256_SHA256, key_resolver=_Keys())
    (result,) = verifier.verify(request)
    assert set(result.covered_components) >= {'"@method"', '"@path"', '"content-digest"'}
    assert result.parameters["keyid"] == DEVICE


def test_we_accept_what_an_independent_library_signs() -> None:
    request = _request({"Content-Digest": signatures.digest(BODY)})
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ECDSA_P256_SHA256, key_resolver=_Keys())
    covered = ("@method", "@path", "content-digest")
    signer.sign(
        request, key_id=DEVICE, label="jb", nonce=NONCE, covered_component_ids=covered, use_existing_digest=True
    )
    # The order of the parameters is the signer's choice in RFC 9421; ours is fixed, so the base is taken from theirs.
    params = request.headers["Signature-Input"].removeprefix("jb=")
    assert f'nonce="{NONCE}"' in params
    raw = base64.b64decode(request.headers["Signature"].removeprefix("jb=:").removesuffix(":"))
    base = signatures.base("POST", "/sync", signatures.digest(BODY), params)
    assert signatures.verify_text(base, raw, signatures.jwk(KEY.public_key()))


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(write(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
