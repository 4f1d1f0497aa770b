"""`auditor deploy`: ready files that run the scan of a configuration every night."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from auditor import __version__
from auditor.cli import options

_log = logging.getLogger("auditor")

_EPILOG = """\b
Examples:
  auditor deploy systemd --config /etc/auditor/auditor.yaml --out units
  auditor deploy cron --config /etc/auditor/auditor.yaml > /etc/cron.d/auditor
  auditor deploy kubernetes --image auditor:1 | kubectl apply --filename -
  auditor deploy github-actions --out .
  auditor deploy container > Containerfile

No secret is written: files and variables that the configuration refers to become environment files, secrets
and mounts. Several files on stdout stand one after the other, each after a comment with its name.
"""


class TimeOfDay(click.ParamType[tuple[int, int]]):
    """Hour and minute, as 02:00."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value, flags=re.ASCII)
        if found is None:
            self.fail(f"{value!r} is no time of day; write for example 02:00", param, ctx)
        return int(found[1]), int(found[2])


@click.command(epilog=_EPILOG)
@click.argument("target", type=click.Choice(["systemd", "cron", "kubernetes", "github-actions", "container"]))
@options.config
@options.rules
@click.option("--out", type=options.DIRECTORY, help="Where the files go.  [default: stdout]")
@click.option(
    "--at",
    "time",
    metavar="HH:MM",
    type=TimeOfDay(),
    default="02:00",
    show_default=True,
    help="When; UTC, for cron the machine's time.",
)
@click.option("--program", type=options.FILE, help="Where the program is.  [default: this one]")
@click.option(
    "--image",
    default=f"saml-app-auditor:{__version__}",
    show_default=True,
    help="The container's image, for kubernetes and container.",
)
@options.output
def command(
    target: str,
    config: Path,
    rules: Path | None,
    out: Path | None,
    time: tuple[int, int],
    program: Path | None,
    image: str,
) -> None:
    """Print files that scan every night: units, a crontab, manifests, a workflow, a Containerfile."""
    from auditor.cli.audit import load_configuration_for, load_rules
    from auditor.cli.files import write_files
    from auditor.deploy import TARGETS, Plan, needs_of
    from auditor.report import formats
    from auditor.yaml_document import read_yaml

    configuration = load_configuration_for(config, load_rules(rules))
    data = read_yaml(config).data
    plan = Plan(
        needs=needs_of(configuration, data if isinstance(data, Mapping) else {}),
        program=str((program or _this_program()).absolute()),
        hour=time[0],
        minute=time[1],
        image=image,
        version=__version__,
        has_sarif="sarif" in formats(),
        environment=os.environ,
    )
    files = TARGETS[target](plan)
    if out is not None:
        write_files({out / name: text.encode() for name, text in files.items()})
        for name in files:
            _log.info("%s", out / name)
        return
    for name, text in files.items():
        if len(files) > 1:
            click.echo(f"# ==> {name} <==")
        click.echo(text)


def _this_program() -> Path:
    """The command beside the interpreter that runs this, else the one on the PATH."""
    beside = Path(sys.prefix) / "bin" / "auditor"
    found = None if beside.exists() else shutil.which("auditor")
    return Path(found) if found else beside
