"""A wire that can be watched and harmed: a TCP relay on loopback between a client and a real server.

It counts bytes both ways, keeps what passed, and does to a link what mountains, storms and login pages do: a low rate, a
long way, loss, cuts at any byte, silence without an end, one flipped byte, a stranger that answers, a request that
comes twice or late. It runs anywhere and needs no rights.
"""

from __future__ import annotations

import contextlib
import queue
import random
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

Way = Literal["up", "down"]
UnderWay = queue.Queue[tuple[float, bytes]]
"""(when it arrives, data), in order."""
LONGEST_PIECE = 65536
PACKET = 1400


@dataclass
class Passed:
    """What went over one connection."""

    up: bytearray = field(default_factory=bytearray)
    down: bytearray = field(default_factory=bytearray)


@dataclass
class Lane:
    """One direction of the link, shared by all connections as a radio link is."""

    bits_per_s: float = 0.0
    """0: as fast as it goes."""
    delay_s: float = 0.0
    loss: float = 0.0
    """Share of packets that come one retransmission later; real loss needs a kernel (tests/faults/space.py)."""
    hole: bool = False
    """What enters stays in it and nobody is told; when the hole closes it comes out, as TCP would send it again."""
    _free_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def piece(self) -> int:
        """Bytes to take at once: a twentieth of a second's worth, so that connections share the lane."""
        return max(512, min(LONGEST_PIECE, int(self.bits_per_s / 160))) if self.bits_per_s else LONGEST_PIECE

    def book(self, size: int) -> float:
        """When so many bytes have left the near end; they arrive `delay_s` later."""
        with self._lock:
            begin = max(time.monotonic(), self._free_at)
            self._free_at = begin + (size * 8 / self.bits_per_s if self.bits_per_s else 0.0)
            return self._free_at


