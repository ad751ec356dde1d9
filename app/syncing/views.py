"""`POST /sync`: one round of a village page; and the page of what was set aside. The protocol is sync/PROTOCOL.md."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, Literal, cast

import msgspec
from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from sqlalchemy import Connection, Row
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as AnyResponse

from app import clock, ledger
from app.accounts.guard import current_person, needs, serving
from app.answering import asking
from app.bus import bus
from app.db import db
from app.guides import rules as guides
from app.keys import courier_key, letters
from app.knowledge import releases
from app.ledger import Entry
from app.places.guard import (
    Device,
    by_event,
    carried_out,
    device_of_request,
    device_public,
    note_contact,
    open_orders,
    point_names,
)
from app.problems import PROBLEMS, Problem
from app.settings import Settings
from app.syncing import store
from app.syncing.agreement import Agreement, Pair, agree
from app.vault import vault
from app.version import VERSION
from sync.brief import read_request, shorten_reply
from sync.courier import point_of
from sync.keyring import chain
from sync.manifest import SCOPES
from sync.messages import BRIEF, OLDEST, PROTO, AnswersWord, DeviceEvent, MessageError, SyncRequest

bp = Blueprint("syncing", __name__, template_folder="templates")
log = logging.getLogger("app.syncing")

PATIENCE_S = 10
"""How long a round waits for its turn before the village is sent away for a while."""

SOON_S = 20
"""When a device that told its answers hears whether they are ours, if we had to work them out first."""


@bp.record_once
def _make_agreement(setup: BlueprintSetupState) -> None:
    """What we answer on each pair of releases, in a thread of its own."""
    settings: Settings = setup.app.extensions["jjb_settings"]
    setup.app.extensions["jjb_agreement"] = Agreement(lambda pair: asking.digest(settings, *pair))


@bp.record_once
def _make_gate(setup: BlueprintSetupState) -> None:
    """Rounds at the same time; when power comes back to a valley hundreds of villages speak at once."""
    setup.app.extensions["jjb_sync_gate"] = BoundedSemaphore(setup.app.extensions["jjb_settings"].sync_at_once)


@contextmanager
def _admitted() -> Iterator[None]:
    gate: BoundedSemaphore = current_app.extensions["jjb_sync_gate"]
    if not gate.acquire(timeout=PATIENCE_S):
        raise Problem("server.busy")
    try:
        yield
    except OperationalError as error:
        log.error("the database did not serve a round: %s", type(error).__name__)
        raise Problem("server.busy") from error
    finally:
        gate.release()


@bp.post("/sync")
def sync() -> Response:
    """One round: device state and events up; verdicts, manifest, pack and messages down."""
    request.get_data(cache=True)  # before it takes a place among the rounds: a body that drips in holds up nobody
    with _admitted():
        return _packed(_round())


def _round() -> dict[str, Any]:
    device = device_of_request()
    return take_round(device, _read_body(current_app.extensions["jjb_settings"]))


def take_round(device: Device, asked: SyncRequest, by: Literal["link", "stick", "again"] = "link") -> dict[str, Any]:
    """What a round does and its reply. By a stick the clock says nothing, and one that came before no state either."""
    received_at = clock.now()
    if device.revoked:
        with db().write() as connection:
            at = by_event(connection, device)
            for event in asked.events:
                store.set_aside(connection, vault(), at(event.seq), event, "device.revoked", received_at)
        raise Problem("device.revoked")
    with db().write() as connection:
        ledger.hold(connection)
        moved = asked.carried.moved
        device = carried_out(connection, device, asked.carried.resend, (moved.order, moved.after) if moved else None)
        at = by_event(connection, device)
        verdicts = [_take(connection, at(event.seq), event, received_at) for event in asked.events]
        checked = _checked(connection, asked)
        if by != "again":
            state = _state(asked, received_at, checked.agree)
            skew = state["clock_skew_s"] if by == "link" else None
            note_contact(connection, device, {**state, "clock_skew_s": skew}, received_at)
    with db().read() as connection:
        reply = _reply(connection, device, asked, verdicts, checked)
    if any(verdict["verdict"] == "accepted" for verdict in verdicts):
        bus().publish("ledger")
    return reply


WORTH_SQUEEZING = 300
"""Bytes below which gzip gains nothing."""


def _packed(reply: dict[str, Any]) -> Response:
    """The reply as JSON in UTF-8, gzip for whoever takes it: verdicts and messages repeat themselves."""
    data = json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {}
    if len(data) > WORTH_SQUEEZING and request.accept_encodings["gzip"]:
        data, headers = gzip.compress(data, 6, mtime=0), {"Content-Encoding": "gzip"}
    return Response(data, headers=headers, mimetype="application/json")


def _read_body(settings: Settings) -> SyncRequest:
    body = request.get_data(cache=True)
    if request.headers.get("Content-Encoding", "") == "gzip":
        body = _unzip(body, settings.sync_body_limit)
    try:
        return read_request(body)
    except MessageError as error:
        if error.proto is not None:
            raise Problem("sync.proto", proto=error.proto, ours=PROTO, oldest=OLDEST) from error
        raise Problem("sync.format", field=error.field) from error


def _unzip(body: bytes, limit: int) -> bytes:
    """Decompress at most `limit` bytes: a small body must not become a large one."""
    reader = zlib.decompressobj(wbits=31)
    try:
        plain = reader.decompress(body, limit)
    except zlib.error as error:
        raise Problem("sync.format", field="gzip") from error
    if reader.unconsumed_tail:
        raise Problem("request.size", limit=limit)
    if not reader.eof:
        raise Problem("sync.format", field="gzip")
    return plain


def _take(connection: Connection, device: Device, event: DeviceEvent, received_at: str) -> dict[str, Any]:
    """Judge and enter one event behind a savepoint of its own: a bad one never holds up the others."""
    known = store.seen(connection, event.id)
    same = known is not None and known.sha256 in ("", store.fingerprint(event))  # "": its case was forgotten since
    if known is not None and (known.device != device.id or not same):
        store.set_aside(connection, vault(), device, event, "event.tampered", received_at)
        return _verdict(event, "quarantined", None, Problem("event.tampered"))
    if known is not None and known.verdict == "accepted":
        return _verdict(event, "duplicate", known.ledger_seq, None)
    try:
        with connection.begin_nested():
            entry = _enter(connection, device, event, received_at)
        return _verdict(event, "accepted", entry.seq, None)
    except Problem as problem:
        return _refuse(connection, device, event, "rejected", problem, received_at)
    except OperationalError:
        raise  # a full disk or a lost database is not the event's fault: no verdict, the village tries again
    except Exception as error:
        # The type only: the message may hold what a person typed.
        log.error("event %s %s failed: %s", event.name, event.id, type(error).__name__)
        return _refuse(connection, device, event, "quarantined", Problem("event.failed"), received_at)


def _enter(connection: Connection, device: Device, event: DeviceEvent, received_at: str) -> Entry:
    entry = store.enter(connection, vault(), device, event, received_at)
    ledger.project(connection, entry)
    store.remember(connection, device, event, "accepted", entry.seq, None)
    return entry


def _refuse(
    connection: Connection, device: Device, event: DeviceEvent, verdict: str, problem: Problem, received_at: str
) -> dict[str, Any]:
    store.set_aside(connection, vault(), device, event, problem.code, received_at)
    store.remember(connection, device, event, verdict, None, problem.code)
    return _verdict(event, verdict, None, problem)


def _verdict(event: DeviceEvent, verdict: str, ledger_seq: int | None, problem: Problem | None) -> dict[str, Any]:
    described = None
    if problem is not None:
        described = {"code": problem.code, "message": problem.sentence, "next": problem.kind.next}
    return {"id": event.id, "verdict": verdict, "ledger": ledger_seq, "problem": described}


FAR_S = 2**31 - 1
"""A clock further off than 68 years is as wrong as one that is 68 years off."""


@dataclass(frozen=True)
class Checked:
    """What came of the answers a device told; `soon`: ours are being worked out."""

    agree: bool | None = None
    soon: bool = False


def _checked(connection: Connection, asked: SyncRequest) -> Checked:
    """Compares; only releases that we issued are ever asked."""
    told = asked.state.answers
    pair = _pair(connection, told) if told is not None else None
    if told is None or pair is None:
        return Checked()
    agreement = cast(Agreement, current_app.extensions["jjb_agreement"])
    ours = agreement.ask(pair)
    return Checked(agree(told.digest, ours, asked.state.app == VERSION), agreement.pending(pair))


def _pair(connection: Connection, told: AnswersWord) -> Pair | None:
    number = releases.number_of(connection, told.knowledge)
    words = releases.number_of(connection, told.lingua, releases.LINGUA) if told.lingua else None
    return None if number is None or (told.lingua and words is None) else (number, words)


def _state(asked: SyncRequest, received_at: str, answers_agree: bool | None) -> dict[str, Any]:
    said = asked.state
    skew = clock.parse(said.clock) - clock.parse(received_at)
    return {
        "release": asked.have.get(releases.SCOPE, 0),
        "waiting": max(0, said.waiting - len(asked.events)),
        "refused": said.refused,
        "disk_free": said.disk_free,
        "disk_used": said.disk_used,
        "clock_skew_s": max(-FAR_S, min(FAR_S, int(skew.total_seconds()))),
        "answers_agree": answers_agree,
        "app": said.app,
        "proto": asked.proto,
        "browser": said.browser,
    }


def _reply(
    connection: Connection, device: Device, asked: SyncRequest, verdicts: list[dict[str, Any]], checked: Checked
) -> dict[str, Any]:
    settings: Settings = current_app.extensions["jjb_settings"]
    held = {releases.SCOPE: 0} | asked.have  # a program that knows no other scope is not told of one
    news = [_news(connection, settings, scope, held[scope]) for scope in SCOPES if scope in held]
    messages = store.messages(connection, device.point, asked.cursor)
    poll_s = min(settings.sync_poll_s, SOON_S) if checked.soon else settings.sync_poll_s
    courier = point_of(courier_key(settings).public_key())
    point = {"id": device.point, "name": device.point_name, "region": device.region}
    word: dict[str, Any] = {"revoked": False, "answers_agree": checked.agree, "point": point, "courier_key": courier}
    reply = {
        "proto": asked.proto,
        "server_time": clock.now(),
        "verdicts": verdicts,
        "missing": store.gaps(connection, device.id),
        "manifests": [manifest for manifests, _ in news for manifest in manifests],
        "packs": [pack for _, packs in news for pack in packs],
        "downlink": messages,
        "cursor": messages[-1]["cursor"] if messages else asked.cursor,
        "next_poll_s": poll_s if len(messages) < store.MESSAGES else 0,
        "device": word,
    }
    if asked.proto == 1:
        return reply  # what a program of that version was told, and no more
    names = current_app.extensions["jjb_region_names"]
    word |= {"letters": device.letters, "lease_days": settings.lease_days, **open_orders(connection, device, names)}
    if asked.people is not None:
        people = serving(connection, device.region, guides.ROLE)
        listed = guides.word(people, settings.village_lock_minutes, settings.pin_rounds)
        word |= {"people": listed} if listed["digest"] != asked.people else {}
    told = chain(letters(settings), asked.key_letter)
    reply["key_letters"] = [msgspec.to_builtins(one) for one in told]
    return shorten_reply(reply, asked) if asked.proto == BRIEF else reply


def _news(connection: Connection, settings: Settings, scope: str, have: int) -> tuple[list[Any], list[Any]]:
    """The manifest when the device holds another release, and the pack that leads there when it is small."""
    newest = releases.newest(connection, scope)
    if newest is None or newest.number == have:
        return [], []
    manifest = {"manifest": newest.manifest, "signature": newest.signature}
    way = newest.pack_from(have)
    if way is None or way[1] > settings.inline_delta_limit:
        return [manifest], []
    data = releases.pack_file(settings, way[0]).read_bytes()
    return [manifest], [{"sha256": way[0], "data": base64.b64encode(data).decode()}]


@bp.get("/syncing/quarantine")
@needs("manager")
def quarantine() -> str:
    """Events that did not enter the ledger: why, from where, since when. Their content stays sealed."""
    with db().read() as connection:
        names = point_names(connection, current_person().region)
        rows = store.open_quarantine(connection, list(names))
    return render_template("syncing/quarantine.html", rows=rows, names=names, sentence=_sentence, words=WORDS)


WORDS = {
    "case.submitted": "办件提交",
    "case.supplemented": "补交材料",
    "case.withdrawn": "办件撤回",
    "notice.printed": "打印告知单",
    "question.asked": "问答记录",
    "rating.given": "好差评",
}
"""What people call the events of a device."""


def _sentence(code: str) -> str:
    """The sentence of a problem without what is filled in: the details are sealed with the event."""
    return re.sub(r"[：:]?“?\{\w+\}”?", "", PROBLEMS[code].sentence) if code in PROBLEMS else code


@bp.post("/syncing/quarantine")
@needs("admin")
def settle() -> AnyResponse:
    """Take an event into the ledger after all, or discard it; both with a reason."""
    reason, act = request.form.get("reason", "").strip(), request.form.get("act", "")
    if not reason or act not in ("accept", "discard"):
        raise Problem("request.format", field="处理说明")
    with db().write() as connection:
        ledger.hold(connection)
        key = request.form.get("id", "")
        row = store.settle(connection, key, f"{ACTS[act]}:{reason[:200]}", current_person().id)
        if act == "accept":
            _take_after_all(connection, row)
    bus().publish("ledger")
    flash(f"{ACTS[act]}。", "ok")
    return redirect(url_for("syncing.quarantine"))


ACTS = {"accept": "已进账", "discard": "已作废"}


def _take_after_all(connection: Connection, row: Row[Any]) -> None:
    """Enter a set-aside event as its device sent it; Problem, and nothing changed, when it still cannot be taken."""
    known = store.seen(connection, row.event_id)
    if known is not None and known.verdict == "accepted":
        raise Problem("sync.entered")
    event = store.unseal(connection, vault(), row)
    at = by_event(connection, device_public(connection, row.device))
    _enter(connection, at(event.seq), event, row.received_at)
