"""Benches: each module offers `run(quick) -> list[Row]`; `deploy/bench` gives them one form."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


class Unusable(Exception):
    """What the bench was given cannot be used; the message says why, for people."""


@dataclass(frozen=True)
class Row:
    """One figure. `ok` is None without a target; `ratio` is value / peer_value of the same run; `spread` is min–max."""

    name: str
    value: float
    unit: str
    target: float | None = None
    ok: bool | None = None
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    runs: int = 1
    spread: str = ""


def row(
    name: str,
    values: Sequence[float],
    unit: str,
    at_most: float | None = None,
    peer: str = "",
    peer_values: Sequence[float] = (),
    at_least: float | None = None,
) -> Row:
    """A row from repeated measurements: medians, the target as a bound, the ratio to a peer of the same run."""
    value = statistics.median(values)
    peer_value = statistics.median(peer_values) if peer_values else None
    return Row(
        name=name,
        value=round(value, 3),
        unit=unit,
        target=at_least if at_most is None else at_most,
        ok=_ok(value, at_most, at_least),
        peer=peer,
        peer_value=None if peer_value is None else round(peer_value, 3),
        ratio=None if not peer_value else round(value / peer_value, 3),
        runs=len(values),
        spread=f"{min(values):.3g}–{max(values):.3g}" if len(values) > 1 else "",
    )


def _ok(value: float, at_most: float | None, at_least: float | None) -> bool | None:
    if at_most is None and at_least is None:
        return None
    return (at_most is None or value <= at_most) and (at_least is None or value >= at_least)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def table(rows: Sequence[Row]) -> str:
    """The rows for people."""
    heads = ("figure", "value", "unit", "target", "ok", "peer", "peer value", "ratio", "runs", "spread")
    lines = [heads]
    for one in rows:
        cells = ["" if cell is None else str(cell) for cell in asdict(one).values()]
        cells[4] = {None: "", True: "yes", False: "NO"}[one.ok]
        lines.append(tuple(cells))  # type: ignore[arg-type]
    widths = [max(len(line[n]) for line in lines) for n in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
