"""What happened in a run, and whether it was right: the invariants I1 to I7 over a recorded history, pure.

A run notes what each device did as it did it (a local commit, a verdict it was given, what its screen said), and at the
end, when everything is healed and quiet, what stands at the centre and what stands on the devices. `violations()`
compares. It knows nothing of how the product works.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

TAKEN = ("accepted", "duplicate")

INVARIANTS = {
    "I1": "no event that a device holds as taken is missing at the centre",
    "I2": "each event stands in the ledger exactly once",
    "I3": "the ledger keeps the order of each device",
    "I4": "the content of every device is the centre's, and no half content was ever shown",
    "I5": "nothing is shown as sent that was not, and what waits is counted",
    "I6": "no row of another place stands on a device",
    "I7": "a device is in touch again at most two intervals after the link healed",
}


@dataclass(frozen=True)
class Violation:
    """One broken promise."""

    rule: str
    device: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule} {self.device}: {self.detail}"


@dataclass(frozen=True)
class Shown:
    """What a screen said, and what was so at that moment."""

    device: str
    said_waiting: int
    unanswered: int


@dataclass(frozen=True)
class Row:
    """One event of a device in the ledger, in the order of the ledger."""

    event: str
    device: str
    device_seq: int


@dataclass
class History:
    """Noted while a run goes on, from any thread."""

    recorded: dict[str, tuple[str, int]] = field(default_factory=dict)
    """(device, its number) by event: what a device said it stored."""
    verdicts: dict[str, str] = field(default_factory=dict)
    """The last verdict each event was given."""
    shown: list[Shown] = field(default_factory=list)
    ledger: list[Row] = field(default_factory=list)
    aside: set[str] = field(default_factory=set)
    """Events that the centre keeps for a person to look at."""
    roots: dict[str, str] = field(default_factory=dict)
    """Content root by device at the end."""
    whole_roots: set[str] = field(default_factory=set)
    """Roots that were ever released; "" is a device without knowledge."""
    seen_roots: list[tuple[str, str]] = field(default_factory=list)
    """(device, root) while the run went on."""
    centre_root: str | None = None
    foreign: list[tuple[str, str]] = field(default_factory=list)
    """(device, row) of rows that belong to another place."""
    recoveries: list[tuple[str, float, float]] = field(default_factory=list)
    """(device, seconds after the heal, interval)."""
    given_up: set[str] = field(default_factory=set)
    """Events that a person knows to be lost (a wiped device said so): not required at the centre."""
    shuffled: set[str] = field(default_factory=set)
    """Devices whose order was rightly broken: the centre asked for what an old backup lost, a person took late events."""
    faults: list[Violation] = field(default_factory=list)
    """What the fault itself demands beyond the invariants."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # ---- noting ----

    def note_recorded(self, device: str, event: str, number: int) -> None:
        with self._lock:
            self.recorded[event] = (device, number)

    def note_verdicts(self, verdicts: dict[str, str | None]) -> None:
        with self._lock:
            self.verdicts.update({event: said for event, said in verdicts.items() if said is not None})

    def note_shown(self, device: str, said_waiting: int, unanswered: int) -> None:
        with self._lock:
            self.shown.append(Shown(device, said_waiting, unanswered))

    def note_recovery(self, device: str, seconds: float, interval: float) -> None:
        with self._lock:
            self.recoveries.append((device, seconds, interval))

    def demand(self, so: bool, fault: str, device: str, detail: str) -> None:
        """What a fault asks for by itself; `so` is whether it held."""
        if not so:
            with self._lock:
                self.faults.append(Violation(fault, device, detail))

    # ---- judging ----

    def violations(self) -> list[Violation]:
        """Everything that was not as promised; empty is what we want."""
        return [
            *self._lost(),
            *self._doubled(),
            *self._disordered(),
            *self._unequal(),
            *self._dishonest(),
            *(Violation("I6", device, row) for device, row in self.foreign),
            *(
                Violation("I7", device, f"{seconds:.0f} s after the heal, the interval is {interval:.0f} s")
                for device, seconds, interval in self.recoveries
                if seconds > 2 * interval
            ),
            *self.faults,
        ]

    def _lost(self) -> list[Violation]:
        there = {row.event for row in self.ledger}
        found = []
        for event, (device, number) in self.recorded.items():
            said = self.verdicts.get(event)
            if said in TAKEN and event not in there:
                found.append(Violation("I1", device, f"event {number} was {said} and is not in the ledger"))
            elif said == "quarantined" and event not in self.aside | there:
                found.append(Violation("I1", device, f"event {number} was set aside and is nowhere"))
            elif said is None and event not in self.given_up | self.aside:
                found.append(Violation("I1", device, f"event {number} has no verdict when all is quiet"))
        return found

    def _doubled(self) -> list[Violation]:
        counted = Counter(row.event for row in self.ledger)
        owners = {row.event: row.device for row in self.ledger}
        twice = [
            Violation("I2", owners[event], f"{event} {count} times") for event, count in counted.items() if count > 1
        ]
        strange = [
            Violation("I2", row.device, f"{row.event} was never recorded there")
            for row in self.ledger
            if self.recorded.get(row.event, (None,))[0] != row.device
        ]
        return twice + strange

    def _disordered(self) -> list[Violation]:
        numbers: dict[str, list[int]] = defaultdict(list)
        for row in self.ledger:
            numbers[row.device].append(row.device_seq)
        return [
            Violation("I3", device, f"{found} is not rising")
            for device, found in numbers.items()
            if device not in self.shuffled and found != sorted(found)
        ]

    def _unequal(self) -> list[Violation]:
        late = [
            Violation("I4", device, f"root {root[:12] or 'none'}, the centre has {str(self.centre_root)[:12]}")
            for device, root in self.roots.items()
            if self.centre_root is not None and root != self.centre_root
        ]
        half = [
            Violation("I4", device, f"showed content {root[:12]} that was never released")
            for device, root in self.seen_roots
            if root and root not in self.whole_roots
        ]
        return late + half

    def _dishonest(self) -> list[Violation]:
        return [
            Violation("I5", one.device, f"shown {one.said_waiting} waiting, it was {one.unanswered}")
            for one in self.shown
            if one.said_waiting != one.unanswered
        ]