class Wire:
    """Relay `url` to a server on 127.0.0.1. Use as a context manager; `target_port` may change when the server moves."""

    def __init__(self, target_port: int, seed: int = 0) -> None:
        self.target_port = target_port
        self.connections: list[Passed] = []
        self.cut_up_at: int | None = None
        """Cut a connection once it carried this many bytes towards the server (counted over one connection)."""
        self.cut_down_at: int | None = None
        """The same towards the client."""
        self.reset = False
        """Cuts are told by RST, not by a clean end."""
        self.flip_down_at: int | None = None
        """Change this byte (of one connection) on its way to the client, once; then it is None again."""
        self.portal: bytes | None = None
        """What a stranger answers to everything; the server is not asked."""
        self.twice = False
        """Each request reaches the server a second time when its answer begins; see `echoes`."""
        self.echoes: list[bytes] = []
        """What the server answered to requests that came twice or late."""
        self.late: list[bytes] | None = None
        """A list: whole requests end in it and the client is cut off; `deliver()` brings them to the server later."""
        self.lanes: dict[Way, Lane] = {"up": Lane(), "down": Lane()}
        self._chance = random.Random(seed)
        self._refusing = False
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._echoing: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
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

    # ---- what can be done to it ----

    def shape(self, kbit_s: float = 0.0, round_trip_s: float = 0.0, loss: float = 0.0) -> None:
        """A link of this rate each way, this round trip and this loss; nothing given: as fast as it goes."""
        for lane in self.lanes.values():
            lane.bits_per_s, lane.delay_s, lane.loss = kbit_s * 1000, round_trip_s / 2, loss

    def swallow(self, *ways: Way) -> None:
        """A black hole in these directions and none in the others: no byte, no end, no RST (a half-open socket)."""
        for name, lane in self.lanes.items():
            lane.hole = name in ways

    def cut(self) -> None:
        """Cut every connection now; new ones are let through."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for one in sockets:
            self._end(one)
            one.close()

    def down(self) -> None:
        """Cut everything and refuse new connections until `up()`."""
        self._refusing = True
        self.cut()

    def up(self) -> None:
        """Let new connections through again."""
        self._refusing = False

    def heal(self) -> None:
        """An ordinary link again: nothing of the above but what passed is kept."""
        self.cut_up_at = self.cut_down_at = self.flip_down_at = self.portal = self.late = None
        self.reset = self.twice = False
        self.shape()
        self.swallow()
        self.cut()
        self.up()

    def deliver(self, requests: list[bytes]) -> None:
        """Bring requests that were held back to the server, in this order; what it answered goes to `echoes`."""
        for request in requests:
            self._echo(request)

    def settle(self) -> None:
        """Wait until the second copies have had their answers."""
        for thread in self._echoing:
            thread.join(30)
        self._echoing.clear()

    # ---- how ----

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                near.close()
            elif self.portal is not None or self.late is not None:
                threading.Thread(target=self._answer, args=(near,), daemon=True).start()
            else:
                self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        passed = Passed()
        with self._lock:
            self.connections.append(passed)
            self._sockets |= {near, far}
        threading.Thread(target=self._pump, args=(near, far, passed, "up"), daemon=True).start()
        threading.Thread(target=self._pump, args=(far, near, passed, "down"), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, passed: Passed, way: Way) -> None:
        seen, lane = (passed.up, self.lanes["up"]) if way == "up" else (passed.down, self.lanes["down"])
        if way == "up" and lane.delay_s:
            time.sleep(2 * lane.delay_s)  # the handshake of a connection costs a round trip before the first byte
        under_way = self._sender(sink, seen, lane) if lane.delay_s else None
        taken, over = 0, False
        with contextlib.suppress(OSError):
            while not over and (data := source.recv(lane.piece)):
                if way == "down" and not taken and self.twice:
                    self._echo_aside(bytes(passed.up))
                limit = self.cut_up_at if way == "up" else self.cut_down_at
                if limit is not None and taken + len(data) >= limit:
                    data, over = data[: max(0, limit - taken)], True
                data = self._harmed(data, taken, way)
                taken += len(data)
                self._pass_on(data, sink, seen, lane, under_way)
        if under_way:
            under_way.put((0.0, b""))
        _wait_while(lane, sink)
        for one in (source,) if under_way and not over else (source, sink):
            self._end(one)

    def _pass_on(
        self, data: bytes, sink: socket.socket, seen: bytearray, lane: Lane, under_way: UnderWay | None
    ) -> None:
        due = lane.book(len(data))
        time.sleep(max(0.0, due - time.monotonic()))
        if under_way is not None:
            lost = sum(self._chance.random() < lane.loss for _ in range(-(-len(data) // PACKET)))
            # a lost packet comes about three one-way delays later
            under_way.put((due + lane.delay_s * (1 + 3 * lost), data))
        else:
            _hand_over(data, sink, seen, lane)

    def _sender(self, sink: socket.socket, seen: bytearray, lane: Lane) -> UnderWay:
        """A queue of what is under way; empty data ends it."""
        under_way: UnderWay = queue.Queue()

        def send() -> None:
            with contextlib.suppress(OSError):
                while (item := under_way.get())[1]:
                    time.sleep(max(0.0, item[0] - time.monotonic()))
                    _hand_over(item[1], sink, seen, lane)
            _wait_while(lane, sink)
            self._end(sink)

        threading.Thread(target=send, daemon=True).start()
        return under_way

    def _harmed(self, data: bytes, before: int, way: Way) -> bytes:
        at = self.flip_down_at
        if way == "up" or at is None or not before <= at < before + len(data):
            return data
        self.flip_down_at = None
        changed = bytearray(data)
        changed[at - before] ^= 0x20
        return bytes(changed)

    def _answer(self, near: socket.socket) -> None:
        """Read one whole request, and answer it as a stranger or keep it for later."""
        with contextlib.suppress(OSError), near:
            near.settimeout(10)
            request = _whole(near)
            passed = Passed(up=bytearray(request))
            with self._lock:
                self.connections.append(passed)
            if self.late is not None:
                self.late.append(request)
            elif self.portal is not None:
                passed.down += self.portal
                near.sendall(self.portal)

    def _echo_aside(self, request: bytes) -> None:
        thread = threading.Thread(target=self._echo, args=(request,), daemon=True)
        self._echoing.append(thread)
        thread.start()

    def _echo(self, request: bytes) -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.target_port), timeout=30) as far:
            far.sendall(request)
            self.echoes.append(_whole(far))

    def _end(self, one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self.reset:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RD)  # wakes who reads; only then does the close go out, as RST
                one.close()
            else:
                one.shutdown(socket.SHUT_RDWR)


def _hand_over(data: bytes, sink: socket.socket, seen: bytearray, lane: Lane) -> None:
    """Send and count; counted first, so that nobody has data that is not counted, and taken back when it did not go."""
    _wait_while(lane, sink)
    seen += data
    try:
        sink.sendall(data)
    except OSError:
        del seen[-len(data) :]
        raise


def _wait_while(lane: Lane, sink: socket.socket) -> None:
    while lane.hole and sink.fileno() != -1:
        time.sleep(0.01)


def _whole(source: socket.socket) -> bytes:
    """One HTTP message with its body, or what came of it before the end."""
    message = bytearray()
    while data := source.recv(LONGEST_PIECE):
        message += data
        head, mark, body = bytes(message).partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if mark and len(body) >= (int(length[1]) if length else 0):
            break
    return bytes(message)
