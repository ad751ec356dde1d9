"""The wall: everything needs a log-in but the short list of open doors."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask


def install(app: Flask, open_doors: Sequence[str]) -> None:
    """Refuse requests without a log-in unless their endpoint stands in `open_doors`."""
