"""The manifests of bundles, so that each can name the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from auditor.errors import CannotRunError
from auditor.history.database import Database
from auditor.history.rows import timestamp
from auditor.history.tables import MANIFEST


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptManifest:
    """What is kept of a bundle."""

    run_id: str
    digest: str
    """SHA-256 of its manifest.json."""


class Manifests:
    """Those of all tenants; they stay when runs are pruned."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self, tenant: str) -> KeptManifest | None:
        """That of the tenant's newest bundle; `tenant` is its id."""
        with self._database.reading() as connection:
            return _last(connection, tenant)

    def keep(self, tenant: str, manifest: KeptManifest, *, after: KeptManifest | None, at: datetime) -> None:
        """Makes it the newest. Raises CannotRunError when `after` no longer is: a chain has no forks."""
        with self._database.writing() as connection:
            if _last(connection, tenant) != after:
                raise CannotRunError(
                    f"another scan made a bundle of {tenant} meanwhile",
                    remedy="Nothing was written over. Scan again.",
                )
            connection.execute(
                insert(MANIFEST).values(
                    tenant=tenant.lower(),
                    run_id=manifest.run_id,
                    digest=manifest.digest,
                    made_at=timestamp(at),
                )
            )


def _last(connection: Connection, tenant: str) -> KeptManifest | None:
    mine = select(MANIFEST).where(MANIFEST.c.tenant == tenant.lower())
    row = connection.execute(mine.order_by(MANIFEST.c.number.desc()).limit(1)).first()
    return None if row is None else KeptManifest(run_id=row.run_id, digest=row.digest)
