"""SQL of this slice."""

from sqlalchemy import Connection

from app.ledger import Entry


def on_question_asked(connection: Connection, entry: Entry) -> None:
    """Project a question asked in a village."""
