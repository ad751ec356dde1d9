"""A village computer for tests: enrols with a real code and signs real rounds against the test client."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from werkzeug.test import TestResponse

from app import clock
from app.places import store as places
from sync import signatures


def issue(app: Flask, point: str = "hexie", minutes: int = 15) -> str:
    """An enrolment code, as the console shows it."""
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        return places.issue_code(connection, point, minutes, "centre")[0]


def new_key() -> ec.EllipticCurvePrivateKey:
    """A device key."""
    return ec.generate_private_key(ec.SECP256R1())


def enrol(app: Flask, code: str, key: ec.EllipticCurvePrivateKey, **other: Any) -> TestResponse:
    """What the village page sends to `POST /enrol`."""
    body = {"code": code, "public_key": signatures.jwk(key.public_key()), "browser": "Chromium 156", **other}
    return app.test_client().post("/enrol", json=body)


@dataclass
class Village:
    """An enrolled computer."""

    app: Flask
    point: str = "hexie"
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    id: str = ""
    letters: str = ""
    seq: int = 0

    def __post_init__(self) -> None:
        reply = enrol(self.app, issue(self.app, self.point), self.key)
        assert reply.status_code == 201, reply.get_data(as_text=True)
        self.id, self.letters = reply.json["device"], reply.json["letters"]

    def round(self, *events: dict[str, Any], **given: Any) -> TestResponse:
        """One signed `POST /sync`; `state`, `have`, `created`, `nonce` may be given."""
        state = {"app": "0.1.0", "waiting": len(events), "refused": 0, "disk_free": 10**9, "clock": clock.now()}
        message = {
            "proto": 1,
            "cursor": 0,
            "have": {"knowledge": given.get("have", 1)},
            "events": list(events),
            "state": {**state, "browser": "Chromium 156", **given.get("state", {})},
        }
        body = json.dumps(message).encode()
        created, nonce = given.get("created", int(time.time())), given.get("nonce", str(uuid.uuid4()))
        headers = signatures.sign("POST", "/sync", body, given.get("key", self.key), self.id, created, nonce)
        return self.app.test_client().post("/sync", data=body, headers=headers, content_type="application/json")

    def event(self, name: str, subject: str, body: dict[str, Any]) -> dict[str, Any]:
        """The next event of this computer."""
        self.seq += 1
        return {
            "id": clock.new_id(),
            "seq": self.seq,
            "name": name,
            "subject": subject,
            "at": clock.now(),
            "body": body,
        }

    def question(self, text: str, decision: str = "answer") -> dict[str, Any]:
        """A question asked here."""
        body = {"text": text, "decision": decision, "items": [], "release": 1, "picked": None}
        return self.event("question.asked", clock.new_id(), body)

    def case(self, counter: int, item: str = "temp-id-card") -> dict[str, Any]:
        """A case handed in here."""
        region = "533324204" if self.point == "dulongjiang" else "533301001"
        case_no = f"NJ{region}20261123{self.letters}{counter:04d}"
        applicant = {
            "name": "阿普山",
            "id_number": "11010519491231002X",
            "phone": "13800000000",
            "region": "",
            "address": "",
        }
        body = {
            "case_no": case_no,
            "item": item,
            "release": 1,
            "situations": [],
            "materials": [{"name": "户口簿", "have": True}],
            "applicant": applicant,
            "proxy": None,
            "note": "",
        }
        return self.event("case.submitted", case_no, body)

    def rating(self, matter: str, level: int) -> dict[str, Any]:
        """A rating given here."""
        body = {
            "matter": matter,
            "level": level,
            "rated_at": clock.now(),
            "reasons": [],
            "text": "态度很好",
            "channel": "PC端",
        }
        return self.event("rating.given", matter, body)
