"""`auditor baseline`: the state of a tenant that somebody approved."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import click

from auditor.cli import drift, options
from auditor.cli.kept import opened
from auditor.errors import UsageError

_log = logging.getLogger("auditor")

_EPILOG = """\b
Examples:
  auditor baseline approve last --reason "reviewed, CHG-1042" --by ada@contoso.com
  auditor baseline show
  auditor baseline diff

RUN is a number, a run id or its beginning (from four digits on), or `last` for the last complete one.
"""


@click.group(epilog=_EPILOG)
def command() -> None:
    """The state that was approved: record it, show it, compare with it."""


class _Words(click.ParamType[str]):
    """Text that says something."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        words = value.strip()
        if not words:
            self.fail("it must not be empty", param, ctx)
        return words


@command.command()
@click.argument("name", metavar="RUN")
@click.option("--reason", type=_Words(), required=True, help="Why this state is as it should be.")
@click.option("--by", type=_Words(), required=True, help="Who approves it.")
@drift.tenant
@options.config
@options.rules
@options.output
def approve(name: str, reason: str, by: str, tenant: str | None, config: Path, rules: Path | None) -> None:
    """Approve what a run saw. The one approved last counts; approved runs are never pruned."""
    from auditor.cli.sides import Store

    with opened(config, rules) as (_, history):
        store = Store(history)
        side = store.side(name, store.tenant_of(tenant, [name]))
        run = side.run
        assert run is not None  # a name of the store gives a run
        history.approve(str(run.number), reason=reason, by=by, at=datetime.now(UTC))
    _log.info("run %d of %s is the approved state", run.number, run.name)


@command.command()
@drift.tenant
@options.config
@options.rules
@options.text_or_json("Of stdout.")
@options.output
def show(tenant: str | None, config: Path, rules: Path | None, form: str) -> None:
    """Show which run is approved, by whom and why."""
    from auditor.cli.sides import Store
    from auditor.model.wire import to_json
    from auditor.report.text import visible

    with opened(config, rules) as (_, history):
        of = tenant or Store(history).only_tenant()
        approval = history.baseline(of)
        if approval is None:
            raise UsageError(
                f"nothing was approved for {of}", remedy="Say `auditor baseline approve RUN ...`."
            )
        run = history.run(str(approval.run))
    if form == "json":
        click.echo(json.dumps({"approval": to_json(approval), "run": to_json(run)}, indent=2))
        return
    click.echo(visible(f"Run {run.number} of {run.name}, collected from {run.started_at}"))
    click.echo(visible(f"approved at {approval.approved_at} by {approval.approved_by}: {approval.reason}"))


@command.command()
@click.option("--to", metavar="RUN|FILE", help="What to compare with it.  [default: the last complete run]")
@drift.tenant
@options.config
@options.rules
@drift.form
@options.output
def diff(to: str | None, tenant: str | None, config: Path, rules: Path | None, form: str) -> int:
    """Tell what changed since the approved state: `auditor drift --from baseline`."""
    from auditor.cli.sides import BASELINE, sides

    with sides(BASELINE, to, config=config, rules=rules, tenant=tenant) as (before, after):
        return drift.show(before, after, rules=rules, form=form)
