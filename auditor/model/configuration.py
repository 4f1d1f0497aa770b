"""What the configuration file says, frozen. Secrets are references (`env:`, `file:`), never values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePath

from auditor.model.rule import Severity
from auditor.model.waiver import Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where requests go instead of the cloud's own hosts. What is expected does not change by it."""

    graph: str | None = None
    """Scheme, host and port, without a path."""
    login: str | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """How to get a token. Values that may be secret are references; None: azure-identity's own variables."""

    type: str = "environment"
    client_id: str | None = None
    client_secret: str | None = None
    """`env:NAME` or `file:PATH`."""
    certificate_path: Path | None = None
    certificate_password: str | None = None
    """`env:NAME` or `file:PATH`."""
    token_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which service principal an application entry means; all given values must fit."""

    app_id: str | None = None
    object_id: str | None = None
    display_name: str | None = None

    def in_words(self) -> str:
        """`appId 5f2b...`, and the others that are given."""
        given = {"appId": self.app_id, "object id": self.object_id, "display name": self.display_name}
        return " with ".join(f"{name} {value}" for name, value in given.items() if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """What is known and accepted beyond the profile."""

    reply_urls: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Object ids or display names."""


class ConfiguredBy(StrEnum):
    """The ways in which a service provider is told about Entra."""

    METADATA_URL = "metadata-url"
    METADATA_FILE = "metadata-file"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """What somebody saw at the service provider: no service provider can be asked."""

    configured_by: ConfiguredBy
    metadata_url: str | None = None
    metadata_file: str | None = None
    """The file that was uploaded there; as written, relative to the configuration."""
    sign_in_page_url: str | None = None
    sign_in_binding: str | None = None
    """HTTP-Redirect or HTTP-POST."""
    sign_out_page_url: str | None = None
    sign_out_binding: str | None = None
    entity_id: str | None = None
    certificate_file: str | None = None
    """The certificates that it holds (PEM, base64 or DER); as written, relative to the configuration."""
    checked_on: str | None = None
    """ISO 8601 date of the last look at the service provider's console."""
    checked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedResponse:
    """The SAML response of a test sign-on, captured in a browser."""

    file: str
    """As written, relative to the configuration."""
    captured_on: str
    """ISO 8601 date."""
    personal_data: str = "masked"
    """`masked`, or `keep`: whether name ID and attributes may stand in the files of a scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationConfiguration:
    """One entry of `applications`."""

    profile: str | None = None
    product: str | None = None
    match: Match | None = None
    name_id: str = "user.userprincipalname"
    guests: str = "not-allowed"
    allow: Allow = field(default_factory=Allow)
    test_user: str | None = None
    service_provider: ServiceProvider | None = None
    captured_response: CapturedResponse | None = None
    tags: tuple[str, ...] = ()
    """What routes of alerts select by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOverride:
    """What the configuration says about a rule; shown in every report."""

    severity: Severity | None = None
    enabled: bool | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Numbers that rules compare with; days unless the name says otherwise."""

    certificate_expiry_days: tuple[int, ...] = (60, 30, 7, 1)
    """Descending."""
    broad_group_percent: int = 50
    sign_in_window_days: int = 30
    service_provider_confirmation_days: int = 180
    waiver_days: int = 366
    """How far ahead the last day of a waiver may lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedGap:
    """A known blind spot: shown in every report, causes no exit 3 and no alert until it expires."""

    section: str
    reason: str
    owner: str
    expires: str
    """ISO 8601 date; accepted up to and including that day, UTC."""


class EventKind(StrEnum):
    """What an alert may be about."""

    NEW = "new"
    WORSE = "worse"
    SOLVED = "solved"
    DRIFT = "drift"
    CERTIFICATE = "certificate"
    """A threshold of `certificate_expiry_days` is crossed, or it is expired."""
    WAIVER = "waiver"
    """One expired."""
    INCOMPLETE = "incomplete"
    """Something could not be read that is no accepted gap."""
    FAILED = "failed"
    """There is no report."""


