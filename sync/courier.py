"""What travels on a USB stick: packs down, the sealed outbox up, the receipt back (PROTOCOL.md §8).

A file is a zip whose entries are stored, not compressed: `about.json` in plain (nothing personal), a `signature` over its
exact text, and what it names by sha256. The outbox is sealed to the centre with HPKE (RFC 9180, base mode, DHKEM(P-256,
HKDF-SHA256), HKDF-SHA256, AES-256-GCM); the receipt with AES-256-GCM under a key that travelled inside the outbox.
No network, no database, no clock here. Twin: pwa/src/sync/courier.ts.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Meta

from sync import signatures
from sync.manifest import key_id, public_bytes
from sync.messages import Hash, Id, Time
from sync.replies import SignedManifest, SyncReply, Trouble

LARGEST = 64 * 1024 * 1024
"""Bytes of one file on the stick at most."""
ROOM = 48 * 1024 * 1024
"""Bytes of papers that a device puts into one file; the rest goes with the next."""
MOST_REQUESTS = 50
DOMAIN = "JB-Courier 1"
NAME = re.compile(r"[a-z0-9][a-z0-9/._-]{0,120}")
SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

Device = Annotated[str, Meta(pattern=r"^[a-z0-9-]{3,64}$")]
Count = Annotated[int, Meta(ge=0, le=2**53)]


class CourierError(Exception):
    """A file cannot be used, and nothing was changed.

    `kind`: half (cut, or not such a file), damaged, format, version, key, signature, sealed, other (of another device),
    unknown (a receipt for nothing we sent), large. `bytes`: how many were read.
    """

    def __init__(self, kind: str, size: int = 0) -> None:
        self.kind = kind
        self.bytes = size
        super().__init__(f"{kind} ({size} bytes)")


class Entry(msgspec.Struct, frozen=True):
    """One file inside."""

    name: str
    bytes: Count
    sha256: Hash


class Up(msgspec.Struct, frozen=True, tag_field="kind", tag="up"):
    """What stands in plain on an outbox: nothing personal."""

    v: Literal[1]
    id: Id
    device: Device
    made_at: Time
    events: Count
    files: Count
    entries: list[Entry]


class Receipt(msgspec.Struct, frozen=True, tag_field="kind", tag="receipt"):
    """What stands in plain on a receipt; `id` is that of the outbox it answers."""

    v: Literal[1]
    id: Id
    device: Device
    made_at: Time
    key_id: str
    entries: list[Entry]


class Down(msgspec.Struct, frozen=True, tag_field="kind", tag="down"):
    """What a pack of knowledge holds: signed manifests, and the full packs they name."""

    v: Literal[1]
    made_at: Time
    key_id: str
    courier_key: str
    """The centre's public key that outboxes are sealed to: an uncompressed P-256 point, base64."""
    manifests: list[SignedManifest]
    entries: list[Entry]


class FileWord(msgspec.Struct, frozen=True):
    """What became of one paper."""

    case_no: str
    sha256: Hash
    stored: bool
    problem: Trouble | None = None


class Answer(msgspec.Struct, frozen=True):
    """Inside a receipt: the reply to each request, as `POST /sync` would have answered, and a word for each paper."""

    replies: list[SyncReply]
    files: list[FileWord]


About = Up | Receipt | Down
Kind = TypeVar("Kind", Up, Receipt, Down)


# ---- the container ----


