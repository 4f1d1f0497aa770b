"""What changed since an earlier snapshot, for the commands: compared, and joined with who did it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from auditor.model.change import Drift
from auditor.model.configuration import Judgement
from auditor.model.snapshot import Snapshot
from auditor.model.waiver import UNATTRIBUTED_CHANGE, ReportedWaiver
from auditor.model.wire import to_json

if TYPE_CHECKING:
    from auditor.drift.last_seen import LastSeen
    from auditor.evaluate import RulePack
    from auditor.model.report import Report


def drift_between(
    before: Snapshot | LastSeen,
    after: Snapshot,
    *,
    runs: tuple[str | None, str | None],
    pack: RulePack,
    judgement: Judgement,
    approved: bool = False,
) -> Drift:
    """The drift from `before` to `after`, judged by the rules of `pack` as `judgement` has them."""
    from auditor.drift import attribute, compare
    from auditor.evaluate.coverage import coverage

    rules = coverage(pack, judgement)
    drift = compare(before, after, rules=rules, runs=runs, approved=approved)
    return attribute(drift, before, after)


def waived(
    drift: Drift, report: Report, judgement: Judgement, *, narrowed: bool
) -> tuple[Drift, tuple[ReportedWaiver, ...]]:
    """The drift with its findings under the waivers, and the report's waivers with what became of theirs.

    `narrowed`: whether only some applications of the configuration were looked for.
    """
    from auditor.evaluate.waivers import Scanned, apply_waivers, reported_together

    findings, told = apply_waivers(
        drift.findings,
        [waiver for waiver in judgement.waivers if waiver.rule == UNATTRIBUTED_CHANGE],
        at=datetime.fromisoformat(report.run.evaluated_at),
        scanned=Scanned(applications=report.applications, narrowed=narrowed),
    )
    return replace(drift, findings=findings), reported_together(report.waivers, told)


def as_file(drift: Drift) -> bytes:
    """drift.json: sorted keys, UTF-8; the same drift gives the same bytes."""
    text = json.dumps(to_json(drift), sort_keys=True, indent=2, ensure_ascii=False)
    # A name may hold half a surrogate pair; backslashreplace writes it as JSON's own escape.
    return f"{text}\n".encode(errors="backslashreplace")
