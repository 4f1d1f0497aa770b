"""Connections to the store: SQLite's one file or PostgreSQL, with the same promises.

One writer at a time, and what a transaction wrote is there whole or not at all, also when the machine dies.
Whatever the database says no to becomes one sentence.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from auditor.errors import CannotRunError
from auditor.history.address import display, file_of

PATIENCE = 10
"""Seconds to wait for another program that writes, and for PostgreSQL to answer a connection."""

_WRITER = 0x61756469746F72
"""PostgreSQL's advisory lock of whoever writes."""

_WRITES = "auditor_writes"


class StoreUnavailableError(CannotRunError):
    """The database says no, or nothing: nothing can be kept, and nothing be told from it."""


class StoreMissingError(CannotRunError):
    """Nothing was stored yet."""


class Database:
    """A store's database. Connections live as long as their transaction."""

    def __init__(self, url: URL, *, create: bool) -> None:
        self.name = display(url)
        file = file_of(url)
        if file is not None:
            _see_to_file(file, create=create)
        self._engine = _sqlite(url) if file is not None else _postgresql(url)
        self.is_sqlite = file is not None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store."""
        with _told(self.name), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that nobody else writes beside; undone when anything is raised."""
        with _told(self.name), self._engine.connect() as connection:
            writing = connection.execution_options(**{_WRITES: True})
            with writing.begin():
                yield writing

    def give_back_space(self) -> None:
        """What was deleted goes back to the file system; PostgreSQL does so in its own time."""
        if self.is_sqlite:
            with _told(self.name), self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                raw.execute("PRAGMA incremental_vacuum").fetchall()
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Lets go of everything."""
        self._engine.dispose()


def _see_to_file(file: Path, *, create: bool) -> None:
    """The file is there, and when it is new, its owner's alone; SQLite's journals take after it."""
    if file.exists():
        return
    if not create:
        raise StoreMissingError(f"there is no store {file}", remedy="`auditor scan` makes it.")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreUnavailableError(
            f"the store {file} cannot be made: {error.strerror}",
            remedy="See to the folder's permissions, or name another file under history.",
        ) from error


def _sqlite(url: URL) -> Engine:
    # Without a level the driver begins nothing by itself: the listeners below do, at the right moment.
    engine = create_engine(
        url, poolclass=NullPool, connect_args={"timeout": PATIENCE, "isolation_level": None}
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        # FULL: what is committed has reached the disk. INCREMENTAL takes effect in an empty file only.
        for pragma in (
            "auto_vacuum=INCREMENTAL",
            "journal_mode=WAL",
            "synchronous=FULL",
            "fullfsync=ON",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A transaction that reads first and writes later is refused at once when somebody wrote between.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    # A network that swallows packets must not hang a run for hours.
    waits = {"connect_timeout": str(PATIENCE), "tcp_user_timeout": "30000", "application_name": "auditor"}
    engine = create_engine(url, poolclass=NullPool, connect_args=waits)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
        if connection.get_execution_options().get(_WRITES, False):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    return engine


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise _sentence(name, error) from error


_SQLITE_SENTENCES = {
    "SQLITE_FULL": ("is on a full disk", "Make room; the last complete run is as it was."),
    "SQLITE_IOERR": ("cannot be written or read", "See to free space and to the disk."),
    "SQLITE_READONLY": ("cannot be written: it is read-only", "See to the permissions of file and folder."),
    "SQLITE_CANTOPEN": ("cannot be opened", "See to the permissions of file and folder, and to free space."),
    "SQLITE_BUSY": ("is locked by another program", "Try again when that one is done."),
    "SQLITE_NOTADB": ("is no SQLite database", "Name another file under history."),
    "SQLITE_CORRUPT": ("is damaged", "Restore it from a backup, or name another file under history."),
}
"""By the beginning of SQLite's name of the error: what follows `the store NAME`, and the remedy."""


def _sentence(name: str, error: SQLAlchemyError) -> StoreUnavailableError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorname", "")
        for beginning, (said, remedy) in _SQLITE_SENTENCES.items():
            if code.startswith(beginning):
                return StoreUnavailableError(f"the store {name} {said}", remedy=remedy)
    lines = str(cause).strip().splitlines()
    return StoreUnavailableError(
        f"the store {name} does not do its part: {lines[0] if lines else type(cause).__name__}",
        remedy="See to the database, its address and the rights of its user; nothing was stored.",
    )
