"""Where faults happen: one real centre process, villages behind wires that can be harmed, and a history of it all.

A `Lab` is the centre with its data; it lives through many trials. A `Trial` is one run of one fault with its own wire,
devices and history. Villages do not really sleep between rounds: what they would have waited is added up (I7), so that a
back-off of minutes costs a test nothing.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app import create_app, ledger
from app.knowledge import releases
from app.knowledge.publish import publish
from app.places import store as places
from app.settings import Settings
from app.setup import setup
from app.syncing import store as syncing
from datasets.build import SCHEMA
from sync.client import Outcome, Village, World
from tests.faults.history import History, Row
from tests.journeys.centre import Centre
from tests.wire import Wire

LONGEST_S = 120
"""No trial runs longer: it is ended, and that is a violation."""
POINTS = ("hexie", "dulongjiang")
FIRST_REAL_SLEEP_S = 0.02


class Overrun(Exception):
    """A trial did not end in time."""


class Disk:
    """A small disk of its own for the centre, in memory, that can be full. Needs root; `why_not` says what is missing."""

    SIZE_MB = 300

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={self.SIZE_MB}m,mode=700", "jjb-faults", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        self.why_not = (done.stderr.strip() or "mount failed") if done.returncode else ""

    def fill(self) -> None:
        """Take the last free byte."""
        with (self.folder / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(65536))

    def free(self) -> None:
        """Give the room back."""
        (self.folder / "ballast").unlink(missing_ok=True)

    def close(self) -> None:
        """Take it away."""
        if not self.why_not:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)


def prepare(data: Path) -> Path:
    """A new centre's data folder, with its demo people and places."""
    made = create_app(Settings(data=data))
    setup(made, demo=True)
    made.extensions["jjb_db"].close()
    return data


class Lab:
    """A centre that was set up once. `template`: a data folder to copy; without one it is made."""

    def __init__(self, folder: Path, template: Path | None = None, **settings: str) -> None:
        self.disk = Disk(folder / "disk")
        self.data = folder / "disk" / "centre"
        self.folder = folder
        if template:
            shutil.copytree(template, self.data)
        else:
            prepare(self.data)
        self.settings = Settings(data=self.data)
        self.app = create_app(self.settings)
        self.centre = Centre(self.data)
        self.centre.settings = {"JJB_ENROL_LIMIT": "100000 per minute", "JJB_FILE_RESERVE": "1000000", **settings}
        self.centre.start()

    def close(self) -> None:
        """End the process; the data stays."""
        self.centre.kill()
        self.app.extensions["jjb_db"].close()
        self.disk.close()

    @contextmanager
    def trial(self, fault: str, seed: int, long: bool = False) -> Iterator[Trial]:
        """One run of one fault; ends within `LONGEST_S` whatever happens, and leaves the centre running."""
        trial = Trial(self, fault, seed, long)

        def overrun(*_: object) -> None:
            raise Overrun(f"{fault} seed {seed} did not end within {LONGEST_S} s")

        before = signal.signal(signal.SIGALRM, overrun)
        signal.alarm(LONGEST_S)
        try:
            yield trial
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
            trial.close()
            if not self.centre.running:
                self.centre.start()

    # ---- what people at the centre do ----

    def code(self, point: str = POINTS[0]) -> str:
        """A fresh enrolment code."""
        with self.app.extensions["jjb_db"].write() as connection:
            return places.issue_code(connection, point, 15, "test")[0]

    def newest(self) -> releases.Release:
        """The knowledge in force."""
        with self.app.extensions["jjb_db"].read() as connection:
            return releases.in_force(connection)

    def roots(self) -> set[str]:
        """Content roots of every knowledge release there ever was."""
        with self.app.extensions["jjb_db"].read() as connection:
            table = releases.release
            query = select(table.c.content_root).where(table.c.scope == releases.SCOPE)
            return set(connection.execute(query).scalars())

    def publish(self) -> releases.Release:
        """The next release: one item costs something else."""
        documents = releases.documents_of(releases.file_of(self.settings, self.newest().number))
        slug = sorted(documents)[0]
        documents[slug] = {**documents[slug], "fee": f"工本费 {uuid.uuid4().hex[:6]} 元"}
        with self.app.app_context(), self.app.extensions["jjb_db"].write() as connection:
            return publish(connection, self.settings, documents.values(), "test", "centre")

    def tell(self, point: str, text: str) -> None:
        """A message down to a point; its body says for whom it is."""
        with self.app.extensions["jjb_db"].write() as connection:
            syncing.push(connection, point, "bulletin", {"text": text, "for": point})

    def revoke(self, device: str) -> None:
        """A device is lost."""
        with self.app.extensions["jjb_db"].write() as connection:
            places.revoke(connection, device, "丢失", "centre")

    def rows(self, device: str) -> list[Row]:
        """What the ledger holds that a device sent, in order."""
        with self.app.extensions["jjb_db"].read() as connection:
            found = ledger.read(connection, device=device)
            return [Row(one.event_id, device, one.device_seq) for one in found if one.device_seq is not None]

    def aside(self, device: str) -> set[str]:
        """Events of a device that wait for a person at the centre."""
        with self.app.extensions["jjb_db"].read() as connection:
            table = syncing.quarantine
            return set(connection.execute(select(table.c.event_id).where(table.c.device == device)).scalars())

    def chain_holds(self) -> bool:
        """Whether every hash of the ledger is as it was written."""
        with self.app.extensions["jjb_db"].read() as connection:
            return ledger.verify(connection).ok


