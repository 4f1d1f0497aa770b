"""`auditor metadata check`: may this federation metadata be given to a service provider?"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import click

from auditor.cli.live import read_application
from auditor.cli.options import EXISTING_FILE, FILE, Instant, text_or_json
from auditor.cli.options import rules as rules_option
from auditor.errors import CannotRunError
from auditor.model.cloud import CLOUDS
from auditor.report.text import visible

if TYPE_CHECKING:
    import requests

    from auditor.model.configuration import Endpoints
    from auditor.saml.certificate import Certificate
    from auditor.saml.metadata_check import Expected, MetadataCheck

EXIT_CODES = {"accept": 0, "warn": 3, "reject": 10}
"""By verdict."""
_TIMEOUT = 30
"""Seconds without an answer."""
_MOST_REDIRECTS = 3

_log = logging.getLogger(__name__)


class Guid(click.ParamType[str]):
    """A GUID, in lower case."""

    name = "guid"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return str(uuid.UUID(value))
        except ValueError:
            self.fail(f"{value!r} is no GUID", param, ctx)


class Thumbprint(click.ParamType[str]):
    """A SHA-1 thumbprint; separators are allowed."""

    name = "thumbprint"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from auditor.saml.certificate import normalise_thumbprint

        found = normalise_thumbprint(value)
        if found is None:
            self.fail(f"{value!r} is no thumbprint of forty hex digits", param, ctx)
        return found


@click.group()
def command() -> None:
    """Federation metadata."""


@command.command()
@click.argument("documents", metavar="FILE-OR-URL...", nargs=-1, required=True)
@click.option("--tenant-id", type=Guid(), help="The tenant the metadata must be of.")
@click.option("--app-id", type=Guid(), help="The application (client) id.")
@click.option(
    "--certificate",
    "certificate_files",
    type=EXISTING_FILE,
    multiple=True,
    metavar="PEM",
    help="A signing certificate of the application. May be given several times.",
)
@click.option("--active", type=Thumbprint(), help="Thumbprint of the active certificate.")
@click.option("--cloud", type=click.Choice(list(CLOUDS)), default="global", show_default=True)
@click.option("--config", type=FILE, help="Take all of these from the tenant of this configuration instead.")
@click.option(
    "--application", metavar="NAME", help="With --config: profile, display name, appId or object id."
)
@rules_option
@click.option("--at", type=Instant(), help="The time to judge for, ISO 8601.  [default: now]")
@text_or_json("Of stdout.")
def check(
    *,
    documents: Sequence[str],
    tenant_id: str | None,
    app_id: str | None,
    certificate_files: Sequence[Path],
    active: str | None,
    cloud: str,
    config: Path | None,
    application: str | None,
    rules: Path | None,
    at: datetime | None,
    form: str,
) -> int:
    """Judges federation metadata before a service provider is given it: FILE or https URL.

    The document must be signed by a certificate of the application, as Entra shows it; take it from
    the portal or from Graph, not from the document. Exit codes: 0 accept, 3 warn, 10 reject, 1 a file
    could not be opened or a URL not fetched.
    """
    from auditor.saml.metadata_check import check_metadata

    options = _Options(tenant_id, app_id, certificate_files, active, cloud)
    expected, endpoints = _expected(options, config, application, rules, at or datetime.now(UTC))
    codes = []
    for name in documents:
        try:
            data, host = _fetch(name, endpoints) if "://" in name else (_read(name), None)
        except CannotRunError as error:
            _log.error(error.message, extra={"remedy": error.remedy})
            codes.append(1)
            continue
        result = check_metadata(data, expected=expected, over_tls_from=host)
        codes.append(EXIT_CODES[result.verdict.value])
        if form == "json":
            click.echo(json.dumps(result.to_json()))
        else:
            click.echo(_as_text(name, result))
    return next(code for code in (1, 10, 3, 0) if code in codes)


class _Options(NamedTuple):
    """What the document is compared with, as given."""

    tenant_id: str | None
    app_id: str | None
    certificate_files: Sequence[Path]
    active: str | None
    cloud: str


def _expected(
    options: _Options, config: Path | None, application: str | None, rules: Path | None, at: datetime
) -> tuple[Expected, Endpoints | None]:
    from auditor.saml.metadata_check import Expected

    if (config is None) != (application is None):
        raise click.UsageError("--config and --application belong together.")
    if config is not None and application is not None:
        if options.tenant_id or options.app_id or options.certificate_files or options.active:
            raise click.UsageError("Give --config and --application, or the values themselves, not both.")
        live = read_application(config, application, rules)
        expected = Expected(
            tenant_id=live.tenant_id,
            app_id=live.app_id,
            cloud=live.cloud,
            certificates=live.certificates,
            active=live.active,
            at=at,
            expiry_days=live.expiry_days,
        )
        return expected, live.endpoints
    if options.tenant_id is None or options.app_id is None:
        raise click.UsageError("Give --tenant-id and --app-id, or --config and --application.")
    expected = Expected(
        tenant_id=options.tenant_id,
        app_id=options.app_id,
        cloud=CLOUDS[options.cloud],
        certificates=read_certificates(options.certificate_files),
        active=options.active,
        at=at,
    )
    return expected, None


def read_certificates(files: Sequence[Path]) -> tuple[Certificate, ...]:
    """The certificates of all files. Raises click.BadParameter naming the file that holds none."""
    from auditor.saml.certificate import CertificateError, from_file

    found: list[Certificate] = []
    for file in files:
        try:
            found += from_file(file.read_bytes())
        except (CertificateError, OSError) as error:
            raise click.BadParameter(f"{file}: {error}", param_hint="--certificate") from error
    return tuple(found)


def _read(name: str) -> bytes:
    from auditor.saml.door import MAX_BYTES

    try:
        with open(name, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CannotRunError(f"{name}: {reason}", remedy="Name a file that can be read.") from error


def _fetch(url: str, endpoints: Endpoints | None) -> tuple[bytes, str]:
    """The body, no more than a byte beyond the cap, and the host that TLS proved.

    The authority of `endpoints` is trusted for these alone, as in a scan.
    """
    import requests
    from urllib3.exceptions import HTTPError

    from auditor.graph.network import origin, session_for, trust, unreachable

    try:
        url = requests.Request("GET", url).prepare().url or ""
        parts = urlsplit(url)
    except (requests.RequestException, ValueError) as error:
        raise click.BadParameter(f"{url!r} is no URL: {error}", param_hint="FILE-OR-URL") from error
    if parts.scheme != "https" or not parts.hostname:
        raise click.BadParameter(f"{url!r} is no https URL", param_hint="FILE-OR-URL")
    ours = endpoints is not None and origin(url) in (
        origin(endpoints.graph or ""),
        origin(endpoints.login or ""),
    )
    context = trust(endpoints.ca_file if endpoints is not None and ours else None)
    try:
        with session_for(origin(url), context) as session:
            body = _body(session, url)
    except (requests.RequestException, HTTPError, ValueError) as error:  # a redirect to what is no URL
        raise unreachable(error, parts.hostname) from error
    return body, parts.hostname


def _body(session: requests.Session, url: str) -> bytes:
    """What `url` answers, also after redirects within its origin.

    A redirect to another host would let TLS vouch for that one in place of the one that was named.
    """
    from auditor.graph.network import origin
    from auditor.saml.door import MAX_BYTES

    asked = url
    for _ in range(_MOST_REDIRECTS + 1):
        with session.get(asked, stream=True, timeout=_TIMEOUT, allow_redirects=False) as answer:
            if answer.status_code == 200:
                body = b""
                for chunk in answer.iter_content(65_536):
                    body += chunk
                    if len(body) > MAX_BYTES:
                        break
                return body
            target = session.get_redirect_target(answer)
            if target is None:
                raise CannotRunError(
                    f"{url}: answered {answer.status_code}", remedy="Check the tenant and the appid."
                )
            asked = urljoin(asked, target)
        if origin(asked) != origin(url):
            raise CannotRunError(
                f"{url}: redirects elsewhere, to {visible(asked)}",
                remedy="Name the document where it is, if that host may be believed.",
            )
    raise CannotRunError(f"{url}: redirects without end", remedy="Name the document where it is.")


def _as_text(name: str, result: MetadataCheck) -> str:
    signer = "" if result.signer is None else f", by {result.signer.thumbprint}"
    pinned = ", which is not pinned" if result.signer is not None and not result.pinned else ""
    lines = [
        f"{name}: {result.verdict.value}",
        f"  signature            {result.signature.value}{signer}{pinned}",
    ]
    if result.entity is not None:
        lines.append(f"  entity ID            {result.entity.entity_id}")
        lines += [f"  single sign-on URL   {url}" for url in result.entity.single_sign_on_urls]
        lines += [f"  single logout URL    {url}" for url in result.entity.single_logout_urls]
        lines += [
            f"  certificate          {certificate.thumbprint} until {certificate.not_after}"
            for certificate in result.entity.certificates
        ]
    lines += [
        f"  {finding.severity.value}: {finding.message} [{finding.code}]" for finding in result.findings
    ]
    return "\n".join(visible(line.replace("\n", " ")) for line in lines)  # a value must not make lines
