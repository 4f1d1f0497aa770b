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
    nothing_judged,
    problems,
    verdict_kind,
    verdict_sentence,
)
from auditor.report.since import since
from tests.report.nights import second_night
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
            waived=sum(f.status is Status.WAIVED for f in kept),
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


def nothing_but(report: Report, **numbers: int) -> Report:
    """The report without findings and drift, its summary of these numbers only."""
    nothing = dict.fromkeys(("fail", "pass_", "waived", "not_evaluated", "not_applicable"), 0)
    summary = replace(report.summary, by_severity={}, **{**nothing, **numbers})
    return replace(report, findings=(), drift=None, summary=summary)


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({"not_evaluated": 55}, "Nothing could be judged of 4 applications: 55 checks could not be made."),
        (
            {"not_evaluated": 1, "not_applicable": 3},
            "Nothing could be judged of 4 applications: 1 check could",
        ),
        ({"pass_": 9, "waived": 1}, "Nothing wrong in 4 applications but 1 waived problem."),
        ({"waived": 2, "not_evaluated": 1}, "Nothing wrong in 4 applications but 2 waived problems; 1 check"),
        ({"not_applicable": 3}, "Nothing applies to 4 applications."),
    ],
    ids=["unseen", "unseen-or-not-applicable", "waived", "waived-and-unseen", "not-applicable"],
)
def test_the_verdict_reassures_only_as_far_as_something_was_seen(
    numbers: dict[str, int], sentence: str
) -> None:
    report = nothing_but(sample_report(), **numbers)
    assert verdict_sentence(report).startswith(sentence)
    assert nothing_judged(report) is not bool(numbers.keys() & {"pass_", "waived"})


@pytest.mark.parametrize(
    ("numbers", "severities", "sentence"),
    [
        ({}, {}, "No application was audited."),
        ({"not_evaluated": 55}, {}, "No application could be looked at; 55 checks could not be made."),
        ({"fail": 1}, {"high": 1}, "1 high problem; no application could be looked at."),
        ({"fail": 1}, {"low": 1}, "Nothing critical or high; 1 lesser problem; no application could be"),
    ],
    ids=["nothing-asked", "unseen", "high", "low"],
)
def test_the_verdict_without_an_application(
    numbers: dict[str, int], severities: dict[str, int], sentence: str
) -> None:
    report = nothing_but(replace(sample_report(), applications=()), **numbers)
    report = replace(report, summary=replace(report.summary, by_severity=severities))
    assert verdict_sentence(report).startswith(sentence)


def test_a_severe_change_that_nobody_explains_is_in_an_application() -> None:
    night = second_night()
    assert night.drift is not None
    finding = replace(night.drift.findings[0], severity=Severity.CRITICAL, status=Status.FAIL)
    report = nothing_but(night, fail=1)
    report = replace(
        report,
        drift=replace(night.drift, findings=(finding,)),
        summary=replace(report.summary, by_severity={"critical": 1}),
    )
    assert verdict_sentence(report) == "1 critical problem in 1 of 4 applications."


def test_who_had_access_already_gained_none() -> None:
    night = second_night()
    assert night.drift is not None
    change = night.drift.access[0]
    changes = tuple(replace(change, effective=effective) for effective in (True, False, None))
    told = since(replace(night, drift=replace(night.drift, access=changes)))
    assert told is not None
    assert (told.gained, told.lost) == (2, 0)


def test_why_something_was_not_seen_begins_with_the_answer() -> None:
    gap = sample_report().coverage.gaps[0]
    asked = "GET /v1.0/users?$filter=userType eq 'Member' was answered 403 Denied: no"
    (spot,) = blind_spots([replace(gap, detail=asked)])
    assert spot.why == "answered 403 Denied: no: GET /v1.0/users?$filter=userType eq 'Member'"
    (spot,) = blind_spots([replace(gap, detail="nobody declared it")])
    assert spot.why == "nobody declared it"


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
