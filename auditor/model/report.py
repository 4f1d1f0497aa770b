"""report.json as types: what every format is a view of.

`reports/schema/report.schema.json` describes the document; `auditor.model.wire` turns one into the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from auditor.model.access import Access
from auditor.model.change import Drift
from auditor.model.configuration import AcceptedGap, EventKind, RuleOverride, Thresholds
from auditor.model.finding import ApplicationReference, Cause, Finding, Status, Subject
from auditor.model.node import Json
from auditor.model.profile import Source, Step
from auditor.model.rule import Remediation, Severity
from auditor.model.snapshot import TenantIdentity
from auditor.model.waiver import ReportedWaiver

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Which rules and profiles judged: their number and a SHA-256 over their files."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One audit of one tenant. Times are UTC, ISO 8601 with Z."""

    id: str
    started_at: str
    finished_at: str
    evaluated_at: str
    auditor_version: str
    rules: RuleSet
    tenant: TenantIdentity
    cloud: str
    redacted: bool = False
    """Whether pseudonyms stand in place of people's names and addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedGap:
    """A gap as the report shows it."""

    section: str
    subject: str
    reason: str
    detail: str
    permission: str | None
    licence: str | None
    http_status: int | None
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much could be judged: numbers of findings, and what could not be read."""

    evaluated: int
    not_evaluated: int
    gaps: tuple[ReportedGap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Numbers of findings by status; `by_severity` counts the fails."""

    pass_: int
    fail: int
    not_evaluated: int
    not_applicable: int
    waived: int
    by_severity: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A signing certificate of an application. None means: not known."""

    thumbprint: str | None
    """Upper-case SHA-1 hex of the DER, as Entra shows it."""
    sha256: str | None
    subject: str | None
    not_before: str | None
    not_after: str | None
    days_left: int | None
    """Whole days, rounded down, negative after expiry."""
    status: str | None
    """active | inactive | absent (in the metadata or at the service provider, not in Graph)."""
    validity: str | None
    """not-yet-valid | valid | expired."""
    in_metadata: bool | None
    at_service_provider: bool | None
    key_type: str | None
    key_size: int | None
    signature_algorithm: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedApplication:
    """An application that was audited."""

    service_principal_id: str
    app_id: str
    display_name: str
    profile: str | None
    product: str | None
    matched_by: str
    sign_on_mode: str | None
    enabled: bool | None
    rollover: str | None
    """none | prepared | ready | switched-early | behind | finishing."""
    rollover_sentence: str | None = None
    """What will happen to sign-in, when, and what to do."""
    certificates: tuple[Certificate, ...]
    access: Access | None = None
    """Who may use it; None in reports of versions that did not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """Where something is written: a path relative to the repository, with slashes; the line counts from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEntry:
    """A rule of the run, for readers of the report."""

    id: str
    category: str
    title: str
    severity: Severity
    enabled: bool
    rationale: str
    remediation: Remediation | None = None
    references: tuple[str, ...] = ()
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: SourceLine | None = None
    """The line that says what is expected; None in reports of older versions."""
    expects: str | None = None
    """The profile's expected value that it compares with (`replyUrl`); None: it says what has to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEntry:
    """A profile of the run: its documents and its tutorial's steps, in order."""

    id: str
    display_name: str
    sources: Mapping[str, Source]
    steps: tuple[Step, ...]
    expected: Mapping[str, SourceLine] = field(default_factory=dict)
    """Where each expected value is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedConfiguration:
    """What the configuration changed: shown in every report."""

    environment: str
    rules: Mapping[str, RuleOverride]
    thresholds: Thresholds
    accepted_gaps: tuple[AcceptedGap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierFinding:
    """A failure of an earlier run that this one does not have."""

    fingerprint: str
    rule_id: str
    title: str
    status: Status
    severity: Severity
    application: ApplicationReference | None
    subject: Subject
    expected: Json
    observed: Json
    first_seen_at: str | None
    cause: Cause | None
    """Why it is gone; None when nobody can tell whether it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What became of the failures since the last complete run of the tenant. The numbers count fails."""

    run_id: str
    evaluated_at: str
    rules_changed: bool
    """Whether rules, profiles, configuration or program are others than then."""
    new: int
    unchanged: int
    updated: int
    absent: tuple[EarlierFinding, ...]
    """Solved: they were judged now, or their subject is no longer there."""
    unknown: tuple[EarlierFinding, ...]
    """Neither solved nor new: what they rest on could not be read, or was not looked at."""
    earlier: tuple[EarlierFinding, ...] = ()
    """What is another now (`updated`), as it was; `cause` is why it changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """A run of the history, in numbers."""

    run_id: str
    evaluated_at: str
    rules_digest: str
    """Another one than before: other rules may have moved the numbers, not the tenant."""
    summary: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """An alert that its channel could not be told, of this run or an earlier one."""

    id: str
    """The idempotency key of the event."""
    event: EventKind
    to: str
    """The channel, without a secret."""
    text: str
    at: str
    """When it was found."""
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report. All arrays are sorted."""

    schema_version: str
    run: Run
    coverage: Coverage
    summary: Summary
    applications: tuple[AuditedApplication, ...]
    findings: tuple[Finding, ...]
    rules: tuple[RuleEntry, ...]
    profiles: tuple[ProfileEntry, ...]
    configuration: UsedConfiguration
    waivers: tuple[ReportedWaiver, ...] = ()
    """All that the configuration has for this tenant, also those that match nothing."""
    comparison: Comparison | None = None
    """None without a history, and in the first run of one."""
    trend: tuple[TrendPoint, ...] = ()
    """The last complete runs of the tenant, oldest first, this one last; runs of single applications
    (`--application`) are left out. Empty without a history."""
    drift: Drift | None = None
    """What changed since the last complete run; None without a history, and in the first run of one."""
    undelivered: tuple[Undelivered, ...] = ()
    """Alerts that could not be delivered when this was written."""
