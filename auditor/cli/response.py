"""`auditor response check`: would a careful service provider accept the response of this test sign-on?"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from auditor.cli.live import LiveApplication, read_application
from auditor.cli.metadata import EXIT_CODES, Thumbprint, read_certificates
from auditor.cli.options import EXISTING_FILE, FILE, Instant, text_or_json
from auditor.cli.options import rules as rules_option
from auditor.report.text import visible

if TYPE_CHECKING:
    from auditor.saml.certificate import Certificate
    from auditor.saml.response_check import ResponseCheck, ResponseExpected

_log = logging.getLogger(__name__)


@click.group()
def command() -> None:
    """Responses of test sign-ons."""


@command.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
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
@click.option("--issuer", help="The identity provider's entity ID.")
@click.option("--audience", help="The application's Identifier.")
@click.option("--recipient", help="The application's Reply URL.")
@click.option("--name-id", help="The name ID that the user should have.")
@click.option("--name-id-format", help="The format it should have.")
@click.option("--relay-state", help="The relay state that should stand beside the response.")
@click.option("--in-response-to", metavar="ID", help="The ID of the request that it should answer.")
@click.option("--config", type=FILE, help="Take what is not given from the tenant of this configuration.")
@click.option(
    "--application", metavar="NAME", help="With --config: profile, display name, appId or object id."
)
@rules_option
@click.option("--at", type=Instant(), help="The time to judge for, ISO 8601.  [default: now]")
@click.option(
    "--clock-skew",
    type=click.IntRange(min=0),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How far outside its times it may be, up to and including this; with 0 its end is outside.",
)
@text_or_json("Of stdout.")
def check(
    *,
    file: Path,
    certificate_files: Sequence[Path],
    metadata_file: Path | None,
    active: str | None,
    issuer: str | None,
    audience: str | None,
    recipient: str | None,
    name_id: str | None,
    name_id_format: str | None,
    relay_state: str | None,
    in_response_to: str | None,
    config: Path | None,
    application: str | None,
    rules: Path | None,
    at: datetime | None,
    clock_skew: int,
    form: str,
) -> int:
    """Judges a captured SAML response.

    FILE is XML, the base64 of the form field, a form body or redirect URL, the page that posts the form, a
    browser's HAR export or a SAML-tracer export. It shows name ID and attributes: personal data. Exit
    codes: 0 accept, 3 warn, 10 reject, 1 the file could not be opened.
    """
    from auditor.saml.capture import MAX_CAPTURE_BYTES
    from auditor.saml.response_check import check_response

    given = _Given(
        certificate_files=certificate_files,
        metadata_file=metadata_file,
        active=active,
        issuer=issuer,
        audience=audience,
        recipient=recipient,
        name_id=name_id,
        name_id_formats=() if name_id_format is None else (name_id_format,),
        relay_state=relay_state,
        in_response_to=in_response_to,
        at=at or datetime.now(UTC),
        clock_skew=timedelta(seconds=clock_skew),
    )
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_CAPTURE_BYTES + 1)
    except OSError as error:
        _log.error(f"{file}: {error.strerror}", extra={"remedy": "Name a file that can be read."})
        return 1
    if (config is None) != (application is None):
        raise click.UsageError("--config and --application belong together.")
    if config is not None and application is not None:
        given = given.completed(read_application(config, application, rules))
    result = check_response(data, expected=given.expected())
    click.echo(json.dumps(result.to_json()) if form == "json" else _as_text(file, result))
    return EXIT_CODES[result.verdict.value]


class _Given(NamedTuple):
    """What the response is compared with, as far as it is known."""

    certificate_files: Sequence[Path]
    metadata_file: Path | None
    active: str | None
    issuer: str | None
    audience: str | None
    recipient: str | None
    name_id: str | None
    name_id_formats: tuple[str, ...]
    relay_state: str | None
    in_response_to: str | None
    at: datetime
    clock_skew: timedelta
    live_certificates: tuple[Certificate, ...] = ()

    def completed(self, live: LiveApplication) -> _Given:
        """With what tenant and profile say, where nothing was given."""
        return self._replace(
            live_certificates=live.certificates,
            active=self.active or live.active,
            issuer=self.issuer or live.cloud.entity_id(live.tenant_id),
            audience=self.audience or live.identifier,
            recipient=self.recipient or live.reply_url,
            name_id=self.name_id or live.name_id,
            name_id_formats=self.name_id_formats or live.name_id_formats,
            relay_state=self.relay_state or live.relay_state,
        )

    def expected(self) -> ResponseExpected:
        """The comparison. Raises click.UsageError when something is missing that it cannot do without."""
        from auditor.saml.response_check import ResponseExpected

        if self.issuer is None or self.audience is None or self.recipient is None:
            names = {"--issuer": self.issuer, "--audience": self.audience, "--recipient": self.recipient}
            missing = ", ".join(name for name, value in names.items() if value is None)
            raise click.UsageError(f"Give {missing}, or --config and --application.")
        return ResponseExpected(
            issuer=self.issuer,
            audience=self.audience,
            recipient=self.recipient,
            name_id=self.name_id,
            name_id_formats=self.name_id_formats,
            relay_state=self.relay_state,
            in_response_to=self.in_response_to,
            certificates=self._certificates(),
            active=self.active,
            at=self.at,
            clock_skew=self.clock_skew,
        )

    def _certificates(self) -> tuple[Certificate, ...]:
        if self.certificate_files and self.metadata_file is not None:
            raise click.UsageError("Give either --certificate or --metadata.")
        if self.metadata_file is not None:
            return _listed(self.metadata_file)
        found = read_certificates(self.certificate_files) or self.live_certificates
        if not found:
            raise click.UsageError("Give --certificate or --metadata: nobody else vouches for a signature.")
        return found


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
