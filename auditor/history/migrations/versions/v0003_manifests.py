"""The manifests of bundles: each names the one before it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds a table."""
    op.create_table(
        "auditor_manifest",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("auditor_manifest_of_tenant", "auditor_manifest", ["tenant", "number"])
