"""What a report says beyond the snapshot: what earlier runs of the tenant saw and said."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.report import Report, TrendPoint
from auditor.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRun:
    """The last complete run: its report and what it saw."""

    report: Report
    snapshot: Snapshot
    earlier: tuple[Snapshot, ...] = ()
    """What further runs saw before it, the last one first: as far back as something was last seen then that
    this one could not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonInput:
    """What a run is compared with, when a history is kept."""

    before: EarlierRun | None
    """None in the first run."""
    trend: tuple[TrendPoint, ...] = ()
    """The numbers of the complete runs before, oldest first."""
