"""Manifests that must be refused, packs that must change nothing, downloads over a wire that flips and cuts."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.build import SCHEMA
from sync import manifest, packs
from sync.content import content_root
from sync.manifest import Manifest, ManifestError, PackEntry
from sync.packs import CHUNK, PackError
from sync.shelf import Download, Shelf, ways
from sync.wire import LinkError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "packs.json").read_text(encoding="utf-8"))
KEYS = {name: base64.b64decode(raw) for name, raw in VECTORS["keys"].items()}
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def release(number: int) -> tuple[Manifest, dict[str, bytes]]:
    """A release of the vectors and its packs by hash."""
    row = VECTORS["releases"][number - 1]
    found = manifest.read(row["manifest"], row["signature"], KEYS, "knowledge")
    return found, {name: base64.b64decode(data) for name, data in row["packs"].items()}


def signed(**change: Any) -> tuple[str, str]:
    """The second manifest with other fields, validly signed."""
    text = json.dumps({**json.loads(VECTORS["releases"][1]["manifest"]), **change}, separators=(",", ":"))
    return text, base64.b64encode(KEY.sign(text.encode())).decode()


# ---- manifests ----


@pytest.mark.parametrize(
    ("text", "signature", "kind"),
    [
        ("", "", "format"),
        ("{}", "", "format"),
        (VECTORS["releases"][0]["manifest"], "%%%", "format"),
        (VECTORS["releases"][0]["manifest"], VECTORS["releases"][1]["signature"], "signature"),
        (
            VECTORS["releases"][0]["manifest"].replace('"rows":', '"rows": '),
            VECTORS["releases"][0]["signature"],
            "signature",
        ),
        (*signed(key_id="0" * 16), "key"),
        (*signed(scope="lingua"), "scope"),
        (*signed(v=2), "scope"),
        (*signed(release="2"), "format"),
        (*signed(packs=[{"from": 0}]), "format"),
        (*signed(note="x" * 70_000), "format"),
    ],
)
def test_a_manifest_that_is_not_right_is_refused_with_its_reason(text: str, signature: str, kind: str) -> None:
    with pytest.raises(ManifestError) as caught:
        manifest.read(text, signature, KEYS, "knowledge")
    assert caught.value.kind == kind


def test_an_older_release_or_another_root_under_the_same_number_is_a_rollback() -> None:
    first, second = release(1)[0], release(2)[0]
    old, new = VECTORS["releases"]
    for row, remembered in ((old, (2, second.content_root)), (new, (2, first.content_root)), (new, (3, ""))):
        with pytest.raises(ManifestError) as caught:
            manifest.read(row["manifest"], row["signature"], KEYS, "knowledge", remembered)
        assert caught.value.kind == "rollback"
    assert manifest.read(new["manifest"], new["signature"], KEYS, "knowledge", (2, second.content_root)) == second


# ---- packs ----


def rows(path: Path) -> tuple[str, int]:
    db = apsw.Connection(str(path))
    try:
        return content_root(db, SCHEMA)
    finally:
        db.close()


def test_a_pack_with_any_flipped_byte_changes_nothing(tmp_path: Path) -> None:
    first, data = release(1)
    shelf = Shelf(tmp_path, SCHEMA)
    shelf.bring(first, 0, lambda entry: data[entry.sha256])
    second, data = release(2)
    (delta,) = (entry for entry in second.packs if entry.start == 1)
    for at in range(0, delta.bytes, 37):
        broken = bytearray(data[delta.sha256])
        broken[at] ^= 0x10
        with pytest.raises(PackError) as caught:
            shelf.bring(second, 1, lambda entry, broken=bytes(broken): broken)  # type: ignore[misc]
        assert caught.value.kind == "damaged"
    assert shelf.root() == first.content_root


def test_a_pack_that_hashes_right_but_is_no_patchset_changes_nothing() -> None:
    db = apsw.Connection(":memory:")
    db.execute(SCHEMA)
    before = content_root(db, SCHEMA)
    for junk in (b"", b"not zstd", packs.zstandard.compress(b"not a patchset")):
        with pytest.raises(PackError) as caught:
            packs.apply(db, SCHEMA, junk, hashlib.sha256(junk).hexdigest(), before[0])
        assert caught.value.kind == "damaged"
    assert content_root(db, SCHEMA) == before


def test_a_delta_on_the_wrong_base_is_given_up_for_the_full_pack(tmp_path: Path) -> None:
    second, data = release(2)
    shelf = Shelf(tmp_path, SCHEMA)
    db = apsw.Connection(str(shelf.path))
    db.execute(SCHEMA)  # says it holds release 1 but is empty
    db.close()
    assert shelf.bring(second, 1, lambda entry: data[entry.sha256]) == [1, 0]
    assert shelf.root() == second.content_root


def test_a_signed_root_that_no_pack_leads_to_is_never_shown(tmp_path: Path) -> None:
    first, data = release(1)
    shelf = Shelf(tmp_path, SCHEMA)
    shelf.bring(first, 0, lambda entry: data[entry.sha256])
    text, signature = signed(content_root="0" * 64)
    lying = manifest.read(text, signature, KEYS, "knowledge")
    data = release(2)[1]
    with pytest.raises(PackError) as caught:
        shelf.bring(lying, 1, lambda entry: data[entry.sha256])
    assert caught.value.kind == "root"
    assert shelf.root() == first.content_root


def test_a_bomb_of_a_pack_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "LARGEST", 1_000)
    bomb = packs.zstandard.compress(b"\0" * 1_000_000)
    db = apsw.Connection(":memory:")
    db.execute(SCHEMA)
    with pytest.raises(PackError):
        packs.apply(db, SCHEMA, bomb, hashlib.sha256(bomb).hexdigest(), "")


def test_the_delta_is_tried_first_and_the_full_pack_is_always_a_way() -> None:
    second = release(2)[0]
    assert [entry.start for entry in ways(second, 1)] == [1, 0]
    assert [entry.start for entry in ways(second, 0)] == [0]
    assert [entry.start for entry in ways(second, 7)] == [0]


# ---- downloads ----


def entry_of(data: bytes) -> PackEntry:
    pack = packs.Pack(0, data)
    return PackEntry(0, len(data), pack.sha256, pack.chunks)


class Mirror:
    """Serves bytes from an offset; cuts and flips by plan; counts what it sent."""

    def __init__(self, data: bytes, cuts: list[int], flips: list[int]) -> None:
        self.data, self.cuts, self.flips, self.sent = data, cuts, flips, 0

    def __call__(self, offset: int) -> Iterator[bytes]:
        cut = self.cuts.pop(0) if self.cuts else None
        flip = self.flips.pop(0) if self.flips else None
        for at in range(offset, len(self.data), 60_000):
            piece = bytearray(self.data[at : at + 60_000])
            if flip is not None and at <= flip < at + len(piece):
                piece[flip - at] ^= 1
            if cut is not None and self.sent >= cut:
                raise LinkError("offline", "cut")
            self.sent += len(piece)
            yield bytes(piece)


DATA = random.Random(3).randbytes(3 * CHUNK + 1234)


def test_a_cut_download_goes_on_and_wastes_nothing(tmp_path: Path) -> None:
    mirror = Mirror(DATA, [100_000, 400_000, 400_000, 700_000], [])
    for _ in range(4):
        with pytest.raises(LinkError):
            Download(entry_of(DATA), tmp_path / "part").run(mirror)
    assert Download(entry_of(DATA), tmp_path / "part").run(mirror) == DATA
    assert mirror.sent == len(DATA)


def test_a_flipped_byte_costs_one_chunk(tmp_path: Path) -> None:
    mirror = Mirror(DATA, [], [CHUNK + 17])
    assert Download(entry_of(DATA), tmp_path / "part").run(mirror) == DATA
    assert mirror.sent <= len(DATA) + CHUNK + 60_000


def test_a_mirror_that_always_flips_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(PackError):
        Download(entry_of(DATA), tmp_path / "part").run(Mirror(DATA, [], [5, 5, 5]))
    assert Download(entry_of(DATA), tmp_path / "part").offset == 0


@settings(max_examples=40)
@given(left=st.binary(max_size=64), keep=st.integers(0, len(DATA) + 10))
def test_whatever_an_earlier_run_left_the_result_is_right(
    tmp_path_factory: pytest.TempPathFactory, left: bytes, keep: int
) -> None:
    path = tmp_path_factory.mktemp("part") / "part"
    path.write_bytes((DATA[:keep] + left) if keep <= len(DATA) else DATA + left + b"too long")
    assert Download(entry_of(DATA), path).run(Mirror(DATA, [], [])) == DATA
