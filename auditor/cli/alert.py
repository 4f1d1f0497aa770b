"""`auditor alert`: tries the channels of the configuration."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from auditor.cli import options
from auditor.cli.outcome import ExitCode
from auditor.errors import UsageError

_EPILOG = """\b
Examples:
  auditor alert test
  auditor alert test --config auditor.yaml

What scans tell, to whom, and what became of it: README, Alerts.
"""


@click.group(epilog=_EPILOG)
def command() -> None:
    """The alerts of the configuration (its key `alerts`)."""


@command.command()
@options.config
@options.rules
@options.output
def test(config: Path, rules: Path | None) -> int:
    """Send a sample to every channel, and say what happened.

    Once, without the store: nothing is kept, and nothing that waits there is told.
    Exit code 0: all took it. 1: one did not.
    """
    from auditor.alert.events import sample
    from auditor.cli.alerts import alerts_of, letter_of
    from auditor.cli.audit import load_configuration_for, load_rules
    from auditor.report.text import visible

    configuration = load_configuration_for(config, load_rules(rules))
    with alerts_of(configuration) as alerts:
        if alerts is None:
            raise UsageError(f"{config} names no alerts", remedy="Add `alerts`; the README shows how.")
        event = sample(configuration.tenants[0].id, at=datetime.now(UTC))
        names = {route.to.id: route.to.name for route in configuration.alerts}
        said = [
            (names[id], channel.send([letter_of(event, id)]).reason)
            for id, channel in alerts.channels.items()
        ]
    for name, reason in said:
        click.echo(visible(f"{name}: {'told' if reason is None else f'not told: {reason}'}"))
    return ExitCode.CLEAN if all(reason is None for _, reason in said) else ExitCode.CANNOT_RUN
