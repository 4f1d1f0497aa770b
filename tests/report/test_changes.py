"""What changed, in a few lines: the tenant's changes first, names shown as what they are."""

from __future__ import annotations

import dataclasses
import io

from rich.console import Console

from auditor.model.finding import ApplicationReference, BaselineState, Cause
from auditor.model.report import Report
from auditor.model.rule import Severity
from auditor.report.changes import changes
from tests.report.sample import HOSTILE, sample_report
from tests.report.test_json import compared_report


def printed(report: Report) -> list[str]:
    stream = io.StringIO()
    told = changes(report)
    assert told is not None
    Console(file=stream, width=2000, no_color=True, highlight=False).print(told)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_each_kind_of_change_is_a_line_with_its_cause() -> None:
    _, heading, solved, new, unknown, *_ = printed(compared_report())
    assert heading == "Since the last run"
    assert solved.startswith("  1 solved: ")
    assert new.startswith("  1 new by the passing of time: ")
    assert unknown == "  1 earlier failure could not be looked at again: neither solved nor new."


def test_a_failure_of_a_higher_severity_than_before_is_worse() -> None:
    report = compared_report()
    assert report.comparison is not None
    new = report.findings[-1]
    worse = dataclasses.replace(
        new, baseline_state=BaselineState.UPDATED, baseline_cause=Cause.TENANT, severity=Severity.CRITICAL
    )
    earlier = dataclasses.replace(
        report.comparison.absent[0], fingerprint=new.fingerprint, severity=Severity.LOW
    )
    comparison = dataclasses.replace(report.comparison, earlier=(earlier,))
    lines = printed(
        dataclasses.replace(report, comparison=comparison, findings=(*report.findings[:-1], worse))
    )
    assert [line for line in lines if line.startswith("  1 worse: ")]


def test_who_changed_what_is_a_line_each() -> None:
    lines = printed(compared_report())[5:]
    assert lines[0].startswith("  1 change by nobody known: ")
    assert "servicePrincipal.replyUrls: added https://evil.example.net/saml/acs" in lines[0]
    assert lines[1].startswith("  1 change by whom was not evaluated: ")
    assert "conditionalAccessPolicy.state: enabled became disabled" in lines[1]
    assert lines[2].startswith("  2 changes by ada@contoso.com: ")
    assert lines[3].startswith("  1 gained access: ada@contoso.com, a guest (")
    assert lines[4].startswith("  1 lost access: b1 (")
    assert lines[5] == "  Not known whether changed: synchronizationJobs."


def test_nothing_changed_is_said() -> None:
    report = compared_report()
    assert report.comparison is not None
    comparison = dataclasses.replace(report.comparison, absent=(), unknown=())
    quiet = dataclasses.replace(report, comparison=comparison, findings=sample_report().findings, drift=None)
    assert printed(quiet)[2:] == ["  Nothing changed since 2026-11-23T02:00:41Z."]


def test_without_a_comparison_there_is_nothing_to_say() -> None:
    assert changes(sample_report()) is None


def test_many_are_counted_and_a_hostile_name_stays_in_its_line() -> None:
    report = compared_report()
    hostile = ApplicationReference(service_principal_id="a", app_id="a", display_name=HOSTILE + "\n")
    new = dataclasses.replace(report.findings[-1], application=hostile)
    lines = printed(dataclasses.replace(report, findings=(new,) * 7))
    (told,) = (line for line in lines if "new by the passing of time" in line)
    assert told.startswith("  7 new by the passing of time: ")
    assert told.endswith(", and 2 more.")
    assert "\x1b" not in told
    assert "\u202e" not in told
