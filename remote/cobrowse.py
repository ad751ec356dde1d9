"""What a village page may tell of itself: the stream of its pieces, and the filter every event passes. Pure.

A page that is seen is data of strangers shown to an agent, so nothing is taken out of it: each event is built anew from lists
of what is harmless. No script, handler, address, style sheet or frame has a place in those lists.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass, field
from typing import Any

MOST_EVENTS_BYTES = 1_500_000
"""Longest single event, as JSON."""
MOST_PER_PIECE = 2_000_000
"""What one piece may unpack to."""
MOST_NODES = 20_000
DEEPEST = 80
LONGEST_TEXT = 4_000
LONGEST_VALUE = 400
DOTS = "••••••"

Event = dict[str, Any]


class Refused(ValueError):
    """A piece or an event that is none; `reason` says why in a word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Stream:
    """One page's stream: raw deflate with the shared dictionary, cut into numbered pieces, an event per line.

    `have` is the number of the last piece taken; a piece is taken once and in order, so a stream survives any cut.
    """

    words: bytes
    have: int = 0
    _rest: bytes = b""
    _unpack: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._unpack = zlib.decompressobj(-15, zdict=self.words)

    def take(self, number: int, piece: bytes) -> list[Event] | None:
        """The clean events that this piece completes; None when another piece is due (`have` + 1)."""
        if number != self.have + 1:
            return None
        try:
            data = self._rest + self._unpack.decompress(piece, MOST_PER_PIECE)
        except zlib.error as error:
            raise Refused("packing") from error
        if self._unpack.unconsumed_tail:
            raise Refused("size")
        *lines, self._rest = data.split(b"\n")
        if len(self._rest) > MOST_EVENTS_BYTES:
            raise Refused("size")
        self.have = number
        found = (clean(_read(line)) for line in lines)
        return [event for event in found if event is not None]


def _read(line: bytes) -> Any:
    if len(line) > MOST_EVENTS_BYTES:
        raise Refused("size")
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Refused("json") from error


META, SNAPSHOT, CHANGE = 4, 2, 3


def is_snapshot(event: Event) -> bool:
    """Whether what came before is no longer needed to show the page."""
    return bool(event["type"] == SNAPSHOT)


def clean(event: Any) -> Event | None:
    """The harmless part of an event; None when it is of a kind that nobody needs to see. Raises Refused on nonsense."""
    try:
        kind, data, at = event["type"], event["data"], _whole(event["timestamp"], 2**53)
        if kind == META:
            return {"type": META, "data": {"href": "", **_size(data)}, "timestamp": at}
        if kind == SNAPSHOT:
            counter = [MOST_NODES]
            top = data.get("initialOffset") or {}
            offset = {"left": _whole(top.get("left", 0)), "top": _whole(top.get("top", 0))}
            node = _node(data["node"], 0, counter)
            return {"type": SNAPSHOT, "data": {"node": node, "initialOffset": offset}, "timestamp": at}
        if kind == CHANGE and data["source"] in _CHANGES:
            changed = _CHANGES[data["source"]](data)
            return {"type": CHANGE, "data": {"source": data["source"], **changed}, "timestamp": at}
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise error if isinstance(error, Refused) else Refused("shape") from error
    return None


def _whole(value: Any, most: int = 1_000_000) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("shape")
    return max(-most, min(most, round(value)))


