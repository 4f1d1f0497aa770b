"""A run as the store keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.node import Json


class State(StrEnum):
    """How far a run came."""

    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    """It said why."""
    DIED = "died"
    """It ended without a word: killed, or its machine went down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLock:
    """The right to scan a tenant, until the run is recorded or failed."""

    number: int
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """A run without what it saw. Times are UTC, ISO 8601 with Z, by the clock of the machine."""

    number: int
    """In the order in which runs began; unique in the store."""
    run_id: str | None
    """Of the report; None unless complete."""
    tenant_id: str
    name: str
    """What the configuration called the tenant."""
    state: State
    started_at: str
    finished_at: str | None
    message: str | None
    auditor_version: str
    rules_digest: str | None
    summary: Mapping[str, Json] | None
    """As in report.json; None unless complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Which run shows the state that was approved."""

    run: int
    tenant_id: str
    approved_at: str
    approved_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was deleted."""

    runs: int
    contents: int
    """Parts that no run is left of."""
