"""From what was collected to a report, without a network, a store or a clock: the part that can be repeated.

Snapshot, rules, profiles, configuration, time and what earlier runs said go in; the report comes out, the
same bytes each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor.cli.outcome import ExitCode, outcome, with_drift
from auditor.model.comparison_input import ComparisonInput, EarlierRun
from auditor.model.configuration import Judgement
from auditor.model.report import Report, TrendPoint
from auditor.model.rule import Severity
from auditor.model.snapshot import MatchedBy, Snapshot, Target
from auditor.model.wire import from_json, to_json

if TYPE_CHECKING:
    from auditor.drift.findings import Again
    from auditor.evaluate import RulePack


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One tenant's audit: its report, and the exit code of it alone."""

    report: Report
    code: ExitCode


def judge(
    snapshot: Snapshot,
    *,
    pack: RulePack,
    judgement: Judgement,
    at: datetime | None,
    fail_on: Severity,
    compared_with: ComparisonInput | None = None,
) -> Audit:
    """Judges a snapshot for the time `at`; None: for the time at which it was finished.

    `compared_with`: then also what became of its findings, what changed, and the trend.
    """
    from auditor.evaluate import evaluate
    from auditor.report.build import accepted_sections, build_report

    at = at or datetime.fromisoformat(snapshot.finished_at).astimezone(UTC)
    evaluation = evaluate(snapshot, pack=pack, judgement=judgement, at=at)
    report = build_report(snapshot, evaluation, pack=pack, judgement=judgement, at=at)
    accepted = accepted_sections(judgement.accepted_gaps, at)
    code = outcome(evaluation.verdicts, fail_on=fail_on, accepted=accepted)
    if compared_with is not None:
        report = _compared(report, snapshot, compared_with, pack=pack, judgement=judgement)
        code = with_drift(code, report.drift, fail_on=fail_on)
    return Audit(report=report, code=code)


def _compared(
    report: Report, snapshot: Snapshot, earlier: ComparisonInput, *, pack: RulePack, judgement: Judgement
) -> Report:
    """With what became of the findings since the last complete run, what changed, and the trend."""
    from auditor.cli.drifted import drift_between, waived
    from auditor.drift.findings import compare_findings
    from auditor.drift.last_seen import last_seen

    before = earlier.before
    report = compare_findings(
        report,
        before.report if before else None,
        narrowed=snapshot.entries is not None,
        again=_judged_again(before, report, snapshot, pack, judgement) if before else (),
    )
    if before is not None:
        runs = (before.report.run.id, report.run.id)
        seen = last_seen(before.snapshot, before.earlier)
        found = drift_between(seen, snapshot, runs=runs, pack=pack, judgement=judgement)
        drift, waivers = waived(found, report, judgement, narrowed=snapshot.entries is not None)
        report = replace(report, drift=drift, waivers=waivers)
    return replace(report, trend=_trend(report, snapshot, earlier))


def _trend(report: Report, snapshot: Snapshot, earlier: ComparisonInput) -> tuple[TrendPoint, ...]:
    """The numbers of the last runs and of this one; none for a run of single applications."""
    if snapshot.entries is not None:
        return ()
    now = TrendPoint(
        run_id=report.run.id,
        evaluated_at=report.run.evaluated_at,
        rules_digest=report.run.rules.digest,
        summary=report.summary,
    )
    return (*earlier.trend, now)


def _judged_again(
    before: EarlierRun, after: Report, snapshot: Snapshot, pack: RulePack, judgement: Judgement
) -> Sequence[Again]:
    """The last snapshot under the rules of now: at its own time where the rules changed, and at this time."""
    from auditor.drift.findings import Again, Judged
    from auditor.evaluate import evaluate
    from auditor.model.finding import Cause

    report, earlier = before.report, before.snapshot
    then, now = (datetime.fromisoformat(each.run.evaluated_at) for each in (report, after))
    changed = (
        report.run.rules.digest != after.run.rules.digest
        or report.run.auditor_version != after.run.auditor_version
        or earlier.configuration != to_json(judgement)
    )
    as_now = _retargeted(earlier, snapshot, judgement) if changed else earlier
    times = [(Cause.RULES, then)] if changed else []
    found: list[Again] = []
    for cause, at in [*times, (Cause.TIME, now)]:
        evaluation = evaluate(as_now, pack=pack, judgement=judgement, at=at)
        judged = Judged(
            findings=[verdict.finding for verdict in evaluation.verdicts],
            applications=evaluation.applications,
        )
        found.append(Again(cause=cause, judged=judged))
    return found


def _retargeted(earlier: Snapshot, snapshot: Snapshot, judgement: Judgement) -> Snapshot:
    """The earlier snapshot as if it had been collected under the configuration of now.

    A target that is still one counts as what it counts as now: a new profile may match it. Those that the
    configuration no longer covers are left out.
    """
    from auditor.cli.evaluate import rejudged

    moved = rejudged(earlier, from_json(earlier.configuration, Judgement), judgement)
    now = {target.service_principal_id: target for target in snapshot.targets}
    of_all = any(target.matched_by is MatchedBy.ALL_APPLICATIONS for target in snapshot.targets)
    targets: list[Target] = []
    for was, target in zip(earlier.targets, moved.targets, strict=True):
        same = now.get(target.service_principal_id)
        if same is not None:
            targets.append(replace(target, application=same.application, profile=same.profile))
        elif target.application is not None or (was.application is None and of_all):
            targets.append(target)
    return replace(moved, targets=tuple(targets))
