"""The summary on the terminal: complete at 80 columns without colour, and no name can leave its line."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from auditor.model.finding import Status
from auditor.model.report import Report
from auditor.report.terminal import summary, verdict
from tests.report.sample import HOSTILE, sample_report


def printed(report: Report, *, width: int = 80, files: tuple[Path, ...] = (), colour: bool = False) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        no_color=not colour,
        force_terminal=colour,
        highlight=False,
        legacy_windows=False,
    )
    console.print(summary(report, files=files))
    return stream.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_verdict_is_one_sentence() -> None:
    assert verdict(sample_report()) == (
        "Contoso: 4 applications, 8 checks failed (2 critical, 2 high, 2 medium, 1 low, 1 informational), "
        "6 passed; 3 could not be judged; 1 waived."
    )


def test_nothing_failed_is_not_said_of_what_could_not_be_judged() -> None:
    report = sample_report()
    clean = dataclasses.replace(
        report.summary, fail=0, by_severity=dict.fromkeys(report.summary.by_severity, 0)
    )
    assert "all 6 checks that could be judged passed; 3 could not be judged" in verdict(
        dataclasses.replace(report, summary=clean)
    )
    blind = dataclasses.replace(clean, pass_=0)
    assert "nothing could be said; 3 could not be judged" in verdict(
        dataclasses.replace(report, summary=blind)
    )


def test_every_failure_stands_there_with_application_rule_and_remedy_most_severe_first() -> None:
    report = sample_report()
    text = words(printed(report))
    failures = [finding for finding in report.findings if finding.status is Status.FAIL]
    for finding in failures:
        assert finding.rule_id in text
    assert "GoToTraining: The active certificate expired on 2026-11-10T23:59:59Z." in text
    assert "signing-certificate-not-expired. Enterprise apps > the application" in text
    assert text.index("critical GoToMeeting") < text.index("high GoToMeeting") < text.index("low <script>")


def test_what_expires_next_and_what_could_not_be_seen() -> None:
    text = words(printed(sample_report(), files=(Path("out/report.html"),)))
    assert "2026-11-10 expired 12 days ago GoToTraining 2026-11-30 in 7 days GoToMeeting" in text
    assert "signIns: needs the licence Microsoft Entra ID P1" in text
    assert "federationMetadata: unreadable; no answer within 30 seconds" in text
    assert "claimsPolicy: grant Policy.Read.All (accepted)" in text
    assert text.endswith("Reports out/report.html")


def test_many_gaps_of_one_kind_are_one_line() -> None:
    report = sample_report()
    gap = report.coverage.gaps[0]
    many = tuple(dataclasses.replace(gap, subject=str(n), detail=f"about {n}") for n in range(500))
    text = words(
        printed(dataclasses.replace(report, coverage=dataclasses.replace(report.coverage, gaps=many)))
    )
    assert "claimsPolicy (500 times): grant Policy.Read.All" in text
    assert "more in the report" not in text


def test_many_failures_of_one_rule_are_one_entry() -> None:
    report = sample_report()
    failure = next(finding for finding in report.findings if finding.rule_id == "relay-state-matches")
    assert failure.application is not None
    many = tuple(
        dataclasses.replace(
            failure, application=dataclasses.replace(failure.application, display_name=f"Application {n}")
        )
        for n in range(1000)
    )
    text = words(printed(dataclasses.replace(report, findings=many)))
    assert (
        "medium The relay state is the product's: 1000 failures "
        "(Application 0, Application 1, Application 2 and 997 more) relay-state-matches."
    ) in text
    assert "more in the report" not in text


def test_failures_that_are_not_listed_are_counted() -> None:
    report = sample_report()
    failure = next(finding for finding in report.findings if finding.status is Status.FAIL)
    many = tuple(dataclasses.replace(failure, rule_id=f"rule-{n}") for n in range(50) for _ in range(5))
    assert "... and 150 more in the report." in words(printed(dataclasses.replace(report, findings=many)))


@pytest.mark.parametrize("colour", [False, True])
def test_hostile_names_are_shown_as_what_they_are(colour: bool) -> None:
    text = printed(sample_report(), width=200, colour=colour)
    for unseen in ("\u202e", "\u200b", "\ud800"):
        assert unseen not in text
    assert "\x1b[31m{{7*7}}" not in text
    assert (
        "<script>alert(1)</script>[bold]‹U+001B›[31m{{7*7}}‹U+202E›gpj.exe‹U+200B›‹U+D800› is assigned"
        in text
    )
    if not colour:
        assert "\x1b" not in text


def test_an_endless_name_with_line_feeds_stays_in_its_place() -> None:
    report = sample_report()
    name = "all is well\nReports\n" * 1000
    application = dataclasses.replace(report.applications[1], display_name=name)
    report = dataclasses.replace(report, applications=(application,))
    lines = printed(report).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines.count("Reports") == 0
    assert len(lines) < 60


def test_the_sample_is_hostile() -> None:
    assert "\x1b" in HOSTILE
