"""What a file really is, by its content and never by its name. Pure; twin of `pwa/src/kit/files.ts`.

Both run `tests/vectors/files.json`. A village sends photos as JPEG and papers as PDF; nothing else is taken. A PDF that
could act (scripts, programs to start, files inside) is refused; that is a first net, the view at the centre is the second.
"""

from __future__ import annotations

import re
import zlib

JPEG, PDF = "image/jpeg", "application/pdf"
KINDS = (JPEG, PDF)
MOST_PIXELS = 60_000_000
"""Of a picture; a larger one would fill the memory of whoever opens it."""
MOST_INFLATED = 64 * 1024 * 1024
"""Bytes of packed objects of one PDF that are looked into."""

_MAGIC = (
    (b"\xff\xd8\xff", JPEG),
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"#!", "program"),
    (b"PK\x03\x04", "archive"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"\xd0\xcf\x11\xe0", "office"),
)


def kind_of(head: bytes) -> str:
    """The kind by the first bytes: a media type, program | archive | office, or "" for none we know."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return "image/heic"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")


def fault_of(data: bytes, kind: str) -> str:
    """Why a whole file is not a sound one of its kind: kind | broken | pixels | locked | active, "" when it is."""
    if kind not in KINDS or kind_of(data[:16]) != kind:
        return "kind"
    return _jpeg_fault(data) if kind == JPEG else _pdf_fault(data)


def _jpeg_fault(data: bytes) -> str:
    size = jpeg_size(data)
    if size is None or b"\xff\xd9" not in data[-4096:]:
        return "broken"
    return "pixels" if size[0] * size[1] > MOST_PIXELS else ""


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height by the frame header (ITU-T T.81 B.2.2), None when there is none."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            return (width, height) if width and height else None
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_ANYWHERE = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|GoToE|XFA)(?![A-Za-z0-9])")
_OUTSIDE = re.compile(rb"/(JS|JavaScript|Launch|EmbeddedFiles?|RichMedia|GoToE|XFA)(?![A-Za-z0-9])")
_LOCK = re.compile(rb"/Encrypt(?![A-Za-z0-9])")
_PACKED = re.compile(rb"/ObjStm(?![A-Za-z0-9])")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


def _pdf_fault(data: bytes) -> str:
    if b"%%EOF" not in data[-2048:]:
        return "broken"
    outside, packed = _parts(data)
    if _LOCK.search(outside):
        return "locked"
    if packed is None:
        return "broken"
    active = _ANYWHERE.search(data) or any(_OUTSIDE.search(_plain(text)) for text in (outside, *packed))
    return "active" if active else ""


def _parts(data: bytes) -> tuple[bytes, list[bytes] | None]:
    """(all that stands outside streams, what packed object streams hold; None when one cannot be unpacked)."""
    outside: list[bytes] = []
    packed: list[bytes] | None = []
    end, left = 0, MOST_INFLATED
    for found in _STREAM.finditer(data):
        before = data[end : found.start()]
        outside.append(before)
        end = found.end()
        if packed is not None and _PACKED.search(_plain(before[before.rfind(b"obj") :])):
            text = _inflate(found[1], left)
            packed = None if text is None else [*packed, text]
            left -= len(text or b"")
    return b" ".join([*outside, data[end:]]), packed


def _inflate(raw: bytes, limit: int) -> bytes | None:
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(raw, max(1, limit))
    except zlib.error:
        return None
    return text if reader.eof else None


def _plain(text: bytes) -> bytes:
    """Names may write their letters as #xx (ISO 32000-1 §7.3.5)."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text)
