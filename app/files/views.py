"""`/files`: the tus 1.0.0 server for files of cases, and the view of a stored one. The protocol is sync/PROTOCOL.md §7.

A file is taken only when an accepted `case.submitted` of the same device names its sha256, its size and its kind, so
nobody learns by asking whether a document of somebody else is here. Every request is signed like `POST /sync`.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from sqlalchemy import Row
from werkzeug.exceptions import ClientDisconnected

from app import clock
from app.accounts.guard import current_person, needs
from app.bus import bus
from app.db import db
from app.files import outgoing, paint, reader, rules, store
from app.files.cabinet import Cabinet
from app.handling.rules import WORKERS
from app.places.guard import Device, device_of_headers, device_of_request, point_names
from app.problems import Problem
from app.settings import Settings
from app.vault import Sealer, vault
from sync import signatures
from sync.files import JPEG, PDF, fault_of

bp = Blueprint("files", __name__, template_folder="templates")
bp.register_blueprint(outgoing.bp)
log = logging.getLogger("app.files")

SILENCE_S = 20
"""A body of which nothing came for so long is given up; what came before is kept."""
PIECE = 16 * 1024


@bp.record_once
def _make_gate(setup: BlueprintSetupState) -> None:
    setup.app.extensions["jjb_paint_gate"] = paint.gate()


def _settings() -> Settings:
    found: Settings = current_app.extensions["jjb_settings"]
    return found


@bp.after_request
def _speak_tus(response: Response) -> Response:
    if request.path.startswith("/files"):
        response.headers["Tus-Resumable"] = rules.VERSION
    return response


@bp.route("/files", methods=["OPTIONS"])
@bp.route("/files/<blob_id>", methods=["OPTIONS"])
def about(blob_id: str = "") -> Response:
    """tus: what this server can do."""
    return _empty(
        {
            "Tus-Version": rules.VERSION,
            "Tus-Extension": rules.EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(rules.ALGORITHMS),
            "Tus-Max-Size": str(_settings().file_limit),
        }
    )


@bp.route("/files", methods=["POST"], provide_automatic_options=False)
def create() -> Response:
    """tus creation: begin a file that a case names, or go on with it. Metadata: `case`, `sha256`."""
    _must_speak_tus()
    device = _device(device_of_request())
    asked = rules.wanted(dict(request.headers))
    if asked is None:
        raise Problem("request.format", field="Upload-Length, Upload-Metadata")
    case_no, sha256, length = asked
    with db().read() as connection:
        found = store.named(connection, device.id, case_no, sha256)
        if found is None or found.bytes != length:
            raise Problem("file.unnamed")
        promised = store.promised(connection, case_no)
        today = store.stored_since(connection, device.id, clock.later(days=-1))
    if found.stored_at is None:
        must_fit(found, promised, today)
    expires_at = clock.later(days=_settings().file_days)
    _sweep()
    with db().write() as connection:
        store.open_upload(connection, found.id, expires_at)
    place = url_for("files.one", blob_id=found.id)
    return _empty({"Location": place, **_progress(found, expires_at)}, 201)


def must_fit(found: Row[Any], promised: int, today: int) -> None:
    """Problem unless there is room for a file: of itself, of its case, of the day, of the disk."""
    settings = _settings()
    if found.refused:
        raise Problem("file.content", reason=rules.FAULTS[found.refused])
    for size, limit in ((found.bytes, settings.file_limit), (promised, settings.file_case_limit)):
        if size > limit:
            raise Problem("file.large", bytes=size, limit=limit)
    if today + found.bytes > settings.file_day_limit:
        raise Problem("file.quota")
    if shutil.disk_usage(settings.data).free - found.bytes < settings.file_reserve:
        raise Problem("file.space")


@bp.route("/files/<blob_id>", methods=["HEAD", "PATCH", "DELETE", "POST"], provide_automatic_options=False)
def one(blob_id: str) -> Response:
    """tus: how far a file has come (HEAD), its next bytes (PATCH), the end of an upload (DELETE)."""
    _must_speak_tus()
    method = request.headers.get("X-HTTP-Method-Override", request.method).upper()
    if method == "PATCH":
        return _patch(blob_id)
    device = _device(device_of_request())
    found = _mine(device, blob_id)
    if method == "HEAD":
        return _empty({"Upload-Length": str(found.bytes), **_progress(found, found.expires_at)}, 200)
    if method != "DELETE":
        raise Problem("request.method")
    with db().write() as connection:
        store.give_up(connection, found)
    if found.stored_at is None:
        _cabinet(found).drop()
    return _empty({})


def _patch(blob_id: str) -> Response:
    """Take the next bytes. Of a body that is cut, what arrived is kept: the sha256 of the whole decides in the end."""
    if request.mimetype != rules.BODY:
        raise Problem("file.type")
    found = _mine(_device(device_of_headers()), blob_id)
    start, length = rules.whole_number(request.headers.get("Upload-Offset")), request.content_length or 0
    if start is None or "Transfer-Encoding" in request.headers:  # how much is to come must be known
        raise Problem("request.format", field="Upload-Offset, Content-Length")
    if start != found.arrived:
        raise Problem("file.offset", offset=found.arrived)
    if start + length > found.bytes:
        raise Problem("request.size", limit=found.bytes - start)
    data, whole = _read(length)
    if whole:
        _check(data)
    if data and found.stored_at is None:
        keep(found, data)
    reply = _empty(_progress(found, found.expires_at, found.arrived + len(data)))
    if not whole:
        reply.headers["Connection"] = "close"
    return reply


def _check(data: bytes) -> None:
    fault = rules.checksum_fault(request.headers.get("Upload-Checksum"), data)
    if fault == "algorithm":
        raise Problem("request.format", field="Upload-Checksum")
    if fault:
        raise Problem("file.checksum")
    if request.headers.get("Content-Digest") != signatures.digest(data):
        raise Problem("device.signature", kind="digest")


def _read(length: int) -> tuple[bytes, bool]:
    """(the body as far as it came, whether that is all). A silent connection is not waited for."""
    socket = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    before = socket.gettimeout() if socket else None
    data = b""
    try:
        if socket:
            socket.settimeout(SILENCE_S)
        while len(data) < length:
            piece = request.stream.read(min(PIECE, length - len(data)))
            if not piece:
                break
            data += piece
    except (ClientDisconnected, OSError) as error:
        log.info("an upload was cut: %s", type(error).__name__)
    finally:
        if socket and socket.fileno() >= 0:
            socket.settimeout(before)
    return data, len(data) == length


def keep(found: Row[Any], data: bytes) -> None:
    """Seal and store the next bytes; when they are the last, check the whole first."""
    cabinet, sealer, end = _cabinet(found), _sealer(found), found.arrived + len(data)
    if end < found.bytes:
        place = cabinet.lay(sealer, found.arrived, data)
        with db().write() as connection:
            moved = store.advance(connection, found, end, place)
    else:
        whole = _whole(found, cabinet, sealer, data)
        place = cabinet.lay(sealer, None, whole)
        with db().write() as connection:
            moved = store.advance(connection, found, end, place, stored_at=clock.now())
            if moved:
                store.note_stored(connection, found)
        if moved:
            cabinet.drop_parts()
            bus().publish("ledger")
    if not moved:
        raise Problem("file.offset", offset=_now(found))


def _whole(found: Row[Any], cabinet: Cabinet, sealer: Sealer, last: bytes) -> bytes:
    """The whole file when it is what the case names and what it may be; else it is thrown away, and why is told."""
    try:
        data = cabinet.arrived(sealer, found.arrived) + last
    except (OSError, ValueError):
        data = b""
    fault = fault_of(data, found.kind) if hashlib.sha256(data).hexdigest() == found.sha256 else "sum"
    if not fault:
        return data
    with db().write() as connection:
        expires = found.expires_at if fault == "sum" else None
        refused = None if fault == "sum" else fault
        dropped = store.advance(connection, found, 0, lambda: None, expires_at=expires, refused=refused)
    if dropped:
        cabinet.drop()
    if fault == "sum":
        raise Problem("file.checksum")
    raise Problem("file.content", reason=rules.FAULTS[fault])


def _now(found: Row[Any]) -> int:
    with db().read() as connection:
        fresh = store.blob(connection, found.id)
    return int(fresh.arrived) if fresh else 0


def _must_speak_tus() -> None:
    if request.headers.get("Tus-Resumable") != rules.VERSION:
        raise Problem("file.tus", ours=rules.VERSION)


def _device(device: Device) -> Device:
    if device.revoked:
        raise Problem("device.revoked")
    return device


def _mine(device: Device, blob_id: str) -> Row[Any]:
    """A file of this device whose upload is open; somebody else's reads like one that never was."""
    with db().read() as connection:
        found = store.blob(connection, blob_id)
    if found is None or found.device != device.id:
        raise Problem("file.unnamed")
    if found.stored_at is None and (found.expires_at is None or found.expires_at < clock.now()):
        raise Problem("file.gone")
    return found


