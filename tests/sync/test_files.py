"""What a file is by its content; `python -m tests.sync.test_files` writes the vectors shared with the browser."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path

import pytest

from sync.files import fault_of, jpeg_size, kind_of

VECTORS = Path(__file__).parents[1] / "vectors" / "files.json"


def jpeg(width: int = 8, height: int = 8, filler: int = 0) -> bytes:
    """The frame of a JPEG with so many bytes between; enough for who looks at the form, not for who paints it."""
    head = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    noise = bytes((7 * at) % 251 for at in range(filler))
    return head + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + noise + b"\xff\xd9"


def pdf(*objects: bytes, tail: bytes = b"") -> bytes:
    """A small PDF of these objects."""
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, one) for number, one in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer << /Root 1 0 R " + tail + b">>\n%%EOF\n"


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [] /Count 0 >>"


def packed(text: bytes) -> bytes:
    """An object stream that holds this text."""
    squeezed = zlib.compress(text)
    return b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (
        len(squeezed),
        squeezed,
    )


CASES = {
    "a photo": (jpeg(), "image/jpeg", ""),
    "a photo cut short": (jpeg()[:-2], "image/jpeg", "broken"),
    "a photo of 30,000 by 30,000": (jpeg(30_000, 30_000), "image/jpeg", "pixels"),
    "a photo that says it is a paper": (jpeg(), "application/pdf", "kind"),
    "a renamed program": (b"MZ\x90\x00" + bytes(60), "image/jpeg", "kind"),
    "nothing": (b"", "image/jpeg", "kind"),
    "a paper": (pdf(CATALOG, PAGES), "application/pdf", ""),
    "a paper with packed objects": (pdf(CATALOG, PAGES, packed(b"3 0 << /Type /Page >>")), "application/pdf", ""),
    "a paper cut short": (pdf(CATALOG, PAGES)[:-7], "application/pdf", "broken"),
    "a paper with a script": (
        pdf(b"<< /Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"), "application/pdf", "active",
    ),
    "a script whose name is written otherwise": (
        pdf(b"<< /Type /Catalog /AA << /O << /S /J#61vaScript /J#53 (x) >> >> >>"), "application/pdf", "active",
    ),
    "a script in a packed object": (pdf(CATALOG, packed(b"3 0 << /S /JavaScript /JS (x) >>")), "application/pdf", "active"),
    "a paper that starts a program": (pdf(b"<< /Type /Catalog /OpenAction << /S /Launch /F (a) >> >>"), "application/pdf", "active"),
    "a paper with a file inside": (pdf(CATALOG, b"<< /Names << /EmbeddedFiles 5 0 R >> >>"), "application/pdf", "active"),
    "a paper with a password": (pdf(CATALOG, PAGES, tail=b"/Encrypt 4 0 R "), "application/pdf", "locked"),
    "random bytes like a name inside a picture": (
        pdf(CATALOG, b"<< /Length 12 >>\nstream\n/JS \x01\x02\x03(x)\nendstream"), "application/pdf", "",
    ),
}  # fmt: skip

KINDS = {
    "ffd8ffe000104a464946": "image/jpeg",
    "255044462d312e37": "application/pdf",
    "89504e470d0a1a0a0000": "image/png",
    "474946383961": "image/gif",
    "524946460000000057454250": "image/webp",
    "424d3600": "image/bmp",
    "000000186674797068656963": "image/heic",
    "4d5a9000": "program",
    "7f454c46": "program",
    "504b0304": "archive",
    "d0cf11e0": "office",
    "68656c6c6f": "",
    "": "",
}


def vectors() -> str:
    """The text of files.json."""
    whole = [
        {"name": name, "kind": kind, "fault": fault, "data": base64.b64encode(data).decode()}
        for name, (data, kind, fault) in CASES.items()
    ]
    heads = [{"head": head, "kind": kind} for head, kind in KINDS.items()]
    return json.dumps({"kinds": heads, "files": whole}, indent=1) + "\n"


def test_the_vectors_are_those_that_this_file_writes() -> None:
    # zlib builds differ in how they squeeze; what the vectors say must hold all the same
    kept = json.loads(VECTORS.read_text(encoding="utf-8"))
    assert [one["name"] for one in kept["files"]] == list(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_judged_by_its_content(name: str) -> None:
    kept = next(one for one in json.loads(VECTORS.read_text(encoding="utf-8"))["files"] if one["name"] == name)
    data, kind, fault = CASES[name]
    assert fault_of(data, kind) == fault
    assert fault_of(base64.b64decode(kept["data"]), kept["kind"]) == kept["fault"] == fault


@pytest.mark.parametrize("head", KINDS)
def test_a_kind_is_told_by_the_first_bytes(head: str) -> None:
    assert kind_of(bytes.fromhex(head)) == KINDS[head]


def test_any_cut_or_noise_is_judged_without_falling_over() -> None:
    for data, kind, _ in CASES.values():
        for at in range(0, len(data), 3):
            fault_of(data[:at], kind)
            fault_of(data[:at] + b"\xff" + data[at + 1 :], kind)
    assert jpeg_size(b"\xff\xd8\xff\xd9") is None


if __name__ == "__main__":
    VECTORS.write_text(vectors(), encoding="utf-8")
