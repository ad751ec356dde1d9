"""Which recordings a device keeps: the region's languages or the chosen ones, small ones first, within its room."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apsw
from hypothesis import given
from hypothesis import strategies as st

from datasets.media import SCHEMA, build, languages
from sync import choosing, packs
from sync.choosing import Medium
from sync.content import content_root

VECTORS = Path(__file__).parents[1] / "vectors" / "media.json"
SPOKEN = [(code, regions) for code, _, regions in languages()]
SHA = {name: name * 64 for name in "abcdef"}
MEDIA = [
    Medium("lis", SHA["a"], 40_000), Medium("lis", SHA["b"], 30_000), Medium("nuf", SHA["c"], 20_000),
    Medium("duu", SHA["d"], 10_000), Medium("", SHA["e"], 5_000), Medium("yunnan", SHA["b"], 30_000),
    Medium("nuf", SHA["f"], 20_000),
]  # fmt: skip


def write() -> dict[str, Any]:
    """The vectors, worked out by this side; the other must come to the same."""
    regions = ["533301001003", "533324102201", "533325100000", "530102001001", "110101001001"]
    choices: list[list[str] | None] = [None, [], ["duu"], ["nuf", "lis"], ["xxx"]]
    helds = [{}, {SHA["a"]: 40_000, SHA["d"]: 10_000}]
    heads = {
        "1a45dfa39f428681": "webm", "4f67675300020000": "ogg", "000000186674797069736f6d": "mp4",
        "0000001c66747970717420200000": "quicktime", "494433030000": "id3", "fffb9064": "mpeg", "ff": "short",
        "ffd8ffe0": "jpeg", "255044462d": "pdf", "52494646aaaaaaaa57415645": "wave", "": "empty", "4d5a9000": "program",
    }  # fmt: skip
    chosen = [
        {"region": region, "choice": choice, "out": choosing.chosen(SPOKEN, region, choice)}
        for region in regions for choice in choices
    ]  # fmt: skip
    plans = []
    for codes in ([], ["lis"], ["lis", "nuf", "yunnan"], ["duu", "yunnan"]):
        for held in helds:
            for most in (0, 24_999, 55_000, 1_000_000):
                found = choosing.plan(MEDIA, codes, held, most)
                plans.append({"languages": codes, "held": held, "most": most, "out": list(found)})
    rooms = [
        {"held": held, "free": free, "out": choosing.room(held, free)}
        for held in (0, 50_000_000) for free in (None, 0, 70_000_000, 10**10)
    ]  # fmt: skip
    kinds = [{"head": head, "out": choosing.media_kind(bytes.fromhex(head))} for head in heads]
    media = [list(one) for one in MEDIA]
    return {"languages": SPOKEN, "chosen": chosen, "media": media, "plans": plans, "rooms": rooms, "kinds": kinds}


def release(folder: Path) -> dict[str, Any]:
    """A media release as a device gets it: the pack, its content root; each file is "OggS" and `size` bytes of value n."""
    files = {hashlib.sha256(data).hexdigest(): data for data in (b"OggS" + bytes([n]) * size for n, size in SIZES)}
    one, two, three = files
    media = [
        ("temp-id-card", "voice", "lis", 1, one, 12, "临时身份证怎么办"),
        ("temp-id-card", "voice", "duu", 1, two, 9, "临时身份证怎么办"),
        ("temp-id-card", "sample", "", 1, three, 0, "申请表样表"),
    ]
    rows = [(sha, len(data), "audio/ogg", " ".join(chunks(data))) for sha, data in files.items()]
    target = folder / "media.db"
    build(target, media, rows)
    with closing(apsw.Connection(str(target))) as db:
        root = content_root(db, SCHEMA)[0]
    made = packs.make(SCHEMA, target)
    told = dict(zip(files, SIZES, strict=True))
    return {"pack": base64.b64encode(made.data).decode(), "sha256": made.sha256, "root": root, "files": told}


SIZES = ((1, 300_000), (2, 20_000), (3, 1_000))


def chunks(data: bytes) -> list[str]:
    """As a pack has them."""
    return packs.Pack(0, data).chunks


def test_vectors() -> None:
    kept = json.loads(VECTORS.read_text(encoding="utf-8"))
    del kept["release"]
    assert json.loads(json.dumps(write())) == kept


def test_the_release_of_the_vectors_leads_to_its_root(tmp_path: Path) -> None:
    kept = json.loads(VECTORS.read_text(encoding="utf-8"))["release"]
    assert release(tmp_path)["root"] == kept["root"]
    with closing(apsw.Connection(":memory:")) as db:
        db.execute(SCHEMA)
        packs.apply(db, SCHEMA, base64.b64decode(kept["pack"]), kept["sha256"], kept["root"])


def test_a_village_of_gongshan_hears_what_is_spoken_there() -> None:
    assert choosing.chosen(SPOKEN, "533324102201", None) == ["lis", "nuf", "duu", "khg", "yunnan"]
    assert choosing.chosen(SPOKEN, "110101001001", None) == []


files = st.dictionaries(st.sampled_from(list(SHA.values())), st.integers(1, 100), max_size=6)


@given(files, files, st.lists(st.sampled_from(["lis", "nuf", "", "duu"]), max_size=12), st.integers(0, 400))
def test_a_device_never_keeps_more_than_its_room(
    sizes: dict[str, int], held: dict[str, int], spoken: list[str], most: int
) -> None:
    media = [Medium(code, sha, size) for (sha, size), code in zip(sizes.items(), spoken, strict=False)]
    found = choosing.plan(media, ["lis", "nuf"], held, most)
    kept = [one for one in held if one not in found.drop] + found.fetch
    assert sum(sizes[one] for one in kept) <= most
    assert not set(found.fetch) & set(held)
    assert len(set(kept)) == len(kept)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        whole = {**write(), "release": release(Path(folder))}
    VECTORS.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
