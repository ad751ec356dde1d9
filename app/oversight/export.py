"""Tables as CSV files that Excel and WPS open with the right characters."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response

from app import clock
from app.oversight.rules import cell
from app.pages import BEIJING

BOM = "\ufeff"


def moment(text: str | None) -> str:
    """A stored time as files show it: Beijing time, 2026-11-23 10:05:00."""
    return f"{clock.parse(text).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if text else ""


def table(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A download of one table; the first line names the columns."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(BOM + out.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)
