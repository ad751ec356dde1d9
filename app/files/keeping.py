"""Files go with their case: rows in its transaction, folders after it; what a killed run left is swept by the next."""

from __future__ import annotations

import shutil
from typing import Any

from flask import current_app
from sqlalchemy import Connection, delete, select

from app.files import reader, results
from app.files.store import attachments, case_attachment, case_blob
from app.settings import Settings


def forget(connection: Connection, case_no: str) -> dict[str, int]:
    """The files of a case are named no more; their folders go with the next `sweep`, their key went with the case."""
    gone = connection.execute(delete(case_blob).where(case_blob.c.case_no == case_no)).rowcount
    connection.execute(delete(case_attachment).where(case_attachment.c.case_no == case_no))
    gone += connection.execute(delete(results.case_result).where(results.case_result.c.case_no == case_no)).rowcount
    return {"files": gone} if gone else {}


def sweep(connection: Connection) -> None:
    """Throw away every folder that no file has any more. A folder is only made for a row that stands, so none is lost."""
    settings: Settings = current_app.extensions["jjb_settings"]
    folder = settings.data / "files"
    found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    kept = {*connection.execute(select(case_blob.c.id)).scalars()}
    kept |= {*connection.execute(select(results.case_result.c.id)).scalars()}
    for name in found - kept:
        shutil.rmtree(folder / name, ignore_errors=True)


def told(connection: Connection, case_no: str) -> dict[str, Any]:
    """What files there are of a case."""
    rows = attachments(connection, case_no)
    files = [{"材料": row.material, "类型": row.kind, "字节": row.bytes, "校验值": row.sha256} for row in rows]
    papers = [
        {"名称": one.name, "证号": one.number, "时间": one.at, "撤回": one.reason or None}
        for one in reader.results_of(connection, case_no)
    ]
    return {name: rows for name, rows in (("附件", files), ("结果文书", papers)) if rows}
