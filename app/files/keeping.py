"""Files go with their case: rows in its transaction, folders after it; what a killed run left is swept by the next."""

from __future__ import annotations

import shutil
from typing import Any

from flask import current_app
from sqlalchemy import Connection, delete, select

from app.files.store import attachments, case_attachment, case_blob
from app.settings import Settings


def forget(connection: Connection, case_no: str) -> dict[str, int]:
    """The files of a case are named no more; their folders go with the next `sweep`, their key went with the case."""
    gone = connection.execute(delete(case_blob).where(case_blob.c.case_no == case_no)).rowcount
    connection.execute(delete(case_attachment).where(case_attachment.c.case_no == case_no))
    return {"files": gone} if gone else {}


def sweep(connection: Connection) -> None:
    """Throw away every folder that no file has any more. A folder is only made for a row that stands, so none is lost."""
    settings: Settings = current_app.extensions["jjb_settings"]
    folder = settings.data / "files"
    found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for name in found - set(connection.execute(select(case_blob.c.id)).scalars()):
        shutil.rmtree(folder / name, ignore_errors=True)


def told(connection: Connection, case_no: str) -> dict[str, Any]:
    """What files there are of a case."""
    rows = attachments(connection, case_no)
    files = [{"材料": row.material, "类型": row.kind, "字节": row.bytes, "校验值": row.sha256} for row in rows]
    return {"附件": files} if files else {}
