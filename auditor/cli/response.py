"""`auditor response check`: would a careful service provider accept the response of this test sign-on?"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli.metadata import EXIT_CODES, Thumbprint, read_certificates
from auditor.cli.options import EXISTING_FILE, FILE, Instant
from auditor.report.text import visible

if TYPE_CHECKING:
    from auditor.saml.certificate import Certificate
    from auditor.saml.response_check import ResponseCheck

_log = logging.getLogger(__name__)


@click.group()
def command() -> None:
    """Responses of test sign-ons."""


@command.command()
@click.argument("file", metavar="FILE", type=FILE)
@click.option(
    "--certificate",
    "certificate_files",
    type=EXISTING_FILE,
    multiple=True,
    metavar="PEM",
    help="A signing certificate of the application. May be given several times.",
)
@click.option(
    "--metadata",
    "metadata_file",
    type=EXISTING_FILE,
    help="Federation metadata to take the certificates from.",
)
@click.option("--active", type=Thumbprint(), help="Thumbprint of the active certificate.")
@click.option("--issuer", required=True, help="The identity provider's entity ID.")
@click.option("--audience", required=True, help="The application's Identifier.")
@click.option("--recipient", required=True, help="The application's Reply URL.")
@click.option("--name-id", help="The name ID that the user should have.")
@click.option("--name-id-format", help="The format it should have.")
@click.option("--relay-state", help="The relay state that should stand beside the response.")
@click.option("--in-response-to", metavar="ID", help="The ID of the request that it should answer.")
@click.option("--at", type=Instant(), help="The time to judge for, ISO 8601.  [default: now]")
@click.option("--clock-skew", type=click.IntRange(min=0), default=120, show_default=True, metavar="SECONDS")
@click.option(
    "--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def check(
    *,
    file: Path,
    certificate_files: Sequence[Path],
    metadata_file: Path | None,
    active: str | None,
    issuer: str,
    audience: str,
    recipient: str,
    name_id: str | None,
    name_id_format: str | None,
    relay_state: str | None,
    in_response_to: str | None,
    at: datetime | None,
    clock_skew: int,
    output_format: str,
) -> int:
    """Judges a captured SAML response.

    FILE is XML, the base64 of the form field, a form body or redirect URL, the page that posts the form, a
    browser's HAR export or a SAML-tracer export. It shows name ID and attributes: personal data. Exit
    codes: 0 accept, 3 warn, 10 reject, 1 the file could not be opened.
    """
    from auditor.saml.capture import MAX_CAPTURE_BYTES
    from auditor.saml.response_check import ResponseExpected, check_response

    if bool(certificate_files) == (metadata_file is not None):
        raise click.UsageError(
            "Give either --certificate or --metadata: without it nobody vouches for a signature."
        )
    certificates = read_certificates(certificate_files) if metadata_file is None else _listed(metadata_file)
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_CAPTURE_BYTES + 1)
    except OSError as error:
        _log.error(f"{file}: {error.strerror}", extra={"remedy": "Name a file that can be read."})
        return 1
    result = check_response(
        data,
        expected=ResponseExpected(
            issuer=issuer,
            audience=audience,
            recipient=recipient,
            name_id=name_id,
            name_id_format=name_id_format,
            relay_state=relay_state,
            in_response_to=in_response_to,
            certificates=certificates,
            active=active,
            at=at or datetime.now(UTC),
            clock_skew=timedelta(seconds=clock_skew),
        ),
    )
    click.echo(json.dumps(result.to_json()) if output_format == "json" else _as_text(file, result))
    return EXIT_CODES[result.verdict.value]


def _listed(file: Path) -> tuple[Certificate, ...]:
    """The signing certificates that a metadata file lists, if one of them signed it."""
    from auditor.saml.door import MAX_BYTES
    from auditor.saml.metadata import signing_certificates

    try:
        with file.open("rb") as opened:
            return signing_certificates(opened.read(MAX_BYTES + 1))
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{file}: {error}", param_hint="--metadata") from error


def _as_text(file: Path, result: ResponseCheck) -> str:
    document = result.to_json()
    lines = [
        f"{file}: {result.verdict.value}",
        f"  response             signature {document['responseSignature']}",
        f"  assertion            signature {document['assertionSignature']}",
    ]
    if result.signer is not None:
        lines.append(f"  signed by            {result.signer.thumbprint} ({result.signer_status})")
    if result.assertion is not None:
        lines.append(f"  name ID              {result.assertion.name_id} ({result.assertion.name_id_format})")
        for name, values in result.assertion.attributes:
            lines.append(f"  attribute            {name}: {', '.join(values)}")
    lines += [
        f"  {finding.severity.value}: {finding.message} [{finding.code}]" for finding in result.findings
    ]
    return "\n".join(visible(line.replace("\n", " ")) for line in lines)  # a value must not make lines
