"""F1 to F20: what each is and how it is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults import devices, fetching, links, sending
from tests.faults.lab import Lab, Trial


@dataclass(frozen=True)
class Fault:
    """One fault of the list."""

    name: str
    title: str
    run: Callable[[Trial], None]
    why_not: Callable[[Lab], str] = lambda _: ""
    """What is missing here to run it, "" when nothing is."""


FAULTS = [
    Fault("F1", "a cut at every class of byte of a round", sending.cut_in_a_round),
    Fault("F2", "the first pack under cuts", fetching.cut_again_and_again),
    Fault("F3", "a mountain link", fetching.mountain_link),
    Fault("F4", "one-way partitions", links.partitions),
    Fault("F5", "half-open sockets", links.silence),
    Fault("F6", "a captive portal", links.portal),
    Fault("F7", "a flipped byte, a missing end", fetching.damaged),
    Fault("F8", "requests twice, late and at once", sending.twice_and_late),
    Fault("F9", "kill -9 in the middle of a file", devices.killed_in_a_paper),
    Fault("F11", "kill -9 of the centre", sending.centre_killed),
    Fault("F12", "the centre's disk is full", sending.centre_full, lambda lab: lab.disk.why_not),
    Fault("F14", "clocks that are wrong and jump", links.wrong_clock),
    Fault("F15", "a wiped computer and a stick", devices.wiped),
    Fault("F17", "manifests played again", devices.played_again),
    Fault("F18", "a valley returns", sending.valley_returns),
    Fault("F19", "a device revoked with events waiting", devices.revoked),
    Fault("F20", "USB sticks cut, doubled, lost", devices.by_stick),
]


def run(lab: Lab, fault: Fault, seed: int, long: bool = False) -> list[str]:
    """One trial; what was not as promised."""
    with lab.trial(fault.name, seed, long) as trial:
        fault.run(trial)
        return [str(violation) for violation in trial.finish().violations()]
