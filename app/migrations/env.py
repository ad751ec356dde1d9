"""Alembic's entry: runs the revisions on the engine that `app.setup` hands over, or on the one the settings name.

`python -m alembic -c app/migrations/alembic.ini revision --autogenerate -m "…"` writes the next revision; review it.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Engine

import app  # noqa: F401  every slice declares its tables on import
from app.db import Database, metadata
from app.settings import Settings


def run(engine: Engine) -> None:
    """Bring the tables of one engine to the revision that was asked for, all or nothing."""
    with engine.begin() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=connection.dialect.name == "sqlite",  # SQLite changes a column by copying its table
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()


given = context.config.attributes.get("engine")
run(given if given is not None else Database(Settings.from_environment().store_url).engine)