@dataclass
class Trial:
    """One run of one fault. `long`: at the length the reference asks for, not the short one of every check."""

    lab: Lab
    fault: str
    seed: int
    long: bool
    history: History = field(default_factory=History)
    devices: list[Device] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.fault}/{self.seed}")
        self.folder = self.lab.folder / f"{self.fault}-{self.seed}-{uuid.uuid4().hex[:6]}"
        self.wires: list[Wire] = []
        self.wire = self.new_wire()
        self.healed_at = time.monotonic()

    def close(self) -> None:
        """Let everything go."""
        for device in self.devices:
            device.close()
        for wire in self.wires:
            wire.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_wire(self) -> Wire:
        """Another way to the same centre."""
        wire = Wire(self.lab.centre.port, self.seed).__enter__()
        self.wires.append(wire)
        return wire

    def device(self, point: str = POINTS[0], wire: Wire | None = None, silence_s: float = 3.0, **world: Any) -> Device:
        """An enrolled village with the knowledge on it, as if its first day was a good one."""
        made = Device(self, f"v{len(self.devices)}", point, wire or self.wire, silence_s, **world)
        self.devices.append(made)
        return made

    def demand(self, so: bool, detail: str, device: Device | None = None) -> None:
        """What this fault asks for beyond the invariants."""
        self.history.demand(so, self.fault, device.id if device else "centre", detail)

    def heal(self) -> None:
        """From now on the link is good; devices have two intervals to notice (I7)."""
        for wire in self.wires:
            wire.heal()
        self.healed_at = time.monotonic()
        for device in self.devices:
            device.heard_of_heal()

    def finish(self) -> History:
        """Heal, wait until all is quiet, and note what stands where."""
        self.heal()
        for device in self.devices:
            device.quiet()
        history, lab = self.history, self.lab
        history.centre_root, history.whole_roots = lab.newest().content_root, lab.roots()
        for device in self.devices:
            device.note_end()
            history.ledger += lab.rows(device.id)
            history.aside |= lab.aside(device.id)
        self.demand(lab.chain_holds(), "the hash chain of the ledger is broken")
        return history


