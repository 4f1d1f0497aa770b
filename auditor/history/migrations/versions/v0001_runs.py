"""Runs, what they saw and said, and which of them was approved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "auditor_run",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("started_at", sa.String, nullable=False),
        sa.Column("finished_at", sa.String),
        sa.Column("message", sa.Text),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("auditor_version", sa.String, nullable=False),
        sa.Column("run_id", sa.String),
        sa.Column("rules_digest", sa.String),
        sa.Column("snapshot_digest", sa.String),
        sa.Column("snapshot_head", sa.Text),
        sa.Column("report_digest", sa.String),
        sa.Column("report_head", sa.Text),
        sqlite_autoincrement=True,
    )
    running = sa.text("state = 'running'")
    op.create_index(
        "auditor_run_one_at_a_time",
        "auditor_run",
        ["tenant"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_index("auditor_run_of_tenant", "auditor_run", ["tenant", "number"])
    op.create_table(
        "auditor_content",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "auditor_part",
        sa.Column(
            "run", sa.Integer, sa.ForeignKey("auditor_run.number", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("document", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("content", sa.String, sa.ForeignKey("auditor_content.digest"), nullable=False),
        sa.Column("times", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_auditor_part_content", "auditor_part", ["content"])
    op.create_table(
        "auditor_approval",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("auditor_run.number"), nullable=False),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("approved_at", sa.String, nullable=False),
        sa.Column("approved_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_auditor_approval_run", "auditor_approval", ["run"])
