"""Our log-ins and our configuration at a real coturn."""

from __future__ import annotations

import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest

from deploy import relay
from remote.relay import LIFE_S, servers
from tests.journeys.calling import coturn

needs_coturn = pytest.mark.skipif(
    not relay.installed() or shutil.which("turnutils_uclient") is None,
    reason="coturn is missing: apt-get install coturn",
)


def allocate(port: int, secret: str, now: float, peer: str = "127.0.0.1") -> str:
    """What coturn's own client says after it tried to get a relay address and to send through it to `peer`."""
    one = servers([f"turn:127.0.0.1:{port}"], secret, "village", now)[0]
    command = ["turnutils_uclient", "-n", "1", "-m", "1", "-c", "-e", peer, "-p", str(port)]
    command += ["-u", one["username"], "-w", one["credential"], "127.0.0.1"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=4, check=False)
    except subprocess.TimeoutExpired:
        return "allowed"  # it goes on sending to a peer that does not answer
    return done.stdout + done.stderr


@needs_coturn
def test_only_a_fresh_log_in_of_ours_gets_a_relay_and_it_leads_nowhere_else(tmp_path: Path) -> None:
    with coturn(tmp_path) as port:
        secret = relay.secret_of(tmp_path)
        assert "Cannot complete Allocation" not in allocate(port, secret, time.time())
        for bad, now in (("x" * 64, time.time()), (secret, time.time() - LIFE_S - 60)):
            assert "Cannot complete Allocation" in allocate(port, bad, now)
        for elsewhere in ("10.0.0.1", "192.0.2.1"):
            assert "403" in allocate(port, secret, time.time(), elsewhere)


def test_the_secret_is_ours_alone_and_lasts(tmp_path: Path) -> None:
    path = relay.configure(tmp_path, "127.0.0.1", 3478)
    text = path.read_text()
    assert f"static-auth-secret={relay.secret_of(tmp_path)}\n" in text
    assert relay.configure(tmp_path, "127.0.0.1", 3478).read_text() == text
    assert "{" not in "".join(line for line in text.splitlines() if not line.startswith("#"))
    for one in (path, tmp_path / "keys" / "relay.secret"):
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert "allow-loopback-peers" not in relay.configure(tmp_path, "192.0.2.7", 3478).read_text()
