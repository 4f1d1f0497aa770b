"""The schema: made by the migrations alone, the same as the tables say, never newer than the program."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from auditor import __version__
from auditor.errors import CannotRunError
from auditor.history import History, open_history
from auditor.history.migration import HEAD, VERSION_TABLE
from auditor.history.tables import METADATA
from tests.history.sample import at
from tests.history.test_store import NAME


def test_the_migrations_make_the_tables(history: History) -> None:
    with history._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert context.get_current_revision() == HEAD
        assert compare_metadata(context, METADATA) == []


def test_the_newest_migration_is_the_one_that_the_program_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", "auditor.history:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_store_is_opened_again_as_it_is(url: str) -> None:
    with open_history(url) as history:
        history.begin(NAME, at(0))
    with open_history(url) as history:
        assert len(history.runs()) == 1


def test_an_older_program_refuses_a_newer_store(url: str) -> None:
    with open_history(url) as history, history._database.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0999'"))
    with pytest.raises(CannotRunError) as refused:
        open_history(url)
    assert f"its schema is 0999, and {__version__} knows schemas up to {HEAD}" in refused.value.message
    assert "Run the version that wrote it" in refused.value.remedy


def test_a_migration_that_fails_leaves_nothing(url: str) -> None:
    from pathlib import Path

    from auditor.history.address import store_url
    from auditor.history.database import Database

    database = Database(store_url(url, folder=Path()), create=True)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE auditor_delivery (number INTEGER)"))  # made last: in the way
    with pytest.raises(CannotRunError):
        open_history(url)
    with database.writing() as connection:
        connection.execute(text("DROP TABLE auditor_delivery"))
    with open_history(url) as history:
        assert history.runs() == []
    database.close()
