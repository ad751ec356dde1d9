"""The bus: wakes live sockets when a row was written. It carries no truth; every message is a numbered row first.

In-process by default. A Redis/Valkey bus for several processes has the same two methods and is chosen by URL later.
"""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import current_app


class Bus:
    """Topics to queues, inside one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: defaultdict[str, set[queue.SimpleQueue[Any]]] = defaultdict(set)

    def publish(self, topic: str, note: Any = None) -> None:
        """Wake everyone who listens to `topic`; call it after the commit."""
        with self._lock:
            listeners = list(self._listeners.get(topic, ()))
        for listener in listeners:
            listener.put((topic, note))

    @contextmanager
    def listen(self, *topics: str) -> Iterator[queue.SimpleQueue[Any]]:
        """A queue of (topic, note) pairs for as long as the block runs."""
        mine: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with self._lock:
            for topic in topics:
                self._listeners[topic].add(mine)
        try:
            yield mine
        finally:
            with self._lock:
                for topic in topics:
                    self._listeners[topic].discard(mine)
                    if not self._listeners[topic]:
                        del self._listeners[topic]


def bus() -> Bus:
    """The bus of the running application."""
    return cast(Bus, current_app.extensions["jjb_bus"])
