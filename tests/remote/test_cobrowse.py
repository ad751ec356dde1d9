from __future__ import annotations

import contextlib
import itertools
import json
import random
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import remote.cobrowse as cobrowse
from remote.cobrowse import Refused, Stream, clean

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "cobrowse.json").read_text(encoding="utf-8"))
WORDS = Path(cobrowse.__file__).with_name("cobrowse.words").read_bytes()


def snapshot(node: Any) -> dict[str, Any]:
    return {"type": 2, "data": {"node": node, "initialOffset": {"left": 0, "top": 0}}, "timestamp": 7}


def added(node: Any) -> dict[str, Any]:
    add = {"parentId": 1, "nextId": None, "node": node}
    return {
        "type": 3,
        "data": {"source": 0, "texts": [], "attributes": [], "removes": [], "adds": [add]},
        "timestamp": 7,
    }


@pytest.mark.parametrize(("told", "node", "kept"), VECTORS["nodes"], ids=[one[0] for one in VECTORS["nodes"]])
def test_a_page_with_scripts_in_its_data_is_shown_without_them(told: str, node: Any, kept: Any) -> None:
    whole, later = clean(snapshot(node)), clean(added(node))
    assert whole is not None and later is not None
    assert whole["data"]["node"] == kept, told
    assert later["data"]["adds"][0]["node"] == kept, told
    if node["type"] == 2 and kept["tagName"] != "div":  # as a change of attributes, whatever the element
        change = {"texts": [], "removes": [], "adds": [], "attributes": [{"id": 5, "attributes": node["attributes"]}]}
        found = clean({"type": 3, "data": {"source": 0, **change}, "timestamp": 1})
        assert found is not None and found["data"]["attributes"][0]["attributes"] == kept["attributes"]


@pytest.mark.parametrize(("told", "event"), VECTORS["dropped"], ids=[one[0] for one in VECTORS["dropped"]])
def test_what_nobody_needs_to_see_is_left_out(told: str, event: Any) -> None:
    assert clean(event) is None, told


@pytest.mark.parametrize(("told", "event"), VECTORS["refused"], ids=[one[0] for one in VECTORS["refused"]])
def test_nonsense_is_refused(told: str, event: Any) -> None:
    with pytest.raises(Refused):
        clean(event)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["type", "data", "source", "id", "node", "x"]) | st.text(), inner)
    ),
    max_leaves=15,
)
NAMES = st.sampled_from(
    [
        "onclick",
        "onerror",
        "onload",
        "href",
        "src",
        "srcdoc",
        "style",
        "xlink:href",
        "formaction",
        "action",
        "data",
        "poster",
        "background",
        "class",
        "id",
        "value",
        "d",
        "fill",
    ]
) | st.from_regex(r"on[a-z]{2,12}", fullmatch=True)
VALUES = st.sampled_from(
    [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "//x",
        "https://x",
        "data:text/html,x",
        "url(//x)",
        "a:url( //x )",
        "width:expression(x)",
    ]
) | st.text(max_size=30)
TAGS = st.sampled_from(
    [
        "script",
        "SCRIPT",
        "iframe",
        "object",
        "embed",
        "link",
        "style",
        "meta",
        "base",
        "svg",
        "a",
        "img",
        "div",
        "form",
        "input",
        "math",
        "noscript",
    ]
)
NODES: Any = st.recursive(
    st.builds(lambda text: {"type": 3, "id": 2, "textContent": text}, st.text(max_size=20)),
    lambda inner: st.builds(
        lambda tag, attributes, children: {
            "type": 2,
            "id": 3,
            "tagName": tag,
            "attributes": attributes,
            "childNodes": children,
        },
        TAGS,
        st.dictionaries(NAMES, VALUES, max_size=4),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


@given(JSON)
def test_anything_is_cleaned_or_refused(event: Any) -> None:
    with contextlib.suppress(Refused):
        clean(event)


def elements(node: Any) -> Iterator[Any]:
    if node["type"] == 2:
        yield node
    for child in node.get("childNodes", ()):
        yield from elements(child)


@given(NODES)
def test_whatever_a_page_holds_no_script_no_handler_and_no_address_comes_through(node: Any) -> None:
    found = clean(snapshot(node))
    assert found is not None
    for element in elements(found["data"]["node"]):
        assert element["tagName"] in cobrowse.TAGS
        for name, value in element["attributes"].items():
            assert not name.startswith("on") and name not in (
                "href",
                "src",
                "srcdoc",
                "action",
                "formaction",
                "xlink:href",
            )
            assert name in ("value", "class", "id") or "javascript:" not in str(value).lower()
            assert "url(" not in str(value).replace(" ", "").lower() or name == "value"
    assert clean(found) == found  # once clean, clean for good


def test_a_page_too_deep_or_too_large_is_refused() -> None:
    deep: Any = {"type": 3, "id": 1, "textContent": ""}
    for _ in range(cobrowse.DEEPEST + 5):
        deep = {"type": 2, "id": 1, "tagName": "div", "attributes": {}, "childNodes": [deep]}
    wide = {
        "type": 2,
        "id": 1,
        "tagName": "div",
        "attributes": {},
        "childNodes": [{"type": 3, "id": 1, "textContent": ""}] * 30_000,
    }
    for node in (deep, wide):
        with pytest.raises(Refused, match="size"):
            clean(snapshot(node))


def packed(*events: Any) -> list[bytes]:
    """A stream of events, a piece each, as the village page sends it."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=WORDS)
    lines = (json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)
    return [pack.compress(line) + pack.flush(zlib.Z_SYNC_FLUSH) for line in lines]


def scrolled(at: int) -> dict[str, Any]:
    return {"type": 3, "data": {"source": 3, "id": 1, "x": 0, "y": at}, "timestamp": at}


@given(st.lists(st.integers(1, 40), max_size=12), st.randoms(use_true_random=False))
def test_pieces_cut_anywhere_come_together_once_and_in_order(cuts: list[int], chance: random.Random) -> None:
    events = [scrolled(at) for at in range(20)]
    whole = b"".join(packed(*events))
    places = sorted({min(len(whole), 7 * cut) for cut in cuts} | {0, len(whole)})
    pieces = [whole[start:end] for start, end in itertools.pairwise(places)]
    stream, heard = Stream(WORDS), []
    while stream.have < len(pieces):
        number = chance.randint(1, len(pieces))  # doubled, early, late: as a link that was cut sends them
        heard += stream.take(number, pieces[number - 1]) or []
    assert heard == events


@pytest.mark.parametrize(
    ("piece", "reason"),
    [
        (b"\xff\xff\xff", "packing"),
        (packed(1)[0][:0] + zlib.compress(b"\0" * 5_000_000, 9)[2:-4], "size"),
        (zlib.compress(b"[[{\n")[2:-4], "json"),
        (zlib.compress(b"[" * 100_000 + b"\n")[2:-4], "json"),
        (zlib.compress(b'{"type":2}\n')[2:-4], "shape"),
    ],
    ids=["no deflate", "a bomb", "no json", "deep json", "no event"],
)
def test_a_piece_that_is_none_is_refused(piece: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        Stream(WORDS).take(1, piece)
