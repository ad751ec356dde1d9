from __future__ import annotations

import base64
import hashlib
import hmac

from remote.relay import LIFE_S, servers


def test_a_log_in_is_what_coturn_computes_and_ends_in_ten_minutes() -> None:
    stun, turn = servers(["stun:r:3478", "turn:r:3478?transport=udp", "turns:r:443"], "s", "village", 1000.7)
    assert stun == {"urls": ["stun:r:3478"]}
    assert turn["urls"] == ["turn:r:3478?transport=udp", "turns:r:443"]
    assert turn["username"] == f"{1000 + LIFE_S}:village"
    wanted = hmac.new(b"s", turn["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(turn["credential"]) == wanted


def test_without_a_relay_there_is_none() -> None:
    assert servers([], "s", "x", 0.0) == []
    assert servers(["turn:r:1"], "", "x", 0.0) == []
