"""tests/vectors/packs.json: two small releases with their packs and signed manifests, read by pytest and by vitest.

`python -m tests.sync.test_pack_vectors` writes the file anew (needed when schema.sql changes).
"""

from __future__ import annotations

import base64
import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import apsw
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from datasets.build import SCHEMA, build
from datasets.sources import read
from sync import manifest, packs
from sync.content import content_root

VECTORS = Path(__file__).parents[1] / "vectors" / "packs.json"


def _releases(folder: Path) -> list[Path]:
    """Release 1: four items; release 2: another fee, one item gone, one new."""
    sources = read()
    items = sorted(sources.items, key=lambda item: str(item["slug"]))[:5]
    for item in items:
        item["phrasings"] = item["phrasings"][:3]
    changed = copy.deepcopy(items[1:])
    changed[0]["fee"] = "免费\u2028“不收费” \\ 12345 𠮷"
    sources.regions = [row for row in sources.regions if row["code"].startswith("533301001")]
    sources.rewrites, sources.elsewhere = sources.rewrites[:3], []
    for number, chosen in ((1, items[:4]), (2, changed)):
        build(folder / f"{number}.db", chosen, sources)
    return [folder / "1.db", folder / "2.db"]


def write() -> dict[str, Any]:
    """The vectors as they stand in the file; the signing key is fixed and only for tests."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = manifest.public_bytes(key)
    out: dict[str, Any] = {"keys": {manifest.key_id(public): base64.b64encode(public).decode()}, "releases": []}
    with tempfile.TemporaryDirectory() as name:
        files = _releases(Path(name))
        for number, file in enumerate(files, 1):
            made = [packs.make(SCHEMA, file)]
            if number > 1:
                made.append(packs.make(SCHEMA, file, files[number - 2], number - 1))
            root, rows = content_root(apsw.Connection(str(file)), SCHEMA)
            text, signature = manifest.write(
                key,
                made,
                scope="knowledge",
                release=number,
                previous=number - 1,
                schema=manifest.schema_id(SCHEMA),
                content_root=root,
                rows=rows,
                issued_at=f"2026-11-2{number}T02:05:00.000Z",
                stale_after=f"2026-11-2{number + 7}T02:05:00.000Z",
            )
            data = {pack.sha256: base64.b64encode(pack.data).decode() for pack in made}
            out["releases"].append({"manifest": text, "signature": signature, "packs": data})
    return out


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    return json.loads(VECTORS.read_text(encoding="utf-8"))


def test_manifests_are_for_the_schema_of_today(vectors: dict[str, Any]) -> None:
    for release in vectors["releases"]:
        assert json.loads(release["manifest"])["schema"] == manifest.schema_id(SCHEMA)


@pytest.mark.parametrize("path", [["full 1", "delta 2"], ["full 2"]])
def test_every_way_leads_to_the_signed_content_root(vectors: dict[str, Any], path: list[str]) -> None:
    keys = {name: base64.b64decode(raw) for name, raw in vectors["keys"].items()}
    db = apsw.Connection(":memory:")
    db.execute(SCHEMA)
    for kind, number in (step.split() for step in path):
        release = vectors["releases"][int(number) - 1]
        read_manifest = manifest.read(release["manifest"], release["signature"], keys, "knowledge")
        entry = next(pack for pack in read_manifest.packs if (pack.start == 0) == (kind == "full"))
        data = base64.b64decode(release["packs"][entry.sha256])
        packs.apply(db, SCHEMA, data, entry.sha256, read_manifest.content_root)
        assert content_root(db, SCHEMA) == (read_manifest.content_root, read_manifest.rows)


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(write(), indent=1) + "\n", encoding="utf-8")
