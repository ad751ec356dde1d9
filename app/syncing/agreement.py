"""What the centre itself answers on a pair of releases, as one hash; worked out beside the rounds, which never wait for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock

log = logging.getLogger("app.syncing")

Pair = tuple[int, int | None]
"""Numbers of a knowledge release and of a lingua release, None without one."""
MOST_WAITING = 8
"""Pairs in the queue; an odd device that names many must not keep the others from theirs."""


def agree(told: str, ours: str | None, same_program: bool) -> bool | None:
    """Whether a device answers as we do; None while we do not know, or when another program may rightly answer otherwise."""
    if told == ours:
        return True
    return False if ours is not None and same_program else None


class Agreement:
    """Digests by pair, kept as long as the program runs: a new program may answer differently."""

    def __init__(self, work: Callable[[Pair], str]) -> None:
        self._work = work
        self._known: dict[Pair, Future[str | None]] = {}
        self._lock = Lock()
        self._hand = ThreadPoolExecutor(max_workers=1, thread_name_prefix="agreement")

    def ask(self, pair: Pair) -> str | None:
        """Our digest, or None; the first to ask sets the work going."""
        with self._lock:
            if pair not in self._known and sum(not one.done() for one in self._known.values()) < MOST_WAITING:
                self._known[pair] = self._hand.submit(self._digest, pair)
            found = self._known.get(pair)
        return found.result() if found is not None and found.done() else None

    def pending(self, pair: Pair) -> bool:
        """Whether asking again soon is worth while."""
        found = self._known.get(pair)
        return found is not None and not found.done()

    def settle(self) -> None:
        """Wait until all that was asked for is known."""
        wait(list(self._known.values()))

    def _digest(self, pair: Pair) -> str | None:
        try:
            return self._work(pair)
        except Exception as error:  # not known is a state of its own; a round must not fail for it
            log.error("releases %s cannot be asked: %s", pair, type(error).__name__)
            return None
