"""A finding: one verdict on one subject, with its evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.gap import Gap
from auditor.model.node import Json
from auditor.model.rule import Remediation, Severity, SubjectKind
from auditor.model.waiver import AppliedWaiver


class Status(StrEnum):
    """`Fine`, `wrong` and `could not tell` are three things; so is `does not concern it`."""

    PASS = "pass"
    FAIL = "fail"
    NOT_EVALUATED = "not-evaluated"
    NOT_APPLICABLE = "not-applicable"
    WAIVED = "waived"


class BaselineState(StrEnum):
    """SARIF's words for what became of a finding since the last complete run of its tenant."""

    NEW = "new"
    UNCHANGED = "unchanged"
    UPDATED = "updated"
    ABSENT = "absent"


class Cause(StrEnum):
    """Why a finding is not what it was."""

    TENANT = "tenant"
    """Something changed there, or was seen for the first time."""
    RULES = "rules"
    """The same tenant would have given it under the rules, profiles, configuration and program of now."""
    TIME = "time"
    """The same tenant gives it at this time: a certificate came nearer to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReference:
    """Which application a finding is about."""

    service_principal_id: str
    app_id: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What exactly a finding is about; `id` is the element's identity, or the URL or address itself."""

    kind: SubjectKind
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A value that led to the verdict, and where it was read."""

    source: str
    """The request, the file, or `not asked`."""
    path: str
    value: Json
    present: bool
    """False when the answer lacked it, or it could not be read."""
    collected_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TutorialStep:
    """The step of the tutorial that asks for it."""

    document: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One verdict. `evidence` is never empty, also when nothing could be read (then it is the gap)."""

    fingerprint: str
    rule_id: str
    title: str
    status: Status
    severity: Severity
    application: ApplicationReference | None
    subject: Subject
    message: str
    expected: Json
    observed: Json
    evidence: tuple[Evidence, ...]
    remediation: Remediation | None
    """None where nothing is to be set right: passes, and what does not apply."""
    references: tuple[str, ...]
    controls: Mapping[str, tuple[str, ...]]
    tutorial: TutorialStep | None
    first_seen_at: str | None = None
    """When this was first found to be so; None without a history, and while it cannot be told."""
    baseline_state: BaselineState | None = None
    baseline_cause: Cause | None = None
    """Why the state is new or updated; None for the others."""
    waiver: AppliedWaiver | None = None
    """What it is waived by; of a failure, the waiver that is expired or void."""

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"{self.rule_id}: a finding without evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A finding as evaluation gives it, with the gaps that kept it from being judged (else empty)."""

    finding: Finding
    gaps: tuple[Gap, ...] = ()


def fingerprint(*, tenant_id: str, rule_id: str, owner: str, kind: SubjectKind, subject_id: str) -> str:
    """Stable over runs, machines and wording. `owner` is the appId, the profile id, or `tenant`.

    SHA-256 over the parts joined by line feeds, the first 32 hex digits.
    """
    parts = "\n".join((tenant_id.lower(), rule_id, owner.lower(), kind.value, subject_id))
    return hashlib.sha256(parts.encode(errors="backslashreplace")).hexdigest()[:32]
