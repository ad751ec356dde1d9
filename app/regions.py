"""Administrative regions (GB/T 2260 and the statistical codes below it), as the catalogue lists them."""

from __future__ import annotations

import csv
from typing import Any

from flask import Flask

from datasets.sources import FOLDER

DEPTH = {"province": 0, "prefecture": 1, "county": 2, "township": 3, "village": 4}


def install(app: Flask) -> None:
    """Load the table once; templates get `region_name(code)`."""
    with (FOLDER / "regions.csv").open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = [{**row, "depth": DEPTH[row["level"]]} for row in csv.DictReader(file)]
    rows.sort(key=lambda row: row["code"])
    names = {row["code"]: row["name"] for row in rows}
    app.extensions["jjb_regions"] = rows
    app.extensions["jjb_region_names"] = names
    app.jinja_env.globals["region_name"] = lambda code: names.get(code, code)
