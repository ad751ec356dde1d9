"""Alembic on the engine of the running application (`app.setup.migrate`) or on the settings of the environment."""

from __future__ import annotations

from alembic import context

import app as _application  # noqa: F401 - importing the factory declares every slice's tables
from app.db import Database, metadata
from app.settings import Settings

engine = context.config.attributes.get("engine") or Database(Settings.from_environment().store_url).engine

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
