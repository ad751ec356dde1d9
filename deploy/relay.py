"""The relay of calls: coturn, when it is installed, with this centre's secret."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from pathlib import Path

PROGRAM = "turnserver"
PORT = 3478
TEMPLATE = Path(__file__).parent / "coturn" / "turnserver.conf"
LOW, HIGH = 49160, 49559


def installed() -> bool:
    """Whether coturn can be started here."""
    return shutil.which(PROGRAM) is not None


def free(listen: str, port: int) -> bool:
    """Whether nobody relays there already, by TCP or UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((listen, port))
            except OSError:
                return False
    return True


def own_address(host: str) -> str:
    """The address to relay on: the given one, or for "everywhere" the one that leads out of this machine."""
    if host not in ("0.0.0.0", "::", ""):  # noqa: S104 - only compared
        return socket.gethostbyname(host)
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; asks the routes only
            found: str = probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"
    return found


def secret_of(data: Path) -> str:
    """The secret that centre and relay share, made at the first start."""
    path = data / "keys" / "relay.secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text().strip()


def configure(data: Path, listen: str, port: int, *, low: int = LOW, high: int = HIGH) -> Path:
    """Write the relay's configuration, readable by us alone."""
    folder = data / "relay"
    folder.mkdir(parents=True, exist_ok=True)
    local = "allow-loopback-peers" if listen.startswith("127.") else ""
    text = TEMPLATE.read_text()
    names = {"listen": listen, "port": port, "low": low, "high": high, "secret": secret_of(data)}
    names |= {"loopback": local, "quota": high - low, "folder": folder}
    for name, value in names.items():
        text = text.replace("{" + name + "}", str(value))
    path = folder / "turnserver.conf"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    return path


def command(configuration: Path) -> list[str]:
    """What starts the relay in the foreground."""
    return [PROGRAM, "-c", str(configuration)]


def urls(host: str, port: int) -> str:
    """What browsers are told, the fastest way first."""
    return f"turn:{host}:{port}?transport=udp turn:{host}:{port}?transport=tcp"
