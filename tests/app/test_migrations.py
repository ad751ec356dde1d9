from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine, inspect, text

from app.db import Database, metadata
from app.handling import store as handling
from app.ratings import store as ratings
from app.ratings.rules import Act
from tests.app.village import Village


def config(database: Database) -> Config:
    """The configuration that `app.setup.migrate` uses."""
    found = Config()
    found.set_main_option("script_location", "app:migrations")
    found.attributes["engine"] = database.engine
    return found


@pytest.fixture
def database(app: Flask) -> Database:
    """A store that setup migrated."""
    found: Database = app.extensions["jjb_db"]
    return found


def differences(database: Database) -> list[Any]:
    with database.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def test_a_migrated_store_has_exactly_the_declared_tables(database: Database) -> None:
    assert differences(database) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.read() as connection:
        before = connection.execute(text("SELECT count(*) FROM ledger")).scalar_one()
    command.upgrade(config(database), "head")
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM ledger")).scalar_one() == before


def test_there_is_one_line_of_revisions(database: Database) -> None:
    assert len(ScriptDirectory.from_config(config(database)).get_heads()) == 1


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    yield found
    found.close()


def test_the_way_down_leaves_nothing_behind(empty: Database) -> None:
    command.upgrade(config(empty), "head")
    command.downgrade(config(empty), "base")
    assert inspect(empty.engine).get_table_names() == ["alembic_version"]


def test_a_column_that_no_revision_makes_is_noticed(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("ALTER TABLE ledger ADD COLUMN forgotten TEXT"))
    assert [difference[0] for difference in differences(database)] == ["remove_column"]


def test_two_processes_may_start_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from alembic import command; from alembic.config import Config; from app.db import Database;"
        "c = Config(); c.set_main_option('script_location', 'app:migrations');"
        "c.attributes['engine'] = Database(sys.argv[1]).engine; command.upgrade(c, 'head')"
    )
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    both = [subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate()[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    engine = create_engine(url)
    assert "ledger" in inspect(engine).get_table_names()
    engine.dispose()


def test_ratings_of_before_a_decision_become_those_of_the_visit(app: Flask, database: Database) -> None:
    # Given a case rated by an older program before its decision, one rated after it, and the 整改单 of the first
    village = Village(app)
    early, late = village.case(1), village.case(2)
    village.round(early, late)
    with app.app_context(), database.write() as connection:
        found = handling.one(connection, late["subject"])
        handling.progress(connection, found, "x", "done", "已办结", "", {}, changed_by="x")
    village.round(village.rating(early["subject"], 5), village.rating(late["subject"], 2))
    visit = f"visit:{early['subject']}"
    with app.app_context(), database.write() as connection:
        ratings.act(connection, visit, Act("contact", "打过电话"), "x")
    with database.write() as connection:  # as the older program kept them
        values = {"visit": visit, "case": early["subject"]}
        connection.execute(
            text(
                "INSERT INTO rating SELECT :case, level, reasons, point, device, sealed_text, rated_at, received_at FROM rating WHERE matter = :visit"
            ),
            values,
        )
        for table in ("rectification", "seen_rating"):
            connection.execute(text(f"UPDATE {table} SET matter = :case WHERE matter = :visit"), values)
        connection.execute(text("DELETE FROM rating WHERE matter = :visit"), values)
    command.stamp(config(database), "0009")
    # When the store is migrated, twice for good measure
    command.upgrade(config(database), "0010")
    command.stamp(config(database), "0009")
    command.upgrade(config(database), "0010")
    command.stamp(config(database), "head")
    # Then the first counts for the visit with its 整改单, the second for the matter, and the matter of the first is free
    with database.read() as connection:
        for table in ("rating", "seen_rating"):
            assert sorted(connection.execute(text(f"SELECT matter FROM {table}")).scalars()) == sorted(
                [late["subject"], visit]
            )
        assert connection.execute(text("SELECT matter FROM rectification")).scalars().all() == [visit]
        assert len(ratings.past(connection, visit)) == 1
