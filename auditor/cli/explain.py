"""`auditor explain`: everything that is known about one finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli import options
from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.model.finding import Finding
    from auditor.model.node import Json
    from auditor.model.report import EarlierFinding, Report

_EPILOG = """\b
Examples:
  auditor explain 4f1c
  auditor explain 4f1c09d2 --report /var/lib/auditor/out/report.json
  auditor explain 4f1c09d2 --run last --config auditor.yaml

FINGERPRINT is a finding's, or its beginning from four digits on; reports show it beside each finding.
"""
SHORTEST = 4


@click.command(epilog=_EPILOG)
@click.argument("fingerprint", metavar="FINGERPRINT")
@click.option(
    "--report", "file", type=options.FILE, help="The report.json it is in.  [default: out/report.json]"
)
@click.option("--run", metavar="RUN", help="Instead: the run of the store that it is in.")
@options.config
@options.rules
@options.text_or_json("Of stdout; json: the finding and its rule, as report.json has them.")
@options.output
def command(
    fingerprint: str, file: Path | None, run: str | None, config: Path, rules: Path | None, form: str
) -> None:
    """Tell the whole story of one finding.

    What must hold and why, where that comes from, what was read and when, how it was judged, how to set it
    right, when it was first seen, and what changed.
    """
    from auditor.cli.audit import load_rules
    from auditor.cli.report import read_report
    from auditor.cli.rules import tell_story
    from auditor.model.report import EarlierFinding
    from auditor.report.story import earlier_story, finding_story

    if file is not None and run is not None:
        raise click.UsageError("give one of --report and --run")
    report = read_report(file or Path("out/report.json")) if run is None else _of_run(run, config, rules)
    found = _find(report, fingerprint.lower())
    pack = load_rules(rules)
    rule = next((each for each in pack.rules if each.id == found.rule_id), None)
    if form == "json":
        click.echo(json.dumps(_document(report, found), indent=2))
    elif isinstance(found, EarlierFinding):
        unknown = report.comparison is not None and found in report.comparison.unknown
        tell_story(earlier_story(found, unknown=unknown))
    else:
        same = report.run.rules.digest == pack.digest
        tell_story(finding_story(report, found, rule if same else None))


def _of_run(run: str, config: Path, rules: Path | None) -> Report:
    from auditor.cli.kept import opened

    with opened(config, rules) as (_, history):
        return history.report(run)


def _find(report: Report, beginning: str) -> Finding | EarlierFinding:
    """The finding whose fingerprint begins so. Raises UsageError when there is none, or more than one."""
    if len(beginning) < SHORTEST:
        raise UsageError(
            f"{beginning!r} is too short for a fingerprint", remedy=f"Give at least {SHORTEST} digits of it."
        )
    from auditor.report.presentation import all_findings

    earlier = () if report.comparison is None else (*report.comparison.absent, *report.comparison.unknown)
    every: list[Finding | EarlierFinding] = [*earlier, *all_findings(report)]
    known = {each.fingerprint: each for each in every}
    found = [each for fingerprint, each in sorted(known.items()) if fingerprint.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{len(found)} findings begin with {beginning!r}",
            remedy="Give more digits: " + ", ".join(each.fingerprint for each in found[:3]),
        )
    raise UsageError(
        f"no finding of the run of {report.run.evaluated_at} begins with {beginning!r}",
        remedy="Reports show it beside each finding. Name the report with --report, or a run with --run.",
    )


def _document(report: Report, found: Finding | EarlierFinding) -> Json:
    from auditor.model.wire import to_json

    rule = next((each for each in report.rules if each.id == found.rule_id), None)
    return {"run": to_json(report.run), "finding": to_json(found), "rule": to_json(rule)}
