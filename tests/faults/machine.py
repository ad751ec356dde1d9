"""Random histories: two villages, one centre, and whatever may happen between them, in any order Hypothesis thinks of.

The model is small on purpose: who is revoked, what was carried off on a stick. Everything else is judged at the end of
each history by the invariants. A history that breaks one is shrunk to the shortest that does.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from sync import stick
from tests.faults.devices import carry
from tests.faults.lab import Device, Lab, Trial

WHICH = st.integers(0, 1)


def random_histories(lab: Lab, examples: int, chance: int = 1) -> None:
    """So many histories of at most 15 steps; AssertionError with the shortest one that breaks a promise.

    The same `chance` brings the same histories.
    """

    class Histories(RuleBasedStateMachine):
        """What may happen."""

        @initialize()
        def begin(self) -> None:
            self.trial = Trial(lab, "machine", 0, False)
            self.devices = [self.trial.device(wire=self.trial.new_wire(), silence_s=2) for _ in range(2)]
            self.sticks: list[tuple[Device, bytes]] = []
            self.published = False
            for device in self.devices:
                device.round()

        @rule(which=WHICH, count=st.integers(1, 4))
        def create(self, which: int, count: int) -> None:
            device = self.devices[which]
            made = device.record(count)
            if device.retired:  # its screen says that what is recorded from now on is not sent
                self.trial.history.given_up.update(made)

        @rule(which=WHICH)
        def sync(self, which: int) -> None:
            self.devices[which].round()

        @rule(which=WHICH, way=st.sampled_from(["up", "down"]), at=st.integers(0, 2500), reset=st.booleans())
        def cut(self, which: int, way: str, at: int, reset: bool) -> None:
            device = self.devices[which]
            device.wire.reset = reset
            setattr(device.wire, f"cut_{way}_at", at)
            device.round()
            setattr(device.wire, f"cut_{way}_at", None)

        @rule(which=WHICH)
        def late(self, which: int) -> None:
            device = self.devices[which]
            device.wire.late = held = []
            device.round()
            device.wire.late = None
            device.round()
            device.wire.deliver(held)

        @rule(which=WHICH)
        def kill(self, which: int) -> None:
            self.devices[which].restart()

        @rule(which=WHICH)
        def stick_up(self, which: int) -> None:
            self.sticks.append((self.devices[which], stick.export(self.devices[which].village).data))

        @precondition(lambda self: self.sticks)
        @rule(twice=st.booleans(), back=st.booleans())
        def stick_taken(self, twice: bool, back: bool) -> None:
            device, data = self.sticks[-1] if twice else self.sticks.pop()
            if device.retired:
                return
            receipt = carry(self.trial, data)
            if back:
                stick.take_receipt(device.village, receipt)
                device.look()

        @precondition(lambda self: not self.published)
        @rule()
        def publish(self) -> None:
            self.published = True
            lab.publish()

        @precondition(lambda self: not self.devices[1].retired)
        @rule(unsent=st.integers(0, 3))
        def revoke(self, unsent: int) -> None:
            device = self.devices[1]
            if unsent:
                device.record(unsent)
            lab.revoke(device.id)
            device.round()
            device.retired = True
            own = {event for event, (owner, _) in self.trial.history.recorded.items() if owner == device.id}
            self.trial.history.given_up |= own

        def teardown(self) -> None:
            if not hasattr(self, "trial"):
                return
            try:
                found = [str(one) for one in self.trial.finish().violations()]
            finally:
                self.trial.close()
            assert found == []

    chosen: Any = settings(
        max_examples=examples,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        print_blob=False,
    )
    run_state_machine_as_test(seed(chance)(Histories), settings=chosen)
