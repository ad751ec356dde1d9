"""Short-lived log-ins for a TURN relay (coturn's `use-auth-secret`). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

LIFE_S = 600


def servers(urls: list[str], secret: str, user: str, now: float) -> list[dict[str, Any]]:
    """ICE servers for one end: nothing without urls, TURN with a log-in of ten minutes."""
    stun = [url for url in urls if url.startswith("stun")]
    turn = [url for url in urls if url.startswith("turn")]
    found: list[dict[str, Any]] = [{"urls": stun}] if stun else []
    if turn and secret:
        name = f"{int(now) + LIFE_S}:{user}"
        proof = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
        found.append({"urls": turn, "username": name, "credential": base64.b64encode(proof).decode()})
    return found