def write(about: dict[str, Any], contents: Mapping[str, bytes], sign: Any) -> bytes:
    """A file for the stick. `sign(text)` gives the base64 signature over the domain and the exact text."""
    entries = [
        {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in contents.items()
    ]
    text = json.dumps({"v": 1, **about, "entries": entries}, ensure_ascii=False, separators=(",", ":"))
    return pack({"about.json": text.encode(), "signature": sign(f"{DOMAIN}\n{text}").encode(), **contents})


def pack(contents: Mapping[str, bytes]) -> bytes:
    """A zip of stored entries; the same contents give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """All entries of a zip of ours; CourierError half | damaged | format | large. Stored only, so none can be a bomb."""
    size = len(data)
    if size > LARGEST:
        raise CourierError("large", size)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            plain = all(not info.compress_type and not info.flag_bits & 1 and info.file_size <= size for info in infos)
            if not plain or len(set(names)) != len(names) or not all(map(NAME.fullmatch, names)):
                raise CourierError("format", size)
            if sum(info.file_size for info in infos) > size:
                raise CourierError("format", size)
            return {name: archive.read(name) for name in names}
    except zipfile.BadZipFile as error:
        raise CourierError("damaged" if "CRC" in str(error) else "half", size) from error
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, KeyError) as error:
        raise CourierError("damaged", size) from error


def read(data: bytes, kind: type[Kind]) -> tuple[Kind, str, str, dict[str, bytes]]:
    """(what it says of itself, its exact text, signature, contents); each entry has the promised hash. Not yet believed."""
    found = unpack(data)
    try:
        text = found.pop("about.json").decode()
        signature = found.pop("signature").decode()
        about = msgspec.json.decode(text, type=kind)
    except (KeyError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise CourierError("format", len(data)) from error
    if {entry.name for entry in about.entries} != set(found) or len(about.entries) != len(found):
        raise CourierError("half", len(data))
    for entry in about.entries:
        if len(found[entry.name]) != entry.bytes or hashlib.sha256(found[entry.name]).hexdigest() != entry.sha256:
            raise CourierError("damaged", len(data))
    return about, text, signature, found


# ---- signatures ----


def sign_as_device(text: str, key: ec.EllipticCurvePrivateKey) -> str:
    """ECDSA P-256, r||s, base64."""
    return base64.b64encode(signatures.sign_text(text, key)).decode()


def sign_as_centre(text: str, key: Ed25519PrivateKey) -> str:
    """Ed25519, base64."""
    return base64.b64encode(key.sign(text.encode())).decode()


def believe_device(text: str, signature: str, public_key: Mapping[str, str]) -> None:
    """CourierError('signature') unless this device signed."""
    if not signatures.verify_text(f"{DOMAIN}\n{text}", _bytes(signature), public_key):
        raise CourierError("signature")


def believe_centre(text: str, signature: str, key: str, keys: Mapping[str, bytes]) -> None:
    """CourierError key | signature unless one of the release keys that we know signed."""
    if key not in keys:
        raise CourierError("key")
    try:
        Ed25519PublicKey.from_public_bytes(keys[key]).verify(_bytes(signature), f"{DOMAIN}\n{text}".encode())
    except (InvalidSignature, ValueError) as error:
        raise CourierError("signature") from error


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise CourierError("signature") from error


# ---- up ----


def point_of(key: ec.EllipticCurvePublicKey) -> str:
    """A P-256 public key as devices hold it."""
    return base64.b64encode(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)).decode()


def write_up(
    about: dict[str, Any], inner: Mapping[str, bytes], centre: str, device_key: ec.EllipticCurvePrivateKey
) -> bytes:
    """The outbox, sealed to the centre. `about`: id, device, made_at, events, files; `inner`: as S45 names it."""
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.b64decode(centre))
    sealed = SUITE.encrypt(pack(inner), public, _info("up", about["id"]))
    return write({"kind": "up", **about}, {"sealed": sealed}, lambda text: sign_as_device(text, device_key))


def open_up(about: Up, contents: Mapping[str, bytes], key: ec.EllipticCurvePrivateKey) -> dict[str, bytes]:
    """What a device put in; CourierError sealed | format."""
    try:
        inner = unpack(SUITE.decrypt(contents["sealed"], key, _info("up", about.id)))
    except (KeyError, InvalidTag, ValueError) as error:
        raise CourierError("sealed") from error
    requests = [name for name in inner if name.startswith("requests/")]
    papers = [name for name in inner if name.startswith("files/")]
    if len(inner.get("key", b"")) != 32 or not 0 < len(requests) <= MOST_REQUESTS:
        raise CourierError("format")
    if len(requests) + len(papers) + 1 != len(inner):
        raise CourierError("format")
    return inner


# ---- receipt ----


def write_receipt(
    up: Up, answer: dict[str, Any], made_at: str, key: bytes, nonce: bytes, signer: Ed25519PrivateKey
) -> bytes:
    """The answer to an outbox, readable by its device alone, signed by the centre."""
    plain = json.dumps(answer, ensure_ascii=False).encode()
    sealed = nonce + AESGCM(key).encrypt(nonce, plain, _info("receipt", up.id))
    about = {
        "kind": "receipt",
        "id": up.id,
        "device": up.device,
        "made_at": made_at,
        "key_id": key_id(public_bytes(signer)),
    }
    return write(about, {"sealed": sealed}, lambda text: sign_as_centre(text, signer))


def open_receipt(about: Receipt, contents: Mapping[str, bytes], key: bytes) -> Answer:
    """The centre's answer; CourierError sealed | format."""
    try:
        sealed = contents["sealed"]
        plain = AESGCM(key).decrypt(sealed[:12], sealed[12:], _info("receipt", about.id))
    except (KeyError, InvalidTag, ValueError) as error:
        raise CourierError("sealed") from error
    try:
        return msgspec.json.decode(plain, type=Answer)
    except msgspec.DecodeError as error:
        raise CourierError("format") from error


def _info(kind: str, about: str) -> bytes:
    return f"{DOMAIN} {kind} {about}".encode()


# ---- down ----


def write_down(
    manifests: list[tuple[str, str]],
    packs: Mapping[str, bytes],
    courier_key: str,
    made_at: str,
    signer: Ed25519PrivateKey,
) -> bytes:
    """Signed manifests with the packs they name, by sha256."""
    about = {
        "kind": "down",
        "made_at": made_at,
        "key_id": key_id(public_bytes(signer)),
        "courier_key": courier_key,
        "manifests": [{"manifest": text, "signature": signature} for text, signature in manifests],
    }
    contents = {f"packs/{sha256}.pack": data for sha256, data in packs.items()}
    return write(about, contents, lambda text: sign_as_centre(text, signer))
