"""Brings a store to this program's version of the schema, and refuses one that is newer."""

from __future__ import annotations

import logging

from sqlalchemy import Connection, inspect, text

from auditor import __version__
from auditor.errors import CannotRunError
from auditor.history.database import Database

HEAD = "0003"
"""The newest migration; written here so that a store that has it opens without loading Alembic."""

VERSION_TABLE = "auditor_schema"

_log = logging.getLogger("auditor")


def bring_up_to_date(database: Database) -> None:
    """Applies what lacks, in one transaction. Raises CannotRunError for a store of a newer program."""
    with database.reading() as connection:
        version = _version(connection)
    if version == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "auditor.history:migrations")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with database.writing() as connection:
        version = _version(connection)  # somebody else may have been first
        if version is not None and version not in known:
            raise CannotRunError(
                f"the store {database.name} is of a newer version of this program: its schema is"
                f" {version}, and {__version__} knows schemas up to {HEAD}",
                remedy="Run the version that wrote it, or a newer one; or name another store under history.",
            )
        config.attributes.update(connection=connection, version_table=VERSION_TABLE)
        command.upgrade(config, "head")
    if version is not None:
        _log.info("the store %s was brought from schema %s to %s", database.name, version, HEAD)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return found
