"""metrics.prom: the report's figures in Prometheus' text format; what `scan --metrics` writes rests on it.

Every metric is a gauge: a scan is a look at the tenant, and the next one may see less of everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from auditor.model.finding import Finding, Status
from auditor.model.report import AuditedApplication, Certificate, Report
from auditor.model.rule import Severity
from auditor.report import Format
from auditor.report.text import visible

METRICS: Mapping[str, str] = {
    "auditor_last_attempt_timestamp_seconds": "When the last scan of the tenant ended, however it ended.",
    "auditor_last_attempt_success": "1: the last scan was made and its reports written; 0: it was not.",
    "auditor_last_attempt_exit_code": "The exit code of the tenant's last scan.",
    "auditor_last_attempt_duration_seconds": "How long the last scan of the tenant took.",
    "auditor_last_success_timestamp_seconds": "When the last complete scan had read the tenant.",
    "auditor_run_info": "What the figures come from: tenant, cloud, program, rules.",
    "auditor_applications": "Applications that were audited.",
    "auditor_findings": "Findings by application, status and severity; failures also where there are none.",
    "auditor_checks_not_evaluated": "Checks of an application that could not be judged.",
    "auditor_coverage_ratio": "Share of the checks that could be judged.",
    "auditor_gaps": "What could not be read, by section and reason.",
    "auditor_certificate_days_left": "Whole days until a signing certificate expires; negative after it.",
    "auditor_certificate_not_after_timestamp_seconds": "When a signing certificate expires.",
    "auditor_graph_requests": "HTTP requests that the last scan sent to Microsoft Graph.",
    "auditor_graph_throttled": "Answers 429 of Microsoft Graph in the last scan, in batches too.",
    "auditor_graph_waited_seconds": "Pauses that Microsoft Graph asked for in the last scan.",
}
"""Help texts by name, in the order in which they are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One line: a metric of `METRICS`, its labels, its value."""

    metric: str
    labels: Mapping[str, str]
    value: float


def samples_of(report: Report, *, tenant: str) -> list[Sample]:
    """The figures of a report; each has a label `tenant` that says `tenant`."""

    def sample(metric: str, value: float, **labels: str) -> Sample:
        return Sample(metric=metric, labels={"tenant": tenant, **labels}, value=value)

    run, coverage = report.run, report.coverage
    checks = coverage.evaluated + coverage.not_evaluated
    samples = [
        sample("auditor_last_success_timestamp_seconds", _seconds(run.finished_at)),
        sample(
            "auditor_run_info",
            1,
            tenant_id=run.tenant.id,
            tenant_name=run.tenant.display_name or "",
            cloud=run.cloud,
            version=run.auditor_version,
            rules=run.rules.digest[:12],
        ),
        sample("auditor_applications", len(report.applications)),
        sample("auditor_coverage_ratio", coverage.evaluated / checks if checks else 1.0),
    ]
    gaps = Counter((gap.section, gap.reason, str(gap.accepted).lower()) for gap in coverage.gaps)
    samples += [
        sample("auditor_gaps", count, section=section, reason=reason, accepted=accepted)
        for (section, reason, accepted), count in gaps.items()
    ]
    samples += [sample("auditor_findings", count, **labels) for labels, count in _findings(report)]
    samples += [sample("auditor_checks_not_evaluated", count, **labels) for labels, count in _unseen(report)]
    for labels, certificate in _certificates(report):
        if certificate.days_left is not None:
            samples.append(sample("auditor_certificate_days_left", certificate.days_left, **labels))
        if certificate.not_after is not None:
            until = _seconds(certificate.not_after)
            samples.append(sample("auditor_certificate_not_after_timestamp_seconds", until, **labels))
    return samples


def text(samples: Iterable[Sample]) -> bytes:
    """The text format, sorted. Of samples with the same labels the last counts: two are an error there."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import Metric
    from prometheus_client.registry import Collector

    values: dict[str, dict[tuple[tuple[str, str], ...], float]] = {name: {} for name in METRICS}
    for sample in samples:
        labels = ((name, visible(value)) for name, value in sample.labels.items())
        values[sample.metric][tuple(sorted(labels))] = sample.value

    class Figures(Collector):
        """What a registry asks for its metrics."""

        def collect(self) -> Iterator[Metric]:
            for name, lines in values.items():
                metric = Metric(name, METRICS[name], "gauge")
                for labels, value in sorted(lines.items()):
                    metric.add_sample(name, dict(labels), value)
                if lines:
                    yield metric

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return generate_latest(registry)


def read_samples(content: str) -> list[Sample]:
    """The samples of a file that `text` made, perhaps in an earlier version. Raises ValueError."""
    from prometheus_client.parser import text_string_to_metric_families

    return [
        Sample(metric=sample.name, labels=sample.labels, value=sample.value)
        for family in text_string_to_metric_families(content)
        for sample in family.samples
        if sample.name in METRICS
    ]


def render(report: Report) -> bytes:
    """The report's figures; the tenant is called by its id."""
    return text(samples_of(report, tenant=report.run.tenant.id))


def _findings(report: Report) -> Iterator[tuple[dict[str, str], int]]:
    counts = Counter(
        (_about(finding), finding.status.value, finding.severity.value) for finding in report.findings
    )
    for application in _applications(report):
        # A series that ends when the last failure is solved would leave its alert without an end.
        for severity in Severity:
            counts[application, Status.FAIL.value, severity.value] += 0
    for ((name, app_id), status, weight), count in counts.items():
        yield {"application": name, "app_id": app_id, "status": status, "severity": weight}, count


def _unseen(report: Report) -> Iterator[tuple[dict[str, str], int]]:
    counts = Counter(dict.fromkeys(_applications(report), 0))
    counts.update(_about(finding) for finding in report.findings if finding.status is Status.NOT_EVALUATED)
    for (name, app_id), count in counts.items():
        yield {"application": name, "app_id": app_id}, count


def _certificates(report: Report) -> Iterator[tuple[dict[str, str], Certificate]]:
    for application in report.applications:
        for certificate in application.certificates:
            if certificate.thumbprint is not None:
                name, app_id = _named(application)
                yield (
                    {
                        "application": name,
                        "app_id": app_id,
                        "thumbprint": certificate.thumbprint,
                        "status": certificate.status or "",
                    },
                    certificate,
                )


def _applications(report: Report) -> list[tuple[str, str]]:
    return [_named(application) for application in report.applications]


def _named(application: AuditedApplication) -> tuple[str, str]:
    return application.display_name, application.app_id


def _about(finding: Finding) -> tuple[str, str]:
    """Name and appId of the application; empty for findings about the tenant or a profile."""
    about = finding.application
    return ("", "") if about is None else (about.display_name, about.app_id)


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


FORMAT = Format(name="prometheus", file_name="metrics.prom", render=render)
