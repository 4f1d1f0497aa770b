"""Reports that every format has to hold: an ordinary one, a later night's, a hostile one, an empty one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from auditor.model.finding import BaselineState, Cause
from auditor.model.report import Report
from tests.report.hostile import hostile_report
from tests.report.sample import sample_report
from tests.report.test_json import compared_report


def empty_report() -> Report:
    """Nothing was audited."""
    sample = sample_report()
    none = dict.fromkeys(sample.summary.by_severity, 0)
    return replace(
        sample,
        applications=(),
        findings=(),
        coverage=replace(sample.coverage, evaluated=0, not_evaluated=0, gaps=()),
        summary=replace(
            sample.summary, pass_=0, fail=0, not_evaluated=0, not_applicable=0, waived=0, by_severity=none
        ),
    )


def later_report() -> Report:
    """The sample as a later night's: states, first days, a cause."""
    compared = compared_report()
    states = (BaselineState.NEW, BaselineState.UNCHANGED, BaselineState.UPDATED)
    findings = tuple(
        replace(
            finding,
            fingerprint=f"{number:032x}",
            first_seen_at="2026-11-20T02:00:00Z",
            baseline_state=states[number % 3],
            baseline_cause=None if number % 3 == 1 else list(Cause)[number % 2],
        )
        for number, finding in enumerate(compared.findings)
    )
    return replace(compared, findings=findings)


REPORTS: Mapping[str, Report] = {
    "sample": sample_report(),
    "later": later_report(),
    "hostile": hostile_report(),
    "empty": empty_report(),
}
