"""`auditor scan`: reads each tenant of the configuration, judges it, writes its reports."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from auditor.cli import options
from auditor.model.rule import Severity

_EPILOG = """\b
Examples:
  auditor scan --config auditor.yaml
  auditor scan --application GoToMeeting --format json --fail-on critical
  auditor scan --all-applications --out /var/lib/auditor/report --quiet
  auditor scan --bundle evidence/tonight.zip

Several tenants in the configuration: OUT/<tenant id>/report.json each; one that cannot be read
does not stop the next. So do bundles: DIR/<tenant id>/FILE.
"""


@click.command(epilog=_EPILOG)
@options.config
@options.rules
@options.selection
@options.reports
@options.bundle
@options.redact
@options.at("now")
@click.option(
    "--metrics",
    "metrics_file",
    type=options.FILE,
    help="Figures for Prometheus' textfile collector (*.prom); also when the scan fails.",
)
@options.output
def command(
    config: Path,
    rules: Path | None,
    applications: tuple[str, ...],
    all_applications: bool,
    max_wait: int,
    out: Path,
    format_names: tuple[str, ...],
    split: bool,
    fail_on: Severity,
    bundle_file: Path | None,
    redact: bool,
    pseudonyms: Path | None,
    at: datetime | None,
    metrics_file: Path | None,
) -> int:
    """Read the tenant, judge it, write the reports.

    Looks at the applications of the configuration. Only reads; writes nothing but the reports, and these
    only when the whole scan was made; then the file of --bundle, signed; and the file of --metrics, however
    it ended.
    """
    from auditor.cli.alerts import with_heartbeat
    from auditor.cli.audit import ReportOptions, load_configuration_for, load_rules
    from auditor.cli.bundle import bundler_for
    from auditor.cli.metrics import Metrics
    from auditor.cli.redacting import redactor_for
    from auditor.cli.tenants import Selection, scan_tenants

    metrics = Metrics(metrics_file)
    with metrics.guarding():
        reports = ReportOptions(out=out, formats=format_names, fail_on=fail_on, split=split)
        pack = load_rules(rules)
        configuration = load_configuration_for(config, pack, at)
        bundler = bundler_for(bundle_file, configuration, pack=pack, rules=rules, reports=reports)
        with redactor_for(
            redact=redact,
            names=pseudonyms,
            configuration=configuration,
            folder=config.parent,
            out=out,
            pack=pack,
        ) as redactor:
            return with_heartbeat(
                configuration,
                lambda: scan_tenants(
                    configuration,
                    pack=pack,
                    selection=Selection(applications=applications, all=all_applications, max_wait=max_wait),
                    reports=reports,
                    at=at,
                    metrics=metrics,
                    bundler=bundler,
                    redactor=redactor,
                ),
            )
