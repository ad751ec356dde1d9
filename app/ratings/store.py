"""SQL of this slice."""

from sqlalchemy import Connection

from app.ledger import Entry


def on_rating_given(connection: Connection, entry: Entry) -> None:
    """Project a rating."""
