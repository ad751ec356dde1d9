"""Files of the USB stick between the twins: each reads what the other wrote. `python -m tests.sync.test_courier_vectors` writes ours."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import courier, signatures
from sync.manifest import key_id, public_bytes

PATH = Path(__file__).resolve().parents[1] / "vectors" / "courier.json"
CENTRE = ec.derive_private_key(7, ec.SECP256R1())
DEVICE = ec.derive_private_key(11, ec.SECP256R1())
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = bytes(range(32, 64))
ID = "01a20a2e-bf8a-71dc-a71a-bf18730e9cdb"
AT = "2026-11-23T20:52:45.577Z"


def vector() -> dict[str, Any]:
    """What the page must read: a receipt, a pack, and how each is refused."""
    up = courier.Up(v=1, id=ID, device="d-abcdefgh", made_at=AT, events=1, files=0, entries=[])
    answer: dict[str, Any] = {
        "replies": [],
        "files": [{"case_no": "NJ1", "sha256": "0" * 64, "stored": True, "problem": None}],
    }
    receipt = courier.write_receipt(up, answer, AT, KEY, bytes(12), SIGNER)
    pack = courier.write_down([("{}", "AA==")], {"a" * 64: b"pack"}, courier.point_of(CENTRE.public_key()), AT, SIGNER)
    text = {
        name: base64.b64encode(data).decode() for name, data in (("receipt", receipt), ("pack", pack), ("key", KEY))
    }
    public = public_bytes(SIGNER)
    return {
        **text,
        "id": ID,
        "answer": answer,
        "keys": {key_id(public): base64.b64encode(public).decode()},
        "centre": courier.point_of(CENTRE.public_key()),
    }


def test_the_vector_is_what_we_write() -> None:
    found = json.loads(PATH.read_text(encoding="utf-8"))
    assert {name: found[name] for name in vector()} == vector()


def test_an_outbox_that_the_page_wrote_is_opened() -> None:
    data = base64.b64decode(json.loads(PATH.read_text(encoding="utf-8"))["outbox"])
    about, text, signature, contents = courier.read(data, courier.Up)
    assert courier.open_up(about, contents, CENTRE)["requests/001.json"] == b"{}"
    public = json.loads(PATH.read_text(encoding="utf-8"))["outbox_key"]
    courier.believe_device(text, signature, public)
    assert signatures.verify_text("else", base64.b64decode(signature), public) is False


if __name__ == "__main__":
    kept = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    PATH.write_text(json.dumps({**kept, **vector()}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
