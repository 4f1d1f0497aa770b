"""What a reader wants to know first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model.finding import Finding, Status
from auditor.model.report import Report
from auditor.model.rule import Severity
from auditor.report.assurance import controls
from auditor.report.presentation import (
    application_views,
    blind_spots,
    problems,
    verdict_kind,
    verdict_sentence,
)
from tests.report.sample import sample_report


def only(report: Report, *statuses: Status, severity: Severity | None = None) -> Report:
    """The report with only the findings of these statuses, and the numbers to match."""
    kept = tuple(replace(f, severity=severity or f.severity) for f in report.findings if f.status in statuses)
    return replace(
        report,
        findings=kept,
        summary=replace(
            report.summary,
            fail=sum(f.status is Status.FAIL for f in kept),
            not_evaluated=sum(f.status is Status.NOT_EVALUATED for f in kept),
            by_severity={
                s.value: sum(f.status is Status.FAIL and f.severity is s for f in kept) for s in Severity
            },
        ),
    )


@pytest.mark.parametrize(
    ("statuses", "severity", "kind", "beginning"),
    [
        ((Status.FAIL,), Severity.HIGH, "broken", "8 high problems in "),
        ((Status.FAIL,), Severity.LOW, "attention", "Nothing critical or high in 4 applications; 8 lesser"),
        (
            (Status.NOT_EVALUATED,),
            None,
            "blind",
            "Nothing wrong in what could be seen of 4 applications, but",
        ),
        ((Status.PASS,), None, "clean", "Everything is as it should be in 4 applications."),
    ],
)
def test_the_verdict_in_one_sentence(
    statuses: tuple[Status, ...], severity: Severity | None, kind: str, beginning: str
) -> None:
    report = only(sample_report(), *statuses, severity=severity)
    assert verdict_kind(report) == kind
    assert verdict_sentence(report).startswith(beginning)


def test_the_most_severe_comes_first_and_a_rule_once() -> None:
    found = problems(sample_report())
    assert [p.severity.rank for p in found] == sorted((p.severity.rank for p in found), reverse=True)
    assert len({p.rule_id for p in found}) == len(found)
    fails = [f for f in sample_report().findings if f.status is Status.FAIL]
    assert sorted(f.fingerprint for p in found for f in p.findings) == sorted(f.fingerprint for f in fails)


def test_every_finding_of_an_application_is_shown_once() -> None:
    report = sample_report()
    for view in application_views(report):
        of_it = [
            f
            for f in report.findings
            if f.application and f.application.service_principal_id == view.application.service_principal_id
        ]
        shown: list[Finding] = [
            *(f for step in view.steps for f in step.findings if f.application),
            *view.beyond,
            *view.passed,
            *view.not_applicable,
        ]
        assert sorted(f.fingerprint for f in shown) == sorted(f.fingerprint for f in of_it)


def test_a_step_is_as_bad_as_its_worst_finding_and_an_unseen_one_has_no_verdict() -> None:
    for view in application_views(sample_report()):
        for step in view.steps:
            if not step.step.observable:
                assert step.status is None
            elif any(f.status is Status.FAIL for f in step.findings):
                assert step.status is Status.FAIL


def test_accepted_gaps_come_last() -> None:
    spots = blind_spots(sample_report().coverage.gaps)
    assert [spot.accepted for spot in spots] == sorted(spot.accepted for spot in spots)


def test_controls_count_every_finding_that_speaks_for_them() -> None:
    report = sample_report()
    for control in controls(report):
        speaking = [f for f in report.findings if control.control in f.controls.get(control.framework, ())]
        assert sum(control.counts.values()) == len(speaking)
