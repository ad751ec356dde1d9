"""The centre as a real process that a test can start, kill and start again on the same port and data."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Centre:
    """One gunicorn with one worker, as `deploy/up` starts it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / "gunicorn.log"
        self.settings: dict[str, str] = {}
        self.threads = 64
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def group(self) -> int:
        """The process group of the running server."""
        assert self._process is not None
        return self._process.pid

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "JJB_DATA": str(self.data),
            "JJB_PUBLIC_URL": self.url,
            "PYTHONPATH": str(ROOT),
            "JJB_PIN_ROUNDS": "1000",  # a PIN costs its 600,000 rounds in the field; here nobody guesses
            **self.settings,
        }

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", str(self.threads)]
        command += ["--workers", "1", "--bind", f"127.0.0.1:{self.port}", "app:create_app()"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                self.healthz()
                return
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError(f"the centre did not start:\n{self.log.read_text()[-3000:]}")

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process group of gunicorn and its worker."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Kill -9, as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop all of it where it stands; only `kill` comes after."""
        os.killpg(self.pid, signal.SIGSTOP)

    def memory(self) -> int:
        """Resident bytes of all its processes."""
        total = 0
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError, StopIteration):
                if os.getpgid(int(status.parent.name)) == self.pid:
                    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
                    total += int(line.split()[1]) * 1024
        return total

    def healthz(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.url + "/healthz", timeout=5) as reply:
            return json.load(reply)  # type: ignore[no-any-return]

    def run(self, *arguments: str) -> str:
        """`python -m app …` on the same data; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "app", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def password(self) -> str:
        """The one password of the demo people."""
        return str(json.loads((self.data / "demo.json").read_text())["password"])
