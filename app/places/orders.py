"""Orders of the centre to a device: work at another point, send again. A device carries out each once and says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from app import clock, ledger
from app.places import rules, store
from app.places.store import device_order
from app.problems import Problem


def move(connection: Connection, device_id: str, target: str, reason: str, actor: str) -> None:
    """Ask a device to work at another point; Problem device.stopped, device.ordered, device.there."""
    found = _may_order(connection, device_id, "move")
    store.point(connection, target)
    if found.point == target:
        raise Problem("device.there")
    letters = rules.next_letters(store.letters_used(connection, target))
    _order(
        connection, found, actor, reason, kind="move", point=target, letters=letters,
        from_point=found.point, from_letters=found.letters,
    )  # fmt: skip


def resend(connection: Connection, device_id: str, start: int, reason: str, actor: str) -> None:
    """Ask a device to send again what it recorded from a number on; Problem device.stopped, device.ordered."""
    found = _may_order(connection, device_id, "resend")
    _order(connection, found, actor, reason, kind="resend", seq=start)


def drop(connection: Connection, order_id: int, actor: str) -> Row[Any]:
    """Take an order back that no device has carried out; Problem request.missing."""
    found = connection.execute(select(device_order).where(device_order.c.id == order_id)).first()
    if found is None or not _settle(connection, found, "dropped"):
        raise Problem("request.missing")
    _note(
        connection, f"device.{found.kind}_dropped", found.device, actor, {"order": found.id}, _point(connection, found)
    )
    return found


def open_orders(connection: Connection, device_id: str | None = None) -> list[Row[Any]]:
    """Orders that wait to be carried out, oldest first, of one device or of all."""
    query = select(device_order).where(device_order.c.state == "open")
    if device_id is not None:
        query = query.where(device_order.c.device == device_id)
    return list(connection.execute(query.order_by(device_order.c.id)))


def carried_out(connection: Connection, device_id: str, resent: int, moved: tuple[int, int] | None) -> None:
    """What a device says it did; orders that were never given to it, or were taken back, change nothing."""
    for one in open_orders(connection, device_id):
        if one.kind == "resend" and one.id <= resent:
            _settle(connection, one, "done")
        if one.kind == "move" and moved is not None and one.id == moved[0]:
            _settle(connection, one, "done", seq=moved[1])
            values = {"point": one.point, "letters": one.letters}
            connection.execute(update(store.device).where(store.device.c.id == device_id).values(values))
            body = {"point": one.point, "before": one.from_point, "after_seq": moved[1], "reason": one.reason}
            _note(connection, "device.moved", device_id, device_id, body, one.point)


def earlier_points(connection: Connection, device_id: str) -> list[tuple[int, str]]:
    """(last number, point) of each point a device has left, oldest first."""
    query = select(device_order.c.seq, device_order.c.from_point).where(
        device_order.c.device == device_id, device_order.c.kind == "move", device_order.c.state == "done"
    )
    return [(row.seq, row.from_point) for row in connection.execute(query.order_by(device_order.c.id))]


def point_of(seq: int, earlier: Sequence[tuple[int, str]], now: str) -> str:
    """The point at which an event was recorded."""
    return next((point for last, point in earlier if seq <= last), now)


def _may_order(connection: Connection, device_id: str, kind: str) -> Row[Any]:
    found = store.device_by_id(connection, device_id)
    if found.revoked_at:
        raise Problem("device.stopped")
    if any(one.kind == kind for one in open_orders(connection, device_id)):
        raise Problem("device.ordered")
    return found


def _order(connection: Connection, found: Row[Any], actor: str, reason: str, **values: Any) -> None:
    now = clock.now()
    row = {"device": found.id, "reason": reason, "ordered_at": now, "ordered_by": actor, "state": "open", **values}
    connection.execute(insert(device_order).values(row))
    what = {"point": values["point"]} if values["kind"] == "move" else {"from_seq": values["seq"]}
    _note(connection, f"device.{values['kind']}_ordered", found.id, actor, {"reason": reason, **what}, found.point)


def _settle(connection: Connection, one: Row[Any], state: str, **values: Any) -> bool:
    change = update(device_order).where(device_order.c.id == one.id, device_order.c.state == "open")
    return connection.execute(change.values(state=state, settled_at=clock.now(), **values)).rowcount == 1


def _point(connection: Connection, one: Row[Any]) -> str:
    return str(store.device_by_id(connection, one.device).point)


def _note(connection: Connection, name: str, device: str, actor: str, body: dict[str, Any], point: str) -> None:
    ledger.append(
        connection,
        ledger.Event(clock.new_id(), name, device, actor, clock.now(), body, service_point=point, device=device),
    )
