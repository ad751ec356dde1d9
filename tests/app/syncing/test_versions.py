"""The wire of earlier versions, kept as it was sent: a village whose program is old keeps working."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask

from app.places import orders
from sync.brief import shorten
from sync.messages import PROTO, Carried, DeviceEvent, DeviceState, Moved, SyncRequest
from tests.app.syncing.test_sync import send
from tests.app.village import Village

WIRE = json.loads((Path(__file__).parents[2] / "vectors" / "wire.1.json").read_text(encoding="utf-8"))


def test_the_wire_of_version_1_is_answered_as_it_was(app: Flask) -> None:
    village = Village(app)
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        orders.resend(connection, village.id, 1, "核对", "centre")
    reply = send(village, json.dumps(WIRE["request"]).encode())
    assert reply.status_code == 200, reply.get_data(as_text=True)
    told = reply.json
    assert told["proto"] == 1
    assert sorted(told) == sorted(WIRE["reply"])
    assert set(told["device"]) >= set(WIRE["reply"]["device"])
    assert not {"move", "resend"} & set(told["device"])
    assert sorted(told["manifests"][0]) == sorted(WIRE["reply"]["manifests"][0])
    assert [verdict["verdict"] for verdict in told["verdicts"]] == ["accepted", "rejected"]
    with app.extensions["jjb_db"].read() as connection:
        (order,) = orders.open_orders(connection)  # a program that does not know orders leaves them open
    assert order.device == village.id


def test_the_wire_of_version_2_is_answered_in_full(app: Flask) -> None:
    village = Village(app)
    asked = {**WIRE["request"], "proto": 2, "key_letter": 0, "carried": {"resend": 0, "moved": None}}
    told = send(village, json.dumps(asked).encode()).json
    assert told["proto"] == 2
    assert sorted(told) == sorted([*WIRE["reply"], "key_letters"])
    assert {"point", "courier_key", "letters", "lease_days", "move", "resend"} <= set(told["device"])
    assert [verdict["verdict"] for verdict in told["verdicts"]] == ["accepted", "rejected"]


def brief(village: Village, word: str = "", events: list[DeviceEvent] | None = None, **carried: Any) -> Any:
    """One round in the newest version: its reply."""
    state = DeviceState("0.1.0", 0, 0, "2026-11-23T02:05:00.000Z")
    asked = SyncRequest(PROTO, 0, {"knowledge": 1}, events or [], state, 0, Carried(**carried), word=word)
    reply = send(village, shorten(asked))
    assert reply.status_code == 200, reply.get_data(as_text=True)
    return reply.json


def test_the_newest_version_says_nothing_twice(app: Flask) -> None:
    village = Village(app)
    first = brief(village)
    assert first["device"]["point"]["id"] == "hexie"
    assert first["device"]["letters"] == "AA"
    again = brief(village, first["device"]["word"])
    assert sorted(again) == ["device", "next_poll_s", "proto", "server_time"]
    assert again["device"] == {}
    rows = [msgspec.convert(one, DeviceEvent) for one in WIRE["request"]["events"]]
    told = brief(village, first["device"]["word"], rows)
    assert [run[:2] for run in told["taken"]] == [[rows[0].seq, 1]]
    assert [verdict["verdict"] for verdict in told["verdicts"]] == ["rejected"]


def test_a_device_that_moved_hears_its_new_point(app: Flask) -> None:
    village = Village(app)
    held = brief(village)["device"]["word"]
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        orders.move(connection, village.id, "dulongjiang", "换点", "centre")
    told = brief(village, held)
    order = told["device"]["move"]
    assert "point" not in told["device"]
    moved = brief(village, held, moved=Moved(order["order"], 0))["device"]
    assert moved["point"]["id"] == "dulongjiang"
    assert moved["word"] != held
