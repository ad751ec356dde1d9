"""Which device is asking: what every other slice uses of places."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from flask import current_app, request
from sqlalchemy import Connection, Row

from app import clock
from app.db import db
from app.places import orders, store
from app.problems import Problem
from app.vault import Vault
from sync import signatures


@dataclass(frozen=True)
class Device:
    """An enrolled device and its service point."""

    id: str
    letters: str
    point: str
    point_name: str
    region: str
    public_key: Mapping[str, str]
    revoked: bool


def device_public(connection: Connection, device_id: str) -> Device:
    """A device by id, revoked or not; Problem('device.unknown')."""
    row = store.device_by_id(connection, device_id)
    key = json.loads(row.public_key)
    return Device(row.id, row.letters, row.point, row.point_name, row.region, key, row.revoked_at is not None)


def device_of_request() -> Device:
    """The device whose key signed this request (RFC 9421); a revoked one is returned with `revoked` set.

    Problem device.unknown | device.signature | device.clock (details.server_time) | device.replay.
    """
    body = request.get_data(cache=True)
    return _proved(
        lambda headers, key, now, window: signatures.verify(
            request.method, request.path, headers, body, key, now, window
        )
    )


def device_of_headers() -> Device:
    """The same without the body, which may never arrive whole: compare it with `Content-Digest` when it has."""
    return _proved(
        lambda headers, key, now, window: signatures.verify_head(
            request.method, request.path, headers, key, now, window
        )
    )


def _proved(check: Callable[[Mapping[str, str], Mapping[str, str], int, int], signatures.Signed]) -> Device:
    settings = current_app.extensions["jjb_settings"]
    headers = cast(Mapping[str, str], request.headers)
    try:
        device_id = signatures.keyid(headers)
        with db().read() as connection:
            found = device_public(connection, device_id)
        signed = check(headers, found.public_key, int(time.time()), settings.signature_window_s)
    except signatures.SignatureError as error:
        if error.kind == "clock":
            raise Problem("device.clock", server_time=clock.now()) from error
        raise Problem("device.signature", kind=error.kind) from error
    with db().write() as connection:
        store.remember_nonce(connection, device_id, signed.nonce, signed.created, settings.signature_window_s)
    return found


def note_contact(connection: Connection, device: Device, state: Mapping[str, Any], at: str) -> None:
    """Keep what the device said of itself, for oversight."""
    store.note_contact(connection, device.id, state, at)


def point_names(connection: Connection, region: str) -> dict[str, str]:
    """Names of the service points in a subtree, by id; other slices cut their lists to these."""
    return {row.id: row.name for row in store.points(connection, region)}


def data_key(connection: Connection, vault: Vault, device_id: str) -> str:
    """The key that personal data on a device is sealed under, for who may open it."""
    return store.data_key(connection, vault, device_id)


def points_in(connection: Connection, region: str) -> list[Row[Any]]:
    """Service points of a subtree: id, name, region, address, hours, phone."""
    return store.points(connection, region)


def device_states(connection: Connection) -> list[dict[str, Any]]:
    """Every device with what it last said of itself: columns of `device` and `device_state`; never heard: None."""
    return store.device_states(connection)


def device_status(connection: Connection, device_id: str) -> dict[str, Any]:
    """What a device last said of itself, for the people it talks with."""
    row = next((one for one in store.devices(connection) if one.id == device_id), None)
    if row is None:
        raise Problem("device.unknown")
    names = ("name", "last_contact", "release", "waiting", "refused", "clock_skew_s", "app")
    return {name: getattr(row, name) for name in names}


def carried_out(connection: Connection, device: Device, resent: int, moved: tuple[int, int] | None) -> Device:
    """Notes the orders that a device says it has carried out; the device as it stands then."""
    orders.carried_out(connection, device.id, resent, moved)
    return device_public(connection, device.id)


def by_event(connection: Connection, device: Device) -> Callable[[int], Device]:
    """The device as it stood when it recorded the event of a number: an event keeps the point where it was made."""
    earlier = orders.earlier_points(connection, device.id)
    return lambda seq: replace(device, point=orders.point_of(seq, earlier, device.point))


def open_orders(connection: Connection, device: Device, region_names: Mapping[str, str]) -> dict[str, Any]:
    """Orders that wait for a device, as a reply tells them: `move` and `resend`, null when there is none."""
    told: dict[str, Any] = {"move": None, "resend": None}
    for one in orders.open_orders(connection, device.id):
        if one.kind == "resend":
            told["resend"] = {"order": one.id, "from": one.seq}
        else:
            target = store.point(connection, one.point)
            names = {"id": target.id, "name": target.name, "region": target.region}
            point = {**names, "region_name": region_names.get(target.region, "")}
            told["move"] = {"order": one.id, "point": point, "letters": one.letters}
    return told
