"""The tables of the store, as the newest migration leaves them.

Names begin with `auditor_`: a PostgreSQL database may hold other things. Times are ISO 8601 text in UTC, so
that both databases keep and sort them alike.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

METADATA = MetaData()

RUN = Table(
    "auditor_run",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("tenant", String, nullable=False),  # its id; until a run of this name is complete, its name
    Column("name", String, nullable=False),  # as the configuration calls the tenant
    Column("state", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("finished_at", String),
    Column("message", Text),
    Column("process", Text, nullable=False),
    Column("auditor_version", String, nullable=False),
    Column("run_id", String),
    Column("rules_digest", String),
    Column("snapshot_digest", String),
    Column("snapshot_head", Text),
    Column("report_digest", String),
    Column("report_head", Text),
    sqlite_autoincrement=True,  # a number that was pruned is not given again
)

Index(
    "auditor_run_one_at_a_time",
    RUN.c.tenant,
    unique=True,
    sqlite_where=text("state = 'running'"),
    postgresql_where=text("state = 'running'"),
)
Index("auditor_run_of_tenant", RUN.c.tenant, RUN.c.number)

CONTENT = Table(
    "auditor_content",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

PART = Table(
    "auditor_part",
    METADATA,
    Column("run", ForeignKey(RUN.c.number, ondelete="CASCADE"), primary_key=True),
    Column("document", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("content", ForeignKey(CONTENT.c.digest), nullable=False, index=True),
    Column("times", LargeBinary, nullable=False),
)

APPROVAL = Table(
    "auditor_approval",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run", ForeignKey(RUN.c.number), nullable=False, index=True),
    Column("tenant", String, nullable=False),
    Column("approved_at", String, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_autoincrement=True,
)

MANIFEST = Table(
    "auditor_manifest",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("tenant", String, nullable=False),
    Column("run_id", String, nullable=False),  # no reference: a run may be pruned, its bundle stays
    Column("digest", String, nullable=False),
    Column("made_at", String, nullable=False),
    sqlite_autoincrement=True,
)
Index("auditor_manifest_of_tenant", MANIFEST.c.tenant, MANIFEST.c.number)

EVENT = Table(
    "auditor_event",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("tenant", String, nullable=False),
    Column("run", Integer, nullable=False),  # no reference: a run may be pruned, what was told stays known
    Column("kind", String, nullable=False),
    Column("at", String, nullable=False),
    Column("body", Text),  # None once it is told and its run pruned
    sqlite_autoincrement=True,
)
Index("auditor_event_of_tenant", EVENT.c.tenant, EVENT.c.run)

DELIVERY = Table(
    "auditor_delivery",
    METADATA,
    Column("event", ForeignKey(EVENT.c.number), primary_key=True),
    Column("channel", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("in_doubt", Boolean, nullable=False),
    Column("reason", Text),
    Column("claimed_at", String),
    Column("claimed_by", Text),
)
Index("auditor_delivery_open", DELIVERY.c.channel, DELIVERY.c.state)
