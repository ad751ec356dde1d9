"""What a server cost: CPU seconds and memory of a process group, from /proc."""

from __future__ import annotations

import os
import threading
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cost(group: int) -> tuple[float, float]:
    """(CPU seconds so far, resident megabytes now) of all processes of a group."""
    cpu = memory = 0.0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parts = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(parts[2]) == group:
            cpu += (int(parts[11]) + int(parts[12])) / TICKS
            memory += int(parts[21]) * PAGE / 1e6
    return cpu, memory


class Watch:
    """Keeps the largest memory seen while it is open."""

    def __init__(self, group: int) -> None:
        self.group = group
        self.most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self.before = cost(self.group)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.cpu = cost(self.group)[0] - self.before[0]

    def _look(self) -> None:
        while not self._over.wait(0.5):
            self.most = max(self.most, cost(self.group)[1])
