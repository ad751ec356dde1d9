"""What a village does with a USB stick: its outbox out, a receipt in, a pack of knowledge in (PROTOCOL.md §9).

One-way files and no link: the outbox holds the very requests that `POST /sync` would have carried, and the receipt their
replies, so everything that holds for a round holds here. Only a verdict ends an event's waiting.
"""

from __future__ import annotations

import base64
import os
import shutil
from dataclasses import dataclass, field

import msgspec
import uuid6

from sync import courier, manifest
from sync.client import SCOPE, SPACE, Outcome, Village, stamp
from sync.courier import CourierError
from sync.messages import MOST_EVENTS, ROWS, DeviceEvent
from sync.outbox import fitting
from sync.packs import PackError
from sync.replies import SignedManifest
from sync.uploads import FOR_GOOD
from sync.wire import LinkError, Refused

KEYS_KEPT = 50
"""Outboxes whose receipt may still come."""


@dataclass(frozen=True)
class Exported:
    """One file for the stick; `left`: papers that did not fit and go with the next."""

    id: str
    data: bytes
    events: int
    files: int
    left: int


@dataclass
class TakenIn:
    """What a receipt did."""

    settled: int = 0
    """Events that had waited until now."""
    files: int = 0
    messages: int = 0
    refused: int = 0
    """Events and papers that the centre would not take: a person must look."""
    packs: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Adopted:
    """What a pack did: new | same | older; the release held now and the one in the pack."""

    outcome: str
    held: int
    offered: int
    bytes: int


def export(village: Village, room: int = courier.ROOM) -> Exported:
    """The outbox sealed to the centre. Also with nothing waiting: the receipt brings back what the centre has to say.

    Nothing is cleared by it. CourierError('centre') when the device has never been told the centre's key.
    """
    box, device = village.mailbox, village.device
    centre = box.get("courier_key")
    if device is None or centre is None:
        raise CourierError("centre")
    batches = _batches(box.unanswered(MOST_EVENTS * courier.MOST_REQUESTS))
    requests = [village.request(events, ROWS) for events in batches]
    papers, left = _papers(village, room)
    key, export_id, now = os.urandom(32), str(uuid6.uuid7()), stamp(village.world.now())
    inner = {f"requests/{number:03d}.json": msgspec.json.encode(one) for number, one in enumerate(requests, 1)}
    inner |= {"key": key} | papers
    count = sum(len(one.events) for one in requests)
    about = {
        "id": export_id,
        "device": device,
        "made_at": now,
        "events": count,
        "files": len(papers),
    }
    keys = {**box.get("courier_keys", {}), export_id: base64.b64encode(key).decode()}
    data = courier.write_up(about, inner, centre, village.key)
    box.put(courier_keys=dict(list(keys.items())[-KEYS_KEPT:]))
    return Exported(export_id, data, count, len(papers), left)


def _batches(events: list[DeviceEvent]) -> list[list[DeviceEvent]]:
    """As many requests as the events need, one at least."""
    made: list[list[DeviceEvent]] = []
    while events and len(made) < courier.MOST_REQUESTS:
        most = fitting([len(msgspec.json.encode(event)) for event in events[:MOST_EVENTS]])
        made.append(events[:most])
        events = events[most:]
    return made or [[]]


def _papers(village: Village, room: int) -> tuple[dict[str, bytes], int]:
    papers: dict[str, bytes] = {}
    left = 0
    for one in village.mailbox.papers():
        name = f"files/{one.case_no.lower()}/{one.sha256}"
        if one.bytes > room:
            left += 1
            continue
        papers[name] = village.mailbox.file_data(one.id)
        room -= one.bytes
    return papers, left


def take_receipt(village: Village, data: bytes) -> TakenIn:
    """Verdicts, words on papers and messages of the centre, all or nothing. A receipt taken twice changes nothing."""
    about, text, signature, contents = courier.read(data, courier.Receipt)
    courier.believe_centre(text, signature, about.key_id, village.release_keys())
    if about.device != village.device:
        raise CourierError("other", len(data))
    key = village.mailbox.get("courier_keys", {}).get(about.id)
    if key is None:
        raise CourierError("unknown", len(data))
    answer = courier.open_receipt(about, contents, base64.b64decode(key))
    taken = TakenIn()
    with village.alone(), village.mailbox.db:
        for reply in answer.replies:
            outcome = Outcome()
            village.take_in(reply, [one.id for one in reply.verdicts], outcome)
            taken.settled += outcome.settled
            taken.messages += outcome.messages
            taken.refused += sum(one.verdict in ("rejected", "quarantined") for one in reply.verdicts)
        for word in answer.files:
            _note_paper(village, word, taken)
    with village.alone():
        _follow(village, answer, taken)
    return taken


def _note_paper(village: Village, word: courier.FileWord, taken: TakenIn) -> None:
    for one in village.mailbox.papers():
        if (one.case_no, one.sha256) != (word.case_no, word.sha256):
            continue
        if word.stored:
            village.mailbox.settle_file(one.id)
            taken.files += 1
        elif word.problem and word.problem.code in FOR_GOOD:
            village.mailbox.refuse_file(one.id, word.problem.code, word.problem.message, word.problem.next)
            taken.refused += 1


def _follow(village: Village, answer: courier.Answer, taken: TakenIn) -> None:
    """A small delta rides in a receipt as in a reply; what is not at hand waits for a pack or a link."""
    inline = [pack for reply in answer.replies for pack in reply.packs]
    told = village.mailbox.get("manifest")
    if told is None or not inline:
        return
    try:
        found = _adopt(village, SignedManifest(**told), {pack.sha256: pack.data for pack in inline})
    except (PackError, manifest.ManifestError, LinkError, Refused):
        return
    if found.outcome == "new":
        taken.packs.append(found.offered)


def take_pack(village: Village, data: bytes) -> Adopted:
    """Knowledge from a `*.jbpack`: verified whole before anything is touched; an older one is told and does nothing."""
    about, text, signature, contents = courier.read(data, courier.Down)
    courier.believe_centre(text, signature, about.key_id, village.release_keys())
    packs = {name.removeprefix("packs/").removesuffix(".pack"): one for name, one in contents.items()}
    found = next((one for one in about.manifests if one.scope == SCOPE), None)
    if found is None:
        raise CourierError("format", len(data))
    with village.alone():
        adopted = _adopt(village, found, packs)
    village.mailbox.put(courier_key=about.courier_key)
    return adopted


def _adopt(village: Village, told: SignedManifest, packs: dict[str, bytes]) -> Adopted:
    keys, held = village.release_keys(), village.release
    wanted = manifest.read(told.manifest, told.signature, keys, SCOPE)
    size = sum(len(one) for one in packs.values())
    remembered = int(village.mailbox.get("release", 0))
    if wanted.release < remembered:
        return Adopted("older", held, wanted.release, size)
    wanted = village.believe(told)
    if held == wanted.release:
        return Adopted("same", held, wanted.release, size)
    if shutil.disk_usage(village.shelf.folder).free < SPACE * size:
        raise CourierError("space", size)

    def at_hand(entry: manifest.PackEntry) -> bytes:
        if entry.sha256 not in packs:
            raise PackError("conflict")
        return packs[entry.sha256]

    village.shelf.bring(wanted, held, at_hand)
    village.mailbox.put(release=wanted.release, root=wanted.content_root, stale_after=wanted.stale_after, manifest=None)
    return Adopted("new", village.release, wanted.release, size)
