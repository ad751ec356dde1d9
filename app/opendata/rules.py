"""Disclosure control of open statistics, pure: small counts are hidden, and cannot be found again by subtraction."""

from __future__ import annotations

from collections.abc import Mapping

HIDDEN = None
"""A suppressed cell: published as empty, explained in the column description."""

Table = Mapping[tuple[str, str], int]


def suppress(cells: Table, k: int) -> dict[tuple[str, str], int | None]:
    """Hide every count of 1 to k-1 of a two-way table, then as many others as needed, until no hidden cell can be
    computed from published row and column totals: each row and column with a hidden cell gets a second one.

    Cells are (row, column) → count. A zero is no disclosure and stays, but may be hidden as the second cell.
    """
    hidden = {key for key, count in cells.items() if 0 < count < k}
    changed = True
    while changed:
        changed = False
        for axis in (0, 1):
            for line in sorted({key[axis] for key in hidden}):
                inside = sorted(key for key in cells if key[axis] == line)
                covered = [key for key in inside if key in hidden]
                if len(covered) != 1:
                    continue
                rest = [key for key in inside if key not in hidden]
                if rest:  # the smallest other cell costs least
                    hidden.add(min(rest, key=lambda key: (cells[key], key)))
                    changed = True
    return {key: HIDDEN if key in hidden else count for key, count in cells.items()}


def total(cells: Mapping[tuple[str, str], int | None], axis: int, line: str) -> int | None:
    """A margin of a suppressed table: the sum when nothing in the line is hidden, else hidden as well."""
    values = [count for key, count in cells.items() if key[axis] == line]
    return HIDDEN if any(count is None for count in values) else sum(count for count in values if count is not None)