class Device:
    """A village that is watched: everything it does is noted."""

    def __init__(self, trial: Trial, name: str, point: str, wire: Wire, silence_s: float, **world: Any) -> None:
        self.trial, self.point, self.wire, self.silence_s = trial, point, wire, silence_s
        self.folder = trial.folder / name
        self.world = World(random=random.Random(f"{name}/{trial.seed}").random, sleep=self._sleep, **world)
        self.village = self._open()
        self.knowledge_at = 0
        self.retired = False
        """It is not asked for anything at the end (revoked, wiped)."""
        self._waited = self._delay = 0.0
        self._in_touch = True
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._turn = threading.RLock()
        self.village.enrol(trial.lab.code(point))
        self.id = str(self.village.device)

    def _open(self) -> Village:
        return Village(self.folder, self.wire.url, SCHEMA, self.world, self.silence_s)

    def _sleep(self, seconds: float) -> None:
        self._delay = seconds
        self._waited += seconds
        self._stop.wait(min(seconds, FIRST_REAL_SLEEP_S))
        self._delay = 0.0

    def close(self) -> None:
        """Stop living and close the files."""
        self.rest()
        self.village.close()

    def restart(self) -> None:
        """The program is closed and opened again on the same files."""
        self.village.close()
        self.village = self._open()

    # ---- its life ----

    def record(self, count: int = 1, text: str = "身份证丢了咋个办") -> list[str]:
        """People ask; each question is stored before this returns."""
        body = {"text": text, "decision": "answer", "items": ["temp-id-card"], "release": 1}
        made = []
        with self._turn:
            for _ in range(count):
                event = self.village.record("question.asked", "q", body)
                self.note(event)
                made.append(event)
            self.look()
        return made

    def note(self, event: str) -> None:
        """An event that this device stored goes into the history under its number."""
        ((number,),) = self.village.mailbox.db.execute("SELECT seq FROM outbox WHERE id = ?", (event,))
        self.trial.history.note_recorded(self.id, event, number)

    def round(self) -> Outcome:
        """One round, and what the screen says after it."""
        began = time.monotonic()
        with self._turn:
            outcome = self.village.round()
            self.look()
        if outcome.ok and not self._in_touch and began >= self.trial.healed_at:
            self._in_touch = True
            passed = self._waited + time.monotonic() - self.trial.healed_at
            interval = float(self.village.mailbox.get("next_poll_s", 300))
            self.trial.history.note_recovery(self.id, passed, interval)
        return outcome

    def answered(self) -> dict[str, str]:
        """Verdicts so far, also while it lives."""
        with self._turn:
            return {event: said for event, said in self.village.mailbox.verdicts().items() if said is not None}

    def look(self) -> None:
        """Compare what a screen would say with what was noted (I5), and what content is shown (I4)."""
        status, verdicts = self.village.status(), self.village.mailbox.verdicts()
        own = [event for event, (device, _) in list(self.trial.history.recorded.items()) if device == self.id]
        known = self.trial.history.verdicts  # what has its verdict may leave the device (a revoked one, a moved one)
        answered = sum((verdicts[event] is not None) if event in verdicts else event in known for event in own)
        self.trial.history.note_verdicts(verdicts)
        self.trial.history.note_shown(self.id, status.waiting, len(own) - answered)
        path = self.village.shelf.path
        changed = path.stat().st_mtime_ns if path.exists() else 0
        if changed != self.knowledge_at:
            self.knowledge_at = changed
            self.trial.history.seen_roots.append((self.id, self.village.shelf.root()))

    def live(self, ask: float = 0.3) -> None:
        """From now on, in a thread: rounds at the pace the protocol gives, and people who ask with this chance."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._live, args=(ask,), daemon=True)
        self._thread.start()

    def _live(self, ask: float) -> None:
        chance = random.Random(f"{self.id}/{self.trial.seed}")
        while not self._stop.is_set():
            if chance.random() < ask:
                self.record(chance.randint(1, 3))
            self.round()
            self._sleep(self.village.next_delay_s())

    def rest(self) -> None:
        """Stop living after the round under way."""
        self._stop.set()
        if self._thread:
            self._thread.join(LONGEST_S)
            self._thread = None

    def heard_of_heal(self) -> None:
        """Worst case: when it waits, it has just begun to; a round under way that began in the fault does not count."""
        self._in_touch = False
        self._waited = self.village.next_delay_s() if self._thread is None else self._delay

    def quiet(self) -> None:
        """Rounds until nothing waits and nothing is owed."""
        if self.retired:
            self.rest()
            return
        self.until(lambda: self._in_touch, 60)
        self.rest()
        self._stop.clear()
        newest = self.trial.lab.newest().number

        def done() -> bool:
            return self.round().ok and self.village.status().waiting == 0 and self.village.release == newest

        self.until(done, 30)
        if self.village.mailbox.waiting_files():
            self.village.sync(attempts=10)

    def until(self, so: Callable[[], bool], seconds: float) -> None:
        """Live, or round after round when it does not live by itself, until it is so."""
        deadline = time.monotonic() + seconds
        while not so() and time.monotonic() < deadline:
            if self._thread is None:
                if not self.round().ok:
                    self._sleep(self.village.next_delay_s())
            else:
                time.sleep(FIRST_REAL_SLEEP_S)

    def note_end(self) -> None:
        """What stands here when all is quiet."""
        history, village = self.trial.history, self.village
        history.note_verdicts(village.mailbox.verdicts())
        if self.retired:
            return
        history.roots[self.id] = village.shelf.root()
        history.foreign += [
            (self.id, f"message {cursor} is for {body['for']}")
            for cursor, _, body in village.mailbox.inbox()
            if body.get("for", self.point) != self.point
        ]
