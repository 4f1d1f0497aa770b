"""`auditor emulator`: the embedded tenant in the foreground, to develop and try things against."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli import options
from auditor.cli.files import write_files

if TYPE_CHECKING:
    from auditor.emulator import Emulator

_EPILOG = """\b
Examples:
  auditor emulator --write /tmp/tenant &
  auditor scan --config /tmp/tenant/auditor.yaml --all-applications

It listens on 127.0.0.1 only. Its certificates, keys and secret are made at start and kept nowhere.
"""


@click.command(epilog=_EPILOG)
@click.option("--port", type=click.IntRange(0, 65535), default=8443, show_default=True, help="0: a free one.")
@click.option(
    "--scene",
    default="demo",
    show_default=True,
    metavar="FILE",
    help="What is in the tenant: a scene file, or the name of a bundled one.",
)
@click.option(
    "--write", "directory", type=options.DIRECTORY, help="Put auditor.yaml, ca.pem and the secret there."
)
@options.output
def command(port: int, scene: str, directory: Path | None) -> int:
    """Run the embedded tenant until Ctrl-C: token endpoint, Microsoft Graph and federation metadata.

    Prints the configuration that reaches it, and tells on stderr what else is needed.
    """
    from auditor.emulator import Emulator, load_scene

    with Emulator(load_scene(scene), port=port) as emulator:
        click.echo(f"{emulator.url} answers until Ctrl-C", err=True)
        if directory is None:
            click.echo(f"export AUDITOR_CLIENT_SECRET={shlex.quote(emulator.client_secret)}", err=True)
            click.echo(_yaml(emulator.configuration()))
        else:
            click.echo(f"auditor scan --config {shlex.quote(str(write_configuration(emulator, directory)))}")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
    return 0


def write_configuration(emulator: Emulator, directory: Path) -> Path:
    """Writes auditor.yaml with everything it names beside it; gives its place."""
    configuration = emulator.configuration()
    for tenant in configuration["tenants"]:
        tenant["endpoints"]["ca_file"] = "ca.pem"
        tenant["credential"]["client_secret"] = "file:client-secret"
    for declared in (entry.get("service_provider", {}) for entry in configuration["applications"]):
        for key in ("metadata_file", "certificate_file"):
            if key in declared:
                declared[key] = Path(declared[key]).name
    file = directory / "auditor.yaml"
    write_files(
        {
            **{directory / name: content for name, content in emulator.declared_files.items()},
            directory / "ca.pem": emulator.ca_file.read_bytes(),
            directory / "client-secret": emulator.client_secret.encode(),
            file: _yaml(configuration).encode(),
        }
    )
    return file


def _yaml(configuration: Mapping[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(configuration, sort_keys=False, allow_unicode=True)
