"""A wire that can be watched and cut: a TCP relay on loopback between a client and a real server.

It counts bytes both ways, keeps what passed, and can cut every connection, refuse new ones, or cut one after N bytes.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field


@dataclass
class Passed:
    """What went over one connection."""

    up: bytearray = field(default_factory=bytearray)
    down: bytearray = field(default_factory=bytearray)


class Wire:
    """Relay `url` to a server on 127.0.0.1. Use as a context manager; `target` may change when the server moves."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.connections: list[Passed] = []
        self.cut_up_at: int | None = None
        """Cut a connection once it carried this many bytes towards the server (counted over one connection)."""
        self.cut_down_at: int | None = None
        """The same towards the client."""
        self._refusing = False
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Wire:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()
        self._listener.close()

    @property
    def bytes_up(self) -> int:
        return sum(len(passed.up) for passed in self.connections)

    @property
    def bytes_down(self) -> int:
        return sum(len(passed.down) for passed in self.connections)

    def cut(self) -> None:
        """Cut every connection now; new ones are let through."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def down(self) -> None:
        """Cut everything and refuse new connections until `up()`."""
        self._refusing = True
        self.cut()

    def up(self) -> None:
        """Let new connections through again."""
        self._refusing = False

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            passed = Passed()
            with self._lock:
                self.connections.append(passed)
                self._sockets |= {near, far}
            threading.Thread(target=self._pump, args=(near, far, passed.up, "up"), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, passed.down, "down"), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, seen: bytearray, way: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                limit = self.cut_up_at if way == "up" else self.cut_down_at
                if limit is not None and len(seen) + len(data) >= limit:
                    sink.sendall(data[: max(0, limit - len(seen))])
                    break
                seen += data
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
