"""`auditor demo`: the embedded tenant, and a real scan of it."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli import console, options
from auditor.cli.outcome import ExitCode
from auditor.model.configuration import Configuration
from auditor.model.rule import Severity

if TYPE_CHECKING:
    from auditor.evaluate import RulePack

_DAY = timedelta(days=1)

_MEANING = {
    ExitCode.CLEAN: "clean",
    ExitCode.NOT_EVALUATED: "something could not be judged",
    ExitCode.DRIFT: "something changed",
    ExitCode.FAILED: "a failure of severity high or above",
}


@click.command(epilog="\b\nExample:\n  auditor demo --out out && xdg-open out/report.html")
@click.option(
    "--out", type=options.DIRECTORY, default=Path("out"), show_default=True, help="Where reports go."
)
@options.output
def command(out: Path) -> int:
    """Audit an embedded tenant with seeded faults, to see what an audit looks like.

    The tenant is a small company's, served on 127.0.0.1; the scan is the real one: token request, Microsoft
    Graph and signed federation metadata over HTTPS. It is the second night: the report also tells what was
    changed since the first, and by whom. Ends with 0 when the audit ran.
    """
    from auditor.cli.audit import ReportOptions, load_configuration_for, load_rules
    from auditor.cli.emulator import write_configuration
    from auditor.cli.tenants import Selection, scan_tenants
    from auditor.emulator import DemoDay, Emulator, load_scene

    pack = load_rules(None)
    with tempfile.TemporaryDirectory() as folder, Emulator(load_scene("demo")) as emulator:
        configuration = load_configuration_for(write_configuration(emulator, Path(folder)), pack)
        configuration = replace(configuration, history="sqlite:///demo.db")
        day = DemoDay(tenant=emulator.tenant)
        day.take_back()
        emulator.faults.clock_offset = -_DAY
        _keep_night(configuration, pack)
        emulator.faults.clock_offset = timedelta()
        day.happen()
        code = scan_tenants(
            configuration,
            pack=pack,
            selection=Selection(),
            reports=ReportOptions(out=out, formats=("html", "json"), fail_on=Severity.HIGH),
            at=None,
        )
    said = f"A scan would have ended with exit code {code.value}: {_MEANING[code]}."
    if console.is_json():
        logging.getLogger("auditor").info(said)
    else:
        click.echo(said, err=True)
    return ExitCode.CLEAN


def _keep_night(configuration: Configuration, pack: RulePack) -> None:
    """The night before: a scan by a clock that is a day behind. It is kept, and nobody sees its report."""
    from auditor.cli.judging import judge
    from auditor.cli.kept import begun, store_of
    from auditor.cli.tenants import Selection, collect_tenant

    (tenant,) = configuration.tenants
    judgement = configuration.judgement(tenant)
    with store_of(configuration) as history, begun(history, tenant.id) as run:
        snapshot = collect_tenant(
            tenant,
            configuration,
            pack=pack,
            selection=Selection(),
            clock=lambda: datetime.now(UTC) - _DAY,
        )
        audit = judge(
            snapshot,
            pack=pack,
            judgement=judgement,
            at=None,
            fail_on=Severity.HIGH,
            compared_with=run.comparison_input(snapshot),
        )
        run.complete(audit, snapshot)
