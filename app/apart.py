"""Reads what comes from outside in a program of its own, so that a file that breaks the reader breaks nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


class Broken(Exception):
    """The program could not read it: it failed, met its limits or took too long."""


def read(program: Path, data: bytes, *words: str, patience_s: float) -> bytes:
    """What a program makes of `data`, its standard input; Broken when it ends with another status than 0.

    The program gets no environment and finds none of our modules; it limits its own memory and time.
    """
    command = [sys.executable, "-I", "-B", str(program), *words]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=patience_s, env={}, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        raise Broken from error
    return done.stdout
