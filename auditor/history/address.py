"""Where the store is: the `history` URL, understood and made absolute."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from auditor.errors import UsageError

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

_REMEDY = "Write sqlite:///auditor.db, or postgresql://user@host/database behind env:NAME or file:PATH."


def store_url(text: str, *, folder: Path) -> URL:
    """The URL of a store; a relative SQLite file lies in `folder`. Raises UsageError, without the text."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise UsageError("history: this is no database URL", remedy=_REMEDY) from error
    match url.drivername.partition("+")[0]:
        case "sqlite":
            return _sqlite(url, folder)
        case "postgresql" | "postgres":
            return _postgresql(url)
        case other:
            raise UsageError(f"history: {other} is no store that this program knows", remedy=_REMEDY)


def password_of(text: str) -> str | None:
    """The password in a URL, to be masked; None when there is none, or this is no URL."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return None
    password = url.password or url.query.get("password")
    return password if isinstance(password, str) else None


def file_of(url: URL) -> Path | None:
    """The file of a SQLite store."""
    return Path(url.database) if url.drivername == SQLITE and url.database else None


def display(url: URL) -> str:
    """How messages name the store: without a password."""
    file = file_of(url)
    if file is not None:
        return str(file)
    port = f":{url.port}" if url.port else ""
    return f"{POSTGRESQL}://{url.host or ''}{port}/{url.database or ''}"


def _sqlite(url: URL, folder: Path) -> URL:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise UsageError("history: a SQLite store needs a file", remedy="Write sqlite:///auditor.db.")
    if url.query or url.host or url.username:
        raise UsageError(
            "history: a SQLite store is a file and nothing else",
            remedy="Write sqlite:///auditor.db, or sqlite:////var/lib/auditor/auditor.db with four slashes.",
        )
    return URL.create(SQLITE, database=str((folder / url.database).absolute()))


def _postgresql(url: URL) -> URL:
    if find_spec("psycopg") is None:
        raise UsageError(
            "history: PostgreSQL needs a driver that is not installed",
            remedy="pip install 'saml-app-auditor[postgresql]'",
        )
    return url.set(drivername=f"{POSTGRESQL}+psycopg")
