"""The recognition pack (识别包): what a device needs to see the print on a card by itself, in one file.

It is made when the first device asks: the engine from the build of the village page, the models from rapidocr's package, so
that a device sees with the same eyes as the centre. Each is gzip in it (a third less of bytes over a weak link). It lies among the packs of
knowledge and is fetched like them, by the hash of its bytes, in pieces that are checked.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
from pathlib import Path
from threading import Lock
from typing import Any

from app.problems import Problem
from sync.packs import CHUNK

PAGE = Path(__file__).resolve().parents[2] / "pwa"
LEVEL = 6
"""Of gzip; 9 takes three times as long for 0.1 % less."""
_making = Lock()


def info(data: Path) -> dict[str, Any]:
    """What the pack holds and how it is fetched; makes it when its parts are new. Problem reading.pack without them."""
    parts = _parts()
    mark = [[name, path.name, path.stat().st_size, path.stat().st_mtime_ns] for name, path in parts.items()]
    note = data / "recognition.json"
    with _making:
        kept = json.loads(note.read_text("utf-8")) if note.is_file() else {}
        if kept.get("of") != mark or not _place(data, kept["pack"]["sha256"]).is_file():
            before = kept.get("pack", {}).get("sha256", "")
            kept = {"of": mark, "pack": _make(data, parts)}
            _write(note, json.dumps(kept).encode())
            if before and before != kept["pack"]["sha256"]:  # a device that was fetching it asks anew
                _place(data, before).unlink(missing_ok=True)
    pack: dict[str, Any] = kept["pack"]
    return pack


def _parts() -> dict[str, Path]:
    """Where each part lies on this machine. Nothing is imported: rapidocr takes seconds."""
    found = importlib.util.find_spec("rapidocr")
    models = Path(found.origin).parent / "models" if found and found.origin else Path()
    places = {
        "engine": sorted((PAGE / "dist" / "assets").glob("ort-wasm-*.wasm")),
        "finder": sorted(models.glob("PP-OCRv*_det_small.onnx")),
        "reader": sorted(models.glob("PP-OCRv*_rec_small.onnx")),
    }
    if not all(places.values()):
        raise Problem("reading.pack")
    return {name: paths[-1] for name, paths in places.items()}


def _place(data: Path, sha256: str) -> Path:
    return data / "packs" / f"{sha256}.pack"


def _write(place: Path, content: bytes) -> None:
    """Never half a file under the name of the whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(place)


def _make(data: Path, parts: dict[str, Path]) -> dict[str, Any]:
    """Writes the pack; what is told of it."""
    body, told = bytearray(), []
    for name, path in parts.items():
        content = path.read_bytes()
        squeezed = gzip.compress(content, LEVEL, mtime=0)  # the same parts make the same pack
        sha256 = hashlib.sha256(content).hexdigest()
        told.append({"name": name, "at": len(body), "bytes": len(squeezed), "sha256": sha256})
        body += squeezed
    sha256 = hashlib.sha256(body).hexdigest()
    _write(_place(data, sha256), bytes(body))
    return {
        "engine": json.loads((PAGE / "package.json").read_text("utf-8"))["dependencies"]["onnxruntime-web"],
        "bytes": len(body),
        "sha256": sha256,
        "chunks": [hashlib.sha256(body[at : at + CHUNK]).hexdigest() for at in range(0, len(body), CHUNK)],
        "parts": told,
    }
