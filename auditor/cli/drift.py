"""`auditor drift`: what changed between two snapshots, and who did it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli import options
from auditor.cli.outcome import ExitCode
from auditor.model.change import Drift

if TYPE_CHECKING:
    from auditor.cli.sides import Side

_EPILOG = """\b
Examples:
  auditor drift
  auditor drift --from baseline
  auditor drift --from 12 --to 14 --format json
  auditor drift --from monday.json.gz --to tuesday.json.gz

\b
RUN is a number, a run id or its beginning, or `last`; `baseline` is the approved run; anything
else is the name of a snapshot file.
Exit codes: 11 something changed, 3 nothing that is known of did, but not everything could be
compared, 0 nothing changed.
"""

form = options.text_or_json("Of stdout; json: as drift.json beside the report of a scan.")

tenant = click.option("--tenant", help="Which tenant, by id or name, when the store holds several.")


@click.command(epilog=_EPILOG)
@click.option(
    "--from", "from_", metavar="RUN|baseline|FILE", help="The earlier side.  [default: the run before --to]"
)
@click.option("--to", metavar="RUN|FILE", help="The later side.  [default: the last complete run]")
@tenant
@options.config
@options.rules
@form
@options.output
def command(
    from_: str | None, to: str | None, tenant: str | None, config: Path, rules: Path | None, form: str
) -> int:
    """Tell what changed between two runs, and who did it.

    Compares by meaning: sets as sets, certificates by thumbprint, people and groups by id. Compares runs that
    scans kept, the approved baseline, and files that `auditor collect` wrote; reads no tenant.
    """
    from auditor.cli.sides import sides

    with sides(from_, to, config=config, rules=rules, tenant=tenant) as (before, after):
        return show(before, after, rules=rules, form=form)


def show(before: Side, after: Side, *, rules: Path | None, form: str) -> int:
    """Prints the drift; gives the exit code."""
    from rich.console import Console

    from auditor.cli.audit import load_rules
    from auditor.cli.drifted import as_file, drift_between
    from auditor.model.configuration import Judgement
    from auditor.model.wire import from_json
    from auditor.report.drifted import drift_in_words

    drift = drift_between(
        before.seen or before.snapshot,
        after.snapshot,
        runs=(before.run_id, after.run_id),
        pack=load_rules(rules),
        judgement=from_json(after.snapshot.configuration, Judgement),
        approved=before.approved,
    )
    if form == "json":
        click.echo(as_file(drift), nl=False)
    else:
        Console(highlight=False).print(drift_in_words(drift))
    return exit_code(drift)


def exit_code(drift: Drift) -> ExitCode:
    """11 when something changed; else 3 when not all could be compared; else 0."""
    if drift.changes or drift.access:
        return ExitCode.DRIFT
    return ExitCode.NOT_EVALUATED if drift.unknown or not drift.comparable else ExitCode.CLEAN
