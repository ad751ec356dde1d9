"""What other slices may know of a case's files: which there are, and a pass to open them for who stated a reason."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection

from app.files import results, store
from app.problems import Problem
from sync.files import PDF

PASS_S = 600
"""Life of a pass."""


@dataclass(frozen=True)
class Attachment:
    """One file beside a case."""

    number: int
    material: str
    pdf: bool
    bytes: int
    state: str
    """stored | coming | refused"""
    arrived: int
    href: str
    """"" while the file is not here or no pass was given."""
    pages: str
    """Of a PDF: where its pages can be seen; "" like `href`."""
    front: str
    """Of a PDF: its first page as a picture; "" like `href`."""


def of_case(connection: Connection, case_no: str, person: str | None = None) -> list[Attachment]:
    """The files a case names, in its order; with links when `person` has stated a reason just now."""
    key = _signer().dumps([person, case_no]) if person else ""
    found = []
    for row in store.attachments(connection, case_no):
        state = "stored" if row.stored_at else "refused" if row.refused else "coming"
        number = row.position + 1
        place = {"case_no": case_no, "number": number, "key": key}
        pdf, here = row.kind == PDF, bool(key) and state == "stored"
        found.append(
            Attachment(
                number=number,
                material=row.material,
                pdf=pdf,
                bytes=row.bytes,
                state=state,
                arrived=row.arrived,
                href=url_for("files.view", **place) if here else "",
                pages=url_for("files.pages", **place) if here and pdf else "",
                front=url_for("files.painted", page=1, **place) if here and pdf else "",
            )
        )
    return found


@dataclass(frozen=True)
class Document:
    """A document that a decision made."""

    id: str
    name: str
    number: str
    kind: str
    bytes: int
    by_name: str
    at: str
    withdrawn_at: str | None
    reason: str


def results_of(connection: Connection, case_no: str) -> list[Document]:
    """Documents of a case, withdrawn ones too."""
    return [
        Document(
            row.id, kind=row.kind, bytes=row.bytes, by_name=row.by_name, at=row.at, withdrawn_at=row.withdrawn_at,
            **results.said(connection, row),
        )
        for row in results.of_case(connection, case_no)
    ]  # fmt: skip


def pass_for(person: str, case_no: str) -> str:
    """For who may work a case now: good for ten minutes."""
    return _signer().dumps([person, case_no])


def must_be_allowed(key: str, person: str, case_no: str) -> None:
    """Problem file.reason unless this person was given this pass for this case within ten minutes."""
    try:
        said = _signer().loads(key, max_age=PASS_S)
    except BadSignature as error:
        raise Problem("file.reason") from error
    if said != [person, case_no]:
        raise Problem("file.reason")


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="case-files")
