"""Which files of a media release a device keeps. Pure; twin of `pwa/src/sync/choosing.ts`, same vectors (`media.json`).

A device keeps what is spoken in its region, or what its person chose, and never more than its room for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

ROOM = 64 * 1024 * 1024
"""Bytes of media that a device keeps at most."""
SPARE = 64 * 1024 * 1024
"""Bytes of the device's disk that media leave free."""
KINDS = ("audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg", "image/jpeg", "application/pdf")
"""What a file of the scope may be, by its content."""


class Medium(NamedTuple):
    """One use of a file: in which language ("" for none), its hash and size."""

    language: str
    sha256: str
    bytes: int


class Plan(NamedTuple):
    """What to fetch, in this order; what to forget; how many files, and bytes, found no room."""

    fetch: list[str]
    drop: list[str]
    over: int
    over_bytes: int


def spoken(languages: Sequence[tuple[str, str]], region: str) -> list[str]:
    """Codes of the languages of a 12-digit region, in their order; `languages`: (code, beginnings of region codes)."""
    return [code for code, regions in languages if any(region.startswith(one) for one in regions.split())]


def chosen(languages: Sequence[tuple[str, str]], region: str, choice: Sequence[str] | None) -> list[str]:
    """The languages a device keeps: what its person chose (none of them: nothing), else what its region speaks."""
    if choice is None:
        return spoken(languages, region)
    return [code for code, _ in languages if code in choice]


def room(held: int, free: int | None, most: int = ROOM) -> int:
    """Bytes that media may take: a share of its own, and never the last of a disk. `held`: what they take now."""
    return most if free is None else max(0, min(most, held + free - SPARE))


def plan(media: Sequence[Medium], languages: Sequence[str], held: Mapping[str, int], most: int) -> Plan:
    """What a device with `held` (bytes by hash) does for these languages within `most` bytes.

    By language in their order, then what needs none; the small ones first, so that most answers come soonest.
    """
    ranks = {code: place for place, code in enumerate(languages)} | ({"": len(languages)} if languages else {})
    best: dict[str, tuple[int, int]] = {}
    for one in media:
        if one.language in ranks:
            here = (ranks[one.language], one.bytes)
            best[one.sha256] = min(best.get(one.sha256, here), here)
    kept: list[str] = []
    over, over_bytes = 0, 0
    for (_, size), sha256 in sorted((place, sha256) for sha256, place in best.items()):
        if size <= most:
            kept.append(sha256)
            most -= size
        else:
            over, over_bytes = over + 1, over_bytes + size
    return Plan([one for one in kept if one not in held], sorted(set(held) - set(kept)), over, over_bytes)


def media_kind(head: bytes) -> str:
    """What a file is by its first bytes: one of KINDS, "" for anything else."""
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:12] in (b"M4A ", b"isom", b"iso5", b"iso6", b"mp41", b"mp42", b"dash") else ""
    if len(head) > 1 and head[0] == 0xFF and head[1] in (0xFB, 0xF3, 0xF2):
        return "audio/mpeg"
    magic = (
        (b"\x1aE\xdf\xa3", "audio/webm"),
        (b"OggS", "audio/ogg"),
        (b"ID3", "audio/mpeg"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"%PDF-", "application/pdf"),
    )
    return next((kind for first, kind in magic if head.startswith(first)), "")