def _cabinet(found: Row[Any]) -> Cabinet:
    return Cabinet(_settings().data, found.id)


def _sealer(found: Row[Any]) -> Sealer:
    with db().read() as connection:
        sealer = vault().sealer(connection, found.case_no)
    if sealer is None:
        raise Problem("file.gone")
    return sealer


def _progress(found: Row[Any], expires_at: str | None, arrived: int | None = None) -> dict[str, str]:
    headers = {"Upload-Offset": str(found.arrived if arrived is None else arrived)}
    if found.stored_at is None and expires_at:
        headers["Upload-Expires"] = clock.parse(expires_at).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return headers


def _empty(headers: dict[str, str], status: int = 204) -> Response:
    reply = Response(status=status)
    reply.headers.update({"Cache-Control": "no-store", **headers})
    return reply


def _sweep() -> None:
    """Throw away uploads that were never finished; what is whole stays."""
    now = clock.now()
    with db().read() as connection:
        old = store.expired(connection, now)
    for found in old:
        with db().write() as connection:
            store.give_up(connection, found)
        _cabinet(found).drop()


@bp.get("/handling/<case_no>/files/<int:number>")
@needs(*WORKERS)
def view(case_no: str, number: int) -> Response:
    """One stored file of a case, for who has stated a reason within ten minutes; nothing in it may act."""
    found, data = _stored(case_no, number)
    shown = "attachment" if found.kind == PDF else "inline"
    return _harmless(data, found.kind, f'{shown}; filename="{rules.file_name(case_no, number, found.kind)}"')


