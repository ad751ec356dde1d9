"""A whole village without a screen: enrols, queues events, syncs, downloads and verifies knowledge.

Used by tests, drills, load tests and `python -m sync`. It follows PROTOCOL.md; numbers like S14 name its sentences.
"""

from __future__ import annotations

import base64
import fcntl
import gzip
import os
import random
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import uuid6
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from sync import brief, keyring, manifest, outbox, signatures
from sync.files import fault_of, kind_of
from sync.mailbox import Mailbox, WaitingFile
from sync.media import Fetched, MediaShelf
from sync.messages import BRIEF, OLDEST, PROTO, Carried, DeviceEvent, DeviceState, MessageError, Moved, SyncRequest
from sync.packs import PackError
from sync.replies import (
    DeviceWord,
    EnrolReply,
    InlinePack,
    SignedManifest,
    SyncReply,
    Trouble,
    Verdict,
    read_enrol,
    read_sync,
)
from sync.shelf import Shelf
from sync.uploads import CHUNK, Brought, Paper, Uploads
from sync.wire import LinkError, Refused, Wire

SPACE = 3
"""Free bytes asked for before a pack is fetched, times the pack."""
SCOPE, MEDIA = "knowledge", "media"
APP = "py-0.1.0"
WORTH_SQUEEZING = 300
"""Bytes below which gzip gains nothing."""


class FileFault(Exception):
    """A paper that the centre would refuse: kind | broken | pixels | locked | active (sync/files.py)."""


class NotEnrolled(Exception):
    """The village has no device identity yet: enrol first."""


@dataclass
class World:
    """What the client takes from outside: the clock (unix seconds), chance in [0, 1), waiting."""

    now: Callable[[], float] = time.time
    random: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Outcome:
    """What one round did. `error` is None when it went through."""

    sent: int = 0
    settled: int = 0
    messages: int = 0
    packs: list[int] = field(default_factory=list)
    """Where the packs applied began; 0 is the full pack."""
    resent: int = 0
    """Events put back because the centre said it misses them."""
    gained: int = 0
    """Bytes of a pack that are now kept, also when the way was cut."""
    files: int = 0
    """Files of cases that the centre now has."""
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


@dataclass(frozen=True)
class Status:
    """Arithmetic, never a guess (PROTOCOL.md S31)."""

    device: str | None
    point: str | None
    release: int
    waiting: int
    refused: int
    link: outbox.Link
    revoked: bool
    lapsed: bool
    clock_offset_s: float
    last_success: str | None
    files_waiting: int
    files_bytes: int
    files_refused: int


