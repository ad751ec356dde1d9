"""附件, pure: what tus headers say (tus.io, resumable upload protocol 1.0.0) and what a file may be."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping

from sync.files import PDF

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
"""Of `Upload-Checksum`; the protocol asks for sha1 at least."""
BODY = "application/offset+octet-stream"

FAULTS = {
    "kind": "不是照片，也不是 PDF",
    "broken": "文件不完整，打不开",
    "pixels": "照片的尺寸太大",
    "locked": "PDF 加了密码",
    "active": "PDF 里带有程序或附件，不安全",
}
"""Why a whole file is not taken, by sync.files.fault_of."""

CASE_NO = re.compile(r"NJ\d{17}[A-Z]{2}\d{4}")
SHA = re.compile(r"[0-9a-f]{64}")


def whole_number(text: str | None) -> int | None:
    """A header that must be a number of bytes, None when it is not."""
    return int(text) if text is not None and re.fullmatch(r"\d{1,15}", text) else None


def metadata(text: str) -> dict[str, str] | None:
    """`Upload-Metadata`: keys with base64 values, separated by commas; None when it is not that."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
    return found


def wanted(headers: Mapping[str, str]) -> tuple[str, str, int] | None:
    """(case number, sha256, bytes) that a creation names, None when it is not whole."""
    length = whole_number(headers.get("Upload-Length"))
    said = metadata(headers.get("Upload-Metadata", ""))
    if length is None or said is None:
        return None
    case_no, sha256 = said.get("case", ""), said.get("sha256", "")
    return (case_no, sha256, length) if CASE_NO.fullmatch(case_no) and SHA.fullmatch(sha256) else None


def checksum_fault(header: str | None, data: bytes) -> str:
    """What is wrong with `Upload-Checksum` over a body: algorithm | mismatch, "" when nothing is (or none was sent)."""
    if header is None:
        return ""
    name, _, value = header.partition(" ")
    if name not in ALGORITHMS:
        return "algorithm"
    return "" if base64.b64encode(ALGORITHMS[name](data).digest()).decode() == value.strip() else "mismatch"


def file_name(case_no: str, number: int, kind: str) -> str:
    """What a file is called when it leaves the centre: the case and a number, nothing personal."""
    return f"{case_no}-{number}.{'pdf' if kind == PDF else 'jpg'}"
