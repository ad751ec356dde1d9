"""The wire of earlier versions, kept as it was sent: a village whose program is old keeps working."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask

from app.places import orders
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
