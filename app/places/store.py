"""Service points, devices, enrolment codes, and what each device last said of itself."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)

from app import clock, ledger
from app.accounts.rules import stem
from app.db import metadata
from app.places import rules
from app.problems import Problem
from app.vault import Vault

service_point = Table(
    "service_point",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("hours", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("created_at", Text, nullable=False),
)
device = Table(
    "device",
    metadata,
    Column("id", Text, primary_key=True),
    Column("point", Text, ForeignKey("service_point.id"), nullable=False),
    Column("letters", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("browser", Text, nullable=False),
    Column("enrolled_at", Text, nullable=False),
    Column("revoked_at", Text),
    Column("revoked_reason", Text),
)
enrol_code = Table(
    "enrol_code",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("point", Text, ForeignKey("service_point.id"), nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("used_at", Text),
    Column("issued_by", Text, nullable=False),
)
device_state = Table(
    "device_state",
    metadata,
    Column("device", Text, ForeignKey("device.id"), primary_key=True),
    Column("last_contact", Text, nullable=False),
    Column("release", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("disk_free", BigInteger),
    Column("disk_used", BigInteger),
    Column("clock_skew_s", Integer),
    Column("answers_agree", Boolean),
    Column("app", Text, nullable=False),
    Column("proto", Integer),
    Column("browser", Text, nullable=False),
)
device_nonce = Table(
    "device_nonce",
    metadata,
    Column("device", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("created", Integer, nullable=False),
    PrimaryKeyConstraint("device", "nonce"),
)

device_order = Table(
    "device_order",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("device", Text, ForeignKey("device.id"), nullable=False),
    Column("kind", Text, nullable=False),  # move | resend
    Column("point", Text),
    Column("letters", Text),
    Column("from_point", Text),
    Column("from_letters", Text),
    Column("seq", Integer),  # resend: the first number; move, when done: the last event of the point before
    Column("reason", Text, nullable=False),
    Column("ordered_at", Text, nullable=False),
    Column("ordered_by", Text, nullable=False),
    Column("state", Text, nullable=False),  # open | done | dropped
    Column("settled_at", Text),
    Index("ix_device_order_device", "device", "id"),
    sqlite_autoincrement=True,
)


device_key = Table(
    "device_key",
    metadata,
    Column("device", Text, ForeignKey("device.id"), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("made_at", Text, nullable=False),
)


def add_point(connection: Connection, values: Mapping[str, str], actor: str) -> None:
    """A new service point: id, name, region, address, hours, phone. Problem('place.exists') when the id is taken."""
    if connection.execute(select(service_point.c.id).where(service_point.c.id == values["id"])).first():
        raise Problem("place.exists", name=values["id"])
    connection.execute(insert(service_point).values(**values, created_at=clock.now()))
    _note(
        connection,
        "point.added",
        values["id"],
        actor,
        {"name": values["name"], "region": values["region"]},
        values["id"],
    )


def change_point(connection: Connection, point_id: str, values: Mapping[str, str], actor: str) -> None:
    """Change the description of a service point; its id and region stay."""
    connection.execute(update(service_point).where(service_point.c.id == point_id).values(**values))
    _note(connection, "point.changed", point_id, actor, {"name": values["name"]}, point_id)


def points(connection: Connection, region: str) -> list[Row[Any]]:
    """Service points in the subtree of a region."""
    query = select(service_point).where(service_point.c.region.startswith(stem(region), autoescape=True))
    return list(connection.execute(query.order_by(service_point.c.region, service_point.c.id)))


def point(connection: Connection, point_id: str) -> Row[Any]:
    """One service point, or Problem('request.missing')."""
    found = connection.execute(select(service_point).where(service_point.c.id == point_id)).first()
    if found is None:
        raise Problem("request.missing")
    return found


def issue_code(connection: Connection, point_id: str, minutes: int, actor: str) -> tuple[str, str]:
    """A one-time enrolment code for a point and when it expires; only its hash is kept."""
    code = "".join(secrets.choice(rules.ALPHABET) for _ in range(rules.CODE_LENGTH))
    expires = clock.stamp(clock.parse(clock.now()) + timedelta(minutes=minutes))
    connection.execute(
        insert(enrol_code).values(code_hash=_hash(code), point=point_id, expires_at=expires, issued_by=actor)
    )
    _note(connection, "device.code_issued", point_id, actor, {"expires_at": expires}, point_id)
    return rules.shown(code), expires


def enrol(connection: Connection, code: str, public_key: Mapping[str, str], browser: str) -> Row[Any]:
    """Register a device by a code; burns the code. Problem enrol.code_wrong | code_used | code_expired | key."""
    if rules.public_key_fault(public_key):
        raise Problem("enrol.key")
    code_hash, now = _hash(rules.plain(code)), clock.now()
    found = connection.execute(select(enrol_code).where(enrol_code.c.code_hash == code_hash)).first()
    if found is None:
        raise Problem("enrol.code_wrong")
    key = json.dumps({part: public_key[part] for part in ("kty", "crv", "x", "y")})
    again = select(device.c.id).where(
        device.c.point == found.point, device.c.public_key == key, device.c.revoked_at.is_(None)
    )
    if found.used_at and (mine := connection.execute(again).scalar()):
        return _device(connection, mine)  # the reply to this very enrolment was lost on the way
    if found.expires_at < now and not found.used_at:
        raise Problem("enrol.code_expired")
    burnt = connection.execute(
        update(enrol_code)
        .where(enrol_code.c.code_hash == code_hash, enrol_code.c.used_at.is_(None))
        .values(used_at=now)
    )
    if burnt.rowcount != 1:  # two devices raced for one code: one statement decides
        raise Problem("enrol.code_used")

    letters = rules.next_letters(letters_used(connection, found.point))
    device_id = "d-" + base64.b32encode(secrets.token_bytes(5)).decode().lower()
    values = {
        "id": device_id,
        "point": found.point,
        "letters": letters,
        "name": f"{letters} 号机",
        "public_key": key,
        "browser": _plain(browser)[:200],
        "enrolled_at": now,
    }
    connection.execute(insert(device).values(values))
    _note(connection, "device.enrolled", device_id, device_id, {"letters": letters}, found.point, device_id)
    return _device(connection, device_id)


def _device(connection: Connection, device_id: str) -> Row[Any]:
    query = select(device, service_point.c.name.label("point_name"), service_point.c.region).join(service_point)
    found = connection.execute(query.where(device.c.id == device_id)).first()
    if found is None:
        raise Problem("device.unknown")
    return found


def letters_used(connection: Connection, point_id: str) -> set[str]:
    """Letters that devices of a point's township have, had before they left, or will have: case numbers must never meet.

    A case number names the township (nine digits of the region), and a township has many villages.
    """
    region = point(connection, point_id).region
    same = select(service_point.c.id).where(service_point.c.region.startswith(region[:9], autoescape=True))
    points = set(connection.execute(same).scalars())
    held = connection.execute(select(device.c.letters).where(device.c.point.in_(points))).scalars()
    query = select(device_order).where(or_(device_order.c.point.in_(points), device_order.c.from_point.in_(points)))
    moves = connection.execute(query).all()
    gone = {one.from_letters for one in moves if one.from_point in points}
    coming = {one.letters for one in moves if one.point in points}
    return set(held) | gone | coming


def device_by_id(connection: Connection, device_id: str) -> Row[Any]:
    """A device with `point_name` and `region`, or Problem('device.unknown')."""
    return _device(connection, device_id)


def devices(connection: Connection, point_id: str | None = None) -> list[Row[Any]]:
    """Devices with what they last said of themselves (columns of device_state may be None), of one point or all."""
    query = select(device, device_state).join(device_state, isouter=True)
    if point_id is not None:
        query = query.where(device.c.point == point_id)
    return list(connection.execute(query.order_by(device.c.point, device.c.letters)))


def device_states(connection: Connection) -> list[dict[str, Any]]:
    """Every device with its last state as plain rows; `browser` is the one it enrolled with or last named."""
    state = [column for column in device_state.c if column.name not in ("device", "browser")]
    query = select(device, *state, device_state.c.browser.label("last_browser")).join(device_state, isouter=True)
    return [dict(row) for row in connection.execute(query.order_by(device.c.point, device.c.letters)).mappings()]


def revoke(connection: Connection, device_id: str, reason: str, actor: str) -> None:
    """Stop a device for good; its later events are quarantined, it wipes itself at the next contact."""
    found = _device(connection, device_id)
    connection.execute(
        update(device).where(device.c.id == device_id).values(revoked_at=clock.now(), revoked_reason=reason)
    )
    connection.execute(delete(device_key).where(device_key.c.device == device_id))  # what is sealed there stays so
    _note(connection, "device.revoked", device_id, actor, {"reason": reason}, found.point, device_id)


def data_key(connection: Connection, vault: Vault, device_id: str) -> str:
    """The 32 bytes that personal data on a device is sealed under, base64; made when first asked for."""
    subject = f"device:{device_id}"
    found = connection.execute(select(device_key.c.sealed).where(device_key.c.device == device_id)).scalar()
    if found is not None:
        return str(vault.open(connection, subject, found))
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    sealed = vault.seal(connection, subject, key)
    connection.execute(insert(device_key).values(device=device_id, sealed=sealed, made_at=clock.now()))
    return key


def rename(connection: Connection, device_id: str, name: str, actor: str) -> None:
    """Give a device a name that people at the point use."""
    found = _device(connection, device_id)
    connection.execute(update(device).where(device.c.id == device_id).values(name=name))
    _note(connection, "device.renamed", device_id, actor, {"name": name}, found.point, device_id)


def remember_nonce(connection: Connection, device_id: str, nonce: str, created: int, window_s: int) -> None:
    """Refuse a signature seen before (Problem device.replay); forgets those that the window has closed on anyway."""
    old = device_nonce.c.created < created - 2 * window_s
    connection.execute(delete(device_nonce).where(device_nonce.c.device == device_id, old))
    same = select(device_nonce.c.nonce).where(device_nonce.c.device == device_id, device_nonce.c.nonce == nonce)
    if connection.execute(same).first():
        raise Problem("device.replay")
    connection.execute(insert(device_nonce).values(device=device_id, nonce=nonce, created=created))


def note_contact(connection: Connection, device_id: str, state: Mapping[str, Any], at: str) -> None:
    """Keep what a device just said of itself: release, waiting, refused, disk_free, clock_skew_s, answers_agree,
    app, proto, disk_used, browser."""
    values = {**state, "last_contact": at}
    if connection.execute(update(device_state).where(device_state.c.device == device_id).values(values)).rowcount == 0:
        connection.execute(insert(device_state).values(**values, device=device_id))


def _plain(text: str) -> str:
    """Without what no engine keeps: U+0000 and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _note(
    connection: Connection,
    name: str,
    subject: str,
    actor: str,
    body: dict[str, Any],
    point_id: str,
    device_id: str | None = None,
) -> None:
    event = ledger.Event(
        clock.new_id(), name, subject, actor, clock.now(), body, service_point=point_id, device=device_id
    )
    ledger.append(connection, event)
