"""The sample as the run of a later night: compared with the night before, with the trend of the runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from auditor.model.finding import BaselineState, Cause, Finding, Status
from auditor.model.report import Comparison, EarlierFinding, Report, Summary, TrendPoint
from auditor.model.rule import Severity
from tests.report.sample import MEETING, OTHER, TRAINING, WEBINAR, sample_report

LAST_NIGHT = "2026-11-22T02:00:41Z"

_STATES: Mapping[tuple[str, str], tuple[BaselineState, Cause]] = {
    (MEETING.app_id, "no-unexpected-reply-url"): (BaselineState.NEW, Cause.TENANT),
    (OTHER.app_id, "no-guests-assigned"): (BaselineState.NEW, Cause.TENANT),
    (WEBINAR.app_id, "signing-certificate-not-expiring"): (BaselineState.NEW, Cause.TIME),
    (MEETING.app_id, "signing-certificate-not-expiring"): (BaselineState.UPDATED, Cause.TIME),
    (TRAINING.app_id, "reply-url-matches"): (BaselineState.UPDATED, Cause.TENANT),
}


def second_night() -> Report:
    """Something new by somebody, something worse, something solved, something that could not be looked at."""
    sample = sample_report()
    findings = tuple(_stated(finding) for finding in sample.findings)
    fails = [finding for finding in findings if finding.status in (Status.FAIL, Status.WAIVED)]
    states = [finding.baseline_state for finding in fails]
    relay = next(f for f in findings if f.rule_id == "relay-state-matches" and f.status is Status.WAIVED)
    name_id = next(f for f in findings if f.rule_id == "name-id-is-user-name")
    comparison = Comparison(
        run_id="7e11fa2b90c1d3e4",
        evaluated_at=LAST_NIGHT,
        rules_changed=False,
        new=states.count(BaselineState.NEW),
        unchanged=states.count(BaselineState.UNCHANGED),
        updated=states.count(BaselineState.UPDATED),
        absent=(replace(_earlier(relay, cause=Cause.TENANT), fingerprint="ab" * 16, rule_id="owner-present",
                        title="An owner is there"),),
        unknown=(_earlier(name_id, cause=None),),
        earlier=tuple(
            replace(_earlier(finding, cause=finding.baseline_cause), severity=Severity.MEDIUM, observed=8)
            for finding in fails
            if finding.baseline_state is BaselineState.UPDATED
        ),
    )  # fmt: skip
    return replace(sample, findings=findings, comparison=comparison, trend=trend(sample))


def trend(report: Report, runs: int = 30) -> tuple[TrendPoint, ...]:
    """Nights that got better and then worse again, and a change of rules; `report` is the last of them."""
    last = datetime.fromisoformat(report.run.evaluated_at)
    points = [
        TrendPoint(
            run_id=f"{night:016x}",
            evaluated_at=(last - timedelta(days=runs - 1 - night)).astimezone(UTC).strftime(_TIME),
            rules_digest="7c" * 32 if night < 6 else report.run.rules.digest,
            summary=_summary(report.summary, shift=max(0, 14 - night) + (3 if night == 19 else 0)),
        )
        for night in range(runs - 1)
    ]
    now = TrendPoint(
        run_id=report.run.id,
        evaluated_at=report.run.evaluated_at,
        rules_digest=report.run.rules.digest,
        summary=report.summary,
    )
    return (*points, now)


_TIME = "%Y-%m-%dT%H:%M:%SZ"


def _summary(now: Summary, *, shift: int) -> Summary:
    severities = {**now.by_severity, "high": now.by_severity["high"] + shift}
    return replace(now, fail=now.fail + shift, pass_=max(0, now.pass_ - shift), by_severity=severities)


def _stated(finding: Finding) -> Finding:
    if finding.status is Status.NOT_EVALUATED:
        return finding
    app = finding.application.app_id if finding.application else ""
    state, cause = _STATES.get((app, finding.rule_id), (BaselineState.UNCHANGED, None))
    since = "2026-11-23T02:00:41Z" if state is BaselineState.NEW else "2026-11-01T02:00:41Z"
    return replace(finding, first_seen_at=since, baseline_state=state, baseline_cause=cause)


def _earlier(finding: Finding, *, cause: Cause | None) -> EarlierFinding:
    return EarlierFinding(
        fingerprint=finding.fingerprint,
        rule_id=finding.rule_id,
        title=finding.title,
        status=Status.FAIL,
        severity=finding.severity,
        application=finding.application,
        subject=finding.subject,
        expected=finding.expected,
        observed=finding.observed,
        first_seen_at="2026-11-01T02:00:41Z",
        cause=cause,
    )
