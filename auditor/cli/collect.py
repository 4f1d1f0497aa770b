"""`auditor collect`: the network part of a scan alone."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli import options

_EPILOG = """\b
Examples:
  auditor collect --snapshot tonight.json.gz
  auditor evaluate tonight.json.gz

Several tenants in the configuration: a folder per tenant id beside FILE.
"""


@click.command(epilog=_EPILOG)
@options.config
@click.option("--snapshot", "file", type=options.FILE, required=True, metavar="FILE", help="Where it goes.")
@options.rules
@options.selection
@options.output
def command(
    config: Path,
    file: Path,
    rules: Path | None,
    applications: tuple[str, ...],
    all_applications: bool,
    max_wait: int,
) -> int:
    """Read the tenant into a snapshot, to be judged by `auditor evaluate`, here or elsewhere.

    The snapshot holds what was read, what could not be read and why, and the judgement that the
    configuration asks for. It holds no secret, no token and no single sign-in.
    """
    from auditor.cli.audit import load_configuration_for, load_rules
    from auditor.cli.tenants import Selection, collect_tenants

    pack = load_rules(rules)
    return collect_tenants(
        load_configuration_for(config, pack),
        pack=pack,
        selection=Selection(applications=applications, all=all_applications, max_wait=max_wait),
        file=file,
    )
