"""Events that were or are to be told, and to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds two tables."""
    op.create_table(
        "auditor_event",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("body", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("auditor_event_of_tenant", "auditor_event", ["tenant", "run"])
    op.create_table(
        "auditor_delivery",
        sa.Column("event", sa.Integer, sa.ForeignKey("auditor_event.number"), primary_key=True),
        sa.Column("channel", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("in_doubt", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("claimed_at", sa.String),
        sa.Column("claimed_by", sa.Text),
    )
    op.create_index("auditor_delivery_open", "auditor_delivery", ["channel", "state"])