class Village:
    """One device at one folder. `schema` is the text of datasets/schema.sql; `silence_s` as in `sync.wire`.

    With `media_schema`, the text of datasets/media.sql, it also takes recordings and samples.
    """

    def __init__(
        self,
        folder: Path,
        centre: str,
        schema: str,
        world: World | None = None,
        silence_s: float = 20.0,
        media_schema: str | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.world = world or World()
        self.wire = Wire(centre, silence_s)
        self.mailbox = Mailbox(folder / "field.db")
        self.shelf = Shelf(folder, schema)
        self.media = MediaShelf(folder / "media", media_schema) if media_schema else None
        self.rounds: list[outbox.Round] = []
        self.batch = outbox.BATCH_FIRST
        self.chunk = CHUNK
        self.proto = PROTO
        self.failures = 0
        self.retry_after_s: float | None = None
        self._put_back: set[int] = set()
        self._lock = folder / "lock"
        self.key = _own_key(folder / "device.pem")

    def close(self) -> None:
        """Close the files."""
        self.mailbox.close()

    # ---- identity ----

    @property
    def release(self) -> int:
        """The knowledge release held, 0 when there is none (or its file was lost)."""
        return int(self.mailbox.get("release", 0)) if self.shelf.path.exists() else 0

    @property
    def device(self) -> str | None:
        """The id the centre gave, None before enrolment."""
        enrolled = self.mailbox.get("enrolled")
        return str(enrolled["device"]) if enrolled else None

    def enrol(self, code: str, browser: str = "") -> EnrolReply:
        """Register this device's key with a one-time code (S1). LinkError, or Refused enrol.*."""
        body = {"code": code, "public_key": signatures.jwk(self.key.public_key()), "browser": browser}
        try:
            reply = read_enrol(self.wire.post_json("/enrol", msgspec.json.encode(body), {}))
        except MessageError as error:
            raise LinkError("answer", error.field) from error
        kept = {"device": reply.device, "letters": reply.letters, "point": msgspec.to_builtins(reply.point)}
        keys = {name: base64.b64encode(raw).decode() for name, raw in reply.release_keys.items()}
        self.mailbox.put(enrolled=kept, release_keys=keys)
        if reply.root:
            self._keep_trust(keyring.Trust(reply.root))
            self._learn_keys(reply.key_letters)
        self._measure(reply.server_time)
        return reply

    @property
    def trust(self) -> keyring.Trust:
        """The pinned root and the release keys that it certified; an empty root before the centre has one."""
        return msgspec.convert(self.mailbox.get("trust", {}), keyring.Trust)

    def _keep_trust(self, trust: keyring.Trust) -> None:
        self.mailbox.put(trust=msgspec.to_builtins(trust))

    def _learn_keys(self, letters: Iterable[keyring.SignedLetter]) -> None:
        """Key letters in their order (S52); LetterError at the first that is refused, what was learnt before it stays."""
        for told in letters:
            self._keep_trust(keyring.accept(told, self.trust, self._enrolment_keys()))

    def _enrolment_keys(self) -> dict[str, bytes]:
        return {name: base64.b64decode(raw) for name, raw in self.mailbox.get("release_keys", {}).items()}

    def sign_text(self, text: str) -> str:
        """base64 of r||s over a text: how a device proves itself on a socket."""
        return base64.b64encode(signatures.sign_text(text, self.key)).decode()

    def case_no(self, counter: int, day: str) -> str:
        """办件编号 from the point's region, a day `yyyymmdd`, the device's letters and a counter from 1 to 9999."""
        enrolled = self._enrolled()
        return f"NJ{enrolled['point']['region'][:9]}{day}{enrolled['letters']}{counter:04d}"

    # ---- up ----

    def record(self, name: str, subject: str, body: dict[str, Any], event_id: str | None = None) -> str:
        """Queue an event; its id. It is durable when this returns (S16)."""
        event_id = event_id or str(uuid6.uuid7())
        self.mailbox.add(event_id, name, subject, stamp(self.world.now()), body)
        return event_id

    def file_case(self, body: dict[str, Any], papers: Sequence[Paper] = (), event_id: str | None = None) -> str:
        """Queue a case with its papers, all or nothing; the id of the event. FileFault when a paper is not sound."""
        for paper in papers:
            fault = fault_of(paper.data, kind_of(paper.data[:16]))
            if fault:
                raise FileFault(fault)
        named = {"files": [paper.named() for paper in papers]} if papers else {}
        with self.mailbox.db:
            made = self.record("case.submitted", body["case_no"], {**body, **named}, event_id)
            for paper in papers:
                self.mailbox.add_file(made, body["case_no"], paper.sha256, paper.data)
        return made

    def bring_files(self, go_on: Callable[[], bool] = lambda: True) -> Brought:
        """Bring the files of cases that the centre has taken, as far as the way holds (S36)."""
        self._enrolled()
        with self.alone():
            return Uploads(self.mailbox, self._ask_tus, self.chunk).run(go_on)

    def cancel_file(self, waiting: WaitingFile) -> None:
        """End the upload of one file at the centre; it stays here."""
        Uploads(self.mailbox, self._ask_tus).cancel(waiting)

    def _ask_tus(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
        try:
            return self.wire.ask_tus(method, path, body, {**headers, **self._signed(method, path, body)})
        except Refused as error:
            if error.code != "device.clock" or "server_time" not in error.details:
                raise
            self._measure(str(error.details["server_time"]))
            return self.wire.ask_tus(method, path, body, {**headers, **self._signed(method, path, body)})

    def _signed(self, method: str, path: str, body: bytes) -> dict[str, str]:
        created = int(self._centre_now())
        return signatures.sign(method, path, body, self.key, str(self.device), created, _nonce())

    # ---- rounds ----

    def sync(self, attempts: int = 1) -> Outcome:
        """Rounds until nothing waits and nothing is owed, or `attempts` tries failed in a row; the last outcome."""
        tried = 0
        while True:
            outcome = self.round()
            got_on = bool(outcome.settled or outcome.resent or outcome.gained)
            tried = 0 if outcome.ok or got_on else tried + 1
            if outcome.ok and (not got_on or self.mailbox.counts().waiting == 0):
                return self._with_files(outcome, attempts)
            if tried >= attempts or self.mailbox.get("revoked"):
                return outcome
            if not outcome.ok and not got_on:
                self.world.sleep(self.next_delay_s())

    def _with_files(self, outcome: Outcome, attempts: int) -> Outcome:
        """Files after events: until none waits, or `attempts` tries in a row brought nothing."""
        tried = 0
        while self.mailbox.waiting_files() and tried < attempts:
            brought = self.bring_files()
            outcome.files += brought.files
            outcome.error = brought.error
            if brought.error is None or isinstance(brought.error, Refused):
                break
            tried = 0 if brought.gained else tried + 1
            self.world.sleep(outbox.back_off(tried, self.world.random()) / 1000)
        return outcome

    def next_delay_s(self) -> float:
        """Seconds until the next round (S23)."""
        poll = self.mailbox.get("next_poll_s", 300)
        delay = outbox.next_delay(self.failures, self.rounds, poll, self.retry_after_s, self.world.random())
        return delay / 1000

    def round(self) -> Outcome:
        """One request and what follows from it. Never raises for what a link or the centre can do: see `error`."""
        self._enrolled()
        with self.alone():
            return self._round()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One round at a time, also with other processes at the same folder; the browser uses a Web Lock for this."""
        with self._lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _round(self) -> Outcome:
        if self.mailbox.get("revoked"):
            return Outcome(error=Refused(403, "device.revoked", "这台设备已被停用。", "请联系管理员。", {}, None))
        outcome, began = Outcome(), self.world.now()
        events = self._next_events()
        outcome.sent = len(events)
        self.retry_after_s = None
        try:
            reply = self._exchange(events)
            self._note(outbox.Round(True, self._since(began)), len(events))
            self.take_in(reply, [event.id for event in events], outcome)
            self._learn_keys(reply.key_letters)
            outcome.packs = self._bring(reply.packs, outcome)
            self.failures = 0
        except (LinkError, Refused, PackError, manifest.ManifestError, keyring.LetterError) as error:
            outcome.error = error
            self._fail(error, events, began, outcome)
        return outcome

    def _next_events(self) -> list[DeviceEvent]:
        events = self.mailbox.unanswered(self.batch)
        return events[: outbox.fitting([len(msgspec.json.encode(event)) for event in events])]

    def _exchange(self, events: list[DeviceEvent]) -> SyncReply:
        asked = self.request(events)
        body = brief.shorten(asked) if asked.proto == BRIEF else msgspec.json.encode(asked)
        headers = {}
        if len(body) > WORTH_SQUEEZING:
            body, headers = gzip.compress(body, 6), {"Content-Encoding": "gzip"}
        try:
            return brief.whole(self._post(body, headers), events)
        except Refused as error:
            if error.code == "sync.proto" and self._older(error.details.get("ours")):
                return self._exchange(events)  # an older centre: speak as it does (S33)
            if error.code != "device.clock" or "server_time" not in error.details:
                raise
            self._measure(
                str(error.details["server_time"])
            )  # our clock is wrong: take the centre's, ask once more (S7)
            return brief.whole(self._post(body, headers), events)

    def request(self, events: list[DeviceEvent], most: int = PROTO) -> SyncRequest:
        """What a round says (S17), in no later version than `most`."""
        counts = self.mailbox.counts()
        state = DeviceState(
            app=APP, waiting=counts.waiting, refused=counts.refused, clock=stamp(self.world.now()), browser=APP
        )
        return SyncRequest(
            min(self.proto, most),
            int(self.mailbox.get("cursor", 0)),
            self._have(),
            events,
            state,
            self.trust.serial,
            self._carried(),
            word=str(self.mailbox.get("word", "")),
        )

    def _have(self) -> dict[str, int]:
        """Releases held, by scope; the media scope only when somebody wants any of it (S60)."""
        if self.media is None or self.mailbox.get("media.choice") == []:
            return {SCOPE: self.release}
        held = int(self.mailbox.get("release.media", 0)) if self.media.path.exists() else 0
        return {SCOPE: self.release, MEDIA: held}

    def _older(self, theirs: Any) -> bool:
        """Step down to the version of an older centre while this object lives; False when we do not speak it."""
        if not isinstance(theirs, int) or not OLDEST <= theirs < self.proto:
            return False
        self.proto = theirs
        return True

    def _carried(self) -> Carried:
        """Which orders of the centre were carried out."""
        moved = self.mailbox.get("moved")
        return Carried(int(self.mailbox.get("resend", 0)), Moved(moved["order"], moved["after"]) if moved else None)

    def _post(self, body: bytes, headers: dict[str, str]) -> SyncReply:
        try:
            reply = read_sync(self.wire.post_json("/sync", body, {**headers, **self._signed("POST", "/sync", body)}))
        except MessageError as error:
            raise LinkError("answer", error.field) from error
        self._measure(reply.server_time)
        return reply

    def take_in(self, reply: SyncReply, sent: Iterable[str], outcome: Outcome) -> None:
        """Verdicts on the events `sent`, messages and cursor, all or nothing (S19)."""
        box = self.mailbox
        with box.db:
            outcome.settled = box.settle(sent, reply.verdicts)
            outcome.resent = self._heal(reply.missing)
            box.receive(reply.downlink)
            outcome.messages = len(reply.downlink)
            box.put(
                cursor=max(reply.cursor, int(box.get("cursor", 0))),
                next_poll_s=reply.next_poll_s,
                last_success=stamp(self.world.now()),
            )
            for told in reply.manifests:
                box.put(**{_kept("manifest", told.scope): msgspec.to_builtins(told)})
            if reply.device.lease_days is not None:
                box.put(lease_days=reply.device.lease_days)
            self._renew(reply.server_time)
            if reply.device.courier_key:
                box.put(courier_key=reply.device.courier_key)
            if reply.device.revoked:
                self._stop()
            if reply.device.word:
                box.put(word=reply.device.word)
            outcome.resent += self._obey(reply.device)

    def _obey(self, word: DeviceWord) -> int:
        """What the centre ordered, each order once (S55 to S57); how many events go up again."""
        box, enrolled, resent = self.mailbox, self._enrolled(), 0
        if word.point:
            enrolled = {**enrolled, "point": {**enrolled["point"], **_given(word.point)}}
        if word.letters:
            enrolled = {**enrolled, "letters": word.letters}
        if word.move and word.move.order > (box.get("moved") or {}).get("order", 0):
            box.put(moved={"order": word.move.order, "after": box.last_seq()}, word=None)
            enrolled = {**enrolled, "point": msgspec.to_builtins(word.move.point), "letters": word.move.letters}
            box.purge()
        if word.resend and word.resend.order > int(box.get("resend", 0)):
            resent = box.send_from(word.resend.start)
            box.put(resend=word.resend.order)
        box.put(enrolled=enrolled)
        return resent

    def _renew(self, told: str) -> None:
        """The centre answered: the lease begins anew."""
        now = round(self.world.now() * 1000)
        centre = round(datetime.fromisoformat(told).timestamp() * 1000)
        self.mailbox.put(lease_from=now, lease_told=centre, lease_seen=now, lapsed=None)

    @property
    def lapsed(self) -> bool:
        """Whether the lease has ended (S62). When it is first noticed, what the centre has is forgotten."""
        box, now = self.mailbox, round(self.world.now() * 1000)
        since, seen = int(box.get("lease_from", now)), int(box.get("lease_seen", 0))
        if now > seen:
            box.put(lease_seen=now)
        told = int(box.get("lease_told", since))
        if not outbox.lapsed(since, told, seen, now, int(box.get("lease_days", 0))):
            return False
        if not box.get("lapsed"):
            with box.db:
                box.put(lapsed=True)
                box.purge()
        return True

    def _stop(self) -> None:
        """The centre stopped this device (S29): what it holds of persons goes, what it could not send stays."""
        with self.mailbox.db:
            self.mailbox.put(revoked=True)
            self.mailbox.purge()

    def _heal(self, missing: list[tuple[int, int]]) -> int:
        """Queue again what the centre lost (S20); each once in the life of this object, whatever the centre repeats."""
        numbers = [number for number in self.mailbox.lost(missing) if number not in self._put_back]
        self._put_back.update(numbers)
        self.mailbox.put_back(numbers)
        return len(numbers)

    def _bring(self, inline: Iterable[InlinePack], outcome: Outcome) -> list[int]:
        """Lead each scope to the newest manifest we were told of, in this round or in an earlier one (S15)."""
        at_hand = {pack.sha256: pack.data for pack in inline}
        used = self._bring_one(SCOPE, self.shelf, at_hand, outcome)
        if self.media is not None:
            self._bring_one(MEDIA, self.media, at_hand, outcome)
        return used

    def _bring_one(self, scope: str, shelf: Shelf, at_hand: dict[str, bytes], outcome: Outcome) -> list[int]:
        told = self.mailbox.get(_kept("manifest", scope))
        if told is None:
            return []
        try:
            wanted = self.believe(SignedManifest(**told), scope, shelf)
        except manifest.ManifestError:
            self.mailbox.put(**{_kept("manifest", scope): None})  # refused; the next round may bring a better one
            raise
        held = self._have().get(scope, 0)
        used: list[int] = []
        if held != wanted.release:
            used = shelf.bring(wanted, held, lambda entry: self._pack(scope, shelf, entry, at_hand, outcome))
        now = {"release": wanted.release, "root": wanted.content_root, "stale_after": wanted.stale_after}
        self.mailbox.put(**{_kept(name, scope): value for name, value in [*now.items(), ("manifest", None)]})
        return used

    def release_keys(self) -> dict[str, bytes]:
        """Raw Ed25519 keys of the centre by id that count now (S53)."""
        return keyring.counting(self.trust, self._enrolment_keys(), stamp(self._centre_now()))

    def believe(self, told: SignedManifest, scope: str = SCOPE, shelf: Shelf | None = None) -> manifest.Manifest:
        """The manifest when it is signed, of our tables and not older than what is remembered (S10)."""
        box, keys = self.mailbox, self.release_keys()
        remembered = (int(box.get(_kept("release", scope), 0)), str(box.get(_kept("root", scope), "")))
        found = manifest.read(told.manifest, told.signature, keys, scope, remembered)
        if found.schema != manifest.schema_id((shelf or self.shelf).schema):
            raise manifest.ManifestError("schema")
        return found

    def _pack(
        self, scope: str, shelf: Shelf, entry: manifest.PackEntry, at_hand: dict[str, bytes], outcome: Outcome
    ) -> bytes:
        if entry.sha256 in at_hand:
            return at_hand[entry.sha256]
        if shutil.disk_usage(shelf.folder).free < SPACE * entry.bytes:
            raise PackError("space")
        download = shelf.download(entry)
        before = download.offset
        try:
            data = download.run(lambda offset: self._get(entry.sha256, offset))
        except Refused as error:
            if error.status == 404:
                self.mailbox.put(**{_kept("manifest", scope): None})  # a newer release has taken its place
            raise
        finally:
            outcome.gained += download.offset - before
        download.path.unlink()
        return data

    def _get(self, sha256: str, offset: int) -> Iterator[bytes]:
        return self.wire.get_from(f"/packs/{sha256}.pack", offset)

    # ---- recordings ----

    def choose_media(self, languages: Sequence[str] | None) -> None:
        """The languages to keep recordings of; None: those of the region; none of them: no media at all."""
        self.mailbox.put(**{"media.choice": None if languages is None else list(languages)})

    def fetch_media(self, go_on: Callable[[], bool] = lambda: True) -> Fetched:
        """Fetch the recordings that this device chose, as far as the way holds (S61). Needs `media_schema`."""
        if self.media is None:
            return Fetched()
        region = str(self._enrolled()["point"]["region"])
        with self.alone():
            return self.media.fetch(region, self.mailbox.get("media.choice"), self._get, go_on)

    def _fail(self, error: Exception, events: list[DeviceEvent], began: float, outcome: Outcome) -> None:
        self.failures += 1
        if isinstance(error, Refused):
            self.retry_after_s = error.retry_after_s
            if error.code == "device.revoked":
                self._stop()
            if _blames_an_event(error) and len(events) == 1:
                self._refuse(events[0], error)  # alone and still not taken: it must not block the others (S21)
                outcome.settled = 1
        portal = isinstance(error, LinkError) and error.kind == "portal"
        self._note(outbox.Round(False, self._since(began), portal), len(events))

    def _refuse(self, event: DeviceEvent, error: Refused) -> None:
        with self.mailbox.db:
            trouble = Trouble(error.code, error.message, error.next)
            self.mailbox.settle([event.id], [Verdict(event.id, "rejected", None, trouble)])

    def _note(self, done: outbox.Round, sent: int) -> None:
        self.rounds = [*self.rounds[-2:], done]
        self.batch = outbox.next_batch(self.batch, sent, done)

    def _centre_now(self) -> float:
        return self.world.now() - float(self.mailbox.get("offset_s", 0.0))

    def _measure(self, server_time: str) -> None:
        self.mailbox.put(offset_s=self.world.now() - datetime.fromisoformat(server_time).timestamp())

    def _since(self, began: float) -> int:
        return max(0, round((self.world.now() - began) * 1000))

    def _enrolled(self) -> dict[str, Any]:
        enrolled: dict[str, Any] | None = self.mailbox.get("enrolled")
        if enrolled is None:
            raise NotEnrolled
        return enrolled

    def status(self) -> Status:
        """What a screen would show."""
        enrolled, counts = self.mailbox.get("enrolled") or {}, self.mailbox.counts()
        files = self.mailbox.file_counts()
        return Status(
            device=enrolled.get("device"),
            point=enrolled.get("point", {}).get("name"),
            release=self.release,
            waiting=counts.waiting,
            refused=counts.refused,
            link=outbox.link_of(self.rounds),
            revoked=bool(self.mailbox.get("revoked", False)),
            lapsed=self.lapsed,
            clock_offset_s=float(self.mailbox.get("offset_s", 0.0)),
            last_success=self.mailbox.get("last_success"),
            files_waiting=files.waiting,
            files_bytes=files.bytes,
            files_refused=files.refused,
        )


def _nonce() -> str:
    """16 letters of chance: enough for a time window of minutes, and half of what a UUID costs on the way."""
    return os.urandom(8).hex()


def stamp(seconds: float) -> str:
    """Unix seconds as the product writes times."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _kept(name: str, scope: str) -> str:
    """Under which name a scope's `name` is remembered; knowledge was alone at first."""
    return name if scope == SCOPE else f"{name}.{scope}"


def _given(point: Any) -> dict[str, str]:
    """What the centre said of the point; an empty word changes nothing."""
    return {name: value for name, value in msgspec.to_builtins(point).items() if value}


def _blames_an_event(error: Refused) -> bool:
    """Whether a refusal of the whole request lies in its events and not in what the device says of itself."""
    in_events = error.code == "sync.format" and "events" in str(error.details.get("field"))
    return in_events or error.code == "request.size"


def _own_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The device's P-256 key; made at the first start, readable only by its owner."""
    if not path.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        draft = path.with_suffix(".part")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(pem)
            os.fsync(file.fileno())
        draft.replace(path)
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"not a P-256 key: {path}")
    return key
