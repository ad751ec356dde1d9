"""SQL of this slice."""

from sqlalchemy import Connection

from app.ledger import Entry


def on_case_submitted(connection: Connection, entry: Entry) -> None:
    """Project a filed case."""
