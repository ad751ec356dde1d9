"""The peer of the sync bench: PouchDB 9.0.0 and express-pouchdb 4.2.0 on node, both in memory.

Installed at the first run, by npm, into a cache folder of the person's own; the product needs none of it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.benches import Unusable
from deploy.environment import VENV

SCRIPTS = Path(__file__).with_name("pouch")
BATCHES = (100, 250, 1000, 5000)
"""100 is what CHT uses; the best of the others is PouchDB at its best."""


def folder() -> Path:
    """Where the packages are; installs them when they are not."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jiujinban-bench"
    wanted = SCRIPTS / "package.json"
    kept = cache / "package.json"
    if kept.exists() and kept.read_bytes() == wanted.read_bytes() and (cache / "node_modules" / "pouchdb").exists():
        return cache
    cache.mkdir(parents=True, exist_ok=True)
    shutil.copy(wanted, kept)
    command = [str(VENV / "bin" / "npm"), "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=cache, env=_environment(), check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        kept.unlink()
        raise Unusable("装不上用来比较的 PouchDB(npm 没有成功)。请检查网络后再试。") from error
    return cache


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}", "NODE_ENV": "production"}


@dataclass(frozen=True)
class Answer:
    """What an order came to."""

    seconds: float
    docs: int


class Node:
    """One of our scripts on node; talks in lines."""

    def __init__(self, script: str) -> None:
        command = [str(VENV / "bin" / "node"), str(SCRIPTS / script), str(folder())]
        self.process = subprocess.Popen(
            command,
            env=_environment(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)  # node hangs below a small script of the environment
        self.process.wait()

    def line(self) -> str:
        """The next line it says."""
        assert self.process.stdout
        said = self.process.stdout.readline()
        if not said:
            raise RuntimeError("the peer ended")
        return said

    def ask(self, do: str, **order: Any) -> Answer:
        """One order to the client."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"do": do, **order}, ensure_ascii=False) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.line())
        if not said["ok"]:
            raise RuntimeError(f"the peer failed: {said['error']}")
        return Answer(said["ms"] / 1000, said["docs"])


def documents(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items as documents of a CouchDB."""
    return [{"_id": item["slug"], **item} for item in items]
