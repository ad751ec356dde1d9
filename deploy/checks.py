"""The table of checks that `deploy/check` runs, and how one of them is run. Standard library only."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.environment import PWA, PYTHON, ROOT, VENV, node_env

LONGEST_S = 1500
"""A check that takes longer hangs: it is stopped and has failed."""

COUNTS = re.compile(r"(\d+) (passed|failed|skipped|xfailed|xpassed|errors?|deselected)")


@dataclass(frozen=True)
class Result:
    """What one check left behind."""

    title: str
    ok: bool
    seconds: float
    log: Path

    def tail(self, lines: int) -> list[str]:
        """The last lines of its log, without colours."""
        return plain(self.log.read_text(encoding="utf-8", errors="replace")).splitlines()[-lines:]


@dataclass(frozen=True)
class Check:
    """One command; it passes when it ends with status 0."""

    title: str
    command: tuple[str, ...]
    cwd: Path = ROOT

    def run(self, logs: Path) -> Result:
        """Run it in a process group of its own, its output in a log; nothing of it outlives this call."""
        log = logs / f"{re.sub(r'[^a-z0-9]+', '-', self.title.lower()).strip('-')}.log"
        started = time.monotonic()
        with log.open("wb") as out:
            child = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env={**node_env(), "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "CI": "1"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = child.wait(timeout=LONGEST_S)
            except subprocess.TimeoutExpired:
                status = 1
                out.write(f"\nstopped after {LONGEST_S} s\n".encode())
            finally:
                _end(child)
        return Result(self.title, status == 0, time.monotonic() - started, log)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the whole group: a check may leave servers or browsers behind when it is interrupted."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    child.wait()


def all_checks(fast: bool) -> list[Check]:
    """Quick ones first: what fails soonest is seen soonest."""
    python, node = str(PYTHON), str(VENV / "bin" / "node")
    tests = (python, "-m", "pytest", "-p", "no:cacheprovider")
    checks = [
        Check("ruff check", (python, "-m", "ruff", "check", ".", "deploy/up", "deploy/check", "deploy/bench")),
        Check("ruff format", (python, "-m", "ruff", "format", "--check", ".")),
        Check("mypy", (python, "-m", "mypy")),
        Check("datasets check", (python, "-m", "datasets", "check")),
        Check("vue-tsc", (str(VENV / "bin" / "npm"), "run", "--silent", "types"), PWA),
        Check("vitest", (node, "node_modules/vitest/vitest.mjs", "run"), PWA),
        Check("pytest", (*tests, "-n", "2", "--durations", "12", "--ignore", "tests/journeys")),
    ]
    if not fast:
        checks.append(Check("pytest journeys", (*tests, "-n", "2", "--durations", "12", "tests/journeys")))
    return checks


def shots_check(folder: Path) -> Check:
    """Pictures of every page, for people to look at."""
    return Check("screenshots", (str(PYTHON), "-m", "tests.journeys.shots", str(folder.resolve())))


def closing_lines(result: Result) -> list[str]:
    """The lines in which pytest and vitest sum themselves up; none for other checks."""
    if result.title.startswith("pytest"):
        lines = [line for line in result.tail(200) if COUNTS.search(line) or line.startswith("POSTGRESQL NOT FOUND")]
        return [line.strip(" =") for line in lines[-2:]]
    if result.title == "vitest":
        return [line.strip() for line in result.tail(20) if line.strip().startswith(("Test Files", "Tests"))]
    return []


def total_of(results: list[Result]) -> str:
    """Both runs of pytest in one line, e.g. `512 passed, 3 skipped`; empty when pytest did not run."""
    counts: dict[str, int] = {}
    for result in results:
        if result.title.startswith("pytest"):
            for number, word in COUNTS.findall(" ".join(closing_lines(result)[-1:])):
                word = "error" if word == "errors" else word
                counts[word] = counts.get(word, 0) + int(number)
    return ", ".join(f"{number} {word}" for word, number in counts.items())


def plain(text: str) -> str:
    """Text without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
