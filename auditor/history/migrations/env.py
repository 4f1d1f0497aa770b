"""Alembic's entry: runs inside the transaction of whoever opens the store."""

from __future__ import annotations

from alembic import context

from auditor.history.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=context.config.attributes["version_table"],
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