@bp.get("/handling/<case_no>/files/<int:number>/pages")
@needs(*WORKERS)
def pages(case_no: str, number: int) -> str:
    """The pages of a PDF, each as a picture."""
    found, data = _stored(case_no, number)
    if found.kind != PDF:
        raise Problem("request.missing")
    return render_template(
        "files/pages.html", case_no=case_no, number=number, material=found.material, pages=paint.count(data),
        most=paint.MOST_PAGES, key=request.args.get("key", ""),
    )  # fmt: skip


@bp.get("/handling/<case_no>/files/<int:number>/pages/<int:page>")
@needs(*WORKERS)
def painted(case_no: str, number: int, page: int) -> Response:
    """One page of a PDF as a picture."""
    found, data = _stored(case_no, number)
    if found.kind != PDF or not 1 <= page <= paint.MOST_PAGES:
        raise Problem("request.missing")
    return _harmless(paint.page(data, page), JPEG, f'inline; filename="{case_no}-{number}-{page}.jpg"')


def _stored(case_no: str, number: int) -> tuple[Row[Any], bytes]:
    """A file of a case and its bytes for the person who asks, or the Problem why not."""
    person = current_person()
    reader.must_be_allowed(request.args.get("key", ""), person.id, case_no)
    with db().read() as connection:
        found = next((one for one in store.attachments(connection, case_no) if one.position == number - 1), None)
        if found is None or found.stored_at is None:
            raise Problem("request.missing")
        if found.point not in point_names(connection, person.region):
            raise Problem("access.region")
        sealer = vault().sealer(connection, case_no)
    if sealer is None:
        raise Problem("request.missing")
    try:
        return found, _cabinet(found).whole(sealer)
    except OSError as error:
        raise Problem("request.missing") from error


def _harmless(data: bytes, kind: str, disposition: str) -> Response:
    reply = Response(data, mimetype=kind)
    reply.headers["Content-Disposition"] = disposition
    reply.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    reply.headers["X-Content-Type-Options"] = "nosniff"
    reply.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    reply.headers["Cache-Control"] = "no-store"
    return reply
