"""Runs the TypeScript twin of answering in Node (`pwa/witness.js`) over the packs of a village."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.environment import PYTHON

ROOT = Path(__file__).resolve().parents[3]
NODE = PYTHON.with_name("node")


def witness(packs: dict[str, tuple[Path, str]], read: Sequence[str], ask: Sequence[str]) -> dict[str, Any]:
    """{"read": [reading…], "ask": [{"out", "ms"}…]}. `packs`: (file, content root) of knowledge and lingua."""
    wanted = {
        "packs": {scope: {"path": str(path), "root": root} for scope, (path, root) in packs.items()},
        "read": list(read),
        "ask": list(ask),
    }
    done = subprocess.run(
        [str(NODE), str(ROOT / "pwa" / "witness.js")],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
