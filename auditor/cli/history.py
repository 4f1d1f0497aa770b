"""`auditor history`: the runs of the store, what each said, and whether the nights still happen."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli import options
from auditor.cli.kept import opened
from auditor.cli.outcome import ExitCode
from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.history import RunEntry

_log = logging.getLogger("auditor")

_SLACK = timedelta(minutes=5)
"""By how much the clocks of two machines may differ."""

_EPILOG = """\b
Examples:
  auditor history list
  auditor history show last
  auditor history show 12 --format json
  auditor history prune --keep 400
  auditor history stale --max-age 26h || alarm

RUN is a number, a run id or its beginning (from four digits on), or `last` for the last complete one.
"""


@click.group(epilog=_EPILOG)
def command() -> None:
    """The runs that `auditor scan` kept in the store of the configuration (its key `history`)."""


@command.command("list")
@options.config
@options.rules
@options.text_or_json("Of stdout.")
@options.output
def list_runs(config: Path, rules: Path | None, form: str) -> None:
    """List the runs, newest first."""
    from auditor.model.wire import to_json

    with opened(config, rules) as (_, history):
        runs = history.runs()
    if form == "json":
        click.echo(json.dumps(to_json(runs), indent=2))
        return
    for run in runs:
        click.echo(_line(run))


def _line(run: RunEntry) -> str:
    from auditor.report.text import visible

    said = run.message or ""
    if run.summary is not None:
        failed, unseen = run.summary["fail"], run.summary["notEvaluated"]
        said = f"{failed} failed, {unseen} could not be judged"
    row = (
        f"{run.number:>5}  {run.started_at}  {run.state.value:<8}  {(run.run_id or '-')[:12]:<12}  {run.name}"
    )
    return visible(f"{row}  {said}".rstrip().replace("\n", " "))


@command.command()
@click.argument("name", metavar="RUN")
@options.config
@options.rules
@options.text_or_json("Of stdout; json: the run's report.json.")
@options.output
def show(name: str, config: Path, rules: Path | None, form: str) -> None:
    """Show what a run said."""
    from rich.console import Console

    from auditor.history import State
    from auditor.report.changes import changes
    from auditor.report.json import render
    from auditor.report.terminal import summary

    with opened(config, rules) as (_, history):
        run = history.run(name)
        report = history.report(str(run.number)) if run.state is State.COMPLETE else None
    if report is not None and form == "json":
        click.echo(render(report), nl=False)
        return
    if form == "json":
        raise UsageError(
            f"run {run.number} is {run.state}: it has no report",
            remedy="`auditor history list` shows which runs are complete.",
        )
    click.echo(_line(run))
    if report is not None:
        stdout = Console(highlight=False)
        stdout.print(summary(report))
        since = changes(report)
        if since is not None:
            stdout.print(since)


@command.command()
@options.config
@options.rules
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Keep each tenant's newest N.")
@click.option("--keep-days", type=click.IntRange(min=1), metavar="D", help="Keep those of the last D days.")
@options.output
def prune(config: Path, rules: Path | None, keep: int | None, keep_days: int | None) -> None:
    """Delete old runs, and what only they hold.

    Each tenant's last complete run and approved ones always stay.
    """
    if (keep is None) == (keep_days is None):
        raise click.UsageError("give one of --keep and --keep-days")
    with opened(config, rules) as (_, history):
        pruned = history.prune(keep=keep, keep_days=keep_days, at=datetime.now(UTC))
    _log.info("%d runs deleted, and %d parts that no other run shares", pruned.runs, pruned.contents)


class Duration(click.ParamType[timedelta]):
    """Whole minutes, hours or days: 90m, 26h, 2d."""

    name = "duration"
    _UNITS = {"m": "minutes", "h": "hours", "d": "days"}  # noqa: RUF012

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        number, unit = value[:-1], self._UNITS.get(value[-1:])
        if unit is None or not number.isascii() or not number.isdigit() or len(number) > 6:
            self.fail(f"{value!r} is no duration; write for example 90m, 26h or 2d", param, ctx)
        return timedelta(**{unit: int(number)})


@command.command()
@options.config
@options.rules
@click.option(
    "--max-age",
    type=Duration(),
    default="26h",
    show_default=True,
    help="How old the last complete run may be.",
)
@options.output
def stale(config: Path, rules: Path | None, max_age: timedelta) -> int:
    """Tell whether every tenant of the configuration was scanned lately.

    Exit code 0: each has a complete run that ended no longer than --max-age ago. 10: one has not; it is
    named on stdout.
    """
    from auditor.history import StoreMissingError

    now = datetime.now(UTC)
    try:
        with opened(config, rules) as (configuration, history):
            said = {
                tenant.id: _late(history.last(tenant.id), now, max_age) for tenant in configuration.tenants
            }
            late = [f"{tenant}: {what}" for tenant, what in said.items() if what]
    except StoreMissingError as error:
        late = [error.message]
    for line in late:
        click.echo(line)
    return ExitCode.FAILED if late else ExitCode.CLEAN


def _late(run: RunEntry | None, now: datetime, max_age: timedelta) -> str | None:
    """What is wrong with the age of the last complete run, if anything."""
    if run is None or run.finished_at is None:
        return "no complete run"
    age = now - datetime.fromisoformat(run.finished_at)
    if age > max_age:
        return f"the last complete run ended at {run.finished_at}"
    if age < -_SLACK:
        return f"the last complete run ended at {run.finished_at}, which is still to come: a clock is wrong"
    return None
