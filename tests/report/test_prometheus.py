"""metrics.prom: what Prometheus' own parser reads from it is what the report says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from auditor.model.finding import Status
from auditor.model.report import Report
from auditor.report.prometheus import METRICS, Sample, read_samples, render, samples_of, text
from tests.report.sample import HOSTILE, TENANT_ID, sample_report


def parsed(content: bytes) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(content.decode()):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def values(report: Report, metric: str, **labels: str) -> list[float]:
    return [
        value
        for name, found, value in parsed(render(report))
        if name == metric and labels.items() <= found.items()
    ]


def test_the_numbers_are_the_reports() -> None:
    report = sample_report()
    failed = sum(finding.status is Status.FAIL for finding in report.findings)
    unseen = sum(finding.status is Status.NOT_EVALUATED for finding in report.findings)
    assert failed > 0
    assert unseen > 0
    assert sum(values(report, "auditor_findings", status="fail")) == failed
    assert sum(values(report, "auditor_checks_not_evaluated")) == unseen
    assert values(report, "auditor_applications") == [len(report.applications)]
    finished = datetime(2026, 11, 23, 2, 0, 41, tzinfo=UTC).timestamp()
    assert values(report, "auditor_last_success_timestamp_seconds", tenant=TENANT_ID) == [finished]
    judged = report.coverage.evaluated
    assert values(report, "auditor_coverage_ratio") == [judged / (judged + report.coverage.not_evaluated)]


def test_each_certificate_says_how_long_it_lasts() -> None:
    report = sample_report()
    certificates = [each for application in report.applications for each in application.certificates]
    known = [each for each in certificates if each.thumbprint and each.days_left is not None]
    assert known
    for certificate in known:
        thumbprint = certificate.thumbprint or ""
        assert certificate.days_left in values(report, "auditor_certificate_days_left", thumbprint=thumbprint)


def test_an_application_without_failures_says_so() -> None:
    report = replace(sample_report(), findings=())
    app_id = report.applications[0].app_id
    assert values(report, "auditor_findings", app_id=app_id, status="fail", severity="critical") == [0.0]
    assert values(report, "auditor_checks_not_evaluated", app_id=app_id) == [0.0]


def test_no_line_stands_there_twice() -> None:
    """The textfile collector refuses the whole file otherwise."""
    report = sample_report()
    twice = replace(report, applications=report.applications + report.applications)
    lines = [(name, tuple(sorted(labels.items()))) for name, labels, _ in parsed(render(twice))]
    assert len(lines) == len(set(lines))


def test_a_hostile_name_stays_a_name() -> None:
    name = f'"}} 1\nauditor_coverage_ratio 1\n\\{HOSTILE}'
    report = sample_report()
    (first, *rest) = report.applications
    hostile = replace(report, applications=(replace(first, display_name=name), *rest))
    assert len(values(hostile, "auditor_coverage_ratio")) == 1
    shown = {labels.get("application", "") for _, labels, _ in parsed(render(hostile))}
    assert any(
        each.startswith('"} 1\nauditor_coverage_ratio 1\n\\<script>') and "‹U+202E›" in each for each in shown
    )


def test_the_same_report_gives_the_same_bytes() -> None:
    report = sample_report()
    shuffled = replace(report, findings=report.findings[::-1], applications=report.applications[::-1])
    assert render(report) == render(shuffled)


def test_every_figure_of_a_report_is_described() -> None:
    assert {sample.metric for sample in samples_of(sample_report(), tenant="t")} <= set(METRICS)


@given(st.text(alphabet=st.characters(exclude_categories=())), st.floats(-1e12, 1e12))
def test_a_file_says_what_was_written(name: str, value: float) -> None:
    sample = Sample(metric="auditor_findings", labels={"tenant": "t", "application": name}, value=value)
    content = text([sample])
    (again,) = read_samples(content.decode())
    assert again.value == value
    assert text([again]) == content
