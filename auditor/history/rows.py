"""What a row of the store means."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import cattrs
from sqlalchemy import Connection, Row, func, select, update

from auditor.errors import CannotRunError
from auditor.history.parts import canonical, put_together
from auditor.history.process import Process, is_gone
from auditor.history.run import RunEntry, State
from auditor.history.tables import RUN
from auditor.model.node import Json
from auditor.model.report import Summary, TrendPoint
from auditor.model.wire import from_json

STALE_AFTER = timedelta(hours=6)
"""A run of which nobody here can tell whether it lives counts as died after this long."""

_DIED = "It ended without a word: killed, or its machine went down."


def timestamp(at: datetime) -> str:
    """As the store keeps times."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def tenant_of(connection: Connection, name: str) -> str:
    """The tenant's id where a complete run told it, else the name itself; in lower case."""
    known = (func.lower(RUN.c.name) == name.lower(), RUN.c.state == State.COMPLETE)
    found: str | None = connection.execute(
        select(RUN.c.tenant).where(*known).order_by(RUN.c.number.desc())
    ).scalar()
    return found or name.lower()


def is_dead(row: Row[Any], at: datetime, stale_after: timedelta) -> bool:
    """Whether a run that is marked as running is not.

    Its process is certainly gone; or it began too long ago, or in the future: a clock was set back.
    """
    if is_gone(from_json(json.loads(row.process), Process)):
        return True
    return abs(at - datetime.fromisoformat(row.started_at)) > stale_after


def mark_died(connection: Connection, row: Row[Any]) -> None:
    """So that everybody sees it."""
    connection.execute(update(RUN).where(RUN.c.number == row.number).values(state=State.DIED, message=_DIED))


def busy(row: Row[Any], name: str, stale_after: timedelta) -> CannotRunError:
    """The error about a tenant that is being scanned."""
    process = from_json(json.loads(row.process), Process)
    until = datetime.fromisoformat(row.started_at) + stale_after
    return CannotRunError(
        f"{name} is being scanned: run {row.number} began at {row.started_at}"
        f" (process {process.number} on {process.host})",
        remedy=f"Wait for it. If it is dead, it counts as such from {timestamp(until)} on.",
    )


def entry(row: Row[Any], at: datetime) -> RunEntry:
    """The run of a row; one that is marked as running and is dead at `at` is told as died."""
    died = row.state == State.RUNNING and is_dead(row, at, STALE_AFTER)
    return RunEntry(
        number=row.number,
        run_id=row.run_id,
        tenant_id=row.tenant,
        name=row.name,
        state=State.DIED if died else State(row.state),
        started_at=row.started_at,
        finished_at=row.finished_at,
        message=_DIED if died else row.message,
        auditor_version=row.auditor_version,
        rules_digest=row.rules_digest,
        summary=json.loads(row.report_head)["summary"] if row.report_head else None,
    )


def trend_point(row: Row[*tuple[Any, ...]]) -> TrendPoint | None:
    """The numbers of a complete run; None when it looked at single applications, or its head is damaged."""
    try:
        report, snapshot = json.loads(row.report_head), json.loads(row.snapshot_head)
        if snapshot.get("entries") is not None:
            return None
        return TrendPoint(
            run_id=row.run_id,
            evaluated_at=report["run"]["evaluatedAt"],
            rules_digest=row.rules_digest,
            summary=from_json(report["summary"], Summary),
        )
    except (cattrs.BaseValidationError, AttributeError, KeyError, TypeError, ValueError):
        return None


def whole(head: str, digest: str, parts: Iterable[tuple[str, bytes, bytes]]) -> dict[str, Json] | None:
    """The document of a run, or None when it is not what was stored."""
    try:
        document = put_together(head, parts)
    except (ValueError, KeyError, StopIteration, zlib.error):
        return None
    return document if hashlib.sha256(canonical(document)).hexdigest() == digest else None
