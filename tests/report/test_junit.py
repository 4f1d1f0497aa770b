"""report.junit.xml: read by a JUnit reader; what is not evaluated is no success."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from auditor.model.finding import Status
from auditor.model.report import Report, ReportedGap
from auditor.report.junit import render
from tests.report.official import officially
from tests.report.sample import MEETING, sample_report
from tests.report.several import REPORTS

__all__ = ["officially"]


def suites(report: Report) -> list[TestSuite]:
    return list(JUnitXml.fromstring(render(report)))


def cases(report: Report) -> list[TestCase]:
    return [case for suite in suites(report) for case in suite]


def outcomes(report: Report, kind: type) -> list[TestCase]:
    return [case for case in cases(report) if any(isinstance(result, kind) for result in case.result)]


def test_every_finding_is_a_test_case() -> None:
    report = sample_report()
    assert len(cases(report)) == len(report.findings)
    count = {status: sum(f.status is status for f in report.findings) for status in Status}
    assert len(outcomes(report, Failure)) == count[Status.FAIL]
    assert len(outcomes(report, Error)) == count[Status.NOT_EVALUATED]
    assert len(outcomes(report, Skipped)) == count[Status.WAIVED] + count[Status.NOT_APPLICABLE]


def test_every_application_is_a_suite_that_counts_what_it_holds() -> None:
    found = suites(sample_report())
    assert [suite.name for suite in found][1:] != []
    assert len(found) == 1 + len(sample_report().applications)
    for suite in found:
        held = [case.result[0] for case in suite if case.result]
        assert suite.tests == len(list(suite))
        assert suite.failures == sum(isinstance(result, Failure) for result in held)
        assert suite.errors == sum(isinstance(result, Error) for result in held)
        assert suite.skipped == sum(isinstance(result, Skipped) for result in held)


def test_a_skipped_test_says_which_status_it_has() -> None:
    messages = [case.result[0].message for case in outcomes(sample_report(), Skipped)]
    assert "waived: The relay state is not set." in messages
    assert any(message.startswith("not-applicable: ") for message in messages)


def test_a_failure_says_what_to_do_and_since_when() -> None:
    failure = outcomes(REPORTS["later"], Failure)[0].result[0]
    assert failure.type == "low"
    for line in (
        "expected: ",
        "observed: ",
        "what to do: Enterprise apps",
        "first seen: 2026-11-20T02:00:00Z",
    ):
        assert line in failure.text


def test_what_only_an_accepted_gap_hides_does_not_break_the_build() -> None:
    report = sample_report()
    finding = next(f for f in report.findings if f.status is Status.NOT_EVALUATED and f.application)
    gap = ReportedGap(
        section="claimsPolicy",
        subject=MEETING.service_principal_id,
        reason="permission",
        detail="it is forbidden to read",
        permission=None,
        licence=None,
        http_status=403,
        accepted=True,
    )
    finding = replace(finding, message="Could not be judged: it is forbidden to read.")
    for accepted, kind in ((True, Skipped), (False, Error)):
        gaps = (replace(gap, accepted=accepted),)
        told = replace(report, findings=(finding,), coverage=replace(report.coverage, gaps=gaps))
        (case,) = cases(told)
        assert isinstance(case.result[0], kind)


def test_two_cases_of_one_suite_never_share_a_name() -> None:
    for report in REPORTS.values():
        for suite in suites(report):
            names = [(case.classname, case.name) for case in suite]
            assert len(set(names)) == len(names)


@pytest.mark.parametrize("schema", ["junit", "junit-windyroad"])
@pytest.mark.parametrize("report", REPORTS)
def test_it_meets_the_schemas(
    schema: str, report: str, officially: Callable[[str, bytes], list[str]]
) -> None:
    assert officially(schema, render(REPORTS[report])) == []
