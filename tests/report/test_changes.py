"""What changed, in a few lines: the tenant's changes first, names shown as what they are."""

from __future__ import annotations

import dataclasses
import io

from rich.console import Console

from auditor.model.finding import ApplicationReference
from auditor.model.report import Report
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
    _, heading, solved, new, unknown = printed(compared_report())
    assert heading == "Since the last run"
    assert solved.startswith("  1 solved: ")
    assert new.startswith("  1 new by the passing of time: ")
    assert unknown == "  1 earlier failure could not be looked at again: neither solved nor new."


def test_nothing_changed_is_said() -> None:
    report = compared_report()
    assert report.comparison is not None
    comparison = dataclasses.replace(report.comparison, absent=(), unknown=())
    quiet = dataclasses.replace(report, comparison=comparison, findings=sample_report().findings)
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