def _id(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -2 <= value < 2**31:
        raise Refused("shape")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused("shape")
    return _OF_PEOPLE.sub(DOTS, value[:LONGEST_TEXT])


def _typed_text(value: Any) -> str:
    """What stands in a field crosses as dots only."""
    if not isinstance(value, str):
        raise Refused("shape")
    return value if _DOTS.match(value) else DOTS


def _size(data: Any) -> dict[str, int]:
    return {"width": max(1, _whole(data["width"], 10_000)), "height": max(1, _whole(data["height"], 10_000))}


_TAGS = """
    html head body a abbr address article aside b bdi blockquote br button caption cite code col colgroup data dd del details dfn
    dialog div dl dt em fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr i img input ins kbd label legend
    li main mark menu meter nav ol optgroup option output p pre progress q ruby rp rt s samp search section select small span
    strong sub summary sup table tbody td textarea tfoot th thead time tr u ul var wbr svg g path circle ellipse line polyline
    polygon rect canvas video
    """
TAGS = frozenset(_TAGS.split())
"""What may be built. The rest (script, style, link, meta, base, iframe, object, foreignObject, template …) becomes an empty box."""
SHADED = {"canvas": "div", "video": "div"}
_DOTS = re.compile(r"^•{0,16}$")
_NUMBERS = re.compile(r"^[\d\s.,eE+-]*$")
_LENGTH = re.compile(r"^-?\d{1,6}(\.\d{1,6})?(px|%|em|rem)?$")
_PAINT = re.compile(r"^(none|currentColor|#[0-9a-fA-F]{3,8}|[a-z]{3,20})$")
_PATH = re.compile(r"^[\d\s.,eE+a-zA-Z-]*$")
_CLASS = re.compile(r"^[A-Za-z0-9_ -]*$")
_NAME = re.compile(r"^[a-z_-]*$")
_COUNT = re.compile(r"^\d{0,4}$")
_TYPES = re.compile(
    r"^(text|search|tel|number|date|datetime-local|month|time|email|password|checkbox|radio|range|submit|button|reset|1|a|A|i|I)$"
)
_WORDS = re.compile(r"", re.DOTALL)
"""Words that are only ever shown; numbers of people are struck out of them."""


def _each(names: str, rule: re.Pattern[str]) -> dict[str, re.Pattern[str]]:
    return dict.fromkeys(names.split(), rule)


ATTRIBUTES: dict[str, re.Pattern[str]] = {
    **_each("placeholder label", _WORDS),
    **_each("value", _DOTS),
    **_each("class", _CLASS),
    **_each("id role dir lang data-secret data-size data-theme", re.compile(r"^[A-Za-z0-9_.-]{0,40}$")),
    **_each("data-fill data-press data-choose", re.compile(r"^[a-z]{1,12}$")),
    **_each("checked selected disabled readonly open hidden multiple reversed", _NAME),
    **_each("aria-current aria-pressed aria-selected aria-invalid aria-expanded aria-disabled aria-checked", _NAME),
    **_each("rows cols start colspan rowspan", _COUNT),
    **_each("viewBox points", _NUMBERS),
    **_each(
        "width height x y x1 x2 y1 y2 cx cy r rx ry stroke-width rr_width rr_height rr_scrollLeft rr_scrollTop", _LENGTH
    ),
    **_each("fill stroke fill-rule stroke-linecap stroke-linejoin", _PAINT),
    "d": _PATH,
    "type": _TYPES,
    "rr_open_mode": re.compile(r"^(modal|non-modal)$"),
}
"""All attributes that come through, and what each may hold; the page sends no others (`pwa/src/cobrowse/scrub.ts`)."""
_PROPERTY = re.compile(r"^(?!behavior)(--)?[a-z][a-z-]{0,40}$")
_STYLE_VALUE = re.compile(
    r"^(?!.*(url|image|expression|import|attr|element|src|behavior|binding)\b)[A-Za-z0-9_ .,%#()+*/!-]{0,200}$", re.I
)
_OF_PEOPLE = re.compile(
    r"(?<![\dA-Za-z])(?:\d[ -]?){14,18}[\dXx](?![\dA-Za-z])|(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"
)
"""Certificate, bank and mobile numbers, also with gaps. The page masks them long before; this is the second wall."""


def _node(node: Any, depth: int, left: list[int]) -> dict[str, Any]:
    left[0] -= 1
    if depth > DEEPEST or left[0] < 0:
        raise Refused("size")
    kind, number = node["type"], _id(node["id"])
    if kind == 0:
        return {"type": 0, "childNodes": _children(node, depth, left), "id": number}
    if kind == 1:
        return {"type": 1, "name": "html", "publicId": "", "systemId": "", "id": number}
    if kind == 2:
        return _element(node, number, depth, left)
    if kind == 3:
        return {"type": 3, "textContent": _text(node["textContent"]), "id": number}
    return {"type": 3, "textContent": "", "id": number}  # comments and the like


def _children(node: Any, depth: int, left: list[int]) -> list[dict[str, Any]]:
    return [_node(child, depth + 1, left) for child in node.get("childNodes") or []]


def _element(node: Any, number: int, depth: int, left: list[int]) -> dict[str, Any]:
    tag = node["tagName"]
    if not isinstance(tag, str) or tag.lower() not in TAGS:
        # Kept as a box, so that later changes find the number; what was in it is not looked at.
        return {"type": 2, "tagName": "div", "attributes": {"hidden": ""}, "childNodes": [], "id": number}
    built: dict[str, Any] = {
        "type": 2,
        "tagName": SHADED.get(tag.lower(), tag.lower()),
        "attributes": _attributes(node.get("attributes") or {}),
        "childNodes": [] if tag.lower() == "head" else _children(node, depth, left),
        "id": number,
    }
    if node.get("isSVG") is True:
        built["isSVG"] = True
    if node.get("needBlock") is True:
        built["needBlock"] = True
    return built


def _attributes(found: Any) -> dict[str, Any]:
    kept = {}
    for name, value in list(found.items())[:60]:
        if name == "style":
            kept[name] = _style(value)
        elif value is None or value is True or value is False:
            if name in ATTRIBUTES:
                kept[name] = value
        elif name == "value":
            kept[name] = _typed_text(value)
        elif isinstance(value, str | int | float) and _harmless(name, str(value)):
            kept[name] = _text(value) if isinstance(value, str) else _whole(value)
    return kept


def _harmless(name: str, value: str) -> bool:
    if len(value) > LONGEST_VALUE and name != "d":
        return False
    rule = ATTRIBUTES.get(name)
    return rule is not None and rule.match(value) is not None and len(value) <= LONGEST_TEXT


def _style(value: Any) -> Any:
    """Inline style: as text, or as the changes of single properties."""
    if isinstance(value, dict):
        return {name: one for name, one in list(value.items())[:40] if _PROPERTY.match(name) and _styled(one)}
    if not isinstance(value, str):
        return ""
    pairs = (part.partition(":") for part in value.split(";"))
    kept = [(name.strip(), one.strip()) for name, colon, one in pairs if colon]
    return ";".join(f"{name}:{one}" for name, one in kept if _PROPERTY.match(name) and _styled(one))


def _styled(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) == 2 and all(isinstance(one, str) and _STYLE_VALUE.match(one) for one in value)
    return value is False or (isinstance(value, str) and _STYLE_VALUE.match(value) is not None)


def _mutation(data: Any) -> dict[str, Any]:
    left = [MOST_NODES]
    return {
        "texts": [{"id": _id(one["id"]), "value": _text(one["value"] or "")} for one in data["texts"]],
        "attributes": [
            {"id": _id(one["id"]), "attributes": _attributes(one["attributes"])} for one in data["attributes"]
        ],
        "removes": [{"parentId": _id(one["parentId"]), "id": _id(one["id"])} for one in data["removes"]],
        "adds": [_added(one, left) for one in data["adds"]],
    }


def _added(one: Any, left: list[int]) -> dict[str, Any]:
    after = one.get("nextId")
    return {
        "parentId": _id(one["parentId"]),
        "nextId": None if after is None else _id(after),
        "node": _node(one["node"], 0, left),
    }


def _moves(data: Any) -> dict[str, Any]:
    return {
        "positions": [
            {name: _whole(one[name]) for name in ("x", "y", "timeOffset")} | {"id": _id(one["id"])}
            for one in data["positions"][-200:]
        ]
    }


def _pressed(data: Any) -> dict[str, Any]:
    kind = _whole(data["type"])
    if not 0 <= kind <= 10:
        raise Refused("shape")
    return {"type": kind, "id": _id(data["id"]), "x": _whole(data.get("x", 0)), "y": _whole(data.get("y", 0))}


def _scrolled(data: Any) -> dict[str, Any]:
    return {"id": _id(data["id"]), "x": _whole(data["x"]), "y": _whole(data["y"])}


def _typed(data: Any) -> dict[str, Any]:
    return {"id": _id(data["id"]), "text": _typed_text(data["text"]), "isChecked": data.get("isChecked") is True}


_CHANGES = {0: _mutation, 1: _moves, 2: _pressed, 3: _scrolled, 4: _size, 5: _typed, 6: _moves}
