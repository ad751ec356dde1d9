"""A bad link on loopback: a TCP relay with a rate and a delay both ways, cuts by the clock, and a stand-in for lost packets.

Bytes are counted when they reach the other side. What a cut swallows on its way was never delivered and is not counted.
**Loss is a stand-in**: a segment that is "lost" holds up all behind it for one round trip, as a fast retransmission would;
TCP's narrowing window is not played.
"""

from __future__ import annotations

import contextlib
import queue
import random
import socket
import threading
import time
from dataclasses import dataclass

SEGMENT = 1_400


@dataclass(frozen=True)
class Link:
    """Bits per second each way, seconds of a round trip, chance that a segment is lost."""

    rate: float
    trip_s: float
    loss: float = 0.0


LINKS = {
    "G1": Link(2_000_000, 0.08),
    "G2": Link(512_000, 0.3),
    "G3": Link(128_000, 0.6),
    "G4": Link(64_000, 1.2),
}
LOSSY = Link(64_000, 1.2, 0.1)


@dataclass
class Count:
    """What went over the link."""

    up: int = 0
    down: int = 0
    connections: int = 0
    trips: int = 0
    """Times that an answer began after something was sent; opening a connection costs one more each."""

    @property
    def both(self) -> int:
        """Bytes both ways."""
        return self.up + self.down


class Shaped:
    """The relay to a port of loopback; `with Shaped(link, port) as way: … way.url`."""

    def __init__(self, link: Link, port: int, cut_every_s: float | None = None) -> None:
        self.count = Count()
        self._link, self._port, self._cut_every_s = link, port, cut_every_s
        self._chance = random.Random(1)  # noqa: S311 - the same losses at every run
        self._free = {"up": 0.0, "down": 0.0}
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Shaped:
        threading.Thread(target=self._accept, daemon=True).start()
        if self._cut_every_s:
            threading.Thread(target=self._cut_by_the_clock, args=(self._cut_every_s,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._listener.close()
        self._cut()

    def take(self) -> Count:
        """What was counted since the last call."""
        with self._lock:
            taken, self.count = self.count, Count()
        return taken

    def _cut(self) -> None:
        with self._lock:
            sockets, self._open = self._open, set()
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _cut_by_the_clock(self, every_s: float) -> None:
        while not self._closed.wait(every_s):
            self._cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port), timeout=10)
            except OSError:
                if self._closed.is_set():
                    return
                continue
            far.settimeout(None)
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.count.connections += 1
                self._open |= {near, far}
            asked = threading.Event()
            threading.Thread(target=self._pump, args=(near, far, "up", asked), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, "down", asked), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, way: str, asked: threading.Event) -> None:
        late: queue.Queue[tuple[float, bytes] | None] = queue.Queue()
        threading.Thread(target=self._deliver, args=(late, sink, way, asked), daemon=True).start()
        if way == "up":
            time.sleep(self._link.trip_s)  # the handshake
        with contextlib.suppress(OSError):
            while data := source.recv(SEGMENT):
                late.put((self._sent(way, len(data)) + self._link.trip_s / 2, data))
        late.put(None)

    def _sent(self, way: str, size: int) -> float:
        """Wait until the link has taken so many bytes; when that was. All connections share the rate."""
        with self._lock:
            start = max(time.monotonic(), self._free[way])
            if self._link.loss and self._chance.random() < self._link.loss:
                start += self._link.trip_s
            done = self._free[way] = start + size * 8 / self._link.rate
        time.sleep(max(0.0, done - time.monotonic()))
        return done

    def _deliver(
        self, late: queue.Queue[tuple[float, bytes] | None], sink: socket.socket, way: str, asked: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while (found := late.get()) is not None:
                due, data = found
                time.sleep(max(0.0, due - time.monotonic()))
                with self._lock:
                    self._note(way, len(data), asked)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _note(self, way: str, size: int, asked: threading.Event) -> None:
        if way == "up":
            self.count.up += size
            asked.set()
            return
        self.count.down += size
        if asked.is_set():
            self.count.trips += 1
            asked.clear()
