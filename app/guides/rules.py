"""Who may open the personal data of a village computer, as its devices are told; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

ROLE = "guide"
"""The role whose people log in at a service point."""


def word(people: Iterable[tuple[str, str]], lock_minutes: int, pin_rounds: int) -> dict[str, Any]:
    """What a device is told of its people: (id, name) of each, when it locks by itself, what a PIN costs to try."""
    told = [{"id": id_, "name": name} for id_, name in people]
    plain = {"people": told, "lock_minutes": lock_minutes, "pin_rounds": pin_rounds}
    digest = hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:12]
    return {"digest": digest, **plain}
