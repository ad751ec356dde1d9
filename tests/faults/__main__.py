"""`python -m tests.faults`: the faults at length, with many seeds; prints the violations of each.

python -m tests.faults [--seeds 20] [--fault F7 …] [--short] [--json OUT] [--data FOLDER]
python -m tests.faults --histories 1000

Bounded: 20 devices and 120 s a trial, loopback or a network of its own, and it ends by itself. Status 1 when a promise was
broken. `--data`: a data folder after `python -m app setup --demo` to copy, which saves making one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from tests.faults.catalogue import FAULTS, Fault, run
from tests.faults.lab import Lab, prepare
from tests.faults.machine import random_histories

BLOCK = 50
"""Histories on one centre."""


def main(arguments: list[str] | None = None) -> int:
    """Runs what was asked for; 0 when every promise held."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # stopped from outside: leave no server and no disk behind
    chosen = [fault for fault in FAULTS if not asked.fault or fault.name in asked.fault]
    with tempfile.TemporaryDirectory(prefix="jjb-faults-") as folder:
        if asked.histories:
            _histories(Path(folder), asked)
            return 0
        lab = Lab(Path(folder), asked.data)
        try:
            results = [_series(lab, fault, asked) for fault in chosen]
        finally:
            lab.close()
    if asked.json:
        text = json.dumps(results, ensure_ascii=False, indent=1)
        if asked.json == "-":
            print(text)
        else:
            Path(asked.json).write_text(text + "\n", encoding="utf-8")
    skipped = [one["fault"] for one in results if one["skipped"]]
    broken = sum(len(one["violations"]) for one in results)
    runs = sum(one["runs"] for one in results)
    print(
        f"{runs} runs, {broken} violations, {len(skipped)} faults skipped {' '.join(skipped)}".rstrip(), file=sys.stderr
    )
    return 1 if broken else 0


def _histories(folder: Path, asked: argparse.Namespace) -> None:
    """In blocks, each with a centre of its own: hundreds of releases would fill its small disk."""
    data = asked.data or prepare(folder / "prepared")
    for block, done in enumerate(range(0, asked.histories, BLOCK), asked.first_seed):
        lab = Lab(folder / f"block{block}", data)
        try:
            random_histories(lab, min(BLOCK, asked.histories - done), block)
        finally:
            lab.close()
            shutil.rmtree(lab.folder)
        print(
            f"block {block}: {min(done + BLOCK, asked.histories)} random histories, 0 violations",
            file=sys.stderr,
            flush=True,
        )


def _series(lab: Lab, fault: Fault, asked: argparse.Namespace) -> dict[str, Any]:
    missing, began, found, runs = fault.why_not(lab), time.monotonic(), [], 0
    for seed in range(asked.first_seed, asked.first_seed + (0 if missing else asked.seeds)):
        try:
            found += [{"seed": seed, "violation": one} for one in run(lab, fault, seed, not asked.short)]
        except Exception:
            found.append({"seed": seed, "violation": traceback.format_exc(limit=-4)})
        runs += 1
    seconds = round(time.monotonic() - began, 1)
    word = f"SKIPPED: {missing}" if missing else f"{len(found)} violations in {runs} runs, {seconds} s"
    print(f"{fault.name:4} {fault.title}: {word}", file=sys.stderr, flush=True)
    for one in found:
        print(f"     seed {one['seed']}: {one['violation']}", file=sys.stderr, flush=True)
    return {
        "fault": fault.name, "title": fault.title, "runs": runs, "seconds": seconds, "skipped": missing,
        "violations": found,
    }  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="What the promises are worth.")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each fault (5)")
    parser.add_argument(
        "--first-seed", type=int, default=1, help="to see one run, or one block of histories, again (1)"
    )
    parser.add_argument("--fault", action="append", help="only this one, F7; may be given again")
    parser.add_argument(
        "--histories", type=int, default=0, help="random histories instead of the list; stops at a fault"
    )
    parser.add_argument("--short", action="store_true", help="as short as in the check")
    parser.add_argument("--json", metavar="OUT", help="results to a file, - for standard output")
    parser.add_argument("--data", type=Path, help="a data folder to copy")
    return parser


if __name__ == "__main__":
    sys.exit(main())