class ChannelKind(StrEnum):
    """How an alert travels."""

    APPRISE = "apprise"
    WEBHOOK = "webhook"
    FILE = "file"
    STDOUT = "stdout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """`to` of a route: where alerts go."""

    kind: ChannelKind
    written: str = ""
    """As it stands in the file: a reference, a URL without a secret, a path; what it is known by."""
    address: str = ""
    """The same, paths made absolute."""
    hmac_key: str | None = None
    """`env:NAME` or `file:PATH`."""
    ca_file: Path | None = None
    timeout: int = 10
    """Seconds until an attempt is given up."""
    digest: bool = True
    """Whether apprise sends the events of a run as one message."""

    @property
    def id(self) -> str:
        """The same as long as it is written the same: 16 hex digits."""
        return hashlib.sha256(f"{self.kind}\n{self.written}".encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """How messages and reports call it; of a URL without its query."""
        return f"{self.kind.value} {self.written.partition('?')[0]}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One entry of `alerts`: which events go where."""

    to: Destination
    on: tuple[EventKind, ...]
    min_severity: Severity = Severity.INFORMATIONAL
    applications: tuple[str, ...] = ()
    """Profiles, display names, appIds or object ids; empty: all."""
    tags: tuple[str, ...] = ()
    """Of the entries of `applications`; empty: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """`evidence: pkcs11`: a private key on a token."""

    module: Path
    """The library that serves the token; absolute."""
    token: str
    """Its label."""
    pin: str
    """`env:NAME` or `file:PATH` of the user's PIN."""
    key_label: str | None = None
    key_id: str | None = None
    """CKA_ID, hex; one of these two, or both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleSigning:
    """`evidence`: with what bundles are signed and stamped."""

    certificate_file: Path
    """PEM; the signer's first, then those above it, if they are to come along."""
    key: str | None = None
    """`env:NAME` or `file:PATH` of the private key, PEM; either this or `pkcs11`."""
    key_password: str | None = None
    """`env:NAME` or `file:PATH`."""
    pkcs11: TokenKey | None = None
    timestamp_url: str | None = None
    """Of an RFC 3161 authority."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantConfiguration:
    """One tenant to scan."""

    id: str
    """GUID or verified domain."""
    cloud: str = "global"
    endpoints: Endpoints = field(default_factory=Endpoints)
    credential: Credential = field(default_factory=Credential)
    environment: str = "production"
    applications: tuple[ApplicationConfiguration, ...] = ()
    """The tenant's own list, or the common one."""
    folder: Path = Path()
    """Of the configuration file: what declared files are relative to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The part of the configuration that evaluation needs; stored in the snapshot as `configuration`."""

    environment: str = "production"
    applications: tuple[ApplicationConfiguration, ...] = ()
    rules: Mapping[str, RuleOverride] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    accepted_gaps: tuple[AcceptedGap, ...] = ()
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The whole file."""

    file: Path
    tenants: tuple[TenantConfiguration, ...]
    rules: Mapping[str, RuleOverride] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    accepted_gaps: tuple[AcceptedGap, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    history: str | None = None
    """As written in the file; a reference may hide a secret."""
    alerts: tuple[Route, ...] = ()
    report_url: str | None = None
    """Where people find the report; `{tenant}` and `{run}` stand for the ids."""
    heartbeat: str | None = None
    """`env:NAME` or `file:PATH`."""
    evidence: BundleSigning | None = None
    redaction_key: str | None = None
    """`env:NAME` or `file:PATH`."""

    def judgement(self, tenant: TenantConfiguration) -> Judgement:
        """What evaluation of this tenant needs; of declared files their names, not the machine's folders."""
        return Judgement(
            environment=tenant.environment,
            applications=tuple(_without_folders(application) for application in tenant.applications),
            rules=self.rules,
            thresholds=self.thresholds,
            accepted_gaps=self.accepted_gaps,
            waivers=tuple(
                waiver for waiver in self.waivers if (waiver.tenant or tenant.id).lower() == tenant.id.lower()
            ),
        )


def shown_file(name: str) -> str:
    """How files that a scan writes name a declared file: as it is written, but without an absolute folder."""
    path = PurePath(name)
    return path.name if path.is_absolute() else path.as_posix()


def _without_folders(application: ApplicationConfiguration) -> ApplicationConfiguration:
    provider, captured = application.service_provider, application.captured_response
    if provider is not None:
        provider = replace(
            provider,
            metadata_file=provider.metadata_file and shown_file(provider.metadata_file),
            certificate_file=provider.certificate_file and shown_file(provider.certificate_file),
        )
    if captured is not None:
        captured = replace(captured, file=shown_file(captured.file))
    return replace(application, service_provider=provider, captured_response=captured)
